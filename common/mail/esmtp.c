/* SPDX-License-Identifier: ISC */
/* common/mail/esmtp.c - the parameters behind the path of MAIL and RCPT. */
#include "common/mail/esmtp.h"

static bool
keyword_byte(char c, bool first)
{
	return ascii_is_alnum(c) || (c == '-' && !first);
}

/* %d33-60 / %d62-126; bytes above that only with SMTPUTF8, which keeps them
 * out of the parameters postern knows (RFC 6531 3.4). */
static bool
value_byte(char c)
{
	return c > ' ' && c < 0x7f && c != '=';
}

static struct view
take_keyword(struct view *v)
{
	struct view keyword = view_make(v->data, 0);

	while (keyword.len < v->len &&
	       keyword_byte(v->data[keyword.len], keyword.len == 0))
		keyword.len++;
	*v = view_skip(*v, keyword.len);
	return keyword;
}

static struct view
take_value(struct view *v)
{
	struct view value = view_make(v->data, 0);

	while (value.len < v->len && value_byte(v->data[value.len]))
		value.len++;
	*v = view_skip(*v, value.len);
	return value;
}

static struct view
skip_spaces(struct view v)
{
	while (v.len > 0 && v.data[0] == ' ')
		v = view_skip(v, 1);
	return v;
}

enum esmtp
esmtp_next(struct view *rest, struct view *keyword, struct view *value,
    bool *has_value)
{
	struct view v = skip_spaces(*rest);

	*keyword = *value = view_make(v.data, 0);
	*has_value = false;
	if (v.len == 0)
		return ESMTP_END;
	if (v.len == rest->len)
		return ESMTP_BAD;
	*keyword = take_keyword(&v);
	if (keyword->len == 0)
		return ESMTP_BAD;
	if (v.len > 0 && v.data[0] == '=') {
		v = view_skip(v, 1);
		*value = take_value(&v);
		*has_value = true;
		if (value->len == 0)
			return ESMTP_BAD;
	}
	if (v.len > 0 && v.data[0] != ' ')
		return ESMTP_BAD;
	*rest = v;
	return ESMTP_PARAM;
}
