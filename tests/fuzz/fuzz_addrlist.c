/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_addrlist.c - lists of addresses (tools/addrlist.h).
 *
 * An address that the mailbox parser takes out of a list stands for itself:
 * printed, and read as a list of one, it is the same.
 */
#include "tests/fuzz/fuzz.h"

#include "common/mail/mailbox.h"
#include "tools/addrlist.h"

struct seen {
	struct mailbox mailbox;
	size_t n;
};

static void
note(void *arg, struct view spec, bool has_domain)
{
	struct seen *seen = arg;

	seen->n++;
	must(has_domain, "a mailbox has its domain");
	must(mailbox_parse(spec, &seen->mailbox, false), "it reads again");
}

static void
found(void *arg, struct view spec, bool has_domain)
{
	char text[ADDRESS_MAX + 1];
	size_t *n = arg;
	struct mailbox m;
	struct seen seen = { .n = 0 };
	struct view printed;

	++*n;
	must(spec.len <= ADDRLIST_SPEC_MAX, "an address is bounded");
	if (!mailbox_parse(spec, &m, false))
		return;
	must(has_domain, "an address with a domain has its @");
	printed = view_of(mailbox_print(&m, text));
	if (printed.len > PATH_MAX_BYTES - 2)
		return;
	must(addrlist_each(printed, note, &seen) == NULL, "a list of one");
	must(seen.n == 1 && mailbox_eq(&seen.mailbox, &m), "is that one");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view in = fuzz_view(data, len);
	const char *wrong;
	size_t n = 0;

	wrong = addrlist_each(in, found, &n);
	must(n <= in.len + 1, "no more addresses than bytes");
	must(wrong == NULL || fuzz_printable(view_of(wrong)), "in words");
	return 0;
}
