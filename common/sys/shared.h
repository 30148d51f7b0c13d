/* SPDX-License-Identifier: ISC */
/* common/sys/shared.h - memory that several processes share. */
#ifndef COMMON_SYS_SHARED_H
#define COMMON_SYS_SHARED_H

#include <stddef.h>

/* Zeroes, of this size for ever, which cost nothing until written; -1. */
int shared_make(const char *name, size_t size);
/* Of the file, to read; ends the process if it is of another size. */
const void *shared_read(int fd, size_t size);
/* A part of it, to write. */
void *shared_write(int fd, size_t offset, size_t size);
/* A part of it becomes zeroes, and costs nothing any more. */
void shared_clear(int fd, size_t offset, size_t size);

#endif
