/* SPDX-License-Identifier: ISC */
/* master/spawn.c - fork and exec of one child.
 *
 * The child gets /dev/null, the log twice and its channel to posternd as
 * descriptors 0 to 3, and nothing else.
 */
#include "common/base/log.h"
#include "master/master.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

enum { CONTROL_FD = 3, FIRST_FREE_FD = 4 };

static _Noreturn void
give_up(const char *what)
{
	dprintf(STDERR_FILENO, "posternd: %s: %s\n", what, strerror(errno));
	_Exit(EX_OSERR);
}

/* Numbers at which they cannot be in each other's way, then the places. */
static void
descriptors(const struct child *c, int control)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int from[4] = { null, c->master->log_fd, c->master->log_fd, control };

	for (int i = 0; i <= CONTROL_FD; i++) {
		from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD + 4);
		if (from[i] == -1)
			give_up("descriptors");
	}
	for (int i = 0; i <= CONTROL_FD; i++)
		if (dup2(from[i], i) == -1)
			give_up("descriptors");
	closefrom(FIRST_FREE_FD);
}

static void
limit_files(const struct child *c)
{
	rlim_t want = c->program->files(&c->master->conf);
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1)
		give_up("getrlimit");
	if (r.rlim_max > want)
		r.rlim_max = want;
	r.rlim_cur = r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r) == -1)
		give_up("setrlimit");
}

static void
signals_reset(void)
{
	static const int handled[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	sigset_t none;

	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		signal(handled[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static const char *
class_name(enum peer_class class_)
{
	switch (class_) {
	case CLASS_STRANGER:
		return "stranger";
	case CLASS_LOGIN:
		return "login";
	case CLASS_LOCAL:
		return "local";
	case CLASS_CLIENT:
		return "client";
	}
	return NULL;
}

static _Noreturn void
become(const struct child *c, int control)
{
	char path[1024], index[16];
	char *argv[4] = { (char *)(uintptr_t)c->program->file };
	const char *class_ = class_name(c->program->class_);
	size_t n = 1;

	signals_reset();
	descriptors(c, control);
	limit_files(c);
	if (chdir("/") == -1)
		give_up("/");
	snprintf(path, sizeof(path), "%s/%s", c->master->options.folder,
	    c->program->file);
	snprintf(index, sizeof(index), "%u", c->index);
	if (class_ != NULL)
		argv[n++] = (char *)(uintptr_t)class_; /* for ps(1) */
	argv[n++] = index;
	argv[n] = NULL;
	execv(path, argv);
	give_up(path);
}

bool
child_spawn(struct child *c, int control)
{
	sigset_t all, before;
	pid_t pid;

	/* a signal between fork and exec would speak through our own pipe */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		become(c, control);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid == -1) {
		log_warn("fork: %s", strerror(errno));
		return false;
	}
	c->pid = pid;
	return true;
}
