/* SPDX-License-Identifier: ISC */
/* tests/attack/attack.c - turns postern's own programs against it, as shipped.
 *
 * A library to preload (LD_PRELOAD): no program has code for this, so what
 * is tested is what is installed.  In every program but posternd
 *
 *	SIGUSR1 tries all acts of acts.c
 *	SIGUSR2 makes one call that is not granted
 *
 * With POSTERN_ATTACK=count a call that is not granted fails with EPERM
 * instead of ending the process, so that one run shows all of them.  smtpd
 * keeps the first body that it should have closed.
 */
#include "tests/attack/acts.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
	bool child; /* one of postern's programs, not posternd */
	bool smtpd;
	int body; /* kept, -1 none */
} attack = { .body = -1 };

static void
on_attack(int sig)
{
	int error = errno;

	(void)sig;
	acts_try(program_invocation_short_name, attack.body);
	errno = error;
}

static void
on_violate(int sig)
{
	(void)sig;
	acts_violate();
}

__attribute__((__constructor__)) static void
prepare(void)
{
	const char *name = program_invocation_short_name;

	attack.child = strncmp(name, "postern-", 8) == 0;
	attack.smtpd = strcmp(name, "postern-smtpd") == 0;
	if (!attack.child)
		return;
	signal(SIGUSR1, on_attack);
	signal(SIGUSR2, on_violate);
}

static uint32_t
action_for(uint32_t action)
{
	const char *mode = getenv("POSTERN_ATTACK");

	if (action == SCMP_ACT_TRAP && mode != NULL &&
	    strcmp(mode, "count") == 0)
		return SCMP_ACT_ERRNO(EPERM);
	return action;
}

scmp_filter_ctx
seccomp_init(uint32_t action)
{
	scmp_filter_ctx (*real)(uint32_t);

	*(void **)&real = dlsym(RTLD_NEXT, "seccomp_init");
	return real(action_for(action));
}

int
seccomp_rule_add(
    scmp_filter_ctx ctx, uint32_t action, int call, unsigned int n, ...)
{
	if (n != 0)
		abort();
	return seccomp_rule_add_array(ctx, action_for(action), call, 0, NULL);
}

/* Something was written to it, and it can only be added to: a body. */
static bool
is_body(int fd)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	return flags != -1 && (flags & O_ACCMODE) == O_WRONLY &&
	       (flags & O_APPEND) != 0 && fd > STDERR_FILENO &&
	       fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
}

int
close(int fd)
{
	if (attack.smtpd && attack.body == -1 && is_body(fd)) {
		attack.body = fd;
		return 0;
	}
	return (int)syscall(SYS_close, fd);
}
