/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_passwords.c - the file of logins (common/mail/passwords.h).
 *
 * What is read can be found again, each hash sound; what is not names a line
 * that is there.
 */
#include "tests/fuzz/fuzz.h"

#include "common/base/alloc.h"
#include "common/mail/passwords.h"

#include <string.h>

static unsigned int
count_lines(const uint8_t *data, size_t size)
{
	unsigned int n = 1;

	for (size_t i = 0; i < size; i++)
		n += data[i] == '\n';
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[PASSWORDS_ERROR], *text = mem_alloc(size + 1);
	struct passwords p;
	unsigned int line;

	if (size > 0)
		memcpy(text, data, size);
	if (!passwords_read(&p, text, size, &line, error)) {
		must(line >= 1 && line <= count_lines(data, size),
		    "a line that is there");
		must(fuzz_printable(view_of(error)), "words");
	} else {
		for (size_t i = 0; i < p.n; i++) {
			const struct password *one = &p.of[i];

			must(passwords_name_valid(one->name), "a name");
			must(passwords_hash_wrong(one->hash) == NULL, "a hash");
			must(passwords_find(&p, one->name) == one->hash.data,
			    "what is read is found");
			must(strlen(one->hash.data) == one->hash.len,
			    "a hash ends");
		}
		must((p.model != NULL) == (p.n > 0), "a model");
	}
	passwords_clear(&p);
	mem_free(text);
	return 0;
}
