/* SPDX-License-Identifier: ISC */
/* tests/fault/fault.c - makes the N-th call of a kind fail in queue, as
 * shipped.
 *
 * A library to preload (LD_PRELOAD): no program has code for this.  It is at
 * work in postern-queue alone, and takes its orders from a page that it maps
 * before the process confines itself (POSTERN_FAULT names the file), so that
 * it needs no call that the sandbox forbids.
 *
 * For posternd it moves one clock: every start of queue is a minute after the
 * one before, so that a queue that has died is started anew at once and a
 * test can let it die a thousand times.
 */
#include "tests/fault/fault.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	DEATH_MS = 61 * 1000, /* more than master/master.h's DEATHS_WINDOW_MS */
	DIED = 137,           /* as a shell says kill -9 */
	LOOK_MS = 10          /* so soon queue sees that its clocks moved */
};

static struct {
	struct fault_plan *plan;
	bool queue;
	bool master;
} fault;

static __thread bool inside; /* a call that is struck as a whole */

static struct fault_plan *
plan_map(void)
{
	const char *path = getenv("POSTERN_FAULT");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *p;

	if (fd == -1)
		return NULL;
	p = mmap(NULL, sizeof(struct fault_plan), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

__attribute__((__constructor__)) static void
prepare(void)
{
	const char *name = program_invocation_short_name;
	bool queue = strcmp(name, "postern-queue") == 0;
	struct fault_plan *p;

	fault.master = strcmp(name, "posternd") == 0;
	if (!queue && !fault.master)
		return;
	p = plan_map();
	if (p == NULL)
		abort();
	if (queue) {
		__atomic_add_fetch(&p->master_ms, DEATH_MS, __ATOMIC_SEQ_CST);
		__atomic_add_fetch(&p->starts, 1, __ATOMIC_SEQ_CST);
	}
	fault.queue = queue;
	fault.plan = p;
}

/* The function that we stand before. */
#define REAL(name)                                                             \
	static __typeof__(&(name)) real;                                       \
	if (real == NULL)                                                      \
	*(void **)&real = dlsym(RTLD_NEXT, #name)

static void
hang(void)
{
	const struct timespec pause = { 0, 1000000 };

	while (__atomic_load_n(&fault.plan->action, __ATOMIC_SEQ_CST) ==
	       FAULT_HANG)
		nanosleep(&pause, NULL);
}

static bool
is_counted(enum fault_kind kind, bool change)
{
	uint32_t wanted;

	if (!fault.queue || fault.plan == NULL || inside)
		return false;
	wanted = __atomic_load_n(&fault.plan->kind, __ATOMIC_SEQ_CST);
	return wanted != FAULT_NONE &&
	       (wanted == (uint32_t)kind || (change && wanted == FAULT_CHANGE));
}

/* A call of that kind; change: others can see its effect.  True: it fails. */
static bool
strikes(enum fault_kind kind, bool change)
{
	struct fault_plan *p = fault.plan;
	uint32_t n;

	if (!is_counted(kind, change))
		return false;
	n = __atomic_add_fetch(&p->count, 1, __ATOMIC_SEQ_CST);
	if (p->action == FAULT_REST || n < p->nth || n > p->last)
		return false;
	__atomic_add_fetch(&p->hits, 1, __ATOMIC_SEQ_CST);
	switch (p->action) {
	case FAULT_DIE:
		/* like kill -9: all threads end here, nothing is tidied */
		syscall(SYS_exit_group, DIED);
		abort();
	case FAULT_HANG:
		hang();
		return false;
	}
	errno = (int)p->error;
	return true;
}

/* --- files -------------------------------------------------------------- */

ssize_t
write(int fd, const void *data, size_t n)
{
	REAL(write);

	if (fd > STDERR_FILENO && strikes(FAULT_WRITE, true))
		return -1;
	return real(fd, data, n);
}

ssize_t
pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	REAL(pwrite64);

	return strikes(FAULT_WRITE, true) ? -1 : real(fd, data, n, at);
}

ssize_t
pread64(int fd, void *data, size_t n, off64_t at)
{
	REAL(pread64);

	return strikes(FAULT_READ, false) ? -1 : real(fd, data, n, at);
}

ssize_t
pread(int fd, void *data, size_t n, off_t at)
{
	return pread64(fd, data, n, at);
}

int
fsync(int fd)
{
	REAL(fsync);

	return strikes(FAULT_FSYNC, true) ? -1 : real(fd);
}

int
fdatasync(int fd)
{
	REAL(fdatasync);

	return strikes(FAULT_FSYNC, true) ? -1 : real(fd);
}

int
openat(int at, const char *path, int flags, ...)
{
	REAL(openat);
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	if (strikes(FAULT_OPEN, (flags & O_CREAT) != 0))
		return -1;
	return real(at, path, flags, mode);
}

int
open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return openat(AT_FDCWD, path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return openat(AT_FDCWD, path, flags, mode);
}

static int
control(int fd, int command, void *arg)
{
	REAL(fcntl64);

	if (command == F_DUPFD_CLOEXEC && strikes(FAULT_OPEN, false))
		return -1;
	return real(fd, command, arg);
}

int
fcntl(int fd, int command, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, command);
	arg = va_arg(ap, void *);
	va_end(ap);
	return control(fd, command, arg);
}

int
fcntl64(int fd, int command, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, command);
	arg = va_arg(ap, void *);
	va_end(ap);
	return control(fd, command, arg);
}

int
rename(const char *from, const char *to)
{
	REAL(rename);

	return strikes(FAULT_RENAME, true) ? -1 : real(from, to);
}

int
renameat(int at, const char *from, int at_to, const char *to)
{
	REAL(renameat);

	return strikes(FAULT_RENAME, true) ? -1 : real(at, from, at_to, to);
}

/* --- what only a death can hit ------------------------------------------ */

int
unlink(const char *path)
{
	REAL(unlink);

	(void)strikes(FAULT_CHANGE, true);
	return real(path);
}

int
unlinkat(int at, const char *path, int flags)
{
	REAL(unlinkat);

	(void)strikes(FAULT_CHANGE, true);
	return real(at, path, flags);
}

int
mkdirat(int at, const char *path, mode_t mode)
{
	REAL(mkdirat);

	(void)strikes(FAULT_CHANGE, true);
	return real(at, path, mode);
}

int
ftruncate64(int fd, off64_t size)
{
	REAL(ftruncate64);

	(void)strikes(FAULT_CHANGE, true);
	return real(fd, size);
}

ssize_t
sendmsg(int fd, const struct msghdr *m, int flags)
{
	REAL(sendmsg);

	(void)strikes(FAULT_CHANGE, true);
	return real(fd, m, flags);
}

/* --- SQLite ------------------------------------------------------------- */

int
sqlite3_step(sqlite3_stmt *s)
{
	REAL(sqlite3_step);

	return strikes(FAULT_STEP, false) ? (int)fault.plan->error : real(s);
}

/* It would take the end of a statement that was never run for success. */
int
sqlite3_exec(sqlite3 *db, const char *sql,
    int (*row)(void *, int, char **, char **), void *arg, char **message)
{
	REAL(sqlite3_exec);
	int code;

	if (strikes(FAULT_STEP, false))
		return (int)fault.plan->error;
	inside = fault.plan != NULL && fault.plan->kind == FAULT_STEP;
	code = real(db, sql, row, arg, message);
	inside = false;
	return code;
}

/* --- memory (a sanitizer has a malloc of its own) ------------------------ */

#ifndef POSTERN_SANITIZER
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

void *
malloc(size_t n)
{
	return strikes(FAULT_MALLOC, false) ? NULL : __libc_malloc(n);
}

void *
calloc(size_t count, size_t n)
{
	return strikes(FAULT_MALLOC, false) ? NULL : __libc_calloc(count, n);
}

void *
realloc(void *old, size_t n)
{
	return strikes(FAULT_MALLOC, false) ? NULL : __libc_realloc(old, n);
}
#endif

/* --- time --------------------------------------------------------------- */

static void
add_ms(struct timespec *ts, int64_t ms)
{
	ts->tv_sec += ms / 1000;
	ts->tv_nsec += ms % 1000 * 1000000;
	if (ts->tv_nsec >= 1000000000) {
		ts->tv_sec++;
		ts->tv_nsec -= 1000000000;
	}
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	REAL(clock_gettime);
	int code;

	code = real(id, ts);
	if (fault.plan == NULL)
		return code;
	if (fault.queue)
		add_ms(ts,
		    __atomic_load_n(&fault.plan->ahead_ms, __ATOMIC_SEQ_CST));
	else if (id == CLOCK_MONOTONIC) /* its timers use a coarser one */
		add_ms(ts,
		    __atomic_load_n(&fault.plan->master_ms, __ATOMIC_SEQ_CST));
	return code;
}

int
epoll_wait(int fd, struct epoll_event *events, int max, int ms)
{
	REAL(epoll_wait);

	if (fault.queue && (ms < 0 || ms > LOOK_MS))
		ms = LOOK_MS;
	return real(fd, events, max, ms);
}
