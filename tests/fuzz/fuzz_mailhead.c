/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_mailhead.c - the header of local mail (tools/mailhead.h).
 *
 * A copy holds no Bcc, says nothing that the original did not, and is a
 * header for whoever reads it next.
 */
#include "tests/fuzz/fuzz.h"

#include "tools/mailhead.h"

#include <string.h>

enum { OUT_MAX = 1024 * 1024 };

static void
count(void *arg, struct view spec, bool has_domain)
{
	(void)has_domain;
	must(spec.len <= ADDRLIST_SPEC_MAX, "an address is bounded");
	++*(size_t *)arg;
}

/* The name, and blanks or a colon behind it. */
static bool
is_field(struct view line, const char *name)
{
	size_t n = strlen(name);

	return view_starts_nocase(line, name) && line.len > n &&
	       strchr(": \t", line.data[n]) != NULL;
}

static void
check_copy(struct view in)
{
	struct mailhead h, of_copy;
	struct buf copy, again;
	struct view v;

	buf_init(&copy, OUT_MAX);
	buf_init(&again, OUT_MAX);
	mailhead_copy(in, &copy);
	must(buf_ok(&copy) && copy.len <= in.len + 1, "a copy does not grow");
	for (v = buf_view(&copy); v.len > 0;
	     v = view_skip(v, view_find(v, '\n') + 1)) {
		must(view_find(v, '\n') < v.len, "a copy has whole lines");
		must(!is_field(v, "Bcc") && !is_field(v, "Resent-Bcc") &&
			 !is_field(v, "Return-Path"),
		    "what is hidden stays hidden");
	}
	/* a field "From " with a blank reads like a mailbox file's line */
	if (copy.len > 0 && !view_starts_nocase(buf_view(&copy), "From ") &&
	    !view_starts_nocase(buf_view(&copy), ">From ")) {
		mailhead_scan(in, true, &h);
		mailhead_scan(buf_view(&copy), true, &of_copy);
		must(h.from == of_copy.from && h.date == of_copy.date &&
			 h.message_id == of_copy.message_id,
		    "a copy has the same fields");
		must(of_copy.body.len == 0, "a copy is all header");
		mailhead_copy(buf_view(&copy), &again);
		must(view_eq(buf_view(&copy), buf_view(&again)),
		    "a copy of a copy is the same");
	}
	buf_free(&copy);
	buf_free(&again);
}

static void
check_scan(struct view in)
{
	struct mailhead whole, part;
	size_t n = 0;

	mailhead_scan(in, true, &whole);
	mailhead_scan(in, false, &part);
	must(whole.ends, "all there is has an end");
	must(whole.body.len <= in.len &&
		 whole.body.data + whole.body.len == in.data + in.len,
	    "the body is the rest");
	must(part.from == whole.from && part.resent == whole.resent,
	    "the fields are the same");
	mailhead_recipients(in, &whole, count, &n);
	must(n <= in.len, "no more addresses than bytes");
}

static void
check_phrase(struct view in)
{
	char name[1024];
	struct buf out;

	if (!view_copy(in, name, sizeof(name)))
		return;
	buf_init(&out, OUT_MAX);
	mailhead_phrase(name, &out);
	must(buf_ok(&out) && fuzz_printable(buf_view(&out)),
	    "a phrase is one printable line");
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view in = fuzz_view(data, len);

	check_scan(in);
	check_copy(in);
	check_phrase(in);
	return 0;
}
