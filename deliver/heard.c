/* SPDX-License-Identifier: ISC */
/* deliver/heard.c - what a server says of itself, for people.
 *
 * The server is hostile: its bytes are kept as they are, within their room,
 * and escaped by whoever shows them.
 */
#include "deliver/heard.h"

#include <string.h>

enum { CODE = 4 /* bytes of "250-" */ };

void
heard_clear(struct heard *h)
{
	memset(h, 0, sizeof(*h));
}

/* A NUL would end the text for whoever reads it. */
static bool
has_nul(struct view v)
{
	return v.len > 0 && memchr(v.data, '\0', v.len) != NULL;
}

static void
add(char *text, size_t max, struct view line, char between)
{
	size_t len = strlen(text), gap = len > 0 ? 1 : 0;

	if (has_nul(line) || line.len + gap > max - len)
		return;
	if (gap > 0)
		text[len++] = between;
	memcpy(text + len, line.data, line.len);
	text[len + line.len] = '\0';
}

void
heard_line(const struct client *c, struct view line)
{
	struct heard *h = c->t == NULL ? NULL : c->t->heard;
	struct view text;

	if (h == NULL || line.len <= CODE)
		return;
	text = view_skip(line, CODE);
	if (c->state == CLIENT_GREETING)
		add(h->greeting, HEARD_GREETING, text, ' ');
	else if (c->state == CLIENT_EHLO && c->greeting.lines > 0)
		add(c->secured ? h->secured : h->clear, HEARD_OFFERS, text,
		    '\n');
}
