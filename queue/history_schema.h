/* SPDX-License-Identifier: ISC */
/* queue/history_schema.h - history.db: its tables, what they mean, its hash.
 *
 * Written by postern-history alone (history_store.c), read by others.  Times
 * are wall clock in ms; kinds and fates are enum past_kind.
 */
#ifndef QUEUE_HISTORY_SCHEMA_H
#define QUEUE_HISTORY_SCHEMA_H

#include "common/base/view.h"

enum { HISTORY_VERSION = 2 };

/* Makes the tables in an empty database, version 1. */
extern const char history_tables[];
/* Makes version 2 of version 1. */
extern const char history_upgrade[];

/* What a Message-ID, with or without its angle brackets, is found by. */
int64_t history_hash(struct view message_id);

#endif
