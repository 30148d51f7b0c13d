/* SPDX-License-Identifier: ISC */
/* tests/lib/record.c - a log on disk that survives its writer. */
#include "tests/lib/record.h"

#include "common/base/fatal.h"

#include <sys/resource.h>

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

enum { RECORD_MAX = 1 << 24 };

void
record_open(struct record *r, const char *path)
{
	buf_init(&r->lines, RECORD_MAX);
	r->fd = -1;
	if (path == NULL)
		return;
	r->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (r->fd == -1)
		fatal("%s: %m", path);
}

void
record_line(struct record *r, const char *fmt, ...)
{
	va_list ap;

	if (r->fd == -1)
		return;
	va_start(ap, fmt);
	buf_vprintf(&r->lines, fmt, ap);
	va_end(ap);
	buf_add_string(&r->lines, "\n");
}

void
record_flush(struct record *r)
{
	if (!buf_ok(&r->lines))
		fatal("record: too much between two flushes");
	if (r->lines.len == 0)
		return;
	if (write(r->fd, r->lines.data, r->lines.len) != (ssize_t)r->lines.len)
		fatal("record: write: %m");
	buf_clear(&r->lines);
}

void
record_close(struct record *r)
{
	record_flush(r);
	buf_free(&r->lines);
	if (r->fd != -1)
		close(r->fd);
	r->fd = -1;
}

int64_t
record_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static double
seconds(struct timeval tv)
{
	return (double)tv.tv_sec + (double)tv.tv_usec / 1e6;
}

double
record_cpu_seconds(void)
{
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	return seconds(ru.ru_utime) + seconds(ru.ru_stime);
}
