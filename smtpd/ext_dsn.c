/* SPDX-License-Identifier: ISC */
/* smtpd/ext_dsn.c - DSN, RFC 3461: what the sender asks to be told.
 *
 * Values are decoded and judged here (common/mail/notify.h), so that what is
 * stored can hold neither a line end nor any other control.
 */
#include "smtpd/extensions.h"

static const struct smtp_reply *
ret_mail(struct session *s, struct view value)
{
	return ret_parse(value, &s->mail->ret) ? NULL : &reply_param_value;
}

static const struct smtp_reply *
envid_mail(struct session *s, struct view value)
{
	return envid_parse(value, s->mail->envid) ? NULL : &reply_param_value;
}

static const struct smtp_reply *
notify_rcpt(struct session *s, struct view value)
{
	return notify_parse(value, &s->mail->notify) ? NULL
						     : &reply_param_value;
}

static const struct smtp_reply *
orcpt_rcpt(struct session *s, struct view value)
{
	return orcpt_parse(value, s->mail->orcpt) ? NULL : &reply_param_value;
}

const struct extension ext_dsn = {
	.keyword = "DSN",
	.mail = { { "RET", ret_mail }, { "ENVID", envid_mail } },
	.rcpt = { { "NOTIFY", notify_rcpt }, { "ORCPT", orcpt_rcpt } },
};
