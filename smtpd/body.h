/* SPDX-License-Identifier: ISC */
/* smtpd/body.h - the one sink that a message runs through while it comes in.
 *
 * Takes the bytes behind DATA, or those of chunks (BDAT), gives decoded ones in
 * pieces of at most BODY_PIECE to be appended to the body's file, and at the
 * end a verdict: line ends, size, hops, header.  A message is never accepted in
 * part: once something is wrong nothing more comes out, but the end is still
 * looked for. Memory is constant however large the message; none is held
 * outside DATA.
 */
#ifndef SMTPD_BODY_H
#define SMTPD_BODY_H

#include "common/mail/dots.h"
#include "common/mail/header.h"
#include "common/mail/received.h"
#include "smtpd/complete.h"
#include "smtpd/replies.h"

enum {
	BODY_PIECE = 32768,
	/* Lines beyond the 1000 of RFC 5321 4.5.3.1.6 are common, and cutting
	 * them would break signatures; without any end they are an attack. */
	BODY_LINE_MAX = 65536
};

struct body_limits {
	uint64_t size; /* bytes, as decoded, without our trace header */
	uint64_t hops; /* Received fields */
	bool chunked;  /* BDAT: an end comes by body_end() alone */
	bool mend;     /* line ends, see common/mail/dots.h */
};

enum body_step {
	BODY_HUNGRY, /* all of the input was taken */
	BODY_FULL,   /* out is full: write it, body_written(), go on */
	BODY_OVER    /* the end was taken; out may hold the last piece */
};

struct body_sink {
	struct body_in in;
	struct header_scan header;
	struct body_limits limits;
	struct buf out;                   /* to be written */
	struct complete *complete;        /* ours; NULL: not of a submission */
	struct buf raw;                   /* on its way through that */
	uint64_t size;                    /* decoded so far */
	bool traced;                      /* our trace header is in front */
	const struct smtp_reply *failure; /* of our own: not stored */
};

void body_begin(struct body_sink *, const struct body_limits *);
void body_free(struct body_sink *);
/* Our trace header, before anything else. */
void body_trace(struct body_sink *, const struct received *);
/* A submission's header is to be made whole; right behind the trace header. */
void body_complete(struct body_sink *, const struct complete_facts *);
enum body_step body_feed(struct body_sink *, struct view *in);
void body_written(struct body_sink *); /* what was in out is in the file */
/* It cannot be stored: swallow the rest, and answer this. */
void body_fail(struct body_sink *, const struct smtp_reply *);
/* The last chunk was taken. */
void body_end(struct body_sink *);
/* What is wrong so far, or NULL. */
const struct smtp_reply *body_trouble(const struct body_sink *);
/* After the end: NULL when fine, else why it is refused. */
const struct smtp_reply *body_verdict(struct body_sink *);

#endif
