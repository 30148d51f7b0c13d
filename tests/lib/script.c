/* SPDX-License-Identifier: ISC */
/* tests/lib/script.c - frames that a hostile process writes. */
#include "tests/lib/script.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/ipc/conv.h"
#include "common/ipc/msg_explain.h"
#include "common/ipc/msg_job.h"
#include "common/ipc/msg_resolve.h"

#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	STEPS = 64,
	PAYLOAD = 16384,
	LINE = 2 * PAYLOAD + 128,
	HEADER = 16,
	EACH_ITS_OWN = 256 /* in flags: a conversation for each frame */
};

struct step {
	char on[8];
	unsigned int count, flags, type;
	uint64_t shift;
	uint32_t len;
	char payload[PAYLOAD];
};

static struct step steps[STEPS];
static size_t nsteps;

static uint32_t
from_hex(const char *hex, char *out)
{
	unsigned int byte;
	uint32_t len = 0;

	while (
	    len < PAYLOAD && sscanf(hex + 2 * (size_t)len, "%2x", &byte) == 1)
		out[len++] = (char)byte;
	return len;
}

void
script_read(FILE *f)
{
	static char line[LINE], hex[LINE];

	while (nsteps < STEPS && fgets(line, sizeof(line), f) != NULL) {
		struct step *s = &steps[nsteps++];

		if (sscanf(line, "%7s %u %" SCNu64 " %u %u %s", s->on,
			&s->count, &s->shift, &s->flags, &s->type, hex) != 6)
			fatal_code(EX_USAGE, "not a step: %s", line);
		s->len = from_hex(hex, s->payload);
	}
}

static void
push(int fd, const struct step *s, uint64_t conv)
{
	char header[HEADER] = { 1, (char)s->flags };
	uint16_t type = (uint16_t)s->type;
	struct iovec iov[2] = { { header, sizeof(header) },
		{ (void *)(uintptr_t)s->payload, s->len } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	conv += s->shift;
	memcpy(header + 2, &type, sizeof(type));
	memcpy(header + 4, &s->len, sizeof(s->len));
	for (unsigned int i = 0; i < s->count; i++) {
		memcpy(header + 8, &conv, sizeof(conv));
		(void)sendmsg(fd, &msg, MSG_NOSIGNAL);
		conv += (s->flags & EACH_ITS_OWN) != 0;
	}
}

static void
play(struct channel *ch, const struct conv *conv, const char *on)
{
	for (size_t i = 0; i < nsteps; i++) {
		if (strcmp(steps[i].on, on) != 0)
			continue;
		if (steps[i].type == 0)
			_exit(EX_SOFTWARE);
		push(channel_fd(ch), &steps[i], conv == NULL ? 0 : conv->id);
	}
}

void
script_attached(struct channel *ch)
{
	play(ch, NULL, "attach");
}

/* It holds nothing, so that queue gives it work. */
static bool
on_held_ask(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)msg;
	(void)fd;
	channel_send(ch, conv, &msg_held_end, NULL, -1);
	play(ch, conv, "start");
	return true;
}

static bool
on_job(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)msg;
	(void)fd; /* open to its end: who looks can see what it was given */
	play(ch, conv, "job");
	return true;
}

static bool
on_job_rcpt(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)ch;
	(void)conv;
	(void)msg;
	(void)fd;
	return true;
}

static bool
on_probe(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)msg;
	(void)fd;
	play(ch, conv, "probe");
	return true;
}

static bool
on_name_of(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)msg;
	(void)fd;
	play(ch, conv, "name");
	return true;
}

static bool
on_name_is(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)ch;
	(void)conv;
	(void)msg;
	(void)fd;
	return true;
}

static const struct channel_rule from_queue[] = {
	{ &msg_held_ask, on_held_ask, CONV_NEW, CONV_END },
	{ &msg_job, on_job, CONV_NEW, CONV_A },
	{ &msg_job_rcpt, on_job_rcpt, CONV_A, 0 },
	{ &msg_probe, on_probe, CONV_NEW, CONV_B },
};

static const struct channel_rule from_smtpd[] = {
	{ &msg_name_of, on_name_of, CONV_NEW, CONV_A },
};

static const struct channel_rule from_resolve[] = {
	{ &msg_name_is, on_name_is, CONV_A, CONV_END },
};

static const struct script_part parts[] = {
	{ PEER_DELIVER, PEER_QUEUE, from_queue, nitems(from_queue) },
	{ PEER_RESOLVE, PEER_SMTPD, from_smtpd, nitems(from_smtpd) },
	{ PEER_SMTPD, PEER_RESOLVE, from_resolve, nitems(from_resolve) },
};

const struct script_part *
script_part(enum peer_kind self, enum peer_kind peer)
{
	for (size_t i = 0; i < nitems(parts); i++)
		if (parts[i].self == self && parts[i].peer == peer)
			return &parts[i];
	return NULL;
}
