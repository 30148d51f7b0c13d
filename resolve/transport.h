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
	const char *alias;     /* lent; its place was taken by CNAMEs */
	uint32_t alias_ttl;
	unsigned int cnames;
};

/* Called once, perhaps before transport_ask() returns. */
typedef void transport_done(void *arg, const struct outcome *);

/* The configuration is lent, for ever. At least one resolver. */
void transport_start(struct event_base *, const struct conf *);
void transport_ask(struct key, transport_done *, void *arg);

#endif
