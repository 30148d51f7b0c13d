/* SPDX-License-Identifier: ISC */
/* smtpd/service.c - what all sessions of a worker share. */
#include "smtpd/service.h"

#include <string.h>

void
service_init(struct service *sv, const struct conf *conf, bool local)
{
	memset(sv, 0, sizeof(*sv));
	sv->conf = conf;
	sv->routing = conf_routing(conf);
	sv->local = local;
	/* a local program may have a long list with many dead addresses */
	sv->max_errors = local ? 0 : SERVICE_ERRORS;
	sv->max_mails = SERVICE_MAILS;
	sv->max_junk = local ? 0 : SERVICE_JUNK;
	sv->max_commands = local ? 0 : SERVICE_COMMANDS;
	status_done(&sv->intake, 250, 0, 0, "open");
}
