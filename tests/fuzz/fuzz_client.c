/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_client.c - an SMTP session with a server (deliver/client.h).
 *
 * The first byte chooses the transaction; a second one that is "L", that LMTP
 * is spoken; another that is "T", that we log in with a token, and one that is
 * "E", with one that has ended.  The rest is what the server says, line by
 * line.  A line that begins with "!" is a lost connection; before one that
 * begins with "*" (the choice also says what TLS is asked for, and whether its
 * handshake comes off and we log in) the body and its dot are sent, if the
 * client waits for that. Delivered is only what a 2yz after the dot says, by
 * LMTP for each recipient by a reply of its own, and no lost connection or
 * nonsense is ever a "never". A refusal has no piece of a token, and one that
 * has ended is not said.
 */
#include "tests/fuzz/fuzz.h"

#include "common/base/alloc.h"
#include "deliver/client.h"

#include <string.h>

static const struct credential who = { .kind = CREDENTIAL_PASSWORD,
	.cleartext = false,
	.user = "bob",
	.secret = "tick" };

#define A100                                                                   \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"                   \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Too long for a command. */
static const struct credential bearer = { .kind = CREDENTIAL_TOKEN,
	.expires = 100 * 1000,
	.user = "bob",
	.secret = A100 A100 A100 A100 A100 };

enum { OUT_MAX = 1024 * 1024, MESSAGES_MAX = 4 };

struct play {
	struct client client;
	struct transaction t;
	struct buf said;
	uint8_t choice;
	bool dotted;  /* the dot of this transaction was sent */
	size_t heard; /* lines since then */
	size_t taken; /* messages */
};

static enum client_next
take(struct play *p)
{
	size_t n = (size_t)(p->choice & 3) + 1;

	transaction_init(&p->t, (p->choice & 4) != 0 ? "a@x.test" : "", n);
	for (size_t i = 0; i < n; i++)
		transaction_add(&p->t, &(struct msg_job_rcpt){ .n = (uint32_t)i,
					   .address = "r@y.test" });
	p->t.size = 100;
	p->t.eightbit = (p->choice & 8) != 0;
	p->dotted = false;
	p->heard = 0;
	p->taken++;
	return client_take(&p->client, &p->t, &p->said);
}

static void
check_status(const struct play *p, const struct status *st, bool own)
{
	bool few;

	must(st->verdict == VERDICT_DONE || st->verdict == VERDICT_LATER ||
		 st->verdict == VERDICT_NEVER,
	    "every recipient has an end");
	must(st->smtp / 100 == (int)st->verdict, "codes agree");
	must(st->subject >= 0 && st->subject <= 999 && st->detail >= 0 &&
		 st->detail <= 999,
	    "codes are bounded");
	must(fuzz_printable(view_of(st->text)), "a status is one line");
	must(!view_starts_nocase(
		 view_of(st->text), "the server refuses our login") ||
		 p->client.login.credential != &bearer ||
		 strstr(st->text, "aaaaaaaaaaaaaaaa") == NULL,
	    "no piece of a token is told");
	/* of few at a time some are settled before the others */
	few = p->client.greeting.rcpt_max > 0;
	must(st->verdict != VERDICT_DONE ||
		 (p->dotted && (own ? p->client.lmtp || few : !p->client.lmtp)),
	    "delivered is what a reply to the dot says");
}

static void
check_end(const struct play *p, bool lost)
{
	const struct transaction *t = &p->t;
	size_t done = 0;

	for (size_t i = 0; i < t->nrcpts; i++) {
		const struct recipient *r = &t->rcpts[i];

		check_status(p, r->settled != NULL ? r->settled : &t->status,
		    r->settled != NULL);
		must(r->settled != NULL || t->status.verdict != VERDICT_DONE ||
			 r->accepted,
		    "who was not accepted has no mail");
	}
	must(!lost || t->status.verdict == VERDICT_LATER, "lost is later");
	for (size_t i = 0; p->client.lmtp && i < t->nrcpts; i++)
		done += t->rcpts[i].settled != NULL &&
			t->rcpts[i].settled->verdict == VERDICT_DONE;
	must(done <= p->heard, "a reply for each, by LMTP");
}

/* Whole lines, each of them a command of ours, or what AUTH goes on with. */
static void
check_said(const struct play *p, struct view v)
{
	static const char *const verbs[] = { "EHLO us.test", "HELO us.test",
		"LHLO us.test", "MAIL FROM:<", "RCPT TO:<", "DATA", ".",
		"STARTTLS", "AUTH ", "Ym9i", "dGljaw==", "bixhPWJvYi",
		"dXNlcj1ib2", "AQ==" };

	while (v.len > 0) {
		size_t n = view_find(v, '\n');
		bool known = false;

		must(
		    n < v.len && n > 0 && v.data[n - 1] == '\r', "whole lines");
		must(fuzz_printable(view_make(v.data, n - 1)), "commands");
		for (size_t i = 0; i < nitems(verbs); i++)
			known = known || view_starts_nocase(v, verbs[i]);
		/* XOAUTH2 */
		known = known || (n == 1 && p->client.login.sorry);
		must(p->client.now == 0 || !view_starts_nocase(v, "AUTH "),
		    "a token that has ended is not said");
		must(known, "commands that exist");
		v = view_skip(v, n + 1);
	}
}

/* False: the session is over. */
static bool
go_on(struct play *p, enum client_next next)
{
	while (next == NEXT_OVER) {
		bool fit = p->client.fit;

		check_end(p, false);
		transaction_clear(&p->t);
		memset(&p->t, 0, sizeof(p->t));
		if (!fit || p->taken == MESSAGES_MAX)
			return false;
		next = take(p);
	}
	must(next != NEXT_BODY || p->client.login.credential == NULL ||
		 (p->client.login.done && p->client.secured),
	    "no body before we have logged in");
	must(next != NEXT_BODY || p->client.secured ||
		 p->client.tls < ROUTE_TLS_REQUIRED,
	    "no body in clear text that must not be");
	must((next == NEXT_BODY) == (p->client.state == CLIENT_BODY),
	    "a body is asked for when it may be sent");
	if (next != NEXT_FAILED)
		return true;
	check_end(p, false);
	return false;
}

/* The handshake comes off or, if the choice says so, fails. */
static bool
shake(struct play *p)
{
	if ((p->choice & 64) != 0) {
		client_tls_failed(&p->client, "spoilt");
		check_end(p, true);
		return false;
	}
	client_tls_done(&p->client, &p->said);
	must(p->client.greeting.offers == 0, "what was learned is forgotten");
	return true;
}

/* One line of the server; false: the session is over. */
static bool
hear(struct play *p, struct view line)
{
	enum client_next next;

	if (line.len > 0 && line.data[0] == '!') {
		client_lost(&p->client, "lost");
		check_end(p, true);
		return false;
	}
	if (line.len > 0 && line.data[0] == '*') {
		line = view_skip(line, 1);
		if (p->client.state == CLIENT_BODY) {
			client_dot(&p->client);
			p->dotted = true;
		}
	}
	must(client_patience(&p->client) > 0, "a wait has an end");
	p->heard += p->dotted;
	next = client_line(&p->client, line, &p->said);
	if (next == NEXT_TLS) {
		must(p->client.state == CLIENT_HANDSHAKE && !p->client.secured,
		    "TLS once");
		return shake(p);
	}
	if (next == NEXT_WAIT && p->client.state == CLIENT_BODY)
		return true; /* in the middle of a reply that comes too soon */
	return go_on(p, next);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view in = fuzz_view(data, len);
	struct play p = { .choice = fuzz_byte(&in) };

	buf_init(&p.said, OUT_MAX);
	client_begin(&p.client, "us.test", (enum route_tls)(p.choice >> 4 & 3));
	if (in.len > 0 && in.data[0] == 'L') {
		(void)fuzz_byte(&in);
		client_lmtp(&p.client);
	}
	if ((p.choice & 128) != 0)
		client_login(&p.client, &who, "s.test", 587);
	if (in.len > 0 && (in.data[0] == 'T' || in.data[0] == 'E')) {
		client_time(&p.client, in.data[0] == 'E' ? bearer.expires : 0);
		(void)fuzz_byte(&in);
		client_login(&p.client, &bearer, "s.test", 587);
	}
	take(&p);
	while (in.len > 0) {
		size_t n = view_find(in, '\n');

		if (!hear(&p, view_make(in.data, n)))
			break;
		in = view_skip(in, n + 1);
	}
	check_said(&p, buf_view(&p.said));
	transaction_clear(&p.t);
	buf_free(&p.said);
	return 0;
}
