/* SPDX-License-Identifier: ISC */
/* tools/sendmail.c - the command by which programs send mail.
 *
 * Not setuid, not setgid: whatever it may do, its user may do.  It speaks
 * SMTP over the submission socket, and postern asks the kernel who speaks.
 * Also called as mailq and newaliases.
 */
#include "common/base/alloc.h"
#include "tools/command.h"
#include "tools/letter.h"
#include "tools/newaliases.h"
#include "tools/sendmail_args.h"
#include "tools/submit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

static const char *
socket_path(void)
{
	const char *path = getenv("POSTERN_SUBMIT");

	return path != NULL ? path : POSTERN_RUN "/submit";
}

static const char *
conf_path(void)
{
	const char *path = getenv("POSTERN_CONF");

	return path != NULL ? path : POSTERN_CONF;
}

/* What comes from one side goes to the other.  False: nothing more comes. */
static bool
pass_on(int from, int to)
{
	char piece[SOURCE_PIECE];
	ssize_t n = read(from, piece, sizeof(piece));
	ssize_t done = 0;

	while (done < n) {
		ssize_t w = write(to, piece + done, (size_t)(n - done));

		if (w == -1 && errno != EINTR)
			return false;
		done += w > 0 ? w : 0;
	}
	return n > 0 || (n == -1 && errno == EINTR);
}

/* -bs: the caller speaks SMTP himself. */
static int
smtp_session(void)
{
	struct pollfd p[2] = { { .fd = -1, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN } };

	p[0].fd = submit_dial(socket_path());
	if (p[0].fd == -1) {
		fprintf(stderr,
		    "sendmail: cannot reach postern at %s: %s: is posternd "
		    "running?\n",
		    socket_path(), strerror(errno));
		return EX_TEMPFAIL;
	}
	for (;;) {
		if (poll(p, nitems(p), -1) == -1 && errno != EINTR)
			return EX_OSERR;
		if (p[0].revents != 0 && !pass_on(p[0].fd, STDOUT_FILENO))
			return EX_OK;
		if (p[1].revents != 0 && !pass_on(STDIN_FILENO, p[0].fd)) {
			shutdown(p[0].fd, SHUT_WR);
			p[1].fd = -1; /* poll passes it over */
		}
	}
}

static int
list_queue(void)
{
	static const struct command mailq = { "queue", "", "", cmd_queue };

	return cmd_queue(&mailq, NULL, 0, NULL);
}

int
main(int argc, char *argv[])
{
	char wrong[SENDMAIL_WRONG];
	struct sendmail_args args;

	signal(SIGPIPE, SIG_IGN);
	if (!sendmail_args_read(argc, argv, &args, wrong)) {
		fprintf(stderr, "sendmail: %s\n", wrong);
		return EX_USAGE;
	}
	switch (args.mode) {
	case SENDMAIL_SMTP:
		return smtp_session();
	case SENDMAIL_QUEUE:
		return list_queue();
	case SENDMAIL_ALIASES:
		return newaliases(conf_path());
	case SENDMAIL_RUN: /* or a message, if it has recipients after all */
		if (!args.header_rcpts && args.first == argc)
			return EX_OK;
		break;
	case SENDMAIL_MESSAGE:
		break;
	}
	return letter_send(
	    &args, argc - args.first, argv + args.first, socket_path());
}
