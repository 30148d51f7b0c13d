/* SPDX-License-Identifier: ISC */
/* master/watched.h - files that other programs read again when they change.
 *
 * posternd opens them, looks at whom they belong to, and gives the descriptor
 * to their reader; every two seconds it looks at their names, and when inode,
 * size or time of change are others, the reader gets a fresh descriptor.  It
 * never reads a byte.  Whether the new content is sound is the reader's to say.
 *
 * A new kind of file is a row of sources[] in watched.c.
 */
#ifndef MASTER_WATCHED_H
#define MASTER_WATCHED_H

#include "common/conf/conf.h"
#include "common/ipc/channel.h"
#include "common/ipc/msg_control.h"
#include "master/trouble.h"

#include <sys/stat.h>

/* What the configuration says of one. */
struct watched_name {
	enum peer_kind reader; /* every process of this kind and class */
	enum peer_class class_;
	bool one; /* only the one of them whose index is the number */
	enum file_kind kind;
	uint16_t number; /* which of that kind, as its reader counts */
	uint32_t line;   /* of the statement, 0: a setting */
	bool private;    /* only its owner may read it */
	const char *path;
};

struct watched_file {
	struct watched_name name; /* path: ours */
	int fd;                   /* of what was sent last */
	struct stat seen;         /* what stood there at the last look */
};

struct watched {
	struct watched_file *of;
	size_t n;
};

/* All that the configuration names, or none; file is its own name. */
bool watched_open(
    struct watched *, const struct conf *, const char *file, struct trouble *);
void watched_close(struct watched *);
/* A process that may read some. */
struct watched_reader {
	enum peer_kind kind;
	enum peer_class class_;
	unsigned int index;
};
bool watched_is_for(const struct watched_file *, const struct watched_reader *);
/* Everything for that reader; false: no descriptor is left. */
bool watched_send(
    const struct watched *, const struct watched_reader *, struct channel *);
/* One of them; false: no descriptor is left. */
bool watched_send_file(const struct watched_file *, struct channel *);
/* Another file, or another content, can be had now: fd is of that. */
bool watched_look(struct watched_file *);

#endif
