/* SPDX-License-Identifier: ISC */
/* queue/report_explain.c - postern explain: the question on its way to queue,
 * and what comes back.
 *
 * Must pass on nothing that it has not judged: it comes from a worker that
 * talks to strangers.
 */
#include "queue/report_explain.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/run/process.h"
#include "queue/explain_sound.h"

#include <sys/queue.h>
#include <sysexits.h>

struct explained {
	TAILQ_ENTRY(explained) entry;
	struct explained **slot; /* NULL: nobody waits for it */
	struct channel *tool;
	struct conv *answer; /* with the tool */
	struct conv *conv;   /* with queue; NULL: over, or never begun */
	uint32_t uid;
	bool operator_;
	struct explain_seen seen;
	int64_t deadline; /* monotonic, ms */
};

static TAILQ_HEAD(, explained) all = TAILQ_HEAD_INITIALIZER(all);

static void
settle(struct explained *e)
{
	if (e->slot != NULL || e->conv != NULL)
		return;
	TAILQ_REMOVE(&all, e, entry);
	mem_free(e);
}

static void
end(struct explained *e, const struct msg_explain_end *m)
{
	if (e->slot != NULL) {
		channel_send(e->tool, e->answer, &msg_explain_end, m, -1);
		conv_end(e->tool, e->answer);
		*e->slot = NULL;
	}
	e->slot = NULL;
	settle(e);
}

static void
end_without(struct explained *e, uint16_t code, const char *text)
{
	struct msg_explain_end m = { .code = code };

	(void)view_copy(view_of(text), m.text, sizeof(m.text));
	end(e, &m);
}

/* Whoever may not connect makes others ask the DNS all the same: one of them
 * does so once at a time. */
static bool
asks_already(const struct explained *me)
{
	const struct explained *e;

	TAILQ_FOREACH (e, &all, entry)
		if (e != me && e->uid == me->uid && !me->operator_)
			return true;
	return false;
}

static int64_t
patience(const struct msg_ask_explain *m)
{
	int64_t seconds = EXPLAIN_NAMES_SECONDS + PROBE_FIND_SECONDS +
			  2 * EXPLAIN_MARGIN_SECONDS;

	return 1000 *
	       (m->connect != 0 ? seconds + PROBE_CONNECT_SECONDS : seconds);
}

static void
log_asked(const struct explained *e, const struct msg_ask_explain *m)
{
	log_begin("explain");
	log_text("address", m->address);
	log_u64("uid", e->uid);
	log_u64("connect", m->connect);
	log_end();
}

static void
ask_queue(struct explained *e, const struct msg_ask_explain *ask)
{
	struct peer *queue = process_peer(PEER_QUEUE, 0);
	struct msg_explain m = { .operator_ = e->operator_, .ask = *ask };

	if (ask->connect != 0 && !e->operator_)
		end_without(e, EX_NOPERM,
		    "only root and the group postern may connect");
	else if (queue == NULL || queue->channel == NULL)
		end_without(
		    e, EX_TEMPFAIL, "postern-queue is not running: try again");
	else if (asks_already(e) ||
		 !channel_may_open(queue->channel, &msg_explain))
		end_without(e, EX_TEMPFAIL,
		    "too many such questions are under way: try again");
	else
		e->conv = channel_open(
		    queue->channel, &msg_explain, &m, -1, EXPLAINED, e);
}

bool
explained_ask(struct explained **slot, struct channel *tool,
    struct conv *answer, const struct msg_ask_explain *m,
    const struct caller *who, bool operator_)
{
	struct explained *e;

	if (*slot != NULL)
		return false;
	e = mem_zero(1, sizeof(*e));
	e->slot = slot;
	e->tool = tool;
	e->answer = answer;
	e->uid = who->uid;
	e->operator_ = operator_;
	e->seen.connect = m->connect != 0;
	e->deadline = clock_mono_ms() + patience(m);
	TAILQ_INSERT_TAIL(&all, e, entry);
	*slot = e;
	log_asked(e, m);
	ask_queue(e, m);
	return true;
}

void
explained_forget(struct explained *e)
{
	if (e == NULL)
		return;
	e->slot = NULL;
	settle(e);
}

void
explained_expire(int64_t now_mono)
{
	struct explained *e, *next;

	TAILQ_FOREACH_SAFE (e, &all, entry, next)
		if (e->slot != NULL && now_mono >= e->deadline)
			end_without(e, EX_TEMPFAIL,
			    "postern-queue does not answer: try again");
}

bool
explained_heard(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct ipc_type *type = channel_message(ch);
	struct explained *e = conv->object;

	(void)fd;
	if (!explain_sound(&e->seen, type, msg))
		return false;
	if (type == &msg_explain_end) {
		e->conv = NULL;
		end(e, msg);
	} else if (e->slot != NULL) {
		channel_send(e->tool, e->answer, type, msg, -1);
	}
	return true;
}

void
explained_lost(struct conv *conv)
{
	struct explained *e = conv->object;

	e->conv = NULL;
	end_without(e, EX_TEMPFAIL,
	    "postern-queue went away before it answered: try again");
}
