/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_auth.c - what a client says to log in (smtpd/sasl.h), line
 * by line; the first byte chooses the mechanism.
 *
 * A name and a password that come out are such as the file of logins can hold,
 * and nothing is asked for twice.
 */
#include "tests/fuzz/fuzz.h"

#include "smtpd/sasl.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view rest = view_make((const char *)data, size);
	enum sasl_step step = SASL_MORE;
	unsigned int lines = 0;
	struct sasl s;

	if (size == 0)
		return 0;
	must(sasl_begin(&s, view_of(data[0] & 1 ? "LOGIN" : "PLAIN")),
	    "a mechanism of ours");
	rest = view_skip(rest, 1);
	while (step == SASL_MORE && rest.len > 0) {
		size_t n = view_find(rest, '\n');

		step = sasl_take(&s, view_make(rest.data, n));
		rest = view_skip(rest, n < rest.len ? n + 1 : n);
		must(++lines <= 2, "two lines are enough");
		must(strlen(sasl_prompt(&s)) <= 12, "a prompt of ours");
	}
	if (step != SASL_WHOLE)
		return 0;
	must(passwords_name_valid(view_of(s.name)), "a name that can be one");
	must(s.password[0] != '\0' && strlen(s.password) <= PASSWORDS_PASSWORD,
	    "a password of bearable length");
	return 0;
}
