/* SPDX-License-Identifier: ISC */
/* tls/dane.h - is a server's certificate one that its TLSA records know?
 *
 * RFC 7672 3.1: usage 3 knows the certificate or its key itself, and neither
 * names nor dates count; usage 2 knows an authority of the chain that the
 * server sends, from which the certificate must follow as it would from one
 * of ours, for one of the names.  Pure, but for the clock.
 */
#ifndef TLS_DANE_H
#define TLS_DANE_H

#include "common/base/view.h"
#include "common/ipc/msg_tls.h"

/* The chain as PEM, the server's own certificate first.  False: *why (static)
 * says what is wrong. */
bool dane_verify(
    const struct msg_tls_connect *, struct view chain, const char **why);

#endif
