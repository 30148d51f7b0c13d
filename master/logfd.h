/* SPDX-License-Identifier: ISC */
/* master/logfd.h - the descriptor to which posternd and its children log. */
#ifndef MASTER_LOGFD_H
#define MASTER_LOGFD_H

#include "common/conf/conf.h"
#include "master/trouble.h"

/*
 * Opens what the configuration says, or standard error in the foreground.
 * *stamp: lines want time and name.
 */
bool logfd_open(const struct conf *, bool foreground, int *fd, bool *stamp,
    struct trouble *);
/* posternd's own log goes there from now on; the descriptor is not taken. */
void logfd_use(int fd, bool stamp);

#endif
