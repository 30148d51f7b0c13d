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
 */
#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/run/process.h"

#include <sys/auxv.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

enum { CONTROL_FD = 3, HEADER = 16, FDS = 200, NAME = 32 };

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

static void
attack(struct peer *p)
{
	int fd = channel_fd(p->channel);

	channel_pause(p->channel, true); /* it accuses nobody itself */
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

static enum peer_kind
kind_of(const char *name)
{
	static const struct {
		const char *name;
		enum peer_kind kind;
	} kinds[] = {
		{ "postern-smtpd", PEER_SMTPD },
		{ "postern-queue", PEER_QUEUE },
		{ "postern-deliver", PEER_DELIVER },
		{ "postern-resolve", PEER_RESOLVE },
		{ "postern-report", PEER_REPORT },
		{ "postern-history", PEER_HISTORY },
		{ "postern-tls", PEER_TLS },
		{ "postern-reader", PEER_READER },
		{ "postern-auth", PEER_AUTH },
	};

	for (size_t i = 0; i < nitems(kinds); i++)
		if (strcmp(name, kinds[i].name) == 0)
			return kinds[i].kind;
	fatal_code(EX_USAGE, "no program is called %s", name);
}

/* The name by which it was executed, with folder. */
static void
read_trick(void)
{
	const char *self = (const char *)(uintptr_t)getauxval(AT_EXECFN);
	char path[1024];
	const char *slash = strrchr(self, '/');
	FILE *f;

	if (slash == NULL)
		fatal_code(EX_USAGE, "to be started by posternd");
	snprintf(path, sizeof(path), "%.*s/trick", (int)(slash - self), self);
	f = fopen(path, "re");
	if (f == NULL || fgets(trick, sizeof(trick), f) == NULL)
		fatal_code(EX_USAGE, "%s: %m", path);
	fclose(f);
	trick[strcspn(trick, "\n")] = '\0';
}

int
main(int argc, char *argv[])
{
	static const struct channel_rule nothing[] = {
		{ &msg_log, ignore, CONV_NONE, 0 },
	};
	struct peer_def peers[] = {
		{ .kind = PEER_SMTPD },
		{ .kind = PEER_QUEUE },
		{ .kind = PEER_DELIVER },
		{ .kind = PEER_REPORT },
		{ .kind = PEER_RESOLVE },
		{ .kind = PEER_TLS },
	};
	struct process hostile = { .rights = RIGHT_CHANNEL,
		.peers = peers,
		.secret = take_secret,
		.secrets_end = no_secrets,
		.file = take_file };

	for (size_t i = 0; i < nitems(peers); i++) {
		peers[i].rules = nothing;
		peers[i].nrules = nitems(nothing);
		peers[i].attached = attack;
	}
	read_trick();
	hostile.name = argv[0];
	hostile.kind = kind_of(argv[0]);
	/* at most four kinds of peers; no program is wired with resolve and
	 * report, or with itself */
	if (hostile.kind == PEER_REPORT)
		peers[0].kind = PEER_READER;
	if (hostile.kind == PEER_QUEUE)
		peers[1].kind = PEER_HISTORY;
	if (hostile.kind == PEER_DELIVER)
		peers[3] = peers[4];
	if (hostile.kind == PEER_SMTPD) {
		peers[3] = peers[5];
		peers[0].kind = PEER_AUTH;
	}
	hostile.npeers = 4;
	return process_main(&hostile, argc, argv);
}
