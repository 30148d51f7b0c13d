/* SPDX-License-Identifier: ISC */
/* tests/lib/tool_hostile.c - a child of posternd that breaks the rules.
 *
 * It stands in a folder of programs under the name of one of them, boots and
 * confines itself as that one does, says that it is ready, and then does to
 * each of its peers what the file "trick" beside it names:
 *
 *	noise        bytes that are no frame
 *	version      a frame of another version
 *	long         a frame that claims more bytes than any may have
 *	unknown      a type that nobody knows
 *	foreign      a type that this peer may not send
 *	stray        a conversation that nobody opened
 *	short        a type with fewer bytes than its fields need
 *	descriptor   a descriptor that no frame claims, and more of them
 *	master       noise, to posternd
 *
 * As a worker of postern-smtpd it can also commit a message under a number
 * that queue gave it, with a body and all that is right, to queue alone:
 *
 *	claim        and say that "ann" has logged in
 *	honest       and say nothing more: queue takes it
 *
 * As a worker of postern-deliver, as postern-resolve and as a worker of
 * postern-smtpd it can be good to all but one:
 *
 *	script       and write to queue, smtpd, resolve what follows in that
 *	             file (script.h)
 */
#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/ipc/msg_intake.h"
#include "common/run/process.h"
#include "tests/lib/script.h"

#include <sys/auxv.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

enum { CONTROL_FD = 3, HEADER = 16, FDS = 200, NAME = 32, PEERS_MAX = 6 };

struct frame {
	uint8_t version, flags;
	uint16_t type;
	uint32_t length;
	uint64_t conv;
};

_Static_assert(sizeof(struct frame) == HEADER, "as channel.h says");

static const struct {
	const char *name;
	struct frame frame;
} frames[] = {
	{ "version", { 9, 0, 12, 0, 0 } },
	{ "long", { 1, 0, 12, 1U << 30, 0 } },
	{ "unknown", { 1, 0, 60000, 0, 0 } },
	{ "foreign", { 1, 0, 12, 0, 0 } },
	{ "stray", { 1, 2, 67, 0, 4711 } },
	{ "short", { 1, 2, 35, 3, 1 } },
};

static char trick[NAME];
static enum peer_kind self; /* whose place it has */

/* The one call that every program is granted. */
static void
push(int fd, char *bytes, size_t len)
{
	struct iovec iov = { bytes, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	(void)sendmsg(fd, &msg, MSG_NOSIGNAL);
}

static void
send_noise(int fd)
{
	char noise[4096];

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)(i * 7 + 3);
	push(fd, noise, sizeof(noise));
}

static void
send_descriptors(int fd)
{
	union {
		char space[CMSG_SPACE(FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	char byte = 1;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int fds[FDS];

	for (size_t i = 0; i < FDS; i++)
		fds[i] = fd;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(c), fds, sizeof(fds));
	for (int i = 0; i < 2; i++)
		(void)sendmsg(fd, &msg, MSG_NOSIGNAL);
}

static void
send_frame(int fd)
{
	char bytes[HEADER + 3] = { 0 };

	for (size_t i = 0; i < nitems(frames); i++) {
		size_t more = frames[i].frame.length == 3 ? 3 : 0;

		if (strcmp(frames[i].name, trick) != 0)
			continue;
		memcpy(bytes, &frames[i].frame, HEADER);
		push(fd, bytes, HEADER + more);
	}
}

static bool
is_commit(void)
{
	return strcmp(trick, "claim") == 0 || strcmp(trick, "honest") == 0;
}

static bool
is_script(void)
{
	return strcmp(trick, "script") == 0;
}

static const struct script_part *
part_with(enum peer_kind peer)
{
	return is_script() ? script_part(self, peer) : NULL;
}

static void
ask_stock(struct channel *ch)
{
	const struct msg_stock_want want = { .count = 1 };

	channel_send(ch, NULL, &msg_stock_want, &want, -1);
}

/* The first number that queue gives is used, for a message like any other. */
static bool
on_stock(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	static const char body[] = "Subject: hello\r\n\r\nbody\r\n";
	static bool done;
	const struct msg_stock *stock = msg;
	struct msg_commit m = { .instance = stock->instance,
		.id = stock->id,
		.nrcpts = 1,
		.sender = "a@c.example",
		.helo = "c.example" };
	const struct msg_commit_rcpt rcpt = { .address = "b@d.example" };

	(void)conv;
	if (!done) {
		done = true;
		if (write(fd, body, sizeof(body) - 1) == -1)
			fatal("the body: %m");
		if (strcmp(trick, "claim") == 0)
			view_copy(view_of("ann"), m.login, sizeof(m.login));
		conv = channel_open(ch, &msg_commit, &m, -1, CONV_A, NULL);
		channel_send(ch, conv, &msg_commit_rcpt, &rcpt, -1);
	}
	close(fd);
	return true;
}

static void
attack(struct peer *p)
{
	int fd = channel_fd(p->channel);

	if (is_commit() && p->kind == PEER_QUEUE) {
		ask_stock(p->channel);
		return;
	}
	if (part_with(p->kind) != NULL) {
		script_attached(p->channel);
		return;
	}
	channel_pause(p->channel, true); /* it accuses nobody itself */
	if (is_commit() || is_script())
		return;
	if (strcmp(trick, "noise") == 0)
		send_noise(fd);
	else if (strcmp(trick, "descriptor") == 0)
		send_descriptors(fd);
	else if (strcmp(trick, "master") == 0)
		send_noise(CONTROL_FD);
	else
		send_frame(fd);
}

static bool
ignore(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)ch;
	(void)conv;
	(void)msg;
	if (fd != -1)
		close(fd);
	return true;
}

static bool
take_secret(const struct msg_secret *m, int fd)
{
	(void)m;
	close(fd);
	return true;
}

static bool
take_file(const struct msg_file *m, int fd)
{
	(void)m;
	close(fd);
	return true;
}

static void
no_secrets(void)
{
}

/* Each program, and with whom it is wired (master/children.c). */
static const struct role {
	const char *name;
	enum peer_kind kind;
	enum peer_kind peers[PEERS_MAX]; /* 0 behind the last */
} roles[] = {
	{ "postern-smtpd", PEER_SMTPD,
	    { PEER_QUEUE, PEER_TLS, PEER_AUTH, PEER_LOOKUP, PEER_RESOLVE } },
	{ "postern-queue", PEER_QUEUE,
	    { PEER_SMTPD, PEER_DELIVER, PEER_REPORT, PEER_HISTORY,
		PEER_LOOKUP } },
	{ "postern-deliver", PEER_DELIVER,
	    { PEER_QUEUE, PEER_RESOLVE, PEER_TLS } },
	{ "postern-resolve", PEER_RESOLVE, { PEER_DELIVER, PEER_SMTPD } },
	{ "postern-report", PEER_REPORT, { PEER_QUEUE, PEER_READER } },
	{ "postern-history", PEER_HISTORY, { PEER_QUEUE } },
	{ "postern-tls", PEER_TLS, { PEER_SMTPD, PEER_DELIVER } },
	{ "postern-reader", PEER_READER, { PEER_REPORT } },
	{ "postern-auth", PEER_AUTH, { PEER_SMTPD } },
	{ "postern-lookup", PEER_LOOKUP, { PEER_SMTPD, PEER_QUEUE } },
};

static const struct role *
role_of(const char *name)
{
	for (size_t i = 0; i < nitems(roles); i++)
		if (strcmp(name, roles[i].name) == 0)
			return &roles[i];
	fatal_code(EX_USAGE, "no program is called %s", name);
}

/* The name by which it was executed, with folder. */
static void
read_trick(void)
{
	const char *name = (const char *)(uintptr_t)getauxval(AT_EXECFN);
	char path[1024];
	const char *slash = strrchr(name, '/');
	FILE *f;

	if (slash == NULL)
		fatal_code(EX_USAGE, "to be started by posternd");
	snprintf(path, sizeof(path), "%.*s/trick", (int)(slash - name), name);
	f = fopen(path, "re");
	if (f == NULL || fgets(trick, sizeof(trick), f) == NULL)
		fatal_code(EX_USAGE, "%s: %m", path);
	trick[strcspn(trick, "\n")] = '\0';
	if (is_script())
		script_read(f);
	fclose(f);
}

/* What it hears of each of its peers. */
static void
rules_set(struct peer_def *p)
{
	static const struct channel_rule nothing[] = {
		{ &msg_log, ignore, CONV_NONE, 0 },
	};
	static const struct channel_rule from_queue[] = {
		{ &msg_stock, on_stock, CONV_NONE, 0 },
		{ &msg_intake_state, ignore, CONV_NONE, 0 },
		{ &msg_committed, ignore, CONV_A, CONV_END },
	};
	const struct script_part *part = part_with(p->kind);

	p->attached = attack;
	if (p->kind == PEER_QUEUE && is_commit()) {
		p->rules = from_queue;
		p->nrules = nitems(from_queue);
	} else if (part != NULL) {
		p->rules = part->rules;
		p->nrules = part->nrules;
	} else {
		p->rules = nothing;
		p->nrules = nitems(nothing);
	}
}

int
main(int argc, char *argv[])
{
	const struct role *role = role_of(argv[0]);
	struct peer_def peers[PEERS_MAX] = { 0 };
	struct process hostile = { .name = role->name,
		.kind = role->kind,
		.rights = RIGHT_CHANNEL,
		.peers = peers,
		.secret = take_secret,
		.secrets_end = no_secrets,
		.file = take_file };

	self = role->kind;
	read_trick();
	for (size_t i = 0; i < PEERS_MAX && role->peers[i] != 0; i++) {
		peers[i].kind = role->peers[i];
		rules_set(&peers[i]);
		hostile.npeers++;
	}
	return process_main(&hostile, argc, argv);
}
