/* SPDX-License-Identifier: ISC */
/* queue/token.c - job tokens: HMAC-SHA-256 (RFC 2104), cut to 16 bytes. */
#include "queue/token.h"

#include "common/base/fatal.h"

#include <sha2.h>
#include <string.h>

enum { BLOCK = SHA256_BLOCK_LENGTH };

void
hmac_sha256(const uint8_t *key, size_t key_len, const uint8_t *data, size_t len,
    uint8_t out[HMAC_BYTES])
{
	uint8_t inner[BLOCK], outer[BLOCK], digest[HMAC_BYTES];
	SHA2_CTX ctx;

	if (key_len > BLOCK)
		panic("a key of %zu bytes", key_len);
	memset(inner, 0x36, sizeof(inner));
	memset(outer, 0x5c, sizeof(outer));
	for (size_t i = 0; i < key_len; i++) {
		inner[i] ^= key[i];
		outer[i] ^= key[i];
	}
	SHA256Init(&ctx);
	SHA256Update(&ctx, inner, sizeof(inner));
	SHA256Update(&ctx, data, len);
	SHA256Final(digest, &ctx);
	SHA256Init(&ctx);
	SHA256Update(&ctx, outer, sizeof(outer));
	SHA256Update(&ctx, digest, sizeof(digest));
	SHA256Final(out, &ctx);
}

static size_t
put(uint8_t *out, size_t at, uint64_t n, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		out[at + i] = (uint8_t)(n >> (8 * i));
	return at + bytes;
}

void
token_make(const uint8_t secret[TOKEN_KEY_BYTES], struct job_key *key)
{
	uint8_t data[20], mac[HMAC_BYTES];
	size_t at = 0;

	at = put(data, at, key->message, 8);
	at = put(data, at, key->group, 4);
	at = put(data, at, key->attempt, 4);
	at = put(data, at, key->worker, 4);
	hmac_sha256(secret, TOKEN_KEY_BYTES, data, at, mac);
	memcpy(key->token, mac, sizeof(key->token));
}

bool
token_right(const uint8_t secret[TOKEN_KEY_BYTES], const struct job_key *key)
{
	struct job_key right = *key;
	uint8_t differs = 0;

	token_make(secret, &right);
	for (size_t i = 0; i < sizeof(right.token); i++)
		differs |= (uint8_t)(right.token[i] ^ key->token[i]);
	return differs == 0;
}
