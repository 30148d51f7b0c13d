/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_tlsa.c - TLSA records and the chain that they are to match.
 *
 * Input: a byte that says how many records there are, each as its length and
 * what the DNS has of it; the rest is a chain of certificates.
 */
#include "tests/fuzz/fuzz.h"

#include "tls/dane.h"

#include <string.h>

enum { RECORDS_MAX = 8 };

static size_t
take_records(struct view *in, struct buf lines[RECORDS_MAX])
{
	size_t n = fuzz_byte(in) % (RECORDS_MAX + 1), kept = 0;

	for (size_t i = 0; i < n; i++) {
		size_t len = fuzz_byte(in);
		struct view rdata =
		    view_make(in->data, len < in->len ? len : in->len);

		*in = view_skip(*in, len);
		buf_init(&lines[kept], TLSA_TEXT_MAX);
		if (tlsa_print(rdata, &lines[kept]))
			kept++;
		else
			buf_free(&lines[kept]);
	}
	return kept;
}

static void
check_set(const char *text)
{
	struct tlsa_set s;

	must(tlsa_read(text, &s), "what was joined can be read");
	for (size_t i = 0; i < s.n; i++) {
		must(tlsa_flaw(&s.of[i]) == NULL, "what is read is usable");
		for (size_t j = 0; j < s.n; j++)
			must(s.of[i].matching != TLSA_SHA256 ||
				 s.of[j].matching != TLSA_SHA512 ||
				 s.of[i].usage != s.of[j].usage ||
				 s.of[i].selector != s.of[j].selector,
			    "no weaker digest beside a stronger one");
	}
}

/* Without a usable record nothing is verified; nor by other names than it was
 * for, unless a record of usage 3 knows it. */
static void
check_verdict(struct msg_tls_connect *m, struct view chain)
{
	const char *why = NULL;
	bool fine = dane_verify(m, chain, &why);
	struct tlsa_set s;
	bool by_key = false;

	must(fine || (why != NULL && why[0] != '\0'), "it says why");
	(void)tlsa_read(m->records, &s);
	must(!fine || s.n > 0, "verified by something");
	for (size_t i = 0; i < s.n; i++)
		by_key = by_key || s.of[i].usage == TLSA_EE;
	m->name[0] = m->host[0] = m->domain[0] = '\0';
	must(by_key || !dane_verify(m, chain, &why), "not without a name");
	must(!dane_verify(m, view_make("", 0), &why), "not without a chain");
	m->records[0] = '\0';
	must(!dane_verify(m, chain, &why), "not without records");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct msg_tls_connect m = { .name = "mx.example",
		.host = "alias.example",
		.domain = "example" };
	struct view in = fuzz_view(data, len);
	struct buf lines[RECORDS_MAX];
	const char *texts[RECORDS_MAX];
	size_t n = take_records(&in, lines);

	for (size_t i = 0; i < n; i++)
		texts[i] = buf_string(&lines[i]);
	tlsa_join(texts, n, m.records);
	for (size_t i = 0; i < n; i++)
		buf_free(&lines[i]);
	check_set(m.records);
	check_verdict(&m, in);
	return 0;
}
