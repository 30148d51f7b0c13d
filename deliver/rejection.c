/* SPDX-License-Identifier: ISC */
/* deliver/rejection.c - what a server says of a token that it does not take.
 */
#include "deliver/rejection.h"

#include "common/base/alloc.h"
#include "common/base/base64.h"
#include "common/mail/reply.h"

#include <stdio.h>
#include <string.h>

enum { VALUE_MAX = 79 }; /* bytes of each */

static struct view
without_blanks(struct view v)
{
	while (v.len > 0 && strchr(" \t\r\n", v.data[0]) != NULL)
		v = view_skip(v, 1);
	return v;
}

/* Behind "key" and its colon; empty: there is none. */
static struct view
behind_key(struct view json, const char *key)
{
	char quoted[32];
	const char *at;

	snprintf(quoted, sizeof(quoted), "\"%s\"", key);
	at = memmem(json.data, json.len, quoted, strlen(quoted));
	if (at == NULL)
		return view_make(NULL, 0);
	json = view_skip(json, (size_t)(at - json.data) + strlen(quoted));
	json = without_blanks(json);
	if (json.len == 0 || json.data[0] != ':')
		return view_make(NULL, 0);
	return without_blanks(view_skip(json, 1));
}

/* A string, or a number as some servers write the status. */
static void
take_value(struct view v, char out[VALUE_MAX + 1])
{
	bool quoted = v.len > 0 && v.data[0] == '"';
	size_t n = 0;

	for (size_t i = quoted ? 1 : 0; i < v.len && n < VALUE_MAX; i++) {
		char c = v.data[i];

		if (quoted ? c == '"' : !ascii_is_digit(c))
			break;
		if (c == '\\' && i + 1 < v.len)
			c = v.data[++i]; /* "\/"; what else it may be is odd */
		out[n++] = c >= ' ' && c < 0x7f ? c : '?';
	}
	out[n] = '\0';
}

const char *
rejection_read(struct view said, char out[REJECTION_TEXT])
{
	static const char *const keys[] = { "status", "scope", "schemes" };
	struct view word = view_word(&said);
	char json[REPLY_TEXT], value[VALUE_MAX + 1];
	size_t len, n = 0;

	out[0] = '\0';
	/* a reply's text is cut where it is too long */
	if (!base64_decode(view_make(word.data, word.len / 4 * 4), json,
		sizeof(json), &len))
		return out;
	for (size_t i = 0; i < nitems(keys); i++) {
		take_value(behind_key(view_make(json, len), keys[i]), value);
		if (value[0] != '\0')
			n += (size_t)snprintf(out + n, REJECTION_TEXT - n,
			    "%s%s %s", n > 0 ? ", " : "", keys[i], value);
	}
	return out;
}
