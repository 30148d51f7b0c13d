/* SPDX-License-Identifier: ISC */
/* tests/lib/tool_report.c - runs postern-report alone, with a queue of straw.
 *
 *	report PROGRAM FOLDER SOCKET [stream]
 *
 * Plays posternd: makes the control socket, boots PROGRAM on FOLDER (where
 * queue.db is or will be), and prints "ready".  Plays queue: every order is
 * printed and answered by its id: 404 unknown, 403 not yours, 500 never, 503
 * queue goes away; else one group was touched.  Ends with its standard input.
 */
#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/ipc/channel.h"
#include "common/ipc/msg_control.h"
#include "common/ipc/msg_report.h"

#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static struct {
	struct event_base *base;
	struct channel *control, *queue;
	pid_t child;
} stand;

static bool
on_ready(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)ch;
	(void)conv;
	(void)msg;
	(void)fd;
	puts("ready");
	fflush(stdout);
	return true;
}

static bool
on_order(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_order *m = msg;
	struct msg_order_done d = { .count = 1 };

	(void)fd;
	printf("order verb=%d id=%" PRIu64 " uid=%u operator=%d\n", m->verb,
	    m->id, m->uid, m->operator_);
	fflush(stdout);
	if (m->id == 500)
		return true;
	if (m->id == 503) {
		channel_free(ch);
		stand.queue = NULL;
		return true;
	}
	if (m->id == 404 || m->id == 403) {
		d.code = m->id == 404 ? EX_USAGE : EX_NOPERM;
		d.count = 0;
		strlcpy(d.text, "queue says no", sizeof(d.text));
	}
	channel_send(ch, conv, &msg_order_done, &d, -1);
	conv_end(ch, conv);
	return true;
}

static void
on_closed(struct channel *ch, const char *why)
{
	if (why != NULL)
		fatal("postern-report broke the rules: %s", why);
	if (ch == stand.control)
		event_base_loopbreak(stand.base);
}

static const struct channel_rule control_rules[] = {
	{ &msg_ready, on_ready, CONV_NONE, 0 },
};

static const struct channel_rule queue_rules[] = {
	{ &msg_order, on_order, CONV_NEW, CONV_A },
};

static const struct channel_def control_def = {
	.rules = control_rules,
	.nrules = nitems(control_rules),
	.closed = on_closed,
};

static const struct channel_def queue_def = {
	.rules = queue_rules,
	.nrules = nitems(queue_rules),
	.closed = on_closed,
};

static int
listen_at(const char *path, int type)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path))
		fatal("path too long");
	if (fd == -1 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    listen(fd, 128) == -1)
		fatal("%s: %m", path);
	return fd;
}

static void
pair(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, ends) == -1)
		fatal("socketpair: %m");
}

static void
start(const char *program, int control)
{
	stand.child = fork();
	if (stand.child == -1)
		fatal("fork: %m");
	if (stand.child > 0) {
		close(control);
		return;
	}
	if (dup2(control, 3) == -1)
		fatal("dup2: %m");
	execl(program, program, (char *)NULL);
	fatal("%s: %m", program);
}

static void
boot(const char *folder, int listener)
{
	struct msg_boot b = { .kind = PEER_REPORT, .confine = 1, .stamp = 1 };
	struct msg_listener l = { .local = 1 };
	struct msg_peer p = { .kind = PEER_QUEUE };
	int queue[2];

	pair(queue);
	b.uid = b.gid = 65534; /* when root */
	strlcpy(b.root, folder, sizeof(b.root));
	stand.queue = channel_new(stand.base, queue[0], &queue_def, NULL);
	channel_send(stand.control, NULL, &msg_boot, &b, -1);
	channel_send(stand.control, NULL, &msg_listener, &l, listener);
	channel_send(stand.control, NULL, &msg_peer, &p, queue[1]);
	channel_send(stand.control, NULL, &msg_boot_end, NULL, -1);
}

static void
on_stdin(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

int
main(int argc, char *argv[])
{
	int control[2], listener;

	if (argc < 4 || argc > 5) {
		fputs("usage: report PROGRAM FOLDER SOCKET [stream]\n", stderr);
		return EX_USAGE;
	}
	listener = listen_at(argv[3], argc == 5 ? SOCK_STREAM : SOCK_SEQPACKET);
	pair(control);
	start(argv[1], control[1]);
	stand.base = event_base_new();
	stand.control = channel_new(stand.base, control[0], &control_def, NULL);
	boot(argv[2], listener);
	event_add(
	    event_new(stand.base, STDIN_FILENO, EV_READ, on_stdin, stand.base),
	    NULL);
	while (!event_base_got_break(stand.base)) {
		channels_flush();
		event_base_loop(stand.base, EVLOOP_ONCE);
	}
	channel_free(stand.control);
	waitpid(stand.child, NULL, 0);
	return EX_OK;
}
