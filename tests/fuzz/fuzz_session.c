/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_session.c - an SMTP session, as served (smtpd/session.h).
 *
 * The first byte chooses the surroundings, the second how the rest is cut.
 * Replies and stored messages are the same for every cut (RFC 2920), replies
 * are replies, and no message is stored that CRLF.CRLF or a last chunk did
 * not end.
 */
#include "tests/fuzz/fuzz.h"

#include "tests/lib/rig.h"

#include <string.h>

enum { LOCAL = 1, NO_STOCK = 2, COMMIT_FAILS = 4, INTAKE_CLOSED = 8 };

static const char conf_of_rig[] = "hostname mx.test\n"
				  "limit message size 2048\n"
				  "limit recipients 3\n"
				  "limit hops 3\n"
				  "reject from 127.0.0.1 for domain no.test\n"
				  "accept from any for any\n";

static void
begin(struct rig *h, uint8_t choice)
{
	struct accept_client client = { .local_socket = (choice & LOCAL) != 0 };
	struct conf_error error;

	memset(h, 0, sizeof(*h));
	conf_init(&h->conf);
	must(conf_parse(&h->conf, view_of(conf_of_rig), &error), "it reads");
	service_init(&h->service, &h->conf, client.local_socket);
	if (!client.local_socket)
		ip_parse(view_of("127.0.0.1"), &client.ip);
	status_done(&h->commit, 250, 0, 0, "stored");
	if ((choice & COMMIT_FAILS) != 0)
		status_later(&h->commit, 452, 3, 1, "no space");
	if ((choice & INTAKE_CLOSED) != 0)
		status_later(&h->service.intake, 452, 3, 1, "no space");
	h->no_stock = (choice & NO_STOCK) != 0;
	rig_begin(h, &client);
}

static void
run(struct rig *h, uint8_t choice, struct view in, uint32_t seed)
{
	begin(h, choice);
	while (in.len > 0 && !h->closed) {
		size_t n = seed == 0 ? in.len : fuzz_piece(&seed, in.len);

		rig_feed(h, view_make(in.data, n));
		in = view_skip(in, n);
	}
}

/* RFC 5321 4.2 and 4.5.3.1.5. */
static void
check_replies(struct view out)
{
	while (out.len > 0) {
		size_t n = view_find(out, '\n');
		struct view line = view_make(out.data, n - 1);

		must(n < out.len && n > 3 && n + 1 <= 512, "a reply's length");
		must(out.data[n - 1] == '\r', "a reply ends with CRLF");
		must(fuzz_printable(line), "a reply is printable");
		must(line.data[0] >= '2' && line.data[0] <= '5' &&
			 ascii_is_digit(line.data[1]) &&
			 ascii_is_digit(line.data[2]) &&
			 (line.data[3] == ' ' || line.data[3] == '-'),
		    "a reply has its code");
		out = view_skip(out, n + 1);
	}
}

static size_t
count(struct view v, const char *what)
{
	size_t n = 0, len = strlen(what);

	for (size_t i = 0; i + len <= v.len; i++)
		n += memcmp(v.data + i, what, len) == 0;
	return n;
}

/* RFC 3030. */
static size_t
count_last(struct view v)
{
	size_t n = 0;

	for (; v.len > 0; v = view_skip(v, 1))
		n += view_starts_nocase(v, "LAST");
	return n;
}

/* Of the lines of what was stored; a body's begin with "| ". */
static size_t
count_stored(struct view v)
{
	size_t n = 0;

	while (v.len > 0) {
		size_t end = view_find(v, '\n');

		n += view_starts_nocase(v, "stored <");
		must(view_find(view_make(v.data, end), '\r') == end,
		    "no bare line end is stored");
		v = view_skip(v, end + 1);
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view in = fuzz_view(data, len);
	uint8_t choice = fuzz_byte(&in);
	uint32_t seed = (uint32_t)fuzz_byte(&in) + 1;
	struct rig whole, cut;

	run(&whole, choice, in, 0);
	run(&cut, choice, in, seed);
	must(view_eq(buf_view(&whole.out), buf_view(&cut.out)), "replies stay");
	must(view_eq(buf_view(&whole.stored), buf_view(&cut.stored)),
	    "what is stored stays");
	must(whole.closed == cut.closed, "the end stays");
	must(!whole.untraced, "every message has our trace header");
	check_replies(buf_view(&whole.out));
	must(count_stored(buf_view(&whole.stored)) <=
		 count(in, "\r\n.\r\n") + count_last(in),
	    "CRLF.CRLF or LAST ends a message, and nothing else");
	must(whole.stored.len == 0 || choice < COMMIT_FAILS ||
		 (choice & (COMMIT_FAILS | INTAKE_CLOSED)) == 0,
	    "nothing is stored that was refused");
	rig_end(&whole);
	rig_end(&cut);
	return 0;
}
