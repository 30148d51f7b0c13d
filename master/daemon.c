/* SPDX-License-Identifier: ISC */
/* master/daemon.c - into the background, with an exit code that tells. */
#include "master/daemon.h"

#include "master/master.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

static _Noreturn void
broken(void)
{
	perror("posternd");
	exit(EX_OSERR);
}

static _Noreturn void
wait_for_code(int fd)
{
	unsigned char code;
	ssize_t n;

	while ((n = read(fd, &code, 1)) == -1 && errno == EINTR)
		;
	/* without a code it has died; what it wrote says why */
	_Exit(n == 1 ? code : EX_SOFTWARE);
}

int
daemon_begin(void)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) == -1)
		broken();
	pid = fork();
	if (pid == -1)
		broken();
	if (pid > 0) {
		close(ends[1]);
		wait_for_code(ends[0]);
	}
	close(ends[0]);
	if (setsid() == -1 || chdir("/") == -1)
		broken();
	return ends[1];
}

void
daemon_tell(int fd, int code)
{
	unsigned char byte = (unsigned char)code;

	while (write(fd, &byte, 1) == -1 && errno == EINTR)
		;
	close(fd);
}

void
daemon_detach(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		if (null == -1 || dup2(null, i) == -1)
			broken();
	close(null);
}

void
master_ready(struct master *m)
{
	if (m->starter == -1)
		return;
	daemon_tell(m->starter, 0);
	m->starter = -1;
	daemon_detach();
}

void
master_fail(struct master *m, const struct trouble *t)
{
	/* the children end by themselves when we are gone */
	if (m->starter != -1)
		daemon_tell(m->starter, t->code);
	listeners_unlink(&m->conf);
	trouble_exit(t);
}
