/* SPDX-License-Identifier: ISC */
/* tls/keypair.h - a certificate with its chain, and its private key.
 *
 * Read from descriptors, checked one against the other, and forgotten as soon
 * as the contexts of libtls are made.
 */
#ifndef TLS_KEYPAIR_H
#define TLS_KEYPAIR_H

#include "common/base/buf.h"
#include "common/ipc/msg_control.h"

enum { KEYPAIRS_MAX = 64 }; /* in a set */

struct keypair {
	uint16_t listener;
	uint32_t line;
	char paths[2]
		  [MSG_TEXT_MAX + 1]; /* certificate, key: to speak of them */
	int fds[2];                   /* -1: not given */
	struct buf certificate, key;  /* PEM */
	unsigned int ecdsa; /* enum hello_ecdsa of its key, 0: another kind */
	void *x509;
};

/* Takes up both files.  False: *why says which is wrong, and how. */
bool keypair_read(struct keypair *, char why[MSG_TEXT_MAX + 1]);
/* The key is wiped, descriptors are closed. */
void keypair_clear(struct keypair *);
/* Is the certificate good for the first name of the other? */
bool keypair_covers(const struct keypair *, const struct keypair *other);

#endif
