/* SPDX-License-Identifier: ISC */
/* smtpd/ext_8bitmime.c - 8BITMIME, RFC 6152.
 *
 * The declaration is passed on with the envelope; the body is never changed.
 */
#include "smtpd/extensions.h"

static const struct smtp_reply *
body_mail(struct session *s, struct view value)
{
	if (view_is_nocase(value, "8BITMIME"))
		s->mail->eight_bit = true;
	else if (!view_is_nocase(value, "7BIT"))
		return &reply_param_value;
	return NULL;
}

const struct extension ext_8bitmime = {
	.keyword = "8BITMIME",
	.mail = { { "BODY", body_mail } },
};
