/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_dots.c - the transparency of DATA (common/mail/dots.h).
 *
 * However the input is cut, the same comes out; the end is where a plain
 * search for CRLF.CRLF sees it; what was stuffed comes back whole.
 */
#include "tests/fuzz/fuzz.h"

#include "common/mail/dots.h"

#include <string.h>

enum { OUT_MAX = 1024 * 1024 };

struct result {
	struct body_in in;
	struct buf out;
	size_t used;
	bool ended;
};

static void
receive(struct result *r, struct view in, uint32_t seed)
{
	size_t used;

	body_in_begin(&r->in);
	buf_init(&r->out, OUT_MAX);
	r->used = 0;
	r->ended = false;
	while (in.len > 0 && !r->ended) {
		size_t n = seed == 0 ? in.len : fuzz_piece(&seed, in.len);

		r->ended = body_in_feed(&r->in, view_make(in.data, n), &r->out,
			       &used) == BODY_END;
		must(r->ended || used == n, "all is taken but at the end");
		r->used += used;
		in = view_skip(in, used);
	}
	must(buf_ok(&r->out) && r->out.len <= r->used, "never more than came");
}

static void
check_same(const struct result *a, const struct result *b)
{
	must(a->used == b->used && a->ended == b->ended, "the end stays");
	/* of what is refused, less or more may have come out before */
	must(body_in_bad(&a->in) ||
		 view_eq(buf_view(&a->out), buf_view(&b->out)),
	    "the text stays");
	must(a->in.bare_cr == b->in.bare_cr && a->in.bare_lf == b->in.bare_lf &&
		 a->in.has_nul == b->in.has_nul &&
		 a->in.has_8bit == b->in.has_8bit &&
		 a->in.longest == b->in.longest,
	    "what was noticed stays");
}

/* Bytes up to and with the end of data, or len + 1. */
static size_t
end_of_data(struct view v)
{
	if (v.len >= 3 && memcmp(v.data, ".\r\n", 3) == 0)
		return 3;
	for (size_t i = 5; i <= v.len; i++)
		if (memcmp(v.data + i - 5, "\r\n.\r\n", 5) == 0)
			return i;
	return v.len + 1;
}

static bool
has_bare(struct view v)
{
	for (size_t i = 0; i < v.len; i++) {
		bool cr_before = i > 0 && v.data[i - 1] == '\r';
		bool lf_after = i + 1 == v.len || v.data[i + 1] == '\n';

		if ((v.data[i] == '\n' && !cr_before) ||
		    (v.data[i] == '\r' && !lf_after))
			return true;
	}
	return false;
}

static void
check_in(struct view in, uint32_t seed)
{
	struct result whole, cut;
	size_t end = end_of_data(in);

	receive(&whole, in, 0);
	receive(&cut, in, seed);
	check_same(&whole, &cut);
	must(whole.ended == (end <= in.len), "CRLF.CRLF and nothing else ends");
	must(!whole.ended || whole.used == end, "the first one does");
	must(body_in_bad(&whole.in) == has_bare(view_make(in.data, whole.used)),
	    "bare line ends are seen");
	buf_free(&whole.out);
	buf_free(&cut.out);
}

/* As a stored body should have been: every line ends with CRLF. */
static void
repair(struct view v, struct buf *out)
{
	for (size_t i = 0; i < v.len; i++) {
		if (v.data[i] == '\n' && i > 0 && v.data[i - 1] == '\r')
			continue;
		if (v.data[i] == '\r' || v.data[i] == '\n')
			buf_add_string(out, "\r\n");
		else
			buf_add(out, view_make(v.data + i, 1));
	}
	if (out->len > 0 && out->data[out->len - 1] != '\n')
		buf_add_string(out, "\r\n");
}

static void
send(struct view in, uint32_t seed, struct buf *out)
{
	struct dots_out d;

	buf_init(out, OUT_MAX);
	dots_out_begin(&d);
	while (in.len > 0) {
		size_t n = seed == 0 ? in.len : fuzz_piece(&seed, in.len);

		dots_out_add(&d, view_make(in.data, n), out);
		in = view_skip(in, n);
	}
	dots_out_end(&d, out);
}

static void
check_out(struct view in, uint32_t seed)
{
	struct buf whole, cut, want;
	struct result back;

	send(in, 0, &whole);
	send(in, seed, &cut);
	must(view_eq(buf_view(&whole), buf_view(&cut)), "cuts change nothing");
	must(whole.len <= 2 * in.len + 5, "at most twice the size");
	receive(&back, buf_view(&whole), 0);
	must(back.ended && back.used == whole.len, "no early end");
	must(!body_in_bad(&back.in), "no bare line end leaves");
	buf_init(&want, OUT_MAX);
	repair(in, &want);
	must(view_eq(buf_view(&back.out), buf_view(&want)), "it comes back");
	buf_free(&want);
	buf_free(&back.out);
	buf_free(&whole);
	buf_free(&cut);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view in = fuzz_view(data, len);
	uint32_t seed = (uint32_t)fuzz_byte(&in) + 1;

	check_in(in, seed);
	check_out(in, seed);
	return 0;
}
