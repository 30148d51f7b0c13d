/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_command.c - one command line, in any phase of a session
 * (smtpd/lines.h, smtpd/commands.h).
 *
 * The first byte chooses what was said before, the second how the line is cut.
 * The cutter takes nothing but whole lines, however they come in; a line is
 * answered once, by a reply that is one; and what is refused changes nothing.
 */
#include "tests/fuzz/fuzz.h"

#include "tests/lib/rig.h"

#include <string.h>

/* What was said before; after some of these the line is no command. */
static const char *const befores[] = {
	"", "HELO c.test\r\n", "EHLO c.test\r\n",
	"EHLO c.test\r\nMAIL FROM:<a@b.test>\r\n",
	"EHLO c.test\r\nMAIL FROM:<>\r\nRCPT TO:<c@d.test>\r\n",
	"HELO c.test\r\nMAIL FROM:<>\r\nRCPT TO:<c@d.test>\r\n",
	"EHLO c.test\r\nMAIL FROM:<>\r\nRCPT TO:<c@d.test>\r\nBDAT 3\r\nabc",
	"EHLO c.test\r\n", /* where people log in */
};

enum { BEFORES = sizeof(befores) / sizeof(*befores) };

static const char conf_of_rig[] = "hostname mx.test\n"
				  "limit recipients 3\n"
				  "reject from any for domain no.test\n"
				  "accept from any for any\n";

static void
begin(struct rig *h, size_t which)
{
	struct accept_client client = { .local_socket = false };
	struct conf_error error;

	memset(h, 0, sizeof(*h));
	conf_init(&h->conf);
	must(conf_parse(&h->conf, view_of(conf_of_rig), &error), "it reads");
	service_init(&h->service, &h->conf, false);
	ip_parse(view_of("192.0.2.1"), &client.ip);
	status_done(&h->commit, 250, 0, 0, "stored");
	rig_begin(h, &client);
	if (which == BEFORES - 1)
		h->session.auth = AUTH_CLEAR;
	rig_feed(h, view_of(befores[which]));
	buf_clear(&h->out);
}

/* RFC 5321 4.2, RFC 2034: the last line of a reply, or one before it. */
static bool
check_line(struct view line)
{
	/* "334 " may have nothing behind it */
	must(line.len >= 4 && fuzz_printable(line), "a reply is printable");
	must(line.data[0] >= '2' && line.data[0] <= '5' &&
		 ascii_is_digit(line.data[1]) && ascii_is_digit(line.data[2]),
	    "a reply has a code");
	if (line.data[0] >= '4')
		must(line.len > 9 && line.data[4] == line.data[0] &&
			 line.data[5] == '.',
		    "a refusal has an enhanced code of its class");
	return line.data[3] == ' ';
}

static size_t
count_replies(struct view out)
{
	size_t n = 0;

	while (out.len > 0) {
		size_t end = view_find(out, '\n');

		must(end < out.len && end > 0 && out.data[end - 1] == '\r',
		    "a reply ends with CRLF");
		must(end + 1 <= 512, "a reply's line is bounded");
		n += check_line(view_make(out.data, end - 1));
		out = view_skip(out, end + 1);
	}
	return n;
}

static void
check_lines(struct view in, uint32_t seed)
{
	struct lines whole = { 0 }, cut = { 0 };
	struct view a = in, b = in, line, again;
	enum line kind = lines_next(&whole, &a, COMMAND_MAX, &line), piecewise;
	size_t seen = 0;

	do {
		seen += fuzz_piece(&seed, in.len - seen);
		/* as the driver does: what is not taken comes again, longer */
		b = view_make(b.data, seen - (size_t)(b.data - in.data));
		piecewise = lines_next(&cut, &b, COMMAND_MAX, &again);
	} while (piecewise == LINE_PART && seen < in.len);
	must(kind == piecewise, "cuts change no line");
	if (kind != LINE_WHOLE)
		return;
	must(view_eq(line, again), "nor what stands in it");
	must(line.len + 2 <= COMMAND_MAX, "a line is bounded");
	for (size_t i = 0; i < line.len; i++)
		must(line.data[i] != '\r' && line.data[i] != '\n' &&
			 line.data[i] != '\0',
		    "neither line end nor NUL is in a line");
}

/* The first line and its end, or all there is. */
static struct view
first_line(struct view in)
{
	for (size_t i = 1; i < in.len; i++)
		if (in.data[i] == '\n' && in.data[i - 1] == '\r')
			return view_make(in.data, i + 1);
	return in;
}

static bool
is_refused(const struct buf *out)
{
	return out->len > 0 && out->data[0] >= '4';
}

static void
check_command(size_t which, struct view line)
{
	struct rig h;
	enum phase phase;
	uint32_t nrcpts;

	begin(&h, which);
	phase = h.session.phase;
	nrcpts = h.session.mail == NULL ? 0 : h.session.mail->nrcpts;
	rig_feed(&h, line);
	must(count_replies(buf_view(&h.out)) <= 1, "one line, one reply");
	if (is_refused(&h.out) && !h.closed) {
		must(h.session.phase == phase, "a refusal leaves the phase");
		must(nrcpts ==
			 (h.session.mail == NULL ? 0 : h.session.mail->nrcpts),
		    "and the recipients");
	}
	must(h.session.mail == NULL || h.session.mail->nrcpts <= nrcpts + 1,
	    "a line brings one recipient at most");
	rig_end(&h);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view in = fuzz_view(data, len);
	size_t which = fuzz_byte(&in) % BEFORES;
	uint32_t seed = (uint32_t)fuzz_byte(&in) + 1;

	if (in.len == 0)
		return 0;
	check_lines(in, seed);
	check_command(which, first_line(in));
	return 0;
}
