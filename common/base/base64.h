/* SPDX-License-Identifier: ISC */
/* common/base/base64.h - base64 (RFC 4648 4), read strictly. */
#ifndef COMMON_BASE_BASE64_H
#define COMMON_BASE_BASE64_H

#include "common/base/buf.h"

void base64_encode(struct view, struct buf *out);
/*
 * Decodes all of it into out.  False when it is not base64 as an encoder
 * writes it: another byte, no or too much padding, bits behind the end that
 * are not 0; or when it does not fit.  Nothing tells then what is in out.
 */
bool base64_decode(struct view, char *out, size_t size, size_t *len);

#endif
