/* SPDX-License-Identifier: ISC */
/* tests/lib/sink_message.h - reads a message of the tests as it streams in.
 *
 * Finds X-Postern-Id and X-Postern-Sum in the header and sums the body
 * behind the empty line.  A message without an id may be a report about one
 * that has: then the id in the returned header and the Final-Recipient lines
 * are found too.  Constant memory, unless the message is to be kept.
 */
#ifndef TESTS_LIB_SINK_MESSAGE_H
#define TESTS_LIB_SINK_MESSAGE_H

#include "common/base/buf.h"

enum { SINK_ID = 128, SINK_MESSAGE_ID = 256 };

struct sink_message {
	bool in_body;
	bool mid_line; /* the last piece did not end its line */
	bool has_sum;
	bool keep; /* the whole text is wanted in text */
	uint64_t want;
	uint64_t sum;
	char id[SINK_ID]; /* "": none */
	char message_id[SINK_MESSAGE_ID];
	char about[SINK_ID]; /* id of the message that a report returns */
	struct buf reported; /* its Final-Recipients, each with a newline */
	struct buf text;
};

void sink_message_init(struct sink_message *);
void sink_message_free(struct sink_message *);
void sink_message_start(struct sink_message *, bool keep);
/* A line with its CRLF, dots undone; or a piece of an endless line. */
void sink_message_line(struct sink_message *, struct view);
/* The body is what its sender summed (or nobody claimed a sum). */
bool sink_message_intact(const struct sink_message *);

#endif
