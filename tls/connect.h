/* SPDX-License-Identifier: ISC */
/* tls/connect.h - the client's side: connections to next hops. */
#ifndef TLS_CONNECT_H
#define TLS_CONNECT_H

#include "tls/stream.h"

/* Unconfined: reads the file of authorities, if a route needs them.  Without
 * one it goes on, and nobody can be verified. */
void connect_prepare(const char *ca_path);
/* The first step of a handshake of ours; the stream may be gone after it. */
void connect_begin(struct stream *, const struct msg_tls_connect *);

#endif
