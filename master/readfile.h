/* SPDX-License-Identifier: ISC */
/* master/readfile.h - a small file as a whole. */
#ifndef MASTER_READFILE_H
#define MASTER_READFILE_H

#include "common/base/buf.h"

/* Appends the content; false with errno set (EFBIG: beyond the buf's limit). */
bool readfile(const char *path, struct buf *);

#endif
