/* SPDX-License-Identifier: ISC */
/* smtpd/service.c - what all sessions of a worker share. */
#include "smtpd/service.h"

#include <string.h>

static unsigned int
of(const struct conf *conf, enum conf_key key)
{
	return (unsigned int)conf_number(conf, key);
}

void
service_init(struct service *sv, const struct conf *conf, bool local)
{
	memset(sv, 0, sizeof(*sv));
	sv->conf = conf;
	sv->routing = conf_routing(conf);
	sv->local = local;
	sv->max_mails = of(conf, KEY_SESSION_MESSAGES);
	/* a local program may have a long list with many dead addresses */
	if (!local) {
		sv->max_errors = of(conf, KEY_SESSION_ERRORS);
		sv->soft_errors = of(conf, KEY_SOFT_ERRORS);
		sv->max_junk = of(conf, KEY_SESSION_JUNK);
		sv->max_commands = of(conf, KEY_SESSION_COMMANDS);
	}
	status_done(&sv->intake, 250, 0, 0, "open");
}
