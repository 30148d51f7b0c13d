/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_mailbox.c - addresses and paths (common/mail/mailbox.h).
 *
 * What is accepted follows the grammar, as a second, slower reader sees it,
 * and survives being printed and read again.
 */
#include "tests/fuzz/fuzz.h"

#include "common/mail/mailbox.h"

#include <string.h>

/* RFC 5321 4.1.2, without bytes above 127. */
static bool
is_dot_string(struct view v)
{
	const char *atext =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXY"
	    "Z0123456789!#$%&'*+-/=?^_`{|}~";

	for (size_t i = 0; i < v.len; i++) {
		bool dot = v.data[i] == '.';

		if (!dot && memchr(atext, v.data[i], strlen(atext)) == NULL)
			return false;
		if (dot && (i == 0 || i + 1 == v.len || v.data[i - 1] == '.'))
			return false;
	}
	return v.len > 0;
}

static bool
is_quoted_string(struct view v)
{
	if (v.len < 2 || v.data[0] != '"' || v.data[v.len - 1] != '"')
		return false;
	v = view_make(v.data + 1, v.len - 2);
	for (size_t i = 0; i < v.len; i++) {
		if (v.data[i] == '"')
			return false;
		if (v.data[i] == '\\' && ++i == v.len)
			return false;
	}
	return fuzz_printable(v);
}

/* The @ of the address is its last, as no domain has one. */
static bool
follows_grammar(struct view v)
{
	size_t at = v.len;

	while (at > 0 && v.data[at - 1] != '@')
		at--;
	if (at == 0)
		return false;
	v.len = at - 1;
	return is_dot_string(v) || is_quoted_string(v);
}

static void
check_value(const struct mailbox *m, bool utf8)
{
	struct view local = view_of(m->local), domain = view_of(m->domain);
	struct ip ip;

	must(local.len > 0 && local.len <= LOCAL_MAX, "a local part fits");
	for (size_t i = 0; i < local.len; i++)
		must((unsigned char)local.data[i] >= ' ' &&
			 local.data[i] != 0x7f,
		    "no control characters");
	must(domain_is_literal(domain) ? domain_literal_ip(domain, &ip)
				       : domain_valid(domain),
	    "a domain is valid, and in A-labels");
	must(fuzz_printable(domain) && (utf8 || fuzz_printable(local)),
	    "ASCII unless asked");
}

static void
check_print(const struct mailbox *m, bool utf8)
{
	char text[ADDRESS_MAX + 1];
	struct mailbox again;
	struct view v = view_of(mailbox_print(m, text));

	/* escaping may make an address longer than a path may be */
	if (v.len > PATH_MAX_BYTES - 2)
		return;
	must(mailbox_parse(v, &again, utf8), "what is printed can be read");
	must(mailbox_eq(m, &again), "and means the same");
}

static void
check_path(struct view in, bool utf8)
{
	struct mailbox reverse, forward;
	struct view a = in, b = in;
	bool null, ok = path_parse_reverse(&a, &reverse, &null, utf8);

	must(ok || a.len == in.len, "a bad path takes nothing");
	if (ok)
		must(in.data[0] == '<' && a.data[-1] == '>' &&
			 in.len - a.len <= PATH_MAX_BYTES,
		    "a path ends with >");
	if (ok && !null) {
		check_value(&reverse, utf8);
		check_print(&reverse, utf8);
	}
	must(!ok || null == mailbox_is_null(&reverse), "<> alone is null");
	ok = path_parse_forward(&b, &forward, utf8) && !null;
	if (ok && forward.domain[0] != '\0')
		must(mailbox_eq(&reverse, &forward) && a.len == b.len,
		    "both paths read alike");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view in = fuzz_view(data, len);
	struct mailbox ascii, utf8;
	bool is_ascii = mailbox_parse(in, &ascii, false);
	bool is_utf8 = mailbox_parse(in, &utf8, true);

	if (is_ascii) {
		must(is_utf8 && mailbox_eq(&ascii, &utf8),
		    "UTF-8 changes nothing for ASCII");
		must(follows_grammar(in), "accepted implies grammar");
		check_value(&ascii, false);
		check_print(&ascii, false);
	}
	if (is_utf8) {
		check_value(&utf8, true);
		check_print(&utf8, true);
	} else {
		must(mailbox_is_null(&utf8), "a refused address is empty");
	}
	check_path(in, false);
	check_path(in, true);
	return 0;
}
