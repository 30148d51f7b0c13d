/* SPDX-License-Identifier: ISC */
/* common/base/view.c - borrowed bytes and the small steps of every parser. */
#include "common/base/view.h"

#include <string.h>

struct view
view_of(const char *s)
{
	return (struct view){ s, strlen(s) };
}

struct view
view_make(const char *data, size_t len)
{
	return (struct view){ data, len };
}

bool
view_eq(struct view a, struct view b)
{
	return a.len == b.len &&
	       (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool
view_is_ascii(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.data[i] > 127)
			return false;
	return true;
}

char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
ascii_is_alnum(char c)
{
	c = ascii_lower(c);
	return ascii_is_digit(c) || (c >= 'a' && c <= 'z');
}

bool
view_eq_nocase(struct view a, struct view b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
			return false;
	return true;
}

bool
view_is(struct view v, const char *s)
{
	return view_eq(v, view_of(s));
}

bool
view_is_nocase(struct view v, const char *s)
{
	return view_eq_nocase(v, view_of(s));
}

bool
view_starts_nocase(struct view v, const char *s)
{
	struct view prefix = view_of(s);

	if (v.len < prefix.len)
		return false;
	return view_eq_nocase(view_make(v.data, prefix.len), prefix);
}

size_t
view_find(struct view v, char c)
{
	const char *p;

	if (v.len == 0)
		return 0;
	p = memchr(v.data, c, v.len);
	return p == NULL ? v.len : (size_t)(p - v.data);
}

struct view
view_skip(struct view v, size_t n)
{
	if (v.len == 0)
		return v; /* perhaps nowhere: nothing may be added to NULL */
	if (n >= v.len)
		return view_make(v.data + v.len, 0);
	return view_make(v.data + n, v.len - n);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct view
view_trim(struct view v)
{
	while (v.len > 0 && is_blank(v.data[0]))
		v = view_skip(v, 1);
	while (v.len > 0 && is_blank(v.data[v.len - 1]))
		v.len--;
	return v;
}

struct view
view_word(struct view *v)
{
	struct view word;

	while (v->len > 0 && is_blank(v->data[0]))
		*v = view_skip(*v, 1);
	word = view_make(v->data, 0);
	while (word.len < v->len && !is_blank(v->data[word.len]))
		word.len++;
	*v = view_skip(*v, word.len);
	return word;
}

bool
view_u64(struct view v, uint64_t *out)
{
	uint64_t n = 0;

	if (v.len == 0)
		return false;
	for (size_t i = 0; i < v.len; i++) {
		if (!ascii_is_digit(v.data[i]))
			return false;
		if (__builtin_mul_overflow(n, (uint64_t)10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(v.data[i] - '0'), &n))
			return false;
	}
	*out = n;
	return true;
}

bool
view_copy(struct view v, char *out, size_t size)
{
	out[0] = '\0';
	if (v.len >= size || (v.len > 0 && memchr(v.data, '\0', v.len) != NULL))
		return false;
	if (v.len > 0)
		memcpy(out, v.data, v.len);
	out[v.len] = '\0';
	return true;
}
