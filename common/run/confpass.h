/* SPDX-License-Identifier: ISC */
/* common/run/confpass.h - the configuration on its way to the children.
 *
 * posternd sends each program only what it needs (the readers in
 * common/conf/keys.c, and the table of lists in confpass.c); the program
 * checks every value again on receipt.
 */
#ifndef COMMON_RUN_CONFPASS_H
#define COMMON_RUN_CONFPASS_H

#include "common/conf/conf.h"
#include "common/ipc/channel.h"
#include "common/ipc/msg_control.h"

/*
 * Sends to a program of that kind, beginning with frame number *next (0 at
 * first).  False: the channel is full, go on later from *next.
 */
bool confpass_send(
    struct channel *, const struct conf *, enum peer_kind, size_t *next);
/* One received frame into the conf; false if it is not sound. */
bool confpass_take(struct conf *, const struct ipc_type *, const void *msg);

#endif
