/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_complete.c - a submitted header (smtpd/complete.h).
 *
 * However it is cut the same comes out; what comes out is complete, has no
 * Bcc, and run through once more stays as it is.
 */
#include "tests/fuzz/fuzz.h"

#include "smtpd/complete.h"

#include <string.h>

static const struct complete_facts facts = {
	.hostname = "mx.example", .id = 77, .wall_ms = 1000
};

static void
run(struct view in, uint32_t seed, struct header_scan *scan, struct buf *out)
{
	struct complete c;

	header_scan_begin(scan);
	complete_begin(&c, scan, &facts);
	buf_init(out, in.len + COMPLETE_ADDS);
	while (in.len > 0) {
		size_t n = seed == 0 ? in.len : fuzz_piece(&seed, in.len);

		complete_feed(&c, view_make(in.data, n), out);
		in = view_skip(in, n);
	}
	complete_end(&c, out);
	must(buf_ok(out), "no more than was said is added");
}

static void
check_header(struct view v)
{
	struct header_scan scan;

	header_scan_begin(&scan);
	while (v.len > 0 && !scan.done) {
		bool before = header_scan_in_line(&scan);
		struct view name;

		header_scan_feed(&scan, view_make(v.data, 1));
		name = header_scan_field(&scan);
		if (!before && header_scan_in_line(&scan) && v.data[0] == ':')
			must(!view_is_nocase(name, "Bcc") &&
				 !view_is_nocase(name, "Resent-Bcc"),
			    "secrets are gone");
		v = view_skip(v, 1);
	}
	must(scan.ndate > 0 && scan.nmessage_id > 0, "complete");
}

static void
check_again(const struct buf *once)
{
	struct header_scan scan;
	struct buf twice;

	run(buf_view(once), 0, &scan, &twice);
	must(twice.len == once->len &&
		 memcmp(twice.data, once->data, once->len) == 0,
	    "what is whole is left alone");
	buf_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view rest = fuzz_view(data, len);
	uint32_t seed = (uint32_t)fuzz_byte(&rest) + 1;
	struct header_scan a, b;
	struct buf in, whole, cut;

	buf_init(&in, len + 2);
	buf_add(&in, rest);
	buf_add_string(&in, "\r\n"); /* as the last line always has */
	run(buf_view(&in), 0, &a, &whole);
	run(buf_view(&in), seed, &b, &cut);
	must(whole.len == cut.len && memcmp(whole.data, cut.data, cut.len) == 0,
	    "the same however it is cut");
	check_header(buf_view(&whole));
	check_again(&whole);
	buf_free(&in);
	buf_free(&whole);
	buf_free(&cut);
	return 0;
}
