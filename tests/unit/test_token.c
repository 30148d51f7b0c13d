/* SPDX-License-Identifier: ISC */
/* tests/unit/test_token.c - RFC 4231's vectors, and tokens that do not pass. */
#include "queue/token.h"

#include "tests/unit/check.h"

static const struct {
	const char *key, *data;
	uint8_t first[4];
} vectors[] = {
	/* RFC 4231, 4.2 and 4.3 */
	{ "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
	  "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b",
	    "Hi There", { 0xb0, 0x34, 0x4c, 0x61 } },
	{ "Jefe", "what do ya want for nothing?", { 0x5b, 0xdc, 0xc1, 0x46 } },
};

static void
test_hmac(void **state)
{
	uint8_t mac[HMAC_BYTES];

	(void)state;
	for (size_t i = 0; i < nitems(vectors); i++) {
		hmac_sha256((const uint8_t *)vectors[i].key,
		    strlen(vectors[i].key), (const uint8_t *)vectors[i].data,
		    strlen(vectors[i].data), mac);
		assert_memory_equal(mac, vectors[i].first, 4);
	}
}

static void
test_token_covers_every_member(void **state)
{
	uint8_t secret[TOKEN_KEY_BYTES] = { 7 };
	const struct job_key good = { 10, 2, 3, 1, { 0 } };
	struct job_key key = good;

	(void)state;
	token_make(secret, &key);
	assert_true(token_right(secret, &key));
	key.message++;
	assert_false(token_right(secret, &key));
	key.message--;
	key.group++;
	assert_false(token_right(secret, &key));
	key.group--;
	key.attempt++;
	assert_false(token_right(secret, &key));
	key.attempt--;
	key.worker++;
	assert_false(token_right(secret, &key));
	key.worker--;
	key.token[MSG_TOKEN_BYTES - 1] ^= 1;
	assert_false(token_right(secret, &key));
	key.token[MSG_TOKEN_BYTES - 1] ^= 1;
	secret[31] = 1;
	assert_false(token_right(secret, &key));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_token_covers_every_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
