/* SPDX-License-Identifier: ISC */
/* smtpd/ext_auth.c - AUTH, RFC 4954: PLAIN and LOGIN, where passwords may be
 * sent.
 *
 * The parameter of MAIL says who is meant to have handed a message in at
 * first (section 5).  We take nobody's word for that: it must be well formed,
 * and is passed on to nobody.
 */
#include "common/base/alloc.h"
#include "smtpd/extensions.h"
#include "smtpd/session_auth.h"

static void
auth_offer(const struct session *s, struct buf *out)
{
	(void)s;
	buf_add_string(out, " PLAIN LOGIN");
}

static bool
is_hex(char c)
{
	return ascii_is_digit(c) || (c >= 'A' && c <= 'F');
}

/* xtext (RFC 3461 4), or "<>" */
static const struct smtp_reply *
auth_mail(struct session *s, struct view value)
{
	if (s->auth == AUTH_NEVER)
		return &reply_param_unknown;
	if (view_is(value, "<>"))
		return NULL;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];

		if (c < '!' || c > '~' || c == '=')
			return &reply_param_value;
		if (c != '+')
			continue;
		if (value.len - i < 3 || !is_hex(value.data[i + 1]) ||
		    !is_hex(value.data[i + 2]))
			return &reply_param_value;
		i += 2;
	}
	return value.len > 0 ? NULL : &reply_param_value;
}

const struct extension ext_auth = {
	.keyword = "AUTH",
	.offered = auth_allowed,
	.offer = auth_offer,
	.mail = { { "AUTH", auth_mail } },
};
