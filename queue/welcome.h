/* SPDX-License-Identifier: ISC */
/* queue/welcome.h - whether new mail is welcome, as all workers are told.
 *
 * Levels of overload by what queue/strain.h finds; at the third the answer to
 * MAIL is no.  Looked at every second and after each failure.
 */
#ifndef QUEUE_WELCOME_H
#define QUEUE_WELCOME_H

#include "common/run/process.h"

void welcome_start(void);
void welcome_second(void);        /* another one is over */
void welcome_tell(struct peer *); /* one that is new */
/* A message became durable, so long after it was handed over. */
void welcome_stored(int64_t took_ms);
/* The disk refused one. */
void welcome_failed(int error);
/* Why no new body is welcome; "" they are. */
const char *welcome_refuses(void);

#endif
