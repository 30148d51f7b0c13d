/* SPDX-License-Identifier: ISC */
/* common/ipc/channel.c - frames between two of our processes.
 *
 * Must never block, never trust a byte of the peer, and never call a handler
 * of a channel that has ended.
 */
#include "common/ipc/channel.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/ipc/conv.h"
#include "common/ipc/packet.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
	FRAME_VERSION = 1,
	FRAME_FD = 1 << 0,   /* flags: a descriptor comes with it */
	FRAME_OURS = 1 << 1, /* the sender opened the conversation */
	FRAME_HEADER = 16,
	READS_PER_TURN = 8, /* packets, so that no peer starves the others */
	READ_AGAIN = 8192   /* a packet as large as this has company */
};

struct channel {
	int fd;
	const struct channel_def *def;
	void *owner;
	struct event *readable, *writable;
	struct packet_in in;
	struct packet_out out;
	bool takes_fds; /* some rule's message brings a descriptor */
	struct conv_table convs;
	bool was_full;
	const struct ipc_type *message; /* being handled */
	struct conv *current;           /* of that message */
	bool busy;                      /* in a handler: free later */
	bool ended; /* closed() has been called or channel_free() */
	bool dirty; /* in the list of those to flush */
	struct channel *next_dirty;
};

struct frame {
	uint16_t type;
	bool has_fd, opened_by_sender;
	uint64_t conv;
	struct view payload;
};

static struct channel *dirty_list;

static void on_readable(evutil_socket_t, short, void *);
static void on_writable(evutil_socket_t, short, void *);

struct channel *
channel_new(
    struct event_base *base, int fd, const struct channel_def *def, void *owner)
{
	struct channel *ch = mem_zero(1, sizeof(*ch));
	int flags = fcntl(fd, F_GETFL);

	if ((flags & O_NONBLOCK) == 0)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	ch->fd = fd;
	ch->def = def;
	ch->owner = owner;
	for (size_t i = 0; i < def->nrules; i++)
		ch->takes_fds = ch->takes_fds || def->rules[i].type->fd;
	packet_in_init(&ch->in);
	packet_out_init(&ch->out);
	ch->readable =
	    event_new(base, fd, EV_READ | EV_PERSIST, on_readable, ch);
	ch->writable = event_new(base, fd, EV_WRITE, on_writable, ch);
	if (ch->readable == NULL || ch->writable == NULL ||
	    event_add(ch->readable, NULL) == -1)
		fatal("no event for a channel");
	return ch;
}

void *
channel_owner(const struct channel *ch)
{
	return ch->owner;
}

int
channel_fd(const struct channel *ch)
{
	return ch->fd;
}

const struct ipc_type *
channel_message(const struct channel *ch)
{
	return ch->message;
}

static void
undirty(struct channel *ch)
{
	struct channel **p = &dirty_list;

	while (*p != NULL && *p != ch)
		p = &(*p)->next_dirty;
	if (*p == ch)
		*p = ch->next_dirty;
	ch->dirty = false;
}

static void
release(struct channel *ch)
{
	struct conv *c;

	while ((c = conv_any(&ch->convs)) != NULL) {
		conv_remove(&ch->convs, c);
		mem_free(c);
	}
	undirty(ch);
	event_free(ch->readable);
	event_free(ch->writable);
	packet_in_free(&ch->in);
	packet_out_free(&ch->out);
	close(ch->fd);
	mem_free(ch);
}

void
channel_free(struct channel *ch)
{
	ch->ended = true;
	if (ch->busy) {
		event_del(ch->readable);
		event_del(ch->writable);
	} else {
		release(ch);
	}
}

/* The end by the peer's doing: tells the owner, then frees (or lets the
 * handler's caller free). */
static void
end(struct channel *ch, const char *why)
{
	bool was_busy = ch->busy;
	struct conv *c;

	if (ch->ended)
		return;
	ch->ended = true;
	ch->busy = true;
	while ((c = conv_any(&ch->convs)) != NULL) {
		if (ch->def->conv_lost != NULL && !c->ended)
			ch->def->conv_lost(ch, c);
		conv_remove(&ch->convs, c);
		mem_free(c);
	}
	ch->def->closed(ch, why);
	ch->busy = was_busy;
	if (!was_busy) {
		release(ch);
		return;
	}
	event_del(ch->readable);
	event_del(ch->writable);
}

bool
channel_may_open(const struct channel *ch, const struct ipc_type *type)
{
	return !ch->ended && conv_count(&ch->convs, true, type) < type->credit;
}

static void
put(struct view v, size_t at, char *header)
{
	memcpy(header + at, v.data, v.len);
}

static void
header_make(char *header, const struct ipc_type *type, uint8_t flags,
    uint32_t len, uint64_t id)
{
	header[0] = FRAME_VERSION;
	header[1] = (char)flags;
	put(view_make((const char *)&type->number, 2), 2, header);
	put(view_make((const char *)&len, 4), 4, header);
	put(view_make((const char *)&id, 8), 8, header);
}

void
channel_send(struct channel *ch, struct conv *conv, const struct ipc_type *type,
    const void *msg, int fd)
{
	static struct buf payload; /* its memory is kept */
	char header[FRAME_HEADER];
	uint8_t flags = 0;

	if (type->fd != (fd != -1))
		panic("message %s: descriptor %d", type->name, fd);
	if (ch->ended) {
		if (fd != -1)
			close(fd);
		return;
	}
	payload.max = IPC_PAYLOAD_MAX + sizeof(uint64_t);
	buf_clear(&payload);
	ipc_encode(type, msg, &payload);
	if (!buf_ok(&payload) || payload.len > IPC_PAYLOAD_MAX)
		panic("message %s is too long", type->name);
	if (fd != -1)
		flags |= FRAME_FD;
	if (conv != NULL && conv->ours)
		flags |= FRAME_OURS;
	header_make(header, type, flags, (uint32_t)payload.len,
	    conv == NULL ? 0 : conv->id);
	packet_out_add(&ch->out, view_make(header, sizeof(header)),
	    buf_view(&payload), fd);
	if (!ch->dirty) {
		ch->dirty = true;
		ch->next_dirty = dirty_list;
		dirty_list = ch;
	}
}

struct conv *
channel_open(struct channel *ch, const struct ipc_type *type, const void *msg,
    int fd, unsigned int phase, void *object)
{
	struct conv *c = conv_add(&ch->convs, true, 0, type);

	if (c == NULL)
		panic("no credit to open %s", type->name);
	c->phase = phase;
	c->object = object;
	channel_send(ch, c, type, msg, fd);
	return c;
}

void
conv_end(struct channel *ch, struct conv *c)
{
	if (c->ended)
		return;
	c->ended = true;
	if (c != ch->current) {
		conv_remove(&ch->convs, c);
		mem_free(c);
	}
}

bool
channel_full(const struct channel *ch)
{
	return packet_out_bytes(&ch->out) >= CHANNEL_FULL;
}

size_t
channel_unsent(const struct channel *ch)
{
	return packet_out_bytes(&ch->out);
}

void
channel_pause(struct channel *ch, bool pause)
{
	if (ch->ended)
		return;
	if (pause)
		event_del(ch->readable);
	else
		event_add(ch->readable, NULL);
}

static bool
frame_take(struct view *in, struct frame *f)
{
	uint32_t len;

	if (in->len < FRAME_HEADER)
		return false;
	memcpy(&f->type, in->data + 2, 2);
	memcpy(&len, in->data + 4, 4);
	memcpy(&f->conv, in->data + 8, 8);
	f->has_fd = (in->data[1] & FRAME_FD) != 0;
	f->opened_by_sender = (in->data[1] & FRAME_OURS) != 0;
	if (len > in->len - FRAME_HEADER)
		return false;
	f->payload = view_make(in->data + FRAME_HEADER, len);
	*in = view_skip(*in, FRAME_HEADER + len);
	return true;
}

/* A frame that cannot become right however much follows. */
static bool
frame_hopeless(struct view in)
{
	uint32_t len;

	if (in.len > 0 && in.data[0] != FRAME_VERSION)
		return true;
	if (in.len < FRAME_HEADER)
		return false;
	memcpy(&len, in.data + 4, 4);
	return len > IPC_PAYLOAD_MAX;
}

static const struct channel_rule *
rule_find(const struct channel *ch, uint16_t number)
{
	for (size_t i = 0; i < ch->def->nrules; i++)
		if (ch->def->rules[i].type->number == number)
			return &ch->def->rules[i];
	return NULL;
}

/* Finds or opens the frame's conversation; says what is wrong, or NULL. */
static const char *
conversation(struct channel *ch, const struct channel_rule *r,
    const struct frame *f, struct conv **conv)
{
	*conv = NULL;
	if (f->conv == 0)
		return (r->in & CONV_NONE) != 0 ? NULL : "message out of place";
	if ((r->in & CONV_NEW) != 0) {
		if (f->opened_by_sender)
			*conv = conv_add(&ch->convs, false, f->conv, r->type);
		return *conv != NULL ? NULL : "conversation refused";
	}
	*conv = conv_find(&ch->convs, !f->opened_by_sender, f->conv);
	if (*conv == NULL)
		return "unknown conversation";
	return ((*conv)->phase & r->in) != 0 ? NULL : "message out of phase";
}

static const char *
dispatch(struct channel *ch, const struct frame *f, int fd)
{
	static _Alignas(16) char msg[IPC_STRUCT_MAX];
	const struct channel_rule *r = rule_find(ch, f->type);
	struct conv *conv = NULL;
	const char *wrong;
	bool fine;

	if (r == NULL)
		wrong = "unknown message";
	else if (r->type->fd != f->has_fd || f->has_fd != (fd != -1))
		wrong = "descriptor missing or too many";
	else if (!ipc_decode(r->type, f->payload, msg))
		wrong = "malformed message";
	else
		wrong = conversation(ch, r, f, &conv);
	if (wrong != NULL) {
		if (fd != -1)
			close(fd);
		return wrong;
	}
	ch->busy = true;
	ch->current = conv;
	ch->message = r->type;
	fine = r->handle(ch, conv, msg, fd);
	ch->current = NULL;
	ch->busy = false;
	if (ch->ended)
		return NULL; /* its conversations are gone */
	if (!fine)
		return "message against the rules";
	if (conv != NULL && !conv->ended && r->then != 0) {
		conv->phase = r->then;
		conv->ended = r->then == CONV_END;
	}
	if (conv != NULL && conv->ended) {
		conv_remove(&ch->convs, conv);
		mem_free(conv);
	}
	return NULL;
}

/* Handles every whole frame that is there.  False: the channel is gone. */
static bool
work_off(struct channel *ch)
{
	struct view in = packet_in_view(&ch->in);
	size_t before = in.len;
	const char *wrong = NULL;
	struct frame f;
	int fd;

	while (wrong == NULL && !ch->ended && !frame_hopeless(in) &&
	       frame_take(&in, &f)) {
		fd = f.has_fd ? packet_in_fd(&ch->in) : -1;
		wrong = dispatch(ch, &f, fd);
	}
	if (ch->ended) {
		release(ch);
		return false;
	}
	if (wrong == NULL && frame_hopeless(in))
		wrong = "malformed frame";
	if (wrong != NULL) {
		end(ch, wrong);
		return false;
	}
	packet_in_drop(&ch->in, before - in.len);
	return true;
}

/* One packet in.  False: nothing more for now, or the channel is gone. */
static bool
read_packet(struct channel *ch)
{
	switch (packet_in_read(&ch->in, ch->fd)) {
	case PACKET_GOT:
		/* not kept waiting for a frame that can never claim it */
		if (!ch->takes_fds && ch->in.nfds > 0) {
			end(ch, "descriptor that nobody wants");
			return false;
		}
		return work_off(ch);
	case PACKET_LATER:
		return false;
	case PACKET_BROKEN:
		end(ch, "too many descriptors or bytes");
		return false;
	case PACKET_EOF:
		end(ch, NULL);
		return false;
	}
	return false;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct channel *ch = arg;

	(void)fd;
	(void)what;
	for (int i = 0; i < READS_PER_TURN; i++)
		if (!read_packet(ch))
			return;
}

bool
channel_wait(struct channel *ch)
{
	struct pollfd p = { .fd = ch->fd, .events = POLLIN };

	channels_flush();
	while (poll(&p, 1, -1) == -1)
		if (errno != EINTR)
			fatal("poll: %m");
	switch (packet_in_read(&ch->in, ch->fd)) {
	case PACKET_GOT:
		return work_off(ch);
	case PACKET_LATER:
		return true;
	case PACKET_BROKEN:
	case PACKET_EOF:
		break;
	}
	return false;
}

static void
flush(struct channel *ch)
{
	switch (packet_out_write(&ch->out, ch->fd)) {
	case PACKET_GOT:
		if (ch->was_full && ch->def->drained != NULL) {
			ch->was_full = false;
			ch->def->drained(ch);
		}
		break;
	case PACKET_LATER:
		if (packet_out_bytes(&ch->out) > CHANNEL_UNREAD) {
			end(ch, "leaves too much unread");
			return;
		}
		ch->was_full = ch->was_full || channel_full(ch);
		event_add(ch->writable, NULL);
		break;
	case PACKET_BROKEN:
	case PACKET_EOF:
		/* what the peer said before it went is still to be read */
		packet_out_free(&ch->out);
		break;
	}
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	flush(arg);
}

void
channels_flush(void)
{
	struct channel *ch;

	while ((ch = dirty_list) != NULL) {
		dirty_list = ch->next_dirty;
		ch->dirty = false;
		if (!ch->ended)
			flush(ch);
	}
}
