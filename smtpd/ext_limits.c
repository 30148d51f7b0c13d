/* SPDX-License-Identifier: ISC */
/* smtpd/ext_limits.c - LIMITS, RFC 9422: what a client need not try. */
#include "smtpd/extensions.h"

#include <inttypes.h>

static void
limits_offer(const struct session *s, struct buf *out)
{
	buf_printf(out, " MAILMAX=%u RCPTMAX=%" PRIu64, s->service->max_mails,
	    conf_number(s->service->conf, KEY_RECIPIENTS));
}

const struct extension ext_limits = {
	.keyword = "LIMITS",
	.offer = limits_offer,
};
