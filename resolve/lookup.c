/* SPDX-License-Identifier: ISC */
/* resolve/lookup.c - what may be asked of the tables, and the answers.
 *
 * An answer of many addresses goes out as the channel takes it: queue may be
 * slower than we are.
 */
#include "resolve/lookup.h"

#include "common/base/alloc.h"
#include "resolve/tables.h"

#include <string.h>
#include <sys/queue.h>

/* What is still to be said of one question. */
struct answer {
	TAILQ_ENTRY(answer) entry;
	struct channel *channel;
	struct conv *conv;
	struct expansion is;
	size_t said; /* bytes of its addresses */
};

static TAILQ_HEAD(, answer) answers = TAILQ_HEAD_INITIALIZER(answers);

static bool
on_whether(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_whether *m = msg;
	struct msg_whether_is is = { 0 };
	struct mailbox box;

	(void)fd;
	if (!mailbox_parse(view_of(m->address), &box, true))
		return false;
	if (m->kind == WHETHER_RCPT)
		is.answer = (uint8_t)tables_recipient(&box);
	else if (m->kind == WHETHER_SENDER)
		is.answer = (uint8_t)tables_sender(&box, view_of(m->login));
	else
		return false;
	channel_send(ch, conv, &msg_whether_is, &is, -1);
	conv_end(ch, conv);
	return true;
}

static void
answer_free(struct answer *a)
{
	TAILQ_REMOVE(&answers, a, entry);
	expansion_clear(&a->is);
	mem_free(a);
}

static void
answer_end(struct answer *a)
{
	struct msg_expand_end m = { .count = (uint32_t)a->is.n,
		.several = a->is.several };

	view_copy(view_of(a->is.trouble), m.text, sizeof(m.text));
	channel_send(a->channel, a->conv, &msg_expand_end, &m, -1);
	a->conv->object = NULL;
	conv_end(a->channel, a->conv);
	answer_free(a);
}

/* As much of it as there is room for. */
static void
answer_go_on(struct answer *a)
{
	struct view rest = view_skip(buf_view(&a->is.addresses), a->said);
	struct msg_expanded m;

	while (rest.len > 0) {
		if (channel_full(a->channel))
			return;
		view_copy(view_of(rest.data), m.address, sizeof(m.address));
		channel_send(a->channel, a->conv, &msg_expanded, &m, -1);
		a->said += strlen(rest.data) + 1;
		rest = view_skip(buf_view(&a->is.addresses), a->said);
	}
	answer_end(a);
}

static bool
on_expand(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_expand *m = msg;
	struct mailbox box;
	struct answer *a;

	(void)fd;
	if (!mailbox_parse(view_of(m->address), &box, true))
		return false;
	a = mem_zero(1, sizeof(*a));
	a->channel = ch;
	a->conv = conv;
	conv->object = a;
	TAILQ_INSERT_TAIL(&answers, a, entry);
	tables_expand(&box, &a->is);
	answer_go_on(a);
	return true;
}

static void
on_drained(struct channel *ch)
{
	struct answer *a, *next;

	TAILQ_FOREACH_SAFE (a, &answers, entry, next)
		if (a->channel == ch)
			answer_go_on(a);
}

static void
on_conv_lost(struct channel *ch, struct conv *conv)
{
	(void)ch;
	if (conv->object != NULL)
		answer_free(conv->object);
}

/* clang-format off */
static const struct channel_rule smtpd_rules[] = {
	{ &msg_whether, on_whether, CONV_NEW, 0 },
};

static const struct channel_rule queue_rules[] = {
	{ &msg_expand, on_expand, CONV_NEW, 0 },
};
/* clang-format on */

const struct peer_def lookup_peers[LOOKUP_PEERS] = {
	{
	    .kind = PEER_SMTPD,
	    .rules = smtpd_rules,
	    .nrules = nitems(smtpd_rules),
	},
	{
	    .kind = PEER_QUEUE,
	    .rules = queue_rules,
	    .nrules = nitems(queue_rules),
	    .conv_lost = on_conv_lost,
	    .drained = on_drained,
	},
};

void
lookup_start(void)
{
	tables_start();
}
