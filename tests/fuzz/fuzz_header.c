/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_header.c - the header scan of a body (common/mail/header.h).
 *
 * However the body is cut, the same is counted and the same id is kept.
 */
#include "tests/fuzz/fuzz.h"

#include "common/mail/header.h"

#include <string.h>

static void
scan(struct header_scan *h, struct view in, uint32_t seed)
{
	header_scan_begin(h);
	while (in.len > 0) {
		size_t n = seed == 0 ? in.len : fuzz_piece(&seed, in.len);

		header_scan_feed(h, view_make(in.data, n));
		in = view_skip(in, n);
	}
	header_scan_end(h);
}

static void
check_same(const struct header_scan *a, const struct header_scan *b)
{
	must(a->bytes == b->bytes && a->lines == b->lines, "the end stays");
	must(a->done == b->done && a->too_big == b->too_big &&
		 a->too_many_lines == b->too_many_lines,
	    "the verdict stays");
	must(a->nreceived == b->nreceived && a->ndate == b->ndate &&
		 a->nfrom == b->nfrom && a->nmessage_id == b->nmessage_id,
	    "the fields stay");
	must(strcmp(a->message_id, b->message_id) == 0, "the id stays");
}

/* Hops can be counted low only by whoever can write no colon. */
static size_t
count_received(struct view v)
{
	size_t n = 0;

	while (v.len > 0) {
		n += view_starts_nocase(v, "Received");
		v = view_skip(v, view_find(v, '\n') + 1);
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view in = fuzz_view(data, len);
	uint32_t seed = (uint32_t)fuzz_byte(&in) + 1;
	struct header_scan whole, cut;

	scan(&whole, in, 0);
	scan(&cut, in, seed);
	check_same(&whole, &cut);
	must(whole.bytes <= in.len, "no more than there is");

	must(whole.nreceived + whole.ndate + whole.nfrom + whole.nmessage_id <=
		 whole.lines + 1,
	    "a field has a line, the last perhaps without its end");
	must(whole.nreceived <= count_received(in), "hops are lines");
	must(fuzz_printable(view_of(whole.message_id)), "an id is printable");
	return 0;
}
