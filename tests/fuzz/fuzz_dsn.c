/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_dsn.c - delivery status notifications (common/mail/dsn.h).
 *
 * The first byte chooses kinds, recipients and how much goes back, the second
 * the status and to whom; then
 * strings, a NUL behind each: hostname, sender, envelope id, and for each
 * recipient address, original address, remote host, text; the rest is the
 * message.  Whatever they hold, the notification has the
 * lines, fields and parts that it should have, and no others.
 */
#include "tests/fuzz/fuzz.h"

#include "common/mail/dsn.h"

#include <string.h>

enum { OUT_MAX = 1024 * 1024, TEXT_MAX = 600, RECIPIENTS_MAX = 3 };

struct texts {
	char host[TEXT_MAX], sender[TEXT_MAX], envelope[TEXT_MAX];
	char rcpts[RECIPIENTS_MAX][3][TEXT_MAX];
};

/* The next string, cut to fit. */
static const char *
text(struct view *in, char out[TEXT_MAX])
{
	size_t n = view_find(*in, '\0'), fits = n < TEXT_MAX ? n : TEXT_MAX - 1;

	if (!view_copy(view_make(in->data, fits), out, TEXT_MAX))
		out[0] = '\0';
	*in = view_skip(*in, n + 1);
	return out;
}

static void
fill_status(struct status *st, uint8_t choice, const char *words)
{
	if ((choice & 1) != 0)
		status_later(st, 451, choice, 1, "%s", words);
	else
		status_never(st, 550, 1, choice, "%s", words);
}

/* The next line without its CRLF. */
static struct view
next_line(struct view *rest)
{
	size_t n = view_find(*rest, '\n');
	struct view line = view_make(rest->data, n > 0 ? n - 1 : 0);

	must(n < rest->len && n > 0 && rest->data[n - 1] == '\r',
	    "every line ends with CRLF");
	must(view_find(line, '\r') == line.len, "no bare CR");
	must(view_find(line, '\0') == line.len, "no NUL");
	must(line.len <= 998, "RFC 5322 2.1.1");
	*rest = view_skip(*rest, n + 1);
	return line;
}

/* Fields up to an empty line: each name is in names, which ends with NULL. */
static size_t
check_fields(struct view *rest, const char *const *names)
{
	size_t n = 0;

	for (;;) {
		struct view line = next_line(rest);
		bool known = false;

		if (line.len == 0)
			return n;
		if (n > 0 && line.data[0] == '\t') {
			must(view_trim(line).len > 0, "a fold has text");
			continue;
		}
		for (size_t i = 0; names[i] != NULL; i++)
			known = known || view_starts_nocase(line, names[i]);
		must(known, "no field but ours");
		n++;
	}
}

/* Two hyphens, and what the top says; end: and two behind. */
static bool
is_boundary(struct view line, struct view boundary, bool end)
{
	size_t len = boundary.len + (end ? 4 : 2);

	return line.len == len && memcmp(line.data, "--", 2) == 0 &&
	       memcmp(line.data + 2, boundary.data, boundary.len) == 0 &&
	       (!end || memcmp(line.data + len - 2, "--", 2) == 0);
}

/* Past the next boundary. */
static void
skip_part(struct view *rest, struct view boundary, bool end)
{
	struct view line;

	do {
		line = next_line(rest);
		must(end || !is_boundary(line, boundary, true),
		    "no end before the end");
	} while (!is_boundary(line, boundary, end));
}

/* What stands behind boundary=, the only quotes of that line. */
static struct view
find_boundary(struct view out)
{
	static const char name[] = "\tboundary=\"";
	const char *at = memmem(out.data, out.len, name, strlen(name));
	struct view v;

	must(at != NULL, "a boundary is named");
	v = view_make(at + strlen(name),
	    out.len - (size_t)(at - out.data) - strlen(name));
	return view_make(v.data, view_find(v, '"'));
}

static void
check_top(struct view *rest)
{
	static const char *const names[] = { "From: ", "To: ", "Subject: ",
		"Date: ", "Message-ID: ", "Auto-Submitted: auto-replied",
		"MIME-Version: 1.0", "Content-Transfer-Encoding: 8bit",
		"Content-Type: multipart/report;", NULL };
	size_t n = check_fields(rest, names);

	must(n == 8 || n == 9, "each field once");
}

static void
check_status_part(struct view *rest, struct view boundary, size_t nrecipients)
{
	static const char *const type[] = {
		"Content-Type: message/delivery-status", NULL
	};
	static const char *const message[] = { "Reporting-MTA: dns;",
		"Original-Envelope-Id:", "Arrival-Date: ", "X-Postern-Id: ",
		NULL };
	static const char *const recipient[] = { "Original-Recipient:",
		"Final-Recipient: rfc822;",
		"Action: ", "Status: ", "Remote-MTA: dns;",
		"Diagnostic-Code:", "Will-Retry-Until: ", NULL };

	must(check_fields(rest, type) == 1, "the part has its type");
	check_fields(rest, message);
	for (size_t i = 0; i < nrecipients; i++)
		check_fields(rest, recipient);
	must(is_boundary(next_line(rest), boundary, false),
	    "a group for each recipient");
}

static void
check_structure(struct view rest, size_t nrecipients)
{
	struct view boundary = find_boundary(rest);

	check_top(&rest);
	skip_part(&rest, boundary, false);
	skip_part(&rest, boundary, false);
	check_status_part(&rest, boundary, nrecipients);
	skip_part(&rest, boundary, true);
	must(rest.len == 0, "four boundaries, the last one at the end");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct texts t;
	struct dsn_recipient rcpts[RECIPIENTS_MAX] = { 0 };
	struct view in = fuzz_view(data, len);
	uint8_t choice = fuzz_byte(&in), code = fuzz_byte(&in);
	struct dsn d = { .id = 5,
		.own_id = 7,
		.whole = (choice & 0x80) != 0,
		.postmaster = (code & 0x80) != 0,
		.recipients = rcpts,
		.nrecipients = (choice >> 1) % RECIPIENTS_MAX + 1 };
	char words[TEXT_MAX];
	struct buf out;

	d.hostname = text(&in, t.host);
	d.to = text(&in, t.sender);
	d.envelope_id = text(&in, t.envelope);
	for (size_t i = 0; i < d.nrecipients; i++) {
		rcpts[i].action = (enum dsn_action)(
		    ((choice & 1U) + ((choice & 0x20) != 0 ? i : 0)) % 4);
		rcpts[i].address = text(&in, t.rcpts[i][0]);
		rcpts[i].original = text(&in, t.rcpts[i][1]);
		rcpts[i].remote_mta = text(&in, t.rcpts[i][2]);
		fill_status(&rcpts[i].status, code, text(&in, words));
	}
	d.content = in;
	buf_init(&out, OUT_MAX);
	dsn_write(&d, &out);
	must(buf_ok(&out), "it fits");
	check_structure(buf_view(&out), d.nrecipients);
	buf_free(&out);
	return 0;
}
