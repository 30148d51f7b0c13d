/* SPDX-License-Identifier: ISC */
/* deliver/policy.h - what is asked of the connection to a server.
 *
 * By its route, by the TLSA records of its name, and by what became of TLS
 * with it before.
 */
#ifndef DELIVER_POLICY_H
#define DELIVER_POLICY_H

#include "deliver/conn.h"
#include "deliver/job.h"

/* refused: a handshake has failed there lately.  What it points to is lent. */
struct conn_policy policy_of(
    const struct job *, const struct attempt *, bool refused);
/* May what is asked for by this go over it? */
bool policy_is_met(const struct conn *, const struct conn_policy *);
/* Whose TLSA records count; 0: none do. */
uint16_t policy_tlsa_port(const struct job *);

#endif
