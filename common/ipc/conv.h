/* SPDX-License-Identifier: ISC */
/* common/ipc/conv.h - the open conversations of one channel (channel.c only).
 *
 * A small hash by (who opened it, id), and a count per opening type, which is
 * the credit in use.
 */
#ifndef COMMON_IPC_CONV_H
#define COMMON_IPC_CONV_H

#include "common/ipc/channel.h"

enum { CONV_BUCKETS = 256, CONV_TYPES = 16 };

struct conv_table {
	struct conv *bucket[CONV_BUCKETS];
	uint64_t last_id; /* of those that we opened */
	struct {
		const struct ipc_type *type;
		bool ours;
		size_t open;
	} used[CONV_TYPES]; /* the types with conversations that are open */
};

struct conv *conv_find(const struct conv_table *, bool ours, uint64_t id);
/* NULL when the type's credit is used up, the id is taken, or CONV_TYPES other
 * types have some open. id 0: choose. */
struct conv *conv_add(
    struct conv_table *, bool ours, uint64_t id, const struct ipc_type *);
size_t conv_count(
    const struct conv_table *, bool ours, const struct ipc_type *);
void conv_remove(struct conv_table *, struct conv *); /* not freed */
/* Any one conversation, or NULL: for taking all down. */
struct conv *conv_any(const struct conv_table *);

#endif
