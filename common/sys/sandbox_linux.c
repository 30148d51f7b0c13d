/* SPDX-License-Identifier: ISC */
/* common/sys/sandbox_linux.c - rights as seccomp and Landlock.
 *
 * The one table of system calls that any program but posternd may make.
 * A call that is not granted raises SIGSYS; the handler writes one log line
 * with program and call number and ends the process.
 */
#include "common/sys/sandbox.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What an argument must be; a call may stand in several rows. */
enum check {
	ANY,    /* no condition */
	IS,     /* argument arg equals value */
	HAS,    /* argument arg has all bits of value */
	HAS_NOT /* argument arg has no bit of value */
};

struct grant {
	unsigned int rights; /* any of these grants it */
	int call;
	enum check check;
	unsigned int arg;
	uint64_t value;
};

#define R_ALL  RIGHT_CHANNEL
#define R_FILE (RIGHT_SPOOL | RIGHT_SPOOL_READ)
#define R_NET  (RIGHT_ACCEPT | RIGHT_CONNECT)

/* clang-format off */
static const struct grant grants[] = {
	/* the loop, memory, time, our own descriptors */
	{ R_ALL, SCMP_SYS(read), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(write), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(readv), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(writev), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(recvmsg), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(sendmsg), HAS_NOT, 2, MSG_FASTOPEN }, /* connects */
	{ R_ALL, SCMP_SYS(close), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(epoll_wait), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(epoll_pwait), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(epoll_pwait2), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(epoll_ctl), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(poll), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(ppoll), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(clock_gettime), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(gettimeofday), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(time), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(brk), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(mmap), HAS_NOT, 2, PROT_EXEC },
	{ R_ALL, SCMP_SYS(munmap), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(mremap), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(madvise), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(futex), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(getrandom), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(getpid), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(rt_sigreturn), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(rt_sigprocmask), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(restart_syscall), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(exit), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(exit_group), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(fstat), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(newfstatat), HAS, 3, AT_EMPTY_PATH },
	{ R_ALL, SCMP_SYS(fcntl), IS, 1, F_GETFL },
	{ R_ALL, SCMP_SYS(fcntl), IS, 1, F_GETFD },
	{ R_ALL, SCMP_SYS(fcntl), IS, 1, F_SETFD },
	{ R_ALL, SCMP_SYS(getsockopt), ANY, 0, 0 },
	{ RIGHT_SETFL, SCMP_SYS(fcntl), IS, 1, F_SETFL },

	/* strangers */
	{ RIGHT_ACCEPT, SCMP_SYS(accept4), ANY, 0, 0 },
	{ R_NET, SCMP_SYS(setsockopt), ANY, 0, 0 },
	/* the other ways end the listening, of all who share the socket */
	{ R_NET | RIGHT_PAIR, SCMP_SYS(shutdown), IS, 1, SHUT_WR },
	{ R_NET, SCMP_SYS(getsockname), ANY, 0, 0 },
	{ R_NET, SCMP_SYS(getpeername), ANY, 0, 0 },
	{ RIGHT_CONNECT, SCMP_SYS(socket), IS, 0, AF_INET },
	{ RIGHT_CONNECT, SCMP_SYS(socket), IS, 0, AF_INET6 },
	{ RIGHT_CONNECT, SCMP_SYS(connect), ANY, 0, 0 },
	{ RIGHT_BIND, SCMP_SYS(bind), ANY, 0, 0 },
	{ RIGHT_CONNECT, SCMP_SYS(recvfrom), ANY, 0, 0 },
	{ RIGHT_CONNECT, SCMP_SYS(sendto), HAS_NOT, 3, MSG_FASTOPEN },

	{ RIGHT_PAIR, SCMP_SYS(socketpair), IS, 0, AF_UNIX },

	/* bodies and files */
	{ RIGHT_READ | R_FILE, SCMP_SYS(pread64), ANY, 0, 0 },
	{ RIGHT_READ | R_FILE, SCMP_SYS(preadv), ANY, 0, 0 },
	{ R_FILE, SCMP_SYS(openat), ANY, 0, 0 },
	{ R_FILE, SCMP_SYS(newfstatat), ANY, 0, 0 },
	{ R_FILE, SCMP_SYS(stat), ANY, 0, 0 },
	{ R_FILE, SCMP_SYS(lstat), ANY, 0, 0 },
	{ R_FILE, SCMP_SYS(statx), ANY, 0, 0 },
	{ R_FILE, SCMP_SYS(access), ANY, 0, 0 },
	{ R_FILE, SCMP_SYS(faccessat), ANY, 0, 0 },
	{ R_FILE, SCMP_SYS(faccessat2), ANY, 0, 0 },
	{ R_FILE, SCMP_SYS(readlink), ANY, 0, 0 },
	{ R_FILE, SCMP_SYS(readlinkat), ANY, 0, 0 },
	{ R_FILE, SCMP_SYS(getcwd), ANY, 0, 0 },
	{ R_FILE, SCMP_SYS(lseek), ANY, 0, 0 },
	{ R_FILE, SCMP_SYS(fcntl), IS, 1, F_SETLK },
	{ R_FILE, SCMP_SYS(fcntl), IS, 1, F_GETLK },
	{ R_FILE, SCMP_SYS(fcntl), IS, 1, F_SETLKW },
	{ R_FILE, SCMP_SYS(fcntl), IS, 1, F_DUPFD_CLOEXEC },
	{ R_FILE, SCMP_SYS(geteuid), ANY, 0, 0 },
	{ R_FILE, SCMP_SYS(getuid), ANY, 0, 0 },
	{ R_FILE, SCMP_SYS(clock_nanosleep), ANY, 0, 0 },
	{ R_FILE, SCMP_SYS(nanosleep), ANY, 0, 0 },
	{ R_FILE, SCMP_SYS(sched_yield), ANY, 0, 0 },
	{ R_FILE, SCMP_SYS(fstatfs), ANY, 0, 0 },
	{ RIGHT_SPOOL, SCMP_SYS(eventfd2), ANY, 0, 0 },
	{ RIGHT_SPOOL, SCMP_SYS(pwrite64), ANY, 0, 0 },
	{ RIGHT_SPOOL, SCMP_SYS(fsync), ANY, 0, 0 },
	{ RIGHT_SPOOL, SCMP_SYS(fdatasync), ANY, 0, 0 },
	{ RIGHT_SPOOL, SCMP_SYS(syncfs), ANY, 0, 0 },
	{ RIGHT_SPOOL, SCMP_SYS(sync_file_range), ANY, 0, 0 },
	{ RIGHT_SPOOL, SCMP_SYS(ftruncate), ANY, 0, 0 },
	{ RIGHT_SPOOL, SCMP_SYS(fallocate), ANY, 0, 0 },
	{ RIGHT_SPOOL, SCMP_SYS(rename), ANY, 0, 0 },
	{ RIGHT_SPOOL, SCMP_SYS(renameat), ANY, 0, 0 },
	{ RIGHT_SPOOL, SCMP_SYS(renameat2), ANY, 0, 0 },
	{ RIGHT_SPOOL, SCMP_SYS(unlink), ANY, 0, 0 },
	{ RIGHT_SPOOL, SCMP_SYS(unlinkat), ANY, 0, 0 },
	{ RIGHT_SPOOL, SCMP_SYS(mkdir), ANY, 0, 0 },
	{ RIGHT_SPOOL, SCMP_SYS(mkdirat), ANY, 0, 0 },
	{ RIGHT_SPOOL, SCMP_SYS(rmdir), ANY, 0, 0 },
	{ RIGHT_SPOOL, SCMP_SYS(getdents64), ANY, 0, 0 },
	{ RIGHT_SPOOL, SCMP_SYS(fchmod), ANY, 0, 0 },
	{ RIGHT_SPOOL, SCMP_SYS(umask), ANY, 0, 0 },

	/* threads, until the seal */
	{ RIGHT_THREADS, SCMP_SYS(clone), HAS, 0, CLONE_THREAD },
	{ RIGHT_THREADS, SCMP_SYS(set_robust_list), ANY, 0, 0 },
	{ RIGHT_THREADS, SCMP_SYS(rseq), ANY, 0, 0 },
	{ RIGHT_THREADS, SCMP_SYS(mprotect), HAS_NOT, 2, PROT_EXEC },
	{ RIGHT_THREADS, SCMP_SYS(rt_sigaction), ANY, 0, 0 },
	{ RIGHT_THREADS, SCMP_SYS(gettid), ANY, 0, 0 },
	{ RIGHT_THREADS, SCMP_SYS(seccomp), ANY, 0, 0 },
	{ RIGHT_THREADS, SCMP_SYS(prctl), IS, 0, PR_SET_NO_NEW_PRIVS },

#ifdef POSTERN_SANITIZER /* builds that are never shipped */
	{ R_ALL, SCMP_SYS(sigaltstack), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(mprotect), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(sched_yield), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(gettid), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(getppid), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(tgkill), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(openat), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(readlink), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(rt_sigaction), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(getrusage), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(prctl), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(lseek), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(clone), ANY, 0, 0 },
	{ R_ALL, SCMP_SYS(sched_getaffinity), ANY, 0, 0 },
#endif
};
/* clang-format on */

static const char *program = "postern";

static void
on_forbidden(int sig, siginfo_t *info, void *context)
{
	char line[160];
	int n;

	(void)sig;
	(void)context;
	n = snprintf(line, sizeof(line),
	    "sandbox program=%s call=%d text=\"system call not granted\"\n",
	    program, info->si_syscall);
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) == -1)
		_exit(159);
	_exit(159); /* 128 + SIGSYS */
}

static int
grant_add(scmp_filter_ctx ctx, const struct grant *g)
{
	struct scmp_arg_cmp a = { .arg = g->arg };

	switch (g->check) {
	case ANY:
		return seccomp_rule_add(ctx, SCMP_ACT_ALLOW, g->call, 0);
	case IS:
		a.op = SCMP_CMP_EQ;
		a.datum_a = g->value;
		break;
	case HAS:
		a.op = SCMP_CMP_MASKED_EQ;
		a.datum_a = g->value;
		a.datum_b = g->value;
		break;
	case HAS_NOT:
		a.op = SCMP_CMP_MASKED_EQ;
		a.datum_a = g->value;
		a.datum_b = 0;
		break;
	}
	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, g->call, 1, &a);
}

static bool
already_whole(const struct grant *g, unsigned int rights)
{
	for (size_t i = 0; i < nitems(grants); i++)
		if (grants[i].call == g->call && grants[i].check == ANY &&
		    (grants[i].rights & rights) != 0)
			return true;
	return false;
}

static bool
filter_load(unsigned int rights)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRAP);
	int error = ctx == NULL ? -ENOMEM : 0;

	for (size_t i = 0; i < nitems(grants) && error == 0; i++) {
		const struct grant *g = &grants[i];

		if ((g->rights & rights) == 0)
			continue;
		if (g->check != ANY && already_whole(g, rights))
			continue;
		error = grant_add(ctx, g);
		if (error == -EDOM || error == -EINVAL)
			error = 0; /* a call that this machine lacks */
	}
	/* glibc takes ENOSYS as "use clone", whose flags can be judged */
	if (error == 0 && (rights & RIGHT_THREADS) != 0)
		error = seccomp_rule_add(
		    ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (error == 0)
		error = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (error == 0)
		error = seccomp_load(ctx);
	if (ctx != NULL)
		seccomp_release(ctx);
	return error == 0;
}

/* Every file right that this kernel's Landlock knows. */
static uint64_t
landlock_all(int abi)
{
	uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

	if (abi >= 2)
		all |= 1ULL << 13; /* refer */
	if (abi >= 3)
		all |= 1ULL << 14; /* truncate */
	if (abi >= 5)
		all |= 1ULL << 15; /* ioctl on devices */
	return all;
}

static uint64_t
landlock_wanted(unsigned int rights)
{
	if ((rights & RIGHT_SPOOL) != 0)
		return LANDLOCK_ACCESS_FS_READ_FILE |
		       LANDLOCK_ACCESS_FS_WRITE_FILE |
		       LANDLOCK_ACCESS_FS_READ_DIR |
		       LANDLOCK_ACCESS_FS_MAKE_REG |
		       LANDLOCK_ACCESS_FS_MAKE_DIR |
		       LANDLOCK_ACCESS_FS_REMOVE_FILE |
		       LANDLOCK_ACCESS_FS_REMOVE_DIR | 1ULL << 13 | 1ULL << 14;
	/* read-only SQLite connections map queue.db-shm */
	if ((rights & RIGHT_SPOOL_READ) != 0)
		return LANDLOCK_ACCESS_FS_READ_FILE |
		       LANDLOCK_ACCESS_FS_READ_DIR;
	return 0;
}

static bool
landlock_allow(int ruleset, const char *root, uint64_t access)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access };
	long r;

	rule.parent_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rule.parent_fd == -1)
		return false;
	r = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
	    &rule, 0);
	close(rule.parent_fd);
	return r == 0;
}

/* The root, or what of it is wanted; it is the current folder. */
static bool
landlock_folders(int ruleset, const struct sandbox *s, uint64_t access)
{
	if (s->folders == NULL)
		return landlock_allow(ruleset, s->root, access);
	for (size_t i = 0; s->folders[i] != NULL; i++)
		if (!landlock_allow(ruleset, s->folders[i], access) &&
		    errno != ENOENT)
			return false;
	return true;
}

static bool
landlock_enter(const struct sandbox *s)
{
	struct landlock_ruleset_attr attr = { 0 };
	uint64_t wanted;
	bool fine = true;
	long abi, fd;

	abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		return false;
	attr.handled_access_fs = landlock_all((int)abi);
	fd = syscall(SYS_landlock_create_ruleset, &attr,
	    sizeof(attr.handled_access_fs), 0);
	if (fd == -1)
		return false;
	wanted = landlock_wanted(s->rights) & attr.handled_access_fs;
	if (wanted != 0)
		fine = landlock_folders((int)fd, s, wanted);
	fine = fine && syscall(SYS_landlock_restrict_self, (int)fd, 0) == 0;
	close((int)fd);
	return fine;
}

bool
sandbox_enter(const struct sandbox *s, const char **missing)
{
	struct sigaction action = { 0 };

	program = s->name;
	action.sa_sigaction = on_forbidden;
	action.sa_flags = SA_SIGINFO;
	if (sigaction(SIGSYS, &action, NULL) == -1 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
		*missing = "no_new_privs";
		return false;
	}
	if (!landlock_enter(s) && !s->chrooted) {
		*missing = "Landlock (and this is not root, so no chroot)";
		return false;
	}
	if (!filter_load(s->rights)) {
		*missing = "seccomp filters";
		return false;
	}
	return true;
}

void
sandbox_seal(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	/* a new thread still needs the others of RIGHT_THREADS to begin */
	const int calls[] = { SCMP_SYS(clone), SCMP_SYS(seccomp),
		SCMP_SYS(prctl), SCMP_SYS(rt_sigaction) };
	int error = ctx == NULL ? -ENOMEM : 0;

	if (error == 0)
		error = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	for (size_t i = 0; i < nitems(calls) && error == 0; i++)
		error = seccomp_rule_add(ctx, SCMP_ACT_TRAP, calls[i], 0);
	if (error == 0)
		error = seccomp_load(ctx);
	if (error != 0)
		fatal("cannot seal the sandbox: error %d", -error);
	seccomp_release(ctx);
}
