/* SPDX-License-Identifier: ISC */
/* smtpd/auth_desk.h - where questions for passwords wait and are answered.
 *
 * One at a time, and between two of them the loop runs: so guessing costs one
 * core and no more, and budgets count exactly.  A question that finds too many
 * before it, in all or from its network, is answered "later" at once.
 */
#ifndef SMTPD_AUTH_DESK_H
#define SMTPD_AUTH_DESK_H

#include "common/run/process.h"

extern const struct peer_def desk_smtpd;

void desk_start(void);
void desk_turn(void);
bool desk_file(const struct msg_file *, int fd);

#endif
