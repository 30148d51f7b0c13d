/* SPDX-License-Identifier: ISC */
/* queue/token.h - job tokens: HMAC-SHA-256 (RFC 2104), cut to 16 bytes.
 *
 * A token proves to a later queue that a former one gave this job (message,
 * group, attempt) to this worker.
 */
#ifndef QUEUE_TOKEN_H
#define QUEUE_TOKEN_H

#include "common/ipc/msg_job.h"

#include <stdbool.h>
#include <stdint.h>

enum { TOKEN_KEY_BYTES = 32, HMAC_BYTES = 32 };

void hmac_sha256(const uint8_t *key, size_t key_len, const uint8_t *data,
    size_t len, uint8_t out[HMAC_BYTES]);

/* Fills key->token from the other members. */
void token_make(const uint8_t secret[TOKEN_KEY_BYTES], struct job_key *key);
/* Compares in constant time. */
bool token_right(
    const uint8_t secret[TOKEN_KEY_BYTES], const struct job_key *key);

#endif
