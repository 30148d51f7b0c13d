/* SPDX-License-Identifier: ISC */
/* resolve/extended.c - extended DNS errors, RFC 8914. */
#include "resolve/extended.h"

#include "common/base/alloc.h"

#include <stdio.h>
#include <string.h>

enum { OPTION_ERROR = 15, HEAD = 4, CODE = 2 };

/* RFC 8914 4.7 to 4.13: those that say that validation has failed. */
static const char *const names[] = {
	[6] = "DNSSEC bogus",
	[7] = "signature expired",
	[8] = "signature not yet valid",
	[9] = "DNSKEY missing",
	[10] = "RRSIGs missing",
	[11] = "no zone key bit set",
	[12] = "NSEC missing",
};

static uint16_t
u16_of(struct view v)
{
	return (uint16_t)((uint8_t)v.data[0] << 8 | (uint8_t)v.data[1]);
}

static void
take(struct view v, struct extended *out)
{
	size_t n = 0;

	out->there = true;
	out->code = u16_of(v);
	v = view_skip(v, CODE);
	/* RFC 8914 2: it may end in a NUL */
	for (; n < v.len && n < EXTENDED_TEXT && v.data[n] != '\0'; n++)
		out->text[n] =
		    (char)(v.data[n] < ' ' || v.data[n] > '~' ? '?'
							      : v.data[n]);
	out->text[n] = '\0';
}

void
extended_read(struct view in, struct extended *out)
{
	struct extended found;
	size_t len;

	memset(out, 0, sizeof(*out));
	for (; in.len >= HEAD; in = view_skip(in, HEAD + len)) {
		len = u16_of(view_skip(in, 2));
		if (len > in.len - HEAD)
			return;
		if (u16_of(in) != OPTION_ERROR || len < CODE)
			continue;
		take(view_make(in.data + HEAD, len), &found);
		if (!out->there ||
		    (extended_is_bogus(&found) && !extended_is_bogus(out)))
			*out = found;
	}
}

bool
extended_is_bogus(const struct extended *e)
{
	return e->there && e->code < nitems(names) && names[e->code] != NULL;
}

void
extended_tell_bogus(
    const struct extended *e, const char *why, char *out, size_t size)
{
	const char *name = extended_is_bogus(e) ? names[e->code] : "";
	const char *text = e->there ? e->text : "";

	snprintf(out, size, "%s, bogus (DNSSEC)%s%s%s%s", why,
	    name[0] != '\0' || text[0] != '\0' ? ": " : "", name,
	    name[0] != '\0' && text[0] != '\0' ? ", " : "", text);
}
