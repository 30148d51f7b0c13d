/* SPDX-License-Identifier: ISC */
/* tests/unit/dialogue.h - what a server says to deliver/client.c, and what
 * becomes of a message to two recipients.
 *
 * A dialogue is text: what the server says, "|" for each CRLF; "*" stands
 * for the body and its final dot being sent when the client wants that, "!"
 * for a lost connection.
 */
#ifndef TESTS_UNIT_DIALOGUE_H
#define TESTS_UNIT_DIALOGUE_H

#include "deliver/client.h"

#include "tests/unit/check.h"

struct dialogue {
	const char *heard;
	const char *said;
	const char *first; /* recipient: "250 2.0.0" */
	const char *second;
	enum client_next end; /* NEXT_WAIT: the dialogue was not finished */
	enum job_stage stage;
	bool fit;
};

static inline void
dialogue_message(struct transaction *t)
{
	transaction_init(t, "a@x", 2);
	transaction_add(t, &(struct msg_job_rcpt){ .n = 1, .address = "1@y" });
	transaction_add(t, &(struct msg_job_rcpt){ .n = 2, .address = "2@y" });
	t->size = 100;
}

/* A connection, with nothing heard yet. */
static inline enum client_next
dialogue_begin(
    struct client *c, struct transaction *t, bool lmtp, struct buf *said)
{
	client_begin(c, "us", ROUTE_TLS_NONE);
	if (lmtp)
		client_lmtp(c);
	return client_take(c, t, said);
}

/* Goes on with it; `said` gets what the client says.  Nothing of the dialogue
 * may be left over. */
static inline enum client_next
dialogue_hear(struct client *c, const char *heard, struct buf *said)
{
	struct view in = view_of(heard);
	enum client_next next = NEXT_WAIT;

	while (in.len > 0 && (next == NEXT_WAIT || next == NEXT_BODY)) {
		size_t n = view_find(in, '|');

		if (in.data[0] == '!') {
			client_lost(c, "connection lost");
			return NEXT_FAILED;
		}
		if (in.data[0] == '*') {
			check_int(heard, c->state, CLIENT_BODY);
			client_dot(c);
			in = view_skip(in, 1);
			continue;
		}
		next = client_line(c, view_make(in.data, n), said);
		in = view_skip(in, n + 1);
	}
	check_int(heard, in.len, 0);
	return next;
}

static inline enum client_next
dialogue_run(struct client *c, struct transaction *t, bool lmtp,
    const char *heard, struct buf *said)
{
	enum client_next next = dialogue_begin(c, t, lmtp, said);

	if (next == NEXT_WAIT)
		return dialogue_hear(c, heard, said);
	check_int(heard, heard[0], '\0');
	return next;
}

/* What was said, "|" for CRLF. */
static inline const char *
dialogue_said(const struct buf *said)
{
	struct view v = buf_view(said);
	static struct buf text;

	if (text.max == 0)
		buf_init(&text, 4096);
	buf_clear(&text);
	for (size_t i = 0; i < v.len; i++)
		if (v.data[i] == '\r')
			buf_add_string(&text, "|");
		else if (v.data[i] != '\n')
			buf_add(&text, view_make(v.data + i, 1));
	return buf_string(&text);
}

/* Of a recipient: "250 2.0.0". */
static inline const char *
dialogue_status(const struct transaction *t, size_t i)
{
	const struct status *st = t->rcpts[i].settled;
	static struct buf text;
	char code[STATUS_CODE_TEXT];

	if (st == NULL)
		st = &t->status;
	if (text.max == 0)
		buf_init(&text, 64);
	buf_clear(&text);
	buf_printf(&text, "%d %s", st->smtp, status_code(st, code));
	return buf_string(&text);
}

static inline void
dialogue_check(const struct dialogue *d, bool lmtp)
{
	struct transaction t;
	struct client c;
	struct buf said;

	dialogue_message(&t);
	buf_init(&said, 4096);
	check_int(
	    d->heard, dialogue_run(&c, &t, lmtp, d->heard, &said), d->end);
	check_str(d->heard, dialogue_said(&said), d->said);
	if (d->end != NEXT_WAIT) {
		check_str(d->heard, dialogue_status(&t, 0), d->first);
		check_str(d->heard, dialogue_status(&t, 1), d->second);
		check_int(d->heard, t.stage, d->stage);
	}
	if (d->end == NEXT_OVER)
		check_int(d->heard, c.fit, d->fit);
	buf_free(&said);
	transaction_clear(&t);
}

#endif
