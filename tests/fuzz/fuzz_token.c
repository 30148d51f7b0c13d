/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_token.c - the file of a token (deliver/credential.h), and
 * what a server says of one that it does not take (deliver/rejection.h).
 *
 * A first byte that is "J" makes the rest the JSON of a server; "B" its base64;
 * otherwise all of it is a file.  What is accepted is a token and nothing else
 * is shown of it; whatever a server says stays printable.
 */
#include "tests/fuzz/fuzz.h"

#include "common/base/base64.h"
#include "common/base/buf.h"
#include "deliver/credential.h"
#include "deliver/login.h"
#include "deliver/rejection.h"

#include <string.h>

enum { SAID_MAX = 8192 };

static void
check_rejection(struct view said)
{
	char out[REJECTION_TEXT];

	must(rejection_read(said, out) == out, "it is filled");
	must(strlen(out) < sizeof(out), "it is bounded");
	must(fuzz_printable(view_of(out)), "it is one line");
}

static void
check_json(struct view json)
{
	struct buf said;

	buf_init(&said, SAID_MAX);
	base64_encode(json, &said);
	if (buf_ok(&said))
		check_rejection(buf_view(&said));
	buf_free(&said);
}

/* It stands in the first line, alone, and has no byte that could end one. */
static void
check_taken(const struct credential *c, struct view file)
{
	size_t len = strlen(c->secret);

	must(c->kind == CREDENTIAL_TOKEN, "it is a token");
	must(len > 0 && len <= CREDENTIAL_SECRET_MAX, "it has a length");
	must(file.len >= len && memcmp(file.data, c->secret, len) == 0,
	    "it is what stands there");
	must(
	    file.len == len || file.data[len] == '\n' || file.data[len] == '\r',
	    "and all of it");
	for (size_t i = 0; i < len; i++)
		must(c->secret[i] > ' ' && c->secret[i] < 0x7f &&
			 c->secret[i] != '"',
		    "it may stand in a response");
	must(c->expires >= 0, "it ends after 1970");
}

static void
check_file(struct view file)
{
	struct credential c = { .kind = CREDENTIAL_NONE };
	char why[CREDENTIAL_WHY] = "";
	struct login l = { .credential = &c };

	if (credential_parse(&c, CREDENTIAL_TOKEN, file, why)) {
		check_taken(&c, file);
		must(login_shows(&l, view_of(c.secret)), "it knows itself");
		return;
	}
	must(c.kind == CREDENTIAL_NONE && c.secret[0] == '\0',
	    "nothing is taken of what is none");
	must(why[0] != '\0' && strlen(why) < sizeof(why), "there is a reason");
	must(fuzz_printable(view_of(why)), "the reason is one line");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view in = fuzz_view(data, len);

	if (len > 0 && data[0] == 'J')
		check_json(view_skip(in, 1));
	else if (len > 0 && data[0] == 'B')
		check_rejection(view_skip(in, 1));
	check_file(in);
	return 0;
}
