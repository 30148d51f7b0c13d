/* SPDX-License-Identifier: ISC */
/* common/mail/tlsa.c - TLSA records: what they say, and which count. */
#include "common/mail/tlsa.h"

#include <stdlib.h>
#include <string.h>

enum { RDATA_HEAD = 3, SHA256_HEX = 64, SHA512_HEX = 128 };

bool
tlsa_print(struct view rdata, struct buf *out)
{
	static const char digits[] = "0123456789abcdef";

	if (rdata.len <= RDATA_HEAD)
		return false;
	buf_printf(out, "%u %u %u ", (uint8_t)rdata.data[0],
	    (uint8_t)rdata.data[1], (uint8_t)rdata.data[2]);
	for (size_t i = RDATA_HEAD; i < rdata.len; i++) {
		uint8_t byte = (uint8_t)rdata.data[i];
		const char pair[] = { digits[byte >> 4], digits[byte & 0xf] };

		buf_add(out, view_make(pair, sizeof(pair)));
	}
	return buf_ok(out);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
tlsa_join(const char **lines, size_t n, char text[TLSA_TEXT_MAX + 1])
{
	size_t used = 0;

	if (n > 1)
		qsort(lines, n, sizeof(*lines), by_text);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(lines[i]);

		if ((i > 0 && strcmp(lines[i - 1], lines[i]) == 0) ||
		    len + 1 > TLSA_TEXT_MAX - used)
			continue;
		memcpy(text + used, lines[i], len);
		used += len;
		text[used++] = '\n';
	}
	text[used] = '\0';
}

const char *
tlsa_flaw(const struct tlsa *t)
{
	if (t->usage != TLSA_TA && t->usage != TLSA_EE)
		return t->usage < TLSA_TA ? "not a usage for mail"
					  : "unknown usage";
	if (t->selector != TLSA_CERT && t->selector != TLSA_SPKI)
		return "unknown selector";
	switch (t->matching) {
	case TLSA_FULL:
		return t->data.len > 0 ? NULL : "no data";
	case TLSA_SHA256:
		return t->data.len == SHA256_HEX ? NULL : "no such digest";
	case TLSA_SHA512:
		return t->data.len == SHA512_HEX ? NULL : "no such digest";
	default: /* numbers of others, RFC 7218 */
		return "unknown matching type";
	}
}

static bool
take_number(struct view *line, uint8_t *n)
{
	struct view word = view_word(line);
	uint64_t value;

	if (!view_u64(word, &value) || value > UINT8_MAX)
		return false;
	*n = (uint8_t)value;
	return true;
}

static bool
is_hex(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (memchr("0123456789abcdef", v.data[i], 16) == NULL)
			return false;
	return v.len > 0 && v.len % 2 == 0;
}

static bool
read_line(struct view line, struct tlsa *t)
{
	if (!take_number(&line, &t->usage) ||
	    !take_number(&line, &t->selector) ||
	    !take_number(&line, &t->matching))
		return false;
	t->data = view_word(&line);
	return is_hex(t->data) && view_word(&line).len == 0;
}

/* A weaker digest of the same: the strongest one speaks for it. */
static bool
is_outdone(const struct tlsa_set *s, const struct tlsa *t)
{
	for (size_t i = 0; i < s->n && t->matching == TLSA_SHA256; i++)
		if (s->of[i].usage == t->usage &&
		    s->of[i].selector == t->selector &&
		    s->of[i].matching == TLSA_SHA512)
			return true;
	return false;
}

static void
weed(struct tlsa_set *s)
{
	struct tlsa_set all = *s;

	s->n = 0;
	for (size_t i = 0; i < all.n; i++)
		if (!is_outdone(&all, &all.of[i]))
			s->of[s->n++] = all.of[i];
}

bool
tlsa_next(struct view *rest, struct tlsa *t)
{
	size_t len = view_find(*rest, '\n');

	if (len == rest->len || !read_line(view_make(rest->data, len), t))
		return false;
	*rest = view_skip(*rest, len + 1);
	return true;
}

bool
tlsa_read(const char *text, struct tlsa_set *s)
{
	struct view rest = view_of(text);
	struct tlsa t;

	s->n = 0;
	while (rest.len > 0) {
		if (!tlsa_next(&rest, &t))
			return false;
		if (tlsa_flaw(&t) == NULL && s->n < TLSA_SET_MAX)
			s->of[s->n++] = t;
	}
	weed(s);
	return true;
}

static int
digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

bool
tlsa_bytes(struct view hex, uint8_t *out, size_t size, size_t *len)
{
	*len = hex.len / 2;
	if (!is_hex(hex) || *len > size)
		return false;
	for (size_t i = 0; i < *len; i++)
		out[i] = (uint8_t)(digit(hex.data[2 * i]) << 4 |
				   digit(hex.data[2 * i + 1]));
	return true;
}
