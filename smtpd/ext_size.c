/* SPDX-License-Identifier: ISC */
/* smtpd/ext_size.c - SIZE, RFC 1870: too big is said before it is sent. */
#include "smtpd/extensions.h"

#include <inttypes.h>

static void
size_offer(const struct session *s, struct buf *out)
{
	buf_printf(
	    out, " %" PRIu64, conf_number(s->service->conf, KEY_MESSAGE_SIZE));
}

/* At most 20 digits (RFC 1870 section 4); 0 means that it is not known. */
static const struct smtp_reply *
size_mail(struct session *s, struct view value)
{
	uint64_t size;

	if (value.len > 20 || !view_u64(value, &size))
		return &reply_param_value;
	if (size > conf_number(s->service->conf, KEY_MESSAGE_SIZE))
		return &reply_too_big;
	return NULL;
}

const struct extension ext_size = {
	.keyword = "SIZE",
	.offer = size_offer,
	.mail = { { "SIZE", size_mail } },
};
