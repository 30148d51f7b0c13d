/* SPDX-License-Identifier: ISC */
/* tls/context.h - the contexts of libtls that a set of key pairs makes.
 *
 * A context has one key pair for a name and chooses among names by what the
 * client asks for (SNI).  Where ECDSA and RSA certificates stand side by side
 * there are two contexts, and the ClientHello decides.
 *
 * A generation lives until its last session has ended: a reload makes a new
 * one, and nobody is cut off.
 */
#ifndef TLS_CONTEXT_H
#define TLS_CONTEXT_H

#include "tls/keypair.h"

struct contexts;
struct tls;

/* The floor is "1.2" or "1.3".  NULL: *why says what is wrong.  One reference
 * is the caller's. */
struct contexts *contexts_new(const struct keypair *, size_t n,
    const char *floor, struct msg_secrets_read *why);
void contexts_hold(struct contexts *);
void contexts_drop(struct contexts *); /* NULL is welcome */
/* Would the ClientHello decide anything? */
bool contexts_choose(const struct contexts *, uint16_t listener);
/* For a client that can check these (enum hello_ecdsa); NULL: no certificate
 * for that listener.  Lent. */
struct tls *contexts_pick(
    const struct contexts *, uint16_t listener, unsigned int ecdsa);

#endif
