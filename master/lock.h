/* SPDX-License-Identifier: ISC */
/* master/lock.h - one posternd for one runtime folder. */
#ifndef MASTER_LOCK_H
#define MASTER_LOCK_H

#include "common/conf/conf.h"
#include "master/trouble.h"

/* Held until this process ends; *fd is for lock_write(). */
bool lock_take(const struct conf *, int *fd, struct trouble *);
/* Nobody holds it; else who does is the trouble. */
bool lock_free(const struct conf *, struct trouble *);
/* Writes our process id into it, for people and for `postern reload`. */
void lock_write(int fd);
/* At the end: the file stays, empty. */
void lock_clear(int fd);

#endif
