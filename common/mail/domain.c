/* SPDX-License-Identifier: ISC */
/* common/mail/domain.c - domain names and address literals, as text.
 *
 * Must not ask DNS; whether a name exists is another question.
 */
#include "common/mail/domain.h"

#include <string.h>

static bool
label_byte(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_';
}

static bool
label_valid(struct view label)
{
	if (label.len == 0 || label.len > LABEL_MAX)
		return false;
	if (label.data[0] == '-' || label.data[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (!label_byte(label.data[i]))
			return false;
	return true;
}

static bool
all_digits(struct view label)
{
	for (size_t i = 0; i < label.len; i++)
		if (!ascii_is_digit(label.data[i]))
			return false;
	return true;
}

bool
domain_valid(struct view v)
{
	struct view label;

	if (v.len > DOMAIN_MAX)
		return false;
	for (;;) {
		label = view_make(v.data, view_find(v, '.'));
		if (!label_valid(label))
			return false;
		if (label.len == v.len)
			break;
		v = view_skip(v, label.len + 1);
	}
	return !all_digits(label);
}

bool
domain_normalise(struct view v, char out[DOMAIN_MAX + 1])
{
	if (v.len > 1 && v.data[v.len - 1] == '.')
		v.len--;
	if (!view_copy(v, out, DOMAIN_MAX + 1))
		return false;
	for (char *p = out; *p != '\0'; p++)
		*p = ascii_lower(*p);
	return true;
}

bool
domain_is_literal(struct view v)
{
	return v.len >= 2 && v.data[0] == '[' && v.data[v.len - 1] == ']';
}

bool
domain_literal_ip(struct view v, struct ip *ip)
{
	if (!domain_is_literal(v))
		return false;
	v = view_make(v.data + 1, v.len - 2);
	if (!view_starts_nocase(v, "IPv6:"))
		return view_find(v, ':') == v.len && ip_parse(v, ip);
	/* the tag promises colons: "[IPv6:192.0.2.1]" is neither */
	v = view_skip(v, strlen("IPv6:"));
	return view_find(v, ':') < v.len && ip_parse(v, ip);
}
