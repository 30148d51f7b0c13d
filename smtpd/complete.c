/* SPDX-License-Identifier: ISC */
/* smtpd/complete.c - the header of a submitted message, made whole.
 *
 * The scan that counts fields also tells where they begin and where they end,
 * so that both always mean the same header.
 */
#include "smtpd/complete.h"

#include "common/base/id.h"
#include "common/mail/date.h"

#include <stdio.h>
#include <string.h>

void
complete_begin(struct complete *c, struct header_scan *scan,
    const struct complete_facts *facts)
{
	c->facts = *facts;
	c->scan = scan;
	c->drop = c->over = false;
	c->nheld = 0;
}

static bool
is_secret(struct view field)
{
	return view_is_nocase(field, "Bcc") ||
	       view_is_nocase(field, "Resent-Bcc");
}

static void
add_from(const struct complete *c, struct buf *out)
{
	char address[ADDRESS_MAX + 1];

	if (c->scan->nfrom == 0 && c->facts.sender != NULL)
		buf_printf(out, "From: <%s>\r\n",
		    mailbox_print(c->facts.sender, address));
}

static void
add_date(const struct complete *c, struct buf *out)
{
	char date[DATE_TEXT];

	if (c->scan->ndate == 0)
		buf_printf(
		    out, "Date: %s\r\n", date_print(c->facts.wall_ms, date));
}

/* Ours never comes again: the id is not used twice, the time is in it for
 * those whose spool began anew. */
static void
add_message_id(const struct complete *c, struct buf *out)
{
	struct header_scan *scan = c->scan;
	char id[ID_TEXT];

	if (scan->nmessage_id > 0)
		return;
	snprintf(scan->message_id, sizeof(scan->message_id), "<%s.%llx@%s>",
	    id_print(c->facts.id, id), (unsigned long long)c->facts.wall_ms,
	    c->facts.hostname);
	buf_printf(out, "Message-ID: %s\r\n", scan->message_id);
}

static void
add_held(struct complete *c, struct buf *out)
{
	buf_add(out, view_make(c->held, c->nheld));
	c->nheld = 0;
}

/* What is held is the first of the text, or of the empty line above it. */
static void
header_over(struct complete *c, struct buf *out)
{
	bool bare = c->nheld > 0 && c->held[0] != '\r';

	c->over = true;
	add_date(c, out);
	add_from(c, out);
	add_message_id(c, out);
	if (bare)
		buf_add_string(out, "\r\n");
	add_held(c, out);
}

/* What is held begins a line of the header: a field, or a folded one's next. */
static void
line_known(struct complete *c, struct buf *out)
{
	if (c->held[0] != ' ' && c->held[0] != '\t')
		c->drop = is_secret(header_scan_field(c->scan));
	if (c->drop)
		c->nheld = 0;
	else
		add_held(c, out);
}

static void
take_byte(struct complete *c, struct view byte, struct buf *out)
{
	c->held[c->nheld++] = byte.data[0];
	header_scan_feed(c->scan, byte);
	if (c->scan->done)
		header_over(c, out);
	else if (header_scan_in_line(c->scan))
		line_known(c, out);
}

/* How much of in was taken; at least one byte. */
static size_t
take(struct complete *c, struct view in, struct buf *out)
{
	size_t n;

	if (!header_scan_in_line(c->scan)) {
		take_byte(c, view_make(in.data, 1), out);
		return 1;
	}
	n = view_find(in, '\n');
	if (n < in.len)
		n++;
	header_scan_feed(c->scan, view_make(in.data, n));
	if (!c->drop)
		buf_add(out, view_make(in.data, n));
	return n;
}

void
complete_feed(struct complete *c, struct view in, struct buf *out)
{
	while (in.len > 0 && !c->over)
		in = view_skip(in, take(c, in, out));
	buf_add(out, in);
}

void
complete_end(struct complete *c, struct buf *out)
{
	if (c->over)
		return;
	header_scan_end(c->scan);
	header_over(c, out);
}
