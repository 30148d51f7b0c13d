/* SPDX-License-Identifier: ISC */
/* queue/check.c - report asks what is wrong with the spool.
 *
 * The store thread looks; this adds what the configuration says of space.
 */
#include "queue/check.h"

#include "common/base/alloc.h"
#include "common/ipc/msg_check.h"
#include "queue/store.h"
#include "queue/welcome.h"

#include <stdio.h>

struct asking {
	struct peer *peer;
	struct conv *conv; /* NULL: nobody waits for the answer */
};

static void
send_space(struct asking *a)
{
	struct msg_finding f = { .kind = FINDING_SPACE };
	const char *text = welcome_refuses();

	if (text[0] == '\0')
		return;
	snprintf(f.text, sizeof(f.text), "new mail is refused: %s", text);
	channel_send(a->peer->channel, a->conv, &msg_finding, &f, -1);
}

static void
on_checked(struct store_op *op)
{
	const struct store_check *c = op->u.check;
	struct asking *a = op->owner;

	if (a->conv != NULL && a->peer->channel != NULL) {
		for (size_t i = 0; i < c->n; i++)
			channel_send(a->peer->channel, a->conv, &msg_finding,
			    &c->findings[i], -1);
		if (c->end.phase == 0 && c->end.code == 0)
			send_space(a);
		channel_send(
		    a->peer->channel, a->conv, &msg_check_end, &c->end, -1);
		conv_end(a->peer->channel, a->conv);
	}
	mem_free(a);
	store_op_free(op);
}

bool
check_asked(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct asking *a = mem_zero(1, sizeof(*a));
	struct store_op *op = store_op_new(STORE_CHECK, on_checked, a);

	(void)fd;
	a->peer = channel_owner(ch);
	a->conv = conv;
	conv->object = a;
	op->u.check->from = *(const struct msg_check *)msg;
	store_submit(op);
	return true;
}

void
check_lost(struct conv *conv)
{
	struct asking *a = conv->object;

	if (a != NULL)
		a->conv = NULL;
}
