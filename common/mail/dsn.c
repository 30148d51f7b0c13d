/* SPDX-License-Identifier: ISC */
/* common/mail/dsn.c - writes a delivery status notification.
 *
 * Foreign text goes out through fold.c, which lets nothing through that ends
 * a line, or line by line through add_header_line().  No foreign text stands
 * at the start of a line, so none can look like a boundary.
 */
#include "common/mail/dsn.h"

#include "common/base/id.h"
#include "common/mail/date.h"
#include "common/mail/fold.h"

#include <stdio.h>
#include <string.h>

enum {
	BOUNDARY_TEXT = 64,
	LINE_MAX_BYTES = 998 /* RFC 5322 2.1.1, without CRLF */
};

struct writer {
	const struct dsn *dsn;
	struct buf *out;
	bool header_8bit;
	char boundary[BOUNDARY_TEXT];
};

static void
add(struct writer *w, const char *text)
{
	buf_add_string(w->out, text);
}

/* "Name: type value", where the value may be foreign. */
static void
add_field(struct writer *w, const char *name, const char *before,
    const char *value, const char *after)
{
	char word[STATUS_TEXT + 64];
	struct fold f;

	snprintf(word, sizeof(word), "%s%s%s", before, value, after);
	fold_begin(&f, w->out, name, "\t");
	fold_word(&f, view_of(word));
	fold_end(&f);
}

static void
add_date(struct writer *w, const char *name, int64_t wall_ms)
{
	char date[DATE_TEXT];

	add_field(w, name, "", date_print(wall_ms, date), "");
}

static void
add_boundary(struct writer *w, const char *end)
{
	buf_printf(w->out, "\r\n--%s%s\r\n", w->boundary, end);
}

static void
add_top(struct writer *w)
{
	const struct dsn *d = w->dsn;
	char id[ID_TEXT];

	add_field(w, "From:", "Mail Delivery System <MAILER-DAEMON@",
	    d->hostname, ">");
	add_field(w, "To:", "<", d->sender, ">");
	add_field(w, "Subject:", "",
	    d->kind == DSN_FAILED ? "Your mail could not be delivered"
				  : "Your mail is delayed",
	    "");
	add_date(w, "Date:", d->now_ms);
	buf_printf(w->out, "Message-ID: <%s.dsn@", id_print(d->boundary, id));
	add_field(w, "", "", d->hostname, ">");
	add(w, "Auto-Submitted: auto-replied\r\n"
	       "MIME-Version: 1.0\r\n");
	if (w->header_8bit)
		add(w, "Content-Transfer-Encoding: 8bit\r\n");
	buf_printf(w->out,
	    "Content-Type: multipart/report;"
	    " report-type=delivery-status;\r\n\tboundary=\"%s\"\r\n",
	    w->boundary);
}

static void
add_recipient_words(struct writer *w, const struct dsn_recipient *r)
{
	char code[STATUS_CODE_TEXT], text[128];
	struct fold f;

	add_field(w, "    ", "<", r->address, ">");
	fold_begin(&f, w->out, "        ", "        ");
	if (r->remote_mta[0] != '\0') {
		fold_text(&f, r->remote_mta);
		snprintf(text, sizeof(text), "said: %d %s", r->status.smtp,
		    status_code(&r->status, code));
		fold_text(&f, text);
	}
	fold_text(&f, r->status.text);
	fold_end(&f);
	add(w, "\r\n");
}

static void
add_time_words(struct writer *w, const char *before, int64_t wall_ms)
{
	char date[DATE_TEXT];

	buf_printf(w->out, "%s%s.\r\n", before, date_print(wall_ms, date));
}

static void
add_words(struct writer *w)
{
	const struct dsn *d = w->dsn;
	struct fold f;

	add_boundary(w, "");
	add(w, "Content-Type: text/plain; charset=us-ascii\r\n\r\n");
	/* a blank, so that no name can stand where a boundary does */
	fold_begin(&f, w->out, "", " ");
	fold_text(&f, "This is the mail system at");
	fold_text(&f, d->hostname);
	fold_end(&f);
	if (d->kind == DSN_FAILED)
		add(w,
		    "\r\nYour mail could not be delivered to the recipients"
		    " below, and no further\r\nattempt will be made.\r\n\r\n");
	else
		add(w, "\r\nYour mail has not yet been delivered to the"
		       " recipients below.  You need not\r\nsend it again:"
		       " the attempts go on.\r\n\r\n");
	for (size_t i = 0; i < d->nrecipients; i++)
		add_recipient_words(w, &d->recipients[i]);
	add_time_words(w, "Your mail arrived here on ", d->arrival_ms);
	if (d->kind == DSN_DELAYED)
		add_time_words(w, "It will be tried until ", d->until_ms);
	add(w, "The header of your mail is attached.\r\n");
}

/*
 * What the other host said is of type smtp; what we found ourselves, before
 * or without an answer, is of our own type (RFC 3464 2.3.6).
 */
static void
add_diagnostic(struct writer *w, const struct dsn_recipient *r)
{
	char code[STATUS_CODE_TEXT], text[32];
	struct fold f;

	fold_begin(&f, w->out, "Diagnostic-Code:", "\t");
	if (r->remote_mta[0] != '\0') {
		snprintf(text, sizeof(text), "smtp; %d %s", r->status.smtp,
		    status_code(&r->status, code));
		fold_text(&f, text);
	} else
		fold_text(&f, "X-Postern;");
	fold_text(&f, r->status.text);
	fold_end(&f);
}

static void
add_recipient_status(struct writer *w, const struct dsn_recipient *r)
{
	const char *type = "";
	char code[STATUS_CODE_TEXT];

	add(w, "\r\n");
	if (r->original[0] != '\0') {
		if (strchr(r->original, ';') == NULL)
			type = "rfc822;";
		add_field(w, "Original-Recipient:", type, r->original, "");
	}
	add_field(w, "Final-Recipient:", "rfc822;", r->address, "");
	add_field(w, "Action:", "",
	    w->dsn->kind == DSN_FAILED ? "failed" : "delayed", "");
	add_field(w, "Status:", "", status_code(&r->status, code), "");
	if (r->remote_mta[0] != '\0')
		add_field(w, "Remote-MTA:", "dns;", r->remote_mta, "");
	add_diagnostic(w, r);
	if (w->dsn->kind == DSN_DELAYED)
		add_date(w, "Will-Retry-Until:", w->dsn->until_ms);
}

static void
add_status(struct writer *w)
{
	const struct dsn *d = w->dsn;
	char id[ID_TEXT];

	add_boundary(w, "");
	add(w, "Content-Type: message/delivery-status\r\n\r\n");
	add_field(w, "Reporting-MTA:", "dns;", d->hostname, "");
	if (d->envelope_id != NULL && d->envelope_id[0] != '\0')
		add_field(w, "Original-Envelope-Id:", "", d->envelope_id, "");
	add_date(w, "Arrival-Date:", d->arrival_ms);
	add_field(w, "X-Postern-Id:", "", id_print(d->id, id), "");
	for (size_t i = 0; i < d->nrecipients; i++)
		add_recipient_status(w, &d->recipients[i]);
}

/* One line without its CRLF; no header line begins with two hyphens, but a
 * boundary does. */
static void
add_header_line(struct writer *w, struct view line)
{
	size_t len = line.len > LINE_MAX_BYTES ? LINE_MAX_BYTES : line.len;
	char *room = buf_room(w->out, len);

	if (room == NULL)
		return;
	for (size_t i = 0; i < len; i++) {
		char c = line.data[i];

		room[i] = c == '\0' || c == '\r' || c == '\n' ? '?' : c;
	}
	if (len > 1 && room[0] == '-' && room[1] == '-')
		room[0] = '?';
	buf_commit(w->out, len);
	add(w, "\r\n");
}

/* The next whole line of the header, without CRLF; false at its end. */
static bool
next_line(struct view *header, struct view *line)
{
	size_t n = view_find(*header, '\n');

	if (n == header->len)
		return false;
	*line = view_make(header->data, n);
	*header = view_skip(*header, n + 1);
	if (n > 0 && line->data[n - 1] == '\r')
		line->len--;
	return line->len > 0;
}

static void
add_header(struct writer *w)
{
	struct view rest = w->dsn->header, line;

	add_boundary(w, "");
	add(w, "Content-Type: text/rfc822-headers\r\n");
	if (w->header_8bit)
		add(w, "Content-Transfer-Encoding: 8bit\r\n");
	add(w, "\r\n");
	while (next_line(&rest, &line))
		add_header_line(w, line);
}

static bool
any_8bit(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.data[i] > 127)
			return true;
	return false;
}

void
dsn_write(const struct dsn *dsn, struct buf *out)
{
	struct writer w = { .dsn = dsn, .out = out };
	char id[ID_TEXT], own[ID_TEXT];

	w.header_8bit = any_8bit(dsn->header);
	snprintf(w.boundary, sizeof(w.boundary), "=_postern_%s_%s",
	    id_print(dsn->id, id), id_print(dsn->boundary, own));
	add_top(&w);
	add(&w, "\r\nThis is a report in several parts (MIME).\r\n");
	add_words(&w);
	add_status(&w);
	add_header(&w);
	add_boundary(&w, "--");
}
