/* SPDX-License-Identifier: ISC */
/* resolve/transport.h - one question, through all resolvers and tries.
 *
 * A question goes to one resolver by UDP and waits 1, 2 and 4 seconds; each
 * further try goes to the next resolver.  A resolver that answers but is of
 * no use (SERVFAIL, REFUSED, lame, malformed) is passed over at once; when
 * all have declined, or the third wait is over, it is trouble.  A truncated
 * answer is fetched by TCP from the same resolver within 5 seconds.  What
 * does not match a question in port, id and question section is counted and
 * ignored.
 *
 * Once a resolver has shown that it validates (proof.c), those that have not
 * are asked no more: else whoever can make an answer bogus would be believed
 * by the detour.
 */
#ifndef RESOLVE_TRANSPORT_H
#define RESOLVE_TRANSPORT_H

#include "common/conf/conf.h"
#include "resolve/key.h"
#include "resolve/question.h"

enum { TRANSPORT_TRIES = 3, TRANSPORT_TCP_SECONDS = 5 };

struct event_base;

/* What became of a question: exactly one of answer and alias is there. */
struct outcome {
	struct answer *answer; /* yours; trouble included */
	bool servfail;         /* a resolver's word, as trouble */
	bool suspect;          /* its word, and it validates: is it bogus? */
	size_t resolver;
	const struct extended *extended; /* lent; of servfail */
	const char *alias; /* lent; its place was taken by CNAMEs */
	uint32_t alias_ttl;
	unsigned int cnames;
};

/* Called once, perhaps before transport_ask() returns. */
typedef void transport_done(void *arg, const struct outcome *);

/* The configuration is lent, for ever. At least one resolver. */
void transport_start(struct event_base *, const struct conf *);
void transport_ask(struct key, transport_done *, void *arg);

/* What an AD bit of a resolver is worth. */
enum trust {
	TRUST_NEVER,   /* on the way to it anybody could set it */
	TRUST_PENDING, /* not known yet: questions wait for it */
	TRUST_UNKNOWN, /* it has said nothing yet */
	TRUST_NONE,    /* it does not validate, by what it says */
	TRUST_SHOWN
};

/* That one alone, whatever its trust: with QUESTION_DO, at once, or with
 * QUESTION_CD, in a single try. */
void transport_probe(size_t resolver, struct key, enum question_flag,
    transport_done *, void *arg);
void transport_trust(size_t resolver, enum trust);
/* Is there one that has shown it? */
bool transport_validates(void);

#endif
