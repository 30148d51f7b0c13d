/* SPDX-License-Identifier: ISC */
/* tests/lib/record.h - a log on disk that survives its writer.
 *
 * Lines are gathered and go out whole in one write(2) to a file opened with
 * O_APPEND: when record_flush() has returned, the lines outlive a SIGKILL of
 * the writer.  Several writers may share a file.  A path of NULL gives a
 * record that forgets everything.  A write that fails ends the program: a
 * test without its log proves nothing.
 */
#ifndef TESTS_LIB_RECORD_H
#define TESTS_LIB_RECORD_H

#include "common/base/buf.h"

struct record {
	int fd; /* -1: forget everything */
	struct buf lines;
};

void record_open(struct record *, const char *path);
void record_line(struct record *, const char *, ...)
    __attribute__((__format__(printf, 2, 3)));
void record_flush(struct record *);
void record_close(struct record *);

/* Microseconds of the monotonic clock, the same for every process. */
int64_t record_now_us(void);
/* Seconds of processor time that this process has used, both kinds. */
double record_cpu_seconds(void);

#endif
