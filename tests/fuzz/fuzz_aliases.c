/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_aliases.c - the file of aliases(5), and its expansion.
 *
 * Of any file that is taken, any name has an end: addresses that can be read,
 * no more than allowed, or trouble in words.
 */
#include "tests/fuzz/fuzz.h"

#include "common/mail/aliases.h"

#include <string.h>

static const struct routing routing = { .hostname = "mx.example.org",
	.postmaster = "root@mx.example.org" };

enum { RESULTS_MAX = 40 };

static void
check_entry(struct table_entry *e, void *arg)
{
	struct expansion x = { .max = RESULTS_MAX };
	struct mailbox box = { 0 }, out;
	struct view v;

	strlcpy(box.local, e->key, sizeof(box.local));
	strlcpy(box.domain, "localhost", sizeof(box.domain));
	must(strcmp(box.local, e->key) == 0, "a name is a local part");
	must(e->values != NULL, "a name has a target");
	must(aliases_has(arg, &routing, &box), "what is there is found");
	aliases_expand(arg, &routing, &box, &x);
	must((x.n == 0) == (x.trouble[0] != '\0'), "an end or trouble");
	must(x.n <= RESULTS_MAX && buf_ok(&x.addresses), "bounded");
	v = buf_view(&x.addresses);
	for (size_t i = 0; i < x.n; i++) {
		must(mailbox_parse(view_of(v.data), &out, true) ||
			 strlen(v.data) > PATH_MAX_BYTES - 2,
		    "addresses can be read");
		v = view_skip(v, strlen(v.data) + 1);
	}
	must(v.len == 0, "as many as are counted");
	expansion_clear(&x);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view in = fuzz_view(data, len);
	struct table_error e = { 0 };
	struct table *t = aliases_parse(in, &e);

	if (t == NULL) {
		must(e.line > 0 && e.text[0] != '\0', "a refusal has a line");
		return 0;
	}
	table_each(t, check_entry, t);
	table_free(t);
	return 0;
}
