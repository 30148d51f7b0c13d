/* SPDX-License-Identifier: ISC */
/* common/mail/dsn.c - writes a delivery status notification.
 *
 * Foreign text goes out through fold.c, which lets nothing through that ends
 * a line, or line by line through add_header_line().  No foreign text stands
 * at the start of a line but in the returned mail, and the boundary is one
 * that does not occur there.
 */
#include "common/mail/dsn.h"

#include "common/base/id.h"
#include "common/mail/date.h"
#include "common/mail/fold.h"

#include <stdio.h>
#include <string.h>

enum {
	BOUNDARY_TEXT = 80,
	ACTIONS = DSN_EXPANDED + 1,
	ANY = -1,
	OWN = 1,             /* the first advice about what a server said */
	LINE_MAX_BYTES = 998 /* RFC 5322 2.1.1, without CRLF */
};

struct writer {
	const struct dsn *dsn;
	struct buf *out;
	bool whole;     /* the mail goes back, not only its header */
	bool eight_bit; /* what goes back has bytes above 127 */
	struct view returned;
	size_t count[ACTIONS]; /* recipients of each kind */
	char boundary[BOUNDARY_TEXT];
};

/* What is said of each kind: in the subject, and above its recipients. */
static const struct {
	const char *action, *subject, *words;
} kinds[ACTIONS] = {
	[DSN_FAILED] = { "failed", "Your mail could not be delivered",
	    "Your mail could not be delivered to the recipients below, and no"
	    " further\r\nattempt will be made.\r\n" },
	[DSN_DELAYED] = { "delayed", "Your mail is delayed",
	    "Your mail has not yet been delivered to the recipients below."
	    "  You need not\r\nsend it again: the attempts go on.\r\n" },
	[DSN_RELAYED] = { "relayed", "Your mail was passed on",
	    "Your mail was passed on to the mail servers of the recipients"
	    " below.  They do\r\nnot confirm deliveries, so that you will"
	    " hear no more unless it fails there.\r\n" },
	[DSN_DELIVERED] = { "delivered", "Your mail was delivered",
	    "Your mail was delivered to the recipients below.\r\n" },
	[DSN_EXPANDED] = { "expanded", "Your mail was passed on",
	    "The addresses below stand for several others, to whom your mail"
	    " was passed on.\r\nYou will hear no more unless it fails for one"
	    " of them.\r\n" },
};

/* What a sender can do, by the enhanced code (RFC 3463); the first that fits;
 * ANY is every detail. */
static const struct {
	int subject, detail;
	const char *words;
} advice[] = {
	/* without a server: said by us */
	{ 0, 0, "The postmaster of this mail system can tell more." },
	/* OWN: the others */
	{ 1, 1, "Look for a mistake in the part before the @." },
	{ 1, 2, "Look for a mistake in the part behind the @." },
	{ 1, ANY, "Look for a mistake in the address." },
	{ 2, 2,
	    "The mailbox is full: try again later, or tell its owner in"
	    " another way." },
	{ 2, 3, "Send something smaller." },
	{ 2, ANY,
	    "Ask the recipient in another way whether the mailbox is in"
	    " use." },
	{ 3, 4, "Send something smaller." },
	{ 4, 6,
	    "The mail goes in circles: the postmaster of that domain must"
	    " look into it." },
	{ 4, 7,
	    "That server was not to be reached, or refused all this time:"
	    " send it again later, or look for a mistake in the address." },
	{ 4, ANY,
	    "Look for a mistake in the part behind the @, or try again"
	    " later." },
	{ 7, ANY,
	    "That server does not want this mail.  Its words say why; its"
	    " postmaster can tell more." },
	{ ANY, ANY,
	    "The words above say what is wrong; the postmaster of that"
	    " domain can tell more." },
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

/* The worst news is the subject. */
static size_t
first_kind(const struct writer *w)
{
	size_t i = 0;

	while (i + 1 < ACTIONS && w->count[i] == 0)
		i++;
	return i;
}

static void
add_top(struct writer *w)
{
	const struct dsn *d = w->dsn;
	char id[ID_TEXT];

	add_field(w, "From:", "Mail Delivery System <MAILER-DAEMON@",
	    d->hostname, ">");
	add_field(w, "To:", "<", d->to, ">");
	add_field(w, "Subject:", "",
	    d->postmaster ? "Mail without a sender could not be delivered"
			  : kinds[first_kind(w)].subject,
	    "");
	add_date(w, "Date:", d->now_ms);
	buf_printf(w->out, "Message-ID: <%s.dsn@", id_print(d->own_id, id));
	add_field(w, "", "", d->hostname, ">");
	add(w, "Auto-Submitted: auto-replied\r\n"
	       "MIME-Version: 1.0\r\n");
	if (w->eight_bit)
		add(w, "Content-Transfer-Encoding: 8bit\r\n");
	buf_printf(w->out,
	    "Content-Type: multipart/report;"
	    " report-type=delivery-status;\r\n\tboundary=\"%s\"\r\n",
	    w->boundary);
}

static const char *
advice_for(const struct dsn_recipient *r)
{
	const struct status *st = &r->status;
	size_t i = r->remote_mta[0] == '\0' ? 0 : OWN;

	while ((advice[i].subject != ANY && advice[i].subject != st->subject) ||
	       (advice[i].detail != ANY && advice[i].detail != st->detail))
		i++;
	return advice[i].words;
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
	if (r->action == DSN_FAILED && !w->dsn->postmaster) {
		fold_begin(&f, w->out, "        ", "        ");
		fold_text(&f, advice_for(r));
		fold_end(&f);
	}
	add(w, "\r\n");
}

static void
add_time_words(struct writer *w, const char *before, int64_t wall_ms)
{
	char date[DATE_TEXT];

	buf_printf(w->out, "%s%s.\r\n", before, date_print(wall_ms, date));
}

static void
add_kind(struct writer *w, enum dsn_action action)
{
	const struct dsn *d = w->dsn;

	if (w->count[action] == 0)
		return;
	add(w, "\r\n");
	if (d->postmaster)
		add(w,
		    "You get this as postmaster.  A message without a sender,"
		    " which most often is\r\nitself a notification, could not"
		    " be delivered; nobody else is told.\r\n");
	else
		add(w, kinds[action].words);
	add(w, "\r\n");
	for (size_t i = 0; i < d->nrecipients; i++)
		if (d->recipients[i].action == action)
			add_recipient_words(w, &d->recipients[i]);
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
	for (size_t i = 0; i < ACTIONS; i++)
		add_kind(w, (enum dsn_action)i);
	add_time_words(w, "The mail arrived here on ", d->arrival_ms);
	if (w->count[DSN_DELAYED] > 0)
		add_time_words(w, "It will be tried until ", d->until_ms);
	add(w,
	    w->whole ? "It is attached.\r\n" : "Its header is attached.\r\n");
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
	add_field(w, "Action:", "", kinds[r->action].action, "");
	add_field(w, "Status:", "", status_code(&r->status, code), "");
	if (r->remote_mta[0] != '\0')
		add_field(w, "Remote-MTA:", "dns;", r->remote_mta, "");
	add_diagnostic(w, r);
	if (r->action == DSN_DELAYED)
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

/* One line without its CRLF. */
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
add_returned(struct writer *w)
{
	struct view rest = w->returned, line;

	add_boundary(w, "");
	buf_printf(w->out, "Content-Type: %s\r\n",
	    w->whole ? "message/rfc822" : "text/rfc822-headers");
	if (w->eight_bit)
		add(w, "Content-Transfer-Encoding: 8bit\r\n");
	add(w, "\r\n");
	if (w->whole)
		buf_add(w->out, rest);
	while (!w->whole && next_line(&rest, &line))
		add_header_line(w, line);
}

/* Lines that every server must take (RFC 5321 2.3.8, 4.5.3.1.6). */
static bool
is_clean(struct view v)
{
	while (v.len > 0) {
		size_t n = view_find(v, '\n');

		if (n == v.len || n == 0 || v.data[n - 1] != '\r' ||
		    n - 1 > LINE_MAX_BYTES || view_find(v, '\r') != n - 1 ||
		    view_find(v, '\0') < n)
			return false;
		v = view_skip(v, n + 1);
	}
	return true;
}

/* The header's lines, and no byte of what is behind them. */
static struct view
header_of(struct view content)
{
	struct view rest = content, line;
	size_t len = 0;

	while (next_line(&rest, &line))
		len = content.len - rest.len;
	return view_make(content.data, len);
}

static bool
any_8bit(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.data[i] > 127)
			return true;
	return false;
}

static bool
occurs(struct view in, const char *what)
{
	return in.len > 0 &&
	       memmem(in.data, in.len, what, strlen(what)) != NULL;
}

/* One that what is returned does not hold, whoever guessed it: there are more
 * numbers than its bytes have room for. */
static void
choose_boundary(struct writer *w)
{
	char id[ID_TEXT], own[ID_TEXT];

	snprintf(w->boundary, sizeof(w->boundary), "=_postern_%s_%s",
	    id_print(w->dsn->id, id), id_print(w->dsn->own_id, own));
	for (unsigned int n = 1; occurs(w->returned, w->boundary); n++)
		snprintf(w->boundary, sizeof(w->boundary), "=_postern_%s_%s_%u",
		    id, own, n);
}

bool
dsn_write(const struct dsn *dsn, struct buf *out)
{
	struct writer w = { .dsn = dsn, .out = out };

	w.whole = dsn->whole && is_clean(dsn->content);
	w.returned = w.whole ? dsn->content : header_of(dsn->content);
	w.eight_bit = any_8bit(w.returned);
	for (size_t i = 0; i < dsn->nrecipients; i++)
		w.count[dsn->recipients[i].action]++;
	choose_boundary(&w);
	add_top(&w);
	add(&w, "\r\nThis is a report in several parts (MIME).\r\n");
	add_words(&w);
	add_status(&w);
	add_returned(&w);
	add_boundary(&w, "--");
	return w.eight_bit;
}
