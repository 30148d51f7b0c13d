/* SPDX-License-Identifier: ISC */
/* common/ipc/packet.h - many frames to a system call, descriptors beside.
 *
 * Outgoing frames are gathered into packets of at most PACKET_BYTES and
 * PACKET_FDS; a frame never spans two packets.  Incoming packets are joined
 * into a stream of bytes and a line of descriptors.
 */
#ifndef COMMON_IPC_PACKET_H
#define COMMON_IPC_PACKET_H

#include "common/base/buf.h"

enum {
	PACKET_BYTES = 32768,
	PACKET_FDS = 64,
	PACKET_FDS_WAITING = 256 /* received and not yet claimed by a frame */
};

enum packet_result {
	PACKET_GOT,   /* in: something read; out: everything is written */
	PACKET_LATER, /* would block */
	PACKET_EOF,   /* in: the peer closed; out: the peer is gone */
	PACKET_BROKEN /* more descriptors or bytes than any frame may carry */
};

struct packet_in {
	struct buf bytes;
	int fds[PACKET_FDS_WAITING];
	size_t nfds;
};

struct packet {
	struct packet *next;
	size_t len, sent, nfds;
	int fds[PACKET_FDS]; /* ours until sent */
	char data[PACKET_BYTES];
};

struct packet_out {
	struct packet *first, *last;
	struct packet *spare; /* one kept for the next turn */
	size_t bytes;         /* gathered and not yet written */
};

void packet_in_init(struct packet_in *);
void packet_in_free(struct packet_in *); /* closes unclaimed descriptors */
enum packet_result packet_in_read(struct packet_in *, int fd);
struct view packet_in_view(const struct packet_in *);
void packet_in_drop(struct packet_in *, size_t);
int packet_in_fd(struct packet_in *); /* the next one, or -1 */

void packet_out_init(struct packet_out *);
void packet_out_free(struct packet_out *); /* empty and usable after */
/* fd is taken; -1 for none. */
void packet_out_add(
    struct packet_out *, struct view header, struct view payload, int fd);
enum packet_result packet_out_write(struct packet_out *, int fd);
size_t packet_out_bytes(const struct packet_out *);

#endif
