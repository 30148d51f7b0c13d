/* SPDX-License-Identifier: ISC */
/* tests/unit/test_oracle.c - the chunking oracle.
 *
 * Random sessions, made of pieces that real and hostile clients send, are run
 * whole and then cut at random places: replies, what is stored and the end
 * must be the same (RFC 2920 3.1).  So no sense can hang on how TCP happens to
 * deliver, which is how STARTTLS injection and smuggling began.
 */
#include "tests/unit/check.h"

#include "tests/lib/rig.h"

#include <stdlib.h>
#include <string.h>

enum { SESSIONS = 100, SESSIONS_PROOF = 1000, PIECES_MAX = 24, CUTS = 8 };

static const char *const pieces[] = {
	"EHLO client.example\r\n",
	"EHLO client.example\r\n",
	"HELO client.example\r\n",
	"MAIL FROM:<a@client.example>\r\n",
	"MAIL FROM:<a@client.example>\r\n",
	"MAIL FROM:<> SIZE=100 BODY=8BITMIME RET=HDRS\r\n",
	"MAIL FROM:<\xc3\xbc@\xc3\xbc.example> SMTPUTF8\r\n",
	"MAIL FROM:<\xc3\xbc@x.example>\r\n",
	"MAIL FROM:<a@client.example> SIZE=99999\r\n",
	"RCPT TO:<b@example.org>\r\n",
	"RCPT TO:<b@example.org>\r\n",
	"RCPT TO:<@x.example:\"c d\"@example.org> NOTIFY=NEVER\r\n",
	"RCPT TO:<postmaster>\r\n",
	"DATA\r\n",
	"DATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\n",
	"DATA\r\nbare\nLF\r\n.\r\n",
	"DATA\r\nbare\rCR\n.\r\n.\r\n",
	"text\r\n",
	".\r\n",
	".\n",
	"\r\n.\r\n",
	"BDAT 6\r\nQUIT\r\n",
	"BDAT 6 LAST\r\nQUIT\r\n",
	"BDAT 3\r\na\r\nBDAT 4 LAST\r\n.\r\n\r",
	"BDAT 2\r\n\r\n",
	"BDAT 0\r\n",
	"BDAT 0 LAST\r\n",
	"BDAT 3\r\na\nb",
	"BDAT 40000\r\n",
	"RSET\r\n",
	"NOOP\r\n",
	"NO\0OP\r\n",
	"NOOP\n",
	"VRFY x\r\n",
	"HELP\r\n",
	"STARTTLS\r\n",
	"XYZ\r\n",
	"QUIT\r\n",
};

static uint32_t seed;

static uint32_t
next(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static void
make_session(struct buf *in)
{
	uint32_t n = 1 + next(PIECES_MAX);

	buf_add_string(in, "EHLO client.example\r\n");
	while (n-- > 0) {
		const char *piece = pieces[next(nitems(pieces))];

		if (next(3) == 0)
			buf_add_string(in,
			    "RSET\r\nMAIL FROM:<a@client.example>\r\n"
			    "RCPT TO:<b@example.org>\r\n");
		/* the one with a NUL in it is not over there */
		size_t len = strcmp(piece, "NO") == 0 ? 7 : strlen(piece);

		buf_add(in, view_make(piece, len));
	}
}

static void
begin(struct rig *h)
{
	static const char conf[] = "hostname mx.test\n"
				   "limit message size 4096\n"
				   "accept from any for any\n";
	struct accept_client client = { .ip = { 4, { 192, 0, 2, 1 } } };
	struct conf_error error;

	memset(h, 0, sizeof(*h));
	conf_init(&h->conf);
	assert_true(conf_parse(&h->conf, view_of(conf), &error));
	service_init(&h->service, &h->conf, false);
	status_done(&h->commit, 250, 0, 0, "stored");
	rig_begin(h, &client);
}

static void
run_cut(struct view in, struct rig *whole)
{
	struct rig h;
	size_t largest = 1 + next(next(2) == 0 ? 3 : (uint32_t)in.len);

	begin(&h);
	while (in.len > 0 && !h.closed) {
		size_t n = 1 + next((uint32_t)largest);

		if (n > in.len)
			n = in.len;
		rig_feed(&h, view_make(in.data, n));
		in = view_skip(in, n);
	}
	check_str("replies", buf_string(&h.out), buf_string(&whole->out));
	check_str("stored", buf_string(&h.stored), buf_string(&whole->stored));
	check_int("end", h.closed, whole->closed);
	rig_end(&h);
}

static void
test_sessions(void **state)
{
	int n = getenv("POSTERN_PROOF") != NULL ? SESSIONS_PROOF : SESSIONS;
	size_t stored = 0;

	(void)state;
	for (int i = 0; i < n; i++) {
		struct rig whole;
		struct buf in;

		seed = (uint32_t)i;
		buf_init(&in, 1 << 20);
		make_session(&in);
		begin(&whole);
		rig_feed(&whole, buf_view(&in));
		for (int cut = 0; cut < CUTS; cut++)
			run_cut(buf_view(&in), &whole);
		stored += whole.stored.len > 0;
		rig_end(&whole);
		buf_free(&in);
	}
	/* they are not all nonsense */
	assert_true(stored > (size_t)n / 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
