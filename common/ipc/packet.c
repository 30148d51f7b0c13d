/* SPDX-License-Identifier: ISC */
/* common/ipc/packet.c - many frames to a system call, descriptors beside. */
#include "common/ipc/packet.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whole unparsed input: one incomplete frame and one more packet. */
enum { PACKET_IN_MAX = 2 * PACKET_BYTES + 1024 };

union control {
	struct cmsghdr align;
	char space[CMSG_SPACE(sizeof(int) * PACKET_FDS)];
};

void
packet_in_init(struct packet_in *in)
{
	memset(in, 0, sizeof(*in));
	buf_init(&in->bytes, PACKET_IN_MAX);
}

void
packet_in_free(struct packet_in *in)
{
	for (size_t i = 0; i < in->nfds; i++)
		close(in->fds[i]);
	in->nfds = 0;
	buf_free(&in->bytes);
}

/* False when the peer sent more descriptors than frames can claim. */
static bool
take_fds(struct packet_in *in, struct msghdr *msg)
{
	struct cmsghdr *c;
	bool fine = true;
	int fd;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			memcpy(
			    &fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (in->nfds < PACKET_FDS_WAITING) {
				in->fds[in->nfds++] = fd;
			} else {
				close(fd);
				fine = false;
			}
		}
	}
	return fine && (msg->msg_flags & (MSG_CTRUNC | MSG_TRUNC)) == 0;
}

enum packet_result
packet_in_read(struct packet_in *in, int fd)
{
	union control control;
	struct msghdr msg = { 0 };
	struct iovec iov;
	ssize_t n;

	iov.iov_len = PACKET_BYTES;
	iov.iov_base = buf_room(&in->bytes, iov.iov_len);
	if (iov.iov_base == NULL)
		return PACKET_BROKEN;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control.space;
	msg.msg_controllen = sizeof(control.space);
	do {
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno == EAGAIN ? PACKET_LATER : PACKET_EOF;
	if (!take_fds(in, &msg))
		return PACKET_BROKEN;
	if (n == 0)
		return PACKET_EOF;
	buf_commit(&in->bytes, (size_t)n);
	return PACKET_GOT;
}

struct view
packet_in_view(const struct packet_in *in)
{
	return buf_view(&in->bytes);
}

void
packet_in_drop(struct packet_in *in, size_t n)
{
	buf_drop(&in->bytes, n);
}

int
packet_in_fd(struct packet_in *in)
{
	int fd;

	if (in->nfds == 0)
		return -1;
	fd = in->fds[0];
	in->nfds--;
	memmove(in->fds, in->fds + 1, in->nfds * sizeof(int));
	return fd;
}

void
packet_out_init(struct packet_out *out)
{
	memset(out, 0, sizeof(*out));
}

static void
packet_free(struct packet *p)
{
	for (size_t i = 0; i < p->nfds; i++)
		close(p->fds[i]);
	mem_free(p);
}

void
packet_out_free(struct packet_out *out)
{
	struct packet *p;

	while ((p = out->first) != NULL) {
		out->first = p->next;
		packet_free(p);
	}
	mem_free(out->spare);
	packet_out_init(out);
}

static struct packet *
packet_new(struct packet_out *out)
{
	struct packet *p = out->spare;

	out->spare = NULL;
	if (p == NULL)
		p = mem_alloc(sizeof(*p));
	p->next = NULL;
	p->len = p->sent = p->nfds = 0;
	if (out->first == NULL)
		out->first = p;
	else
		out->last->next = p;
	out->last = p;
	return p;
}

void
packet_out_add(
    struct packet_out *out, struct view header, struct view payload, int fd)
{
	size_t len = header.len + payload.len;
	struct packet *p = out->last;

	if (len > PACKET_BYTES)
		panic("frame of %zu bytes", len);
	/* a packet that went out in part keeps its descriptors and bytes */
	if (out->first == NULL || p->sent > 0 || len > PACKET_BYTES - p->len ||
	    (fd != -1 && p->nfds == PACKET_FDS))
		p = packet_new(out);
	memcpy(p->data + p->len, header.data, header.len);
	if (payload.len > 0)
		memcpy(
		    p->data + p->len + header.len, payload.data, payload.len);
	p->len += len;
	if (fd != -1)
		p->fds[p->nfds++] = fd;
	out->bytes += len;
}

static ssize_t
send_packet(struct packet *p, int fd)
{
	struct iovec iov = { p->data + p->sent, p->len - p->sent };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;
	struct cmsghdr *c;
	ssize_t n;

	if (p->nfds > 0) {
		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * p->nfds);
		memset(control.space, 0, msg.msg_controllen);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * p->nfds);
		memcpy(CMSG_DATA(c), p->fds, sizeof(int) * p->nfds);
	}
	do {
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	} while (n == -1 && errno == EINTR);
	return n;
}

static void
packet_done(struct packet_out *out)
{
	struct packet *p = out->first;

	out->first = p->next;
	if (out->first == NULL)
		out->last = NULL;
	if (out->spare == NULL)
		out->spare = p;
	else
		mem_free(p);
}

enum packet_result
packet_out_write(struct packet_out *out, int fd)
{
	struct packet *p;
	ssize_t n;

	while ((p = out->first) != NULL) {
		n = send_packet(p, fd);
		if (n == -1 && (errno == EAGAIN || errno == ENOBUFS ||
				   errno == ETOOMANYREFS))
			return PACKET_LATER;
		if (n == -1)
			return PACKET_EOF;
		/* descriptors travel with the first byte */
		for (size_t i = 0; i < p->nfds; i++)
			close(p->fds[i]);
		p->nfds = 0;
		p->sent += (size_t)n;
		out->bytes -= (size_t)n;
		if (p->sent == p->len)
			packet_done(out);
	}
	return PACKET_GOT;
}

size_t
packet_out_bytes(const struct packet_out *out)
{
	return out->bytes;
}
