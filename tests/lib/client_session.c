/* SPDX-License-Identifier: ISC */
/* tests/lib/client_session.c - one sender of the recording client. */
#include "tests/lib/client_session.h"

#include "tests/lib/powercut.h"

#include <stdlib.h>
#include <string.h>

enum { CLIENT_LIST_MAX = 1 << 24, CLIENT_PAUSE_US = 50000 };

static void session_dial(struct client_session *);

static void
put_rcpt(struct client_session *s, unsigned int i)
{
	buf_clear(&s->address);
	client_address(s->client, s->number, i, &s->address);
	wire_puts(&s->wire, "RCPT TO:<");
	wire_put(&s->wire, buf_view(&s->address));
	wire_puts(&s->wire, ">\r\n");
}

static void
put_mail(struct client_session *s)
{
	wire_puts(&s->wire, "MAIL FROM:<");
	wire_puts(&s->wire, s->client->options.from);
	wire_puts(&s->wire, ">\r\n");
}

static void
say(struct client_session *s, enum client_said said, const char *line)
{
	s->said = said;
	wire_puts(&s->wire, line);
}

static void
begin_message(struct client_session *s)
{
	const struct client_options *o = &s->client->options;

	client_draw_id(s->client, s->id, &s->number);
	s->busy = true;
	s->start_us = s->sent_here == 0 ? s->dialled_us : record_now_us();
	s->sent_here++;
	s->answered = s->refusal = 0;
	buf_clear(&s->accepted);
	s->piped = s->offered && o->pipelining;
	s->said = SAID_MAIL;
	put_mail(s);
	if (!s->piped)
		return;
	for (unsigned int i = 0; i < o->rcpts; i++)
		put_rcpt(s, i);
	wire_puts(&s->wire, "DATA\r\n");
}

static void
settle(struct client_session *s, enum client_fate fate)
{
	client_settle(s->client, fate);
	s->busy = s->claimed = false;
}

/* The message was not taken: the next one goes by a new connection. */
static void
refused(struct client_session *s, unsigned int code)
{
	record_line(&s->client->record, "!%s %u", s->id, code);
	settle(s, FATE_REFUSED);
	say(s, SAID_QUIT, "QUIT\r\n");
}

static void
acknowledged(struct client_session *s)
{
	struct client *c = s->client;
	int64_t now;

	if (c->fates[FATE_ACKNOWLEDGED] + 1 == c->options.cut_at)
		powercut(c->options.cut_fd);
	now = record_now_us();
	record_line(&c->record, "%s\t%s\t%lld\t%lld", s->id,
	    buf_string(&s->accepted), (long long)s->start_us, (long long)now);
	samples_add(&c->dot_us, now - s->dot_us);
	samples_add(&c->start_us, now - s->start_us);
	settle(s, FATE_ACKNOWLEDGED);
	s->claimed =
	    s->sent_here < c->options.per_connection && client_claim(c);
	if (s->claimed)
		begin_message(s);
	else
		say(s, SAID_QUIT, "QUIT\r\n");
}

static void
note_refusal(struct client_session *s, unsigned int code)
{
	if (s->refusal == 0 && code / 100 != 2)
		s->refusal = code;
}

static void
heard_ehlo(struct client_session *s, unsigned int code)
{
	if (code / 100 == 2)
		begin_message(s);
	else if (code / 100 == 5 && s->said == SAID_EHLO)
		say(s, SAID_HELO, "HELO client.example\r\n");
	else
		wire_end(&s->wire);
}

static void
heard_mail(struct client_session *s, unsigned int code)
{
	note_refusal(s, code);
	if (!s->piped && code / 100 != 2) {
		refused(s, code);
		return;
	}
	s->said = SAID_RCPT;
	if (!s->piped)
		put_rcpt(s, 0);
}

static void
heard_rcpt(struct client_session *s, unsigned int code)
{
	if (code / 100 == 2) {
		buf_clear(&s->address);
		client_address(s->client, s->number, s->answered, &s->address);
		if (s->accepted.len > 0)
			buf_add_string(&s->accepted, ",");
		buf_add(&s->accepted, buf_view(&s->address));
	}
	note_refusal(s, code);
	s->answered++;
	if (s->answered < s->client->options.rcpts) {
		if (!s->piped)
			put_rcpt(s, s->answered);
	} else if (s->piped) {
		s->said = SAID_DATA;
	} else if (s->accepted.len == 0) {
		refused(s, s->refusal);
	} else {
		say(s, SAID_DATA, "DATA\r\n");
	}
}

/*
 * RFC 2920, 3.1: a server may say 354 although it took no recipient; then a
 * lone dot follows, and whatever it is answered, nothing was sent.
 */
static void
heard_data(struct client_session *s, unsigned int code)
{
	struct letter letter = { s->id, s->number, s->client->options.from,
		buf_view(&s->accepted) };

	if (code != 354) {
		refused(s, s->accepted.len == 0 ? s->refusal : code);
		return;
	}
	s->said = SAID_DOT;
	if (s->accepted.len == 0) {
		wire_puts(&s->wire, ".\r\n");
		return;
	}
	letter.to.len = view_find(letter.to, ',');
	letters_write(&s->client->letters, &letter, &s->wire.out);
	s->dot_us = record_now_us();
}

static void
heard_dot(struct client_session *s, unsigned int code)
{
	if (s->accepted.len == 0)
		refused(s, s->refusal);
	else if (code / 100 == 2)
		acknowledged(s);
	else
		refused(s, code);
}

static void
heard(struct client_session *s, unsigned int code)
{
	switch (s->said) {
	case SAID_NOTHING:
		if (code / 100 == 2)
			say(s, SAID_EHLO, "EHLO client.example\r\n");
		else
			wire_end(&s->wire);
		break;
	case SAID_EHLO:
	case SAID_HELO:
		heard_ehlo(s, code);
		break;
	case SAID_MAIL:
		heard_mail(s, code);
		break;
	case SAID_RCPT:
		heard_rcpt(s, code);
		break;
	case SAID_DATA:
		heard_data(s, code);
		break;
	case SAID_DOT:
		heard_dot(s, code);
		break;
	case SAID_QUIT:
		/* the server closes first, so that it keeps the TIME_WAIT */
		break;
	}
}

static void
heard_line(struct client_session *s, struct view line)
{
	uint64_t code;

	if (line.len < 3 || !view_u64(view_make(line.data, 3), &code)) {
		wire_end(&s->wire);
		return;
	}
	if (s->said == SAID_EHLO && line.len > 4 &&
	    view_starts_nocase(view_skip(line, 4), "PIPELINING"))
		s->offered = true;
	if (line.len > 3 && line.data[3] == '-')
		return;
	/* RFC 5321, 3.8: 421 may answer anything and closes the connection */
	if (code == 421 && s->busy)
		refused(s, 421);
	else if (code == 421)
		wire_end(&s->wire);
	else
		heard(s, (unsigned int)code);
}

static size_t
session_input(void *arg, struct view in)
{
	struct client_session *s = arg;
	size_t used = 0, n;

	s->heard_us = record_now_us();
	while (!s->wire.ending) {
		struct view rest = view_skip(in, used);

		n = view_find(rest, '\n');
		if (n == rest.len)
			break;
		used += n + 1;
		while (n > 0 && rest.data[n - 1] == '\r')
			n--;
		heard_line(s, view_make(rest.data, n));
	}
	return used;
}

static void
at_rest(struct client_session *s)
{
	struct client *c = s->client;

	c->active--;
	if (c->active == 0)
		event_base_loopbreak(c->loop.base);
}

/*
 * Work that is left is done at once; after trouble, after a pause (of no
 * length without retry: the loop runs, and the stack does not grow).
 */
static void
go_on(struct client_session *s, bool trouble)
{
	const struct timeval pause = { 0,
		s->client->options.retry ? CLIENT_PAUSE_US : 0 };

	if (!s->claimed)
		s->claimed = client_claim(s->client);
	if (!s->claimed)
		at_rest(s);
	else if (trouble)
		evtimer_add(&s->pause, &pause);
	else
		session_dial(s);
}

/* Settles the id whose connection is gone. */
static void
settle_lost(struct client_session *s)
{
	bool dotted =
	    s->said == SAID_DOT && !s->wire.cut && s->accepted.len > 0;

	if (s->busy && dotted) {
		record_line(&s->client->record, "?%s", s->id);
		settle(s, FATE_UNKNOWN);
	} else if (s->busy || (s->claimed && !s->client->options.retry)) {
		settle(s, FATE_FAILED);
	}
}

static void
session_gone(void *arg)
{
	struct client_session *s = arg;
	bool trouble = s->said != SAID_QUIT || s->refusal != 0;

	if (s->said != SAID_QUIT)
		s->client->lost_connections++;
	settle_lost(s);
	go_on(s, trouble);
}

static const struct wire_owner owner = { session_input, session_gone };

static void
session_dial(struct client_session *s)
{
	int fd;

	s->said = SAID_NOTHING;
	s->offered = false;
	s->sent_here = s->refusal = 0;
	s->wire.cut = false;
	s->dialled_us = s->heard_us = record_now_us();
	fd = endpoint_dial(&s->client->options.target);
	if (fd == -1)
		session_gone(s);
	else
		wire_open(&s->wire, fd);
}

static void
on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	session_dial(arg);
}

void
client_session_start(struct client_session *s, struct client *c)
{
	s->client = c;
	buf_init(&s->accepted, CLIENT_LIST_MAX);
	buf_init(&s->address, CLIENT_LIST_MAX);
	wire_init(&s->wire, &c->loop, &owner, s);
	evtimer_assign(&s->pause, c->loop.base, on_pause_over, s);
	go_on(s, false);
}

void
client_session_check(struct client_session *s, int64_t now_us)
{
	int64_t limit = (int64_t)s->client->options.reply_seconds * 1000000;

	if (s->wire.fd != -1 && now_us - s->heard_us > limit)
		wire_cut(&s->wire);
}

void
client_session_stop(struct client_session *s)
{
	s->wire.cut = !wire_drained(&s->wire);
	settle_lost(s);
	evtimer_del(&s->pause);
	wire_free(&s->wire);
	buf_free(&s->accepted);
	buf_free(&s->address);
}
