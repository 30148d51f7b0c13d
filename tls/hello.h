/* SPDX-License-Identifier: ISC */
/* tls/hello.h - what a ClientHello says about the certificates it can check.
 *
 * Read before libtls sees it, to choose between an ECDSA and an RSA
 * certificate for the same name: libtls has one of each name in a context.
 * Pure; bytes of strangers; what cannot be read whole is taken for a client
 * that knows RSA only, which every client does.  Nothing is refused here: that
 * is the library's to do.
 */
#ifndef TLS_HELLO_H
#define TLS_HELLO_H

#include "common/base/view.h"

/* Records and all; real ones have less than 2 KiB. */
enum { HELLO_MAX = 16384 };

/* Signatures that the client can check: RFC 8446 4.2.3, RFC 8422 5.1.1. */
enum hello_ecdsa {
	HELLO_P256 = 1 << 0,
	HELLO_P384 = 1 << 1,
	HELLO_P521 = 1 << 2
};

enum hello_read {
	HELLO_PART,  /* more must come */
	HELLO_WHOLE, /* *ecdsa is set */
	HELLO_ALIEN  /* will never be one that can be read */
};

/* What came so far, from the first byte; *ecdsa: enum hello_ecdsa, 0 when
 * the client has no cipher suite for them. */
enum hello_read hello_read(struct view, unsigned int *ecdsa);

#endif
