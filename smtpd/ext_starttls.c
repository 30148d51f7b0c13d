/* SPDX-License-Identifier: ISC */
/* smtpd/ext_starttls.c - STARTTLS, RFC 3207: offered once.
 *
 * Also while no process for it lives: a client that may not send in the clear
 * then hears 454 and comes again, instead of a lack that looks like an attack.
 */
#include "smtpd/extensions.h"

static bool
starttls_offered(const struct session *s)
{
	return s->tls_offered && s->tls == NULL;
}

const struct extension ext_starttls = {
	.keyword = "STARTTLS",
	.offered = starttls_offered,
};
