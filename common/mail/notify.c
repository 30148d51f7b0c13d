/* SPDX-License-Identifier: ISC */
/* common/mail/notify.c - what a sender asks to be told. */
#include "common/mail/notify.h"

#include "common/base/alloc.h"
#include "common/mail/xtext.h"

#include <string.h>

static const struct {
	const char *word;
	enum notify bit;
} words[] = {
	{ "SUCCESS", NOTIFY_SUCCESS },
	{ "FAILURE", NOTIFY_FAILURE },
	{ "DELAY", NOTIFY_DELAY },
};

static const char *const rets[] = { [RET_FULL] = "FULL", [RET_HDRS] = "HDRS" };

/* 0: not one of them. */
static uint8_t
bit_of(struct view word)
{
	for (size_t i = 0; i < nitems(words); i++)
		if (view_is_nocase(word, words[i].word))
			return (uint8_t)words[i].bit;
	return 0;
}

/* NEVER alone, or a list of the others, each at most once (4.1). */
bool
notify_parse(struct view v, uint8_t *out)
{
	uint8_t bits = 0, bit;
	bool last = false;

	if (view_is_nocase(v, "NEVER")) {
		*out = NOTIFY_NEVER;
		return true;
	}
	while (!last) {
		size_t n = view_find(v, ',');

		last = n == v.len;
		bit = bit_of(view_make(v.data, n));
		if (bit == 0 || (bits & bit) != 0)
			return false;
		bits |= bit;
		v = view_skip(v, n + 1);
	}
	*out = bits;
	return true;
}

bool
ret_parse(struct view v, uint8_t *out)
{
	for (uint8_t i = RET_FULL; i < nitems(rets); i++)
		if (view_is_nocase(v, rets[i])) {
			*out = i;
			return true;
		}
	return false;
}

bool
envid_parse(struct view v, char out[ENVID_MAX + 1])
{
	char text[ENVID_MAX + 1];

	if (v.len == 0 || v.len > ENVID_MAX ||
	    !xtext_decode(v, text, sizeof(text)))
		return false;
	memcpy(out, text, sizeof(text));
	return true;
}

/* An atom of RFC 5322: nothing in it can be taken for the ";" or a blank. */
static bool
type_byte(char c)
{
	return ascii_is_alnum(c) ||
	       (c != '\0' && strchr("!#$%&'*-/?^_`{|}~", c) != NULL);
}

static bool
is_type(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!type_byte(v.data[i]))
			return false;
	return v.len > 0;
}

bool
orcpt_parse(struct view v, char out[ORCPT_MAX + 1])
{
	size_t n = view_find(v, ';');
	char text[ORCPT_MAX + 1];

	if (v.len > ORCPT_MAX || n == v.len || n + 1 == v.len ||
	    !is_type(view_make(v.data, n)) ||
	    !xtext_decode(view_skip(v, n + 1), text, sizeof(text)))
		return false;
	view_copy(view_make(v.data, n + 1), out, ORCPT_MAX + 1);
	memcpy(out + n + 1, text, strlen(text) + 1);
	return true;
}

bool
notify_sound(uint8_t n)
{
	const uint8_t list = NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY;

	return n == NOTIFY_NEVER || (n & ~list) == 0;
}

bool
ret_sound(uint8_t ret)
{
	return ret <= RET_HDRS;
}

static bool
is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

bool
envid_sound(const char *envid)
{
	return strlen(envid) <= ENVID_MAX && is_printable(envid);
}

bool
orcpt_sound(const char *orcpt)
{
	size_t len = strlen(orcpt), n = view_find(view_of(orcpt), ';');

	return len == 0 ||
	       (len <= ORCPT_MAX && n + 1 < len && is_printable(orcpt) &&
		   is_type(view_make(orcpt, n)));
}

static void
add_xtext(const char *text, struct buf *out)
{
	char coded[ORCPT_MAX * 3 + 1];

	if (!xtext_encode(view_of(text), coded, sizeof(coded)))
		coded[0] = '\0';
	buf_add_string(out, coded);
}

void
notify_print_mail(uint8_t ret, const char *envid, struct buf *out)
{
	if (ret == RET_FULL || ret == RET_HDRS)
		buf_printf(out, " RET=%s", rets[ret]);
	if (envid == NULL || envid[0] == '\0')
		return;
	buf_add_string(out, " ENVID=");
	add_xtext(envid, out);
}

void
notify_print_rcpt(uint8_t notify, const char *orcpt, struct buf *out)
{
	const char *before = " NOTIFY=";
	size_t n;

	if ((notify & NOTIFY_NEVER) != 0)
		buf_add_string(out, " NOTIFY=NEVER");
	for (size_t i = 0; notify != NOTIFY_NEVER && i < nitems(words); i++) {
		if ((notify & words[i].bit) == 0)
			continue;
		buf_printf(out, "%s%s", before, words[i].word);
		before = ",";
	}
	if (orcpt == NULL || orcpt[0] == '\0')
		return;
	n = view_find(view_of(orcpt), ';');
	buf_printf(out, " ORCPT=%.*s;", (int)n, orcpt);
	add_xtext(orcpt + n + 1, out);
}

bool
notify_wants(uint8_t asked, enum notify what)
{
	if (asked == 0)
		return what != NOTIFY_SUCCESS;
	return (asked & what) != 0;
}

uint8_t
notify_both(uint8_t a, uint8_t b)
{
	const uint8_t usual = NOTIFY_FAILURE | NOTIFY_DELAY;

	if (a == b)
		return a;
	a = a == 0 ? usual : a;
	b = b == 0 ? usual : b;
	return (uint8_t)((a | b) & ~NOTIFY_NEVER);
}
