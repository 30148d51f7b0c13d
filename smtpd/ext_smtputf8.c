/* SPDX-License-Identifier: ISC */
/* smtpd/ext_smtputf8.c - SMTPUTF8, RFC 6531: addresses and headers in UTF-8.
 *
 * Only a message that declares it may have such addresses: cmd_mail.c and
 * cmd_rcpt.c look.  Whether the next server must offer it too is decided by
 * what the message holds, not by the declaration.
 */
#include "smtpd/extensions.h"

static const struct smtp_reply *
smtputf8_mail(struct session *s, struct view value)
{
	if (value.len > 0)
		return &reply_param_value;
	s->mail->utf8 = true;
	return NULL;
}

const struct extension ext_smtputf8 = {
	.keyword = "SMTPUTF8",
	.mail = { { "SMTPUTF8", smtputf8_mail } },
};
