/* SPDX-License-Identifier: ISC */
/* queue/giveup.c - a message that is given up by order.
 *
 * A piece of its groups is read, with a look at whose it is, before anything
 * is said of them; then notification and removal are one transaction; then
 * the next piece.  A list of thousands takes several notifications.
 */
#include "queue/giveup.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/mail/status.h"
#include "queue/age.h"
#include "queue/apart.h"
#include "queue/notice.h"
#include "queue/store.h"

#include <stdio.h>
#include <sysexits.h>

struct giveup {
	struct msg_order what;
	void (*answered)(void *, const struct msg_order_done *);
	void *arg;
	struct apart apart;
	uint32_t after, upto; /* of its groups */
	bool finished;        /* the last piece is under way */
	int64_t uid;          /* whose message it is */
	/* groups given up, and those left where they are */
	uint32_t ngroups, nbusy, ndamaged;
	/* recipients: of whom somebody is told; held, as nobody can be; of
	 * whom nobody wants to be */
	size_t ntold, nheld, nmuted;
	bool to_postmaster;
	struct msg_order_done done;
};

static void read_piece(struct giveup *);

/* What it amounts to, when it is not simply that its sender is told. */
static void
explain(const struct giveup *v, struct buf *out)
{
	if (v->ntold > 0 && v->to_postmaster)
		buf_add_string(
		    out, "given up; it has no sender: the postmaster is told");
	else if (v->ntold > 0 && (v->nmuted > 0 || v->nbusy > 0))
		buf_add_string(out, "returned to the sender");
	else if (v->nmuted > 0)
		buf_add_string(
		    out, "given up; its sender did not want to be told");
	if (v->nheld > 0)
		buf_printf(out,
		    "%sheld: it has no sender, and nobody else can be told",
		    buf_view(out).len > 0 ? "; " : "");
	if (v->ntold > 0 && v->nmuted > 0)
		buf_printf(out, "; not told of %zu, as was asked", v->nmuted);
	if (v->nbusy > 0)
		buf_add_string(
		    out, "; what is being delivered at this moment stays");
}

static void
judge(struct giveup *v)
{
	struct msg_order_done *m = &v->done;
	struct buf text;

	buf_init(&text, sizeof(m->text) - 1);
	m->count = v->ngroups;
	if (v->ngroups > 0) {
		explain(v, &text);
	} else if (v->nbusy > 0) {
		m->code = EX_TEMPFAIL;
		buf_add_string(
		    &text, "being delivered at this moment: try again");
	} else if (v->ndamaged > 0) {
		m->code = EX_DATAERR;
		buf_add_string(&text, "damaged: see postern check");
	}
	(void)view_copy(buf_view(&text), m->text, sizeof(m->text));
	buf_free(&text);
}

static void
finish(struct giveup *v, int code, const char *text)
{
	if (code == EX_OK) {
		judge(v);
	} else {
		v->done.code = (uint16_t)code;
		v->done.count = v->ngroups;
		(void)view_copy(
		    view_of(text), v->done.text, sizeof(v->done.text));
	}
	apart_end(v->what.id, false);
	v->answered(v->arg, &v->done);
	mem_free(v->apart.busy);
	mem_free(v);
}

static void
count_told(struct giveup *v, const struct store_aged *a, size_t nrcpts)
{
	const struct bounce *b = a->notice.bounce;
	size_t told = b == NULL ? 0 : bounce_count(b, DSN_FAILED);
	size_t held = 0;

	for (size_t i = 0;
	     a->notice.held != NULL && i < a->notice.held->ngroups; i++)
		held += a->notice.held->groups[i].group->nrcpts;
	v->ntold += told;
	v->nheld += held;
	v->nmuted += nrcpts - told - held;
	v->to_postmaster =
	    v->to_postmaster || (b != NULL && bounce_to_postmaster(b));
}

static void
on_written(struct store_op *op)
{
	struct giveup *v = op->owner;
	struct store_aged *a = &op->u.aged;
	const char *why = NULL;

	if (op->failed && ++a->tries < STORE_CONTENT_TRIES) {
		op->failed = false;
		store_submit(op);
		return;
	}
	if (op->failed) {
		why = "the disk refuses: try again later";
		notice_void(&a->notice);
	} else if (a->void_) {
		why = "it has changed at this moment: try again";
		notice_discard(&a->notice);
	} else {
		for (size_t i = 0; i < a->ngroups; i++)
			apart_drop(v->what.id, a->groups[i].n);
		v->ngroups += (uint32_t)a->ngroups;
		notice_stored(&a->notice, a->message);
	}
	age_leave(a);
	store_op_free(op);
	if (why != NULL)
		finish(v, EX_TEMPFAIL, why);
	else if (v->finished)
		finish(v, EX_OK, NULL);
	else
		read_piece(v);
}

static void
status_of(const struct giveup *v, struct status *st)
{
	bool own = v->what.operator_ == 0;
	const char *reason = v->what.reason;

	status_never(st, 554, 0, 0, "returned %s%s%s",
	    own ? "as its sender asked" : "by the administrator",
	    reason[0] == '\0' ? "" : ": ", reason);
}

static void
give_up(struct store_aged *a, const struct group *g, const struct status *st)
{
	for (size_t i = 0; i < g->nrcpts; i++)
		notice_failed(&a->notice, g, &g->rcpts[i], st, NULL);
	a->groups = mem_grow(a->groups, a->ngroups + 1, sizeof(*a->groups));
	a->groups[a->ngroups].n = g->n;
	a->groups[a->ngroups].whole = true;
	a->ngroups++;
}

/* The piece, but for what must be left alone; NULL: that is all of it. */
static struct store_op *
piece(struct giveup *v, const struct store_groups *found)
{
	struct store_op *op = NULL;
	struct status st;
	size_t nrcpts = 0;

	status_of(v, &st);
	for (size_t i = 0; i < found->n; i++) {
		const struct group *g = found->groups[i];

		if (apart_is_busy(&v->apart, g->n) ||
		    age_has(v->what.id, g->n)) {
			v->nbusy++;
			continue;
		}
		if (op == NULL) {
			op = store_op_new(STORE_AGED, on_written, v);
			op->u.aged.message = g->message;
			op->u.aged.held_too = true;
			message_hold(g->message);
		}
		give_up(&op->u.aged, g, &st);
		nrcpts += g->nrcpts;
	}
	if (op != NULL)
		count_told(v, &op->u.aged, nrcpts);
	return op;
}

static void
on_read(struct store_op *op)
{
	struct giveup *v = op->owner;
	struct store_groups *found = op->u.groups;
	struct store_op *write = NULL;
	int code = EX_OK;
	const char *why = NULL;

	if (op->failed) {
		code = EX_TEMPFAIL;
		why = "the disk refuses: try again later";
	} else if (!found->known && v->after == 0) {
		code = EX_USAGE;
		why = "no such message";
	} else if (found->known && !found->allowed) {
		code = EX_NOPERM;
		why = "not your message";
	} else {
		v->after = found->after;
		v->upto = found->upto;
		v->finished = found->finished;
		v->ndamaged += (uint32_t)found->ndamaged;
		write = piece(v, found);
	}
	store_op_free(op);
	if (write != NULL) {
		notice_finish(&write->u.aged.notice);
		age_enter(&write->u.aged);
		store_submit(write);
	} else if (code == EX_OK && !v->finished) {
		read_piece(v);
	} else {
		finish(v, code, why);
	}
}

static void
read_piece(struct giveup *v)
{
	struct store_op *op = store_op_new(STORE_GROUPS, on_read, v);

	op->u.groups->message = v->what.id;
	op->u.groups->uid = v->what.uid;
	op->u.groups->operator_ = v->what.operator_ != 0;
	op->u.groups->after = v->after;
	op->u.groups->upto = v->upto;
	store_submit(op);
}

void
giveup_begin(const struct msg_order *what,
    void (*answered)(void *arg, const struct msg_order_done *), void *arg)
{
	struct giveup *v = mem_zero(1, sizeof(*v));

	v->what = *what;
	v->answered = answered;
	v->arg = arg;
	apart_take(what, &v->apart);
	read_piece(v);
}
