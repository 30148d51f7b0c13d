/* SPDX-License-Identifier: ISC */
/* queue/store_op.c - what an operation is made of, and what goes with it. */
#include "queue/store.h"

#include "common/base/alloc.h"

/* Bytes of what lies beside an operation of that kind. */
static const size_t beside[STORE_CHECK + 1] = {
	[STORE_STOCK] = sizeof(struct store_stock),
	[STORE_LOAD] = sizeof(struct store_load),
	[STORE_GET] = sizeof(struct store_get),
	[STORE_GROUPS] = sizeof(struct store_groups),
	[STORE_DUE] = sizeof(struct store_due),
	[STORE_DESTINATION] = sizeof(struct store_destination),
	[STORE_CLEAN] = sizeof(struct store_clean),
	[STORE_CHECK] = sizeof(struct store_check),
};

struct store_op *
store_op_new(enum store_kind kind, void (*done)(struct store_op *), void *owner)
{
	struct store_op *op = mem_zero(1, sizeof(*op));

	op->kind = kind;
	op->done = done;
	op->owner = owner;
	if (beside[kind] > 0)
		op->u.large = mem_zero(1, beside[kind]);
	return op;
}

static void
commit_free(struct store_commit *c)
{
	if (c != NULL)
		mem_free(c->groups);
	mem_free(c);
}

static void
notice_clear(struct store_notice *n)
{
	bounce_free(n->bounce);
	commit_free(n->commit);
	commit_free(n->held);
}

static void
result_free(struct store_result *r)
{
	if (r->message != NULL)
		message_release(r->message);
	mem_free(r->done);
	mem_free(r->error);
	notice_clear(&r->notice);
	commit_free(r->instead);
}

static void
aged_free(struct store_aged *a)
{
	message_release(a->message);
	mem_free(a->groups);
	notice_clear(&a->notice);
}

static void
age_free(struct store_age *a)
{
	for (size_t i = 0; i < a->n; i++)
		group_free(a->items[i].group);
	mem_free(a->items);
}

static void
groups_free(struct store_groups *m)
{
	for (size_t i = 0; i < m->n; i++)
		group_free(m->groups[i]);
	mem_free(m->groups);
	mem_free(m);
}

void
store_op_free(struct store_op *op)
{
	switch (op->kind) {
	case STORE_COMMIT:
		mem_free(op->u.commit.groups);
		break;
	case STORE_RESULT:
		result_free(&op->u.result);
		break;
	case STORE_AGED:
		aged_free(&op->u.aged);
		break;
	case STORE_AGE:
		age_free(&op->u.age);
		break;
	case STORE_GROUPS:
		groups_free(op->u.groups);
		break;
	case STORE_SLEEP:
		mem_free(op->u.sleep.error);
		break;
	case STORE_SUSPEND:
		mem_free(op->u.suspend.reason);
		break;
	case STORE_ORDER:
		mem_free(op->u.order.woken);
		mem_free(op->u.order.busy);
		mem_free(op->u.order.unrouted);
		break;
	case STORE_DESTINATION:
		mem_free(op->u.destination->error);
		mem_free(op->u.destination->reason);
		mem_free(op->u.large);
		break;
	case STORE_STOCK:
	case STORE_LOAD:
	case STORE_GET:
	case STORE_DUE:
	case STORE_CLEAN:
	case STORE_CHECK:
		mem_free(op->u.large);
		break;
	case STORE_DISCARD:
	case STORE_OPEN:
	case STORE_FATE:
	case STORE_SPACE:
		break;
	}
	mem_free(op);
}
