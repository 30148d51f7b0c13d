/* SPDX-License-Identifier: ISC */
/* tests/lib/sink.h - what all sessions of the recording sink share. */
#ifndef TESTS_LIB_SINK_H
#define TESTS_LIB_SINK_H

#include "tests/lib/idset.h"
#include "tests/lib/record.h"
#include "tests/lib/wire.h"

#include <sys/queue.h>

struct sink_message;
struct sink_session;

/* Codes: 0 means that the sink answers well. */
struct sink_options {
	const char *save;       /* folder for whole messages, or NULL */
	const char *hold_file;  /* no 250 while this exists, or NULL */
	const char *refuse;     /* in a recipient: 550 */
	const char *defer;      /* in a recipient: 451, before any 550 */
	const char *defer_file; /* only while this exists, or NULL */
	unsigned int delay_ms;
	unsigned int greeting_code;
	unsigned int mail_code;
	unsigned int rcpt_code;
	unsigned int dot_code;
	uint64_t hang_up; /* so many messages get no reply to their dot */
	bool no_ehlo;
	bool no_extension;
};

struct sink_counts {
	uint64_t messages;
	uint64_t recipients;
	uint64_t bad;
	uint64_t duplicates; /* recipients that got an id again */
	uint64_t connections;
	uint64_t concurrent;
	uint64_t max_concurrent;
	uint64_t hung_up;
	int64_t first_us; /* when the first and last message came */
	int64_t last_us;
};

LIST_HEAD(sink_sessions, sink_session);

struct sink {
	struct sink_options options;
	struct sink_counts counts;
	struct wire_loop loop;
	struct record record;
	struct idset ids;
	struct idset pairs; /* of id and recipient */
	struct sink_sessions sessions;
	struct event hold_timer;
};

/* What one accepted message came with, as the log will say it. */
struct sink_envelope {
	struct view from;
	struct view rcpts; /* each with a newline */
	uint64_t nrcpts;
};

/* Counts, saves and logs; when this returns the log is written. */
void sink_take(
    struct sink *, const struct sink_message *, const struct sink_envelope *);
void sink_json(const struct sink *, struct buf *);

#endif
