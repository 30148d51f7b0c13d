/* SPDX-License-Identifier: ISC */
/* resolve/question.h - one question to the DNS: its bytes, and the reading
 * of what comes back.
 *
 * Pure: no socket, no clock, no random source.  A packet is ours when its id
 * and its question section are byte for byte what was sent, the case of the
 * letters included, which the asker chose at random: 0x20 bits for a forger
 * to guess besides id and port.
 */
#ifndef RESOLVE_QUESTION_H
#define RESOLVE_QUESTION_H

#include "resolve/answer.h"
#include "resolve/extended.h"

enum {
	QUESTION_BYTES = 300, /* the longest that we send */
	QUESTION_UDP = 1232,  /* bytes that we take by UDP, RFC 6891 6.2.5 */
	QUESTION_CNAMES = 8   /* followed for one question */
};

struct question {
	uint16_t type;
	uint8_t bytes[QUESTION_BYTES];
	size_t len;
	size_t section; /* bytes of the question section, after the header */
};

enum reading {
	READING_ANSWER,    /* found, none, no name: *answer is yours */
	READING_ALIAS,     /* CNAMEs lead out of the packet: ask for alias */
	READING_FOREIGN,   /* not an answer to this question: ignore */
	READING_TRUNCATED, /* come by TCP */
	READING_NO_EDNS,   /* the server does not know EDNS: ask without */
	READING_BROKEN     /* an answer, and no use: why says how */
};

struct question_read {
	struct answer *answer;
	char alias[MSG_DOMAIN_MAX + 1];
	uint32_t alias_ttl;       /* seconds; of the CNAMEs on the way */
	unsigned int cnames;      /* followed in this packet */
	bool servfail;            /* READING_BROKEN: by its own word */
	struct extended extended; /* READING_BROKEN: what else it says */
	char why[64];
};

enum question_flag {
	QUESTION_PLAIN = 1 << 0, /* without EDNS */
	QUESTION_DO = 1 << 1,    /* with the signatures, RFC 3225 */
	QUESTION_CD = 1 << 2     /* not validated, RFC 4035 3.2.2 */
};

/* name: normalised, "." the root.  False: it cannot be asked for. */
bool question_make(
    struct question *, const char *name, enum dns_type, unsigned int flags);
void question_set_id(struct question *, uint16_t id);
/* Upper case for letter n of the name where bit n is set, else lower. */
void question_mix(struct question *, const uint8_t bits[32]);

enum reading question_read(
    const struct question *, struct view packet, struct question_read *);

#endif
