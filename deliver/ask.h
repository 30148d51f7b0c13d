/* SPDX-License-Identifier: ISC */
/* deliver/ask.h - questions to resolve.
 *
 * A question that is under way already is not sent twice.  It is sent again
 * when resolve was started anew, and is answered as trouble when 30 seconds
 * have passed.  The answer never comes before ask() has returned.
 */
#ifndef DELIVER_ASK_H
#define DELIVER_ASK_H

#include "common/ipc/channel.h"
#include "deliver/attempts.h"
#include "deliver/timers.h"

enum { ASK_SECONDS = 30, ASK_RULES = 4 };

struct question;
TAILQ_HEAD(question_list, question);

struct asker {
	struct timers *timers;
	struct channel *resolve; /* NULL: not there at the moment */
	struct question_list open;
	size_t unsent;
};

/* One who waits; embedded in what waits. */
struct ask {
	TAILQ_ENTRY(ask) entry;
	struct question *question; /* NULL: not waiting */
	void (*answered)(struct ask *, const struct answer *);
	void *arg;
};

void asker_init(struct asker *, struct timers *);
/* resolve is (again) there; NULL: it is gone. */
void asker_attach(struct asker *, struct channel *);
/* Sends what waits. Call once per loop turn. */
void asker_turn(struct asker *);

/* The caller sets answered and arg. */
void ask(struct asker *, enum question_kind, const char *name, struct ask *);
/* QUESTION_TLSA for a port of that name. */
void ask_tlsa(struct asker *, uint16_t port, const char *name, struct ask *);
void ask_cancel(struct ask *);

/* What resolve may say; the handlers take conv->object for the question. */
extern const struct channel_rule ask_rules[ASK_RULES];

#endif
