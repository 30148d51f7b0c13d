/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_frames.c - what a hostile process writes (common/ipc).
 *
 * The input is what comes out of a socket, cut into pieces by its first byte,
 * at a channel that knows every message that any of our processes reads.
 * Each one that is handled stands in the input as it would be written, in
 * order, and nothing of it is past its field; the channel lives on only while
 * what is left could still become a frame.
 */
#include "tests/fuzz/fuzz.h"

#include "common/base/fatal.h"
#include "common/ipc/channel.h"
#include "tests/lib/message_types.h"

#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER = 16, TYPES_MAX = 256, OPEN = CONV_A };

static struct {
	struct event_base *base;
	struct channel_rule rules[TYPES_MAX];
	struct channel_def def;
	struct view left; /* of the input, behind the last message */
	bool closed;
} t;

static uint32_t
payload_length(struct view v)
{
	uint32_t len;

	memcpy(&len, v.data + 4, sizeof(len));
	return len;
}

static void
check_texts(const struct ipc_type *type, const char *msg)
{
	for (size_t i = 0; i < type->nfields; i++) {
		const struct ipc_field *f = &type->fields[i];

		must(f->kind != IPC_TEXT ||
			 memchr(msg + f->offset, '\0', f->max + 1) != NULL,
		    "text ends within its field");
	}
}

static bool
on_message(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct ipc_type *type = channel_message(ch);
	struct buf again;
	uint32_t len;

	must(fd == -1, "no descriptor came");
	must(t.left.len >= HEADER, "a message has a header");
	len = payload_length(t.left);
	must(len <= t.left.len - HEADER, "and all of its bytes");
	must(conv == NULL || conv->phase == OPEN || conv->opener == type,
	    "its conversation is open");
	check_texts(type, msg);
	buf_init(&again, IPC_PAYLOAD_MAX + 8);
	ipc_encode(type, msg, &again);
	must(view_eq(buf_view(&again),
		 view_make(t.left.data + HEADER, (size_t)len)),
	    "it is written as it was read");
	buf_clear(&again);
	ipc_print(type, msg, &again);
	buf_free(&again);
	t.left = view_skip(t.left, HEADER + len);
	return true;
}

static void
on_closed(struct channel *ch, const char *why)
{
	(void)ch;
	must(why != NULL, "it says what was wrong");
	t.closed = true;
}

static void
begin(void)
{
	size_t n = 0;

	t.base = event_base_new();
	if (t.base == NULL)
		fatal("no event base");
	for (; message_types[n] != NULL; n++) {
		const struct ipc_type *type = message_types[n];
		bool opens = type->credit > 0;

		if (n == TYPES_MAX)
			fatal("more than %d messages", TYPES_MAX);
		t.rules[n].type = type;
		t.rules[n].handle = on_message;
		t.rules[n].in = opens ? CONV_NEW : CONV_NONE | OPEN;
		t.rules[n].then = opens ? OPEN : 0;
	}
	t.def = (struct channel_def){
		.rules = t.rules, .nrules = n, .closed = on_closed
	};
}

/* All of it is written and read, or the channel has had enough. */
static void
play(int fd, struct view in, uint32_t seed)
{
	while (in.len > 0 && !t.closed) {
		size_t n = seed == 0 ? in.len : fuzz_piece(&seed, in.len);
		ssize_t sent;

		if (n > 4096)
			n = 4096;
		sent = send(fd, in.data, n, MSG_NOSIGNAL);
		must(sent > 0, "there is room");
		in = view_skip(in, (size_t)sent);
		event_base_loop(t.base, EVLOOP_NONBLOCK);
		channels_flush();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view in = fuzz_view(data, len);
	uint32_t seed = fuzz_byte(&in);
	struct channel *ch;
	int fds[2];

	if (t.base == NULL)
		begin();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		fatal("socketpair: %m");
	t.left = in;
	t.closed = false;
	ch = channel_new(t.base, fds[0], &t.def, NULL);
	play(fds[1], in, seed);
	must(t.closed || t.left.len < HEADER ||
		 payload_length(t.left) > t.left.len - HEADER,
	    "every whole frame was handled");
	if (!t.closed)
		channel_free(ch);
	close(fds[1]);
	return 0;
}
