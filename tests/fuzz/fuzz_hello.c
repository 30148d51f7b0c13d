/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_hello.c - a ClientHello, before the library reads it
 * (tls/hello.h).
 *
 * A beginning of it is never anything but "more must come", or what the whole
 * is; and what stands behind it changes nothing.
 */
#include "tests/fuzz/fuzz.h"

#include "tls/hello.h"

static void
check_beginnings(struct view in, enum hello_read whole, unsigned int ecdsa)
{
	for (size_t n = 0; n < in.len; n += 1 + n / 64) {
		unsigned int part = 0;
		enum hello_read got = hello_read(view_make(in.data, n), &part);

		must(got == HELLO_PART || got == whole, "a beginning");
		must(
		    got != HELLO_WHOLE || part == ecdsa, "the same signatures");
		must(
		    got == HELLO_WHOLE || part == 0, "none unless it is whole");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view in = fuzz_view(data, len > HELLO_MAX ? HELLO_MAX : len);
	unsigned int ecdsa = 0;
	enum hello_read got = hello_read(in, &ecdsa);

	must(ecdsa <= (HELLO_P256 | HELLO_P384 | HELLO_P521), "known bits");
	must(got == HELLO_WHOLE || ecdsa == 0, "RSA when it cannot be read");
	check_beginnings(in, got, ecdsa);
	return 0;
}
