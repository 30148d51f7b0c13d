/* SPDX-License-Identifier: ISC */
/* queue/intake.c - messages from the smtpd workers.
 *
 * The class of a message (stranger, local user) is that of the channel it
 * came over, never what a frame claims.
 */
#include "queue/intake.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "common/base/ip.h"
#include "common/base/log.h"
#include "common/ipc/msg_intake.h"
#include "queue/admit.h"
#include "queue/allowance.h"
#include "queue/events.h"
#include "queue/spool.h"
#include "queue/start.h"
#include "queue/stock.h"
#include "queue/store.h"
#include "queue/welcome.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <string.h>

enum {
	IN_RCPTS = CONV_A,   /* MSG_COMMIT_RCPT are coming */
	IN_STORE = CONV_B,   /* handed to the store */
	STATE_MS = 1000,     /* how often space and store are looked at */
	ABANDON_MS = 120000, /* a batch as old as this is given up */
};

/* A message on its way to the store. */
struct arrival {
	struct store_op *op; /* its commit; NULL once submitted or refused */
	char *refused; /* ours: the sender has given too much, says this */
	struct message *message;
	uint32_t expected; /* recipients still to come */
	uint32_t nrcpts;
	struct peer *peer;
	struct conv *conv; /* NULL: nobody waits for the answer */
	struct store_op *submitted;
	int64_t submitted_ms;
	TAILQ_ENTRY(arrival) next; /* among those submitted */
};

struct smtpd {
	bool settled; /* has asked for fates, if any, and for stock */
};

static struct {
	struct event *timer;
	TAILQ_HEAD(, arrival) submitted;
} intake;

static bool
on_stock_want(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_stock_want *m = msg;
	struct peer *p = channel_owner(ch);
	struct smtpd *s = p->data;

	(void)conv;
	(void)fd;
	if (m->count > STOCK_WANT_MAX)
		return false;
	stock_want(p, m->count);
	if (!s->settled) {
		s->settled = true;
		start_check();
	}
	return true;
}

static bool
on_abandon(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_abandon *m = msg;

	(void)conv;
	(void)fd;
	/* of a former queue: there is nothing left to do */
	if (m->instance != store_instance())
		return true;
	return stock_abandon(channel_owner(ch), m->id);
}

static void
answer(struct arrival *a, uint16_t smtp, uint16_t subject, uint16_t detail,
    const char *text)
{
	struct msg_committed m = {
		.smtp = smtp, .subject = subject, .detail = detail
	};

	if (a->conv == NULL || a->peer->channel == NULL)
		return;
	(void)view_copy(view_of(text), m.text, sizeof(m.text));
	channel_send(a->peer->channel, a->conv, &msg_committed, &m, -1);
	conv_end(a->peer->channel, a->conv);
	a->conv = NULL;
}

static void
log_queued(const struct arrival *a)
{
	const struct message *m = a->message;

	log_begin("queued");
	log_id("id", m->id);
	log_u64("size", m->size);
	log_u64("rcpts", a->nrcpts);
	log_text("from", m->sender);
	if (m->uid != UID_NONE)
		log_i64("uid", m->uid);
	else
		log_text("client", m->client);
	if (m->login[0] != '\0')
		log_text("login", m->login);
	if (m->message_id[0] != '\0')
		log_text("message-id", m->message_id);
	log_end();
}

static void
log_refused(const struct arrival *a, int error)
{
	log_begin("not-stored");
	log_id("id", a->message->id);
	log_text("text", error == 0 ? "database" : strerror(error));
	log_end();
}

static void
on_stored(struct store_op *op)
{
	struct arrival *a = op->owner;

	if (!op->failed) {
		log_queued(a);
		answer(a, 250, 0, 0, "");
		events_accepted(&op->u.commit, 0);
		admit_stored(&op->u.commit);
		welcome_stored(clock_mono_ms() - a->submitted_ms);
	} else {
		log_refused(a, op->error);
		if (op->error == ENOSPC || op->error == EDQUOT)
			answer(a, 452, 3, 1, "insufficient system storage");
		else
			answer(a, 451, 3, 0, "cannot store the message now");
		admit_failed(&op->u.commit);
		if (!op->abandoned)
			welcome_failed(op->error);
	}
	TAILQ_REMOVE(&intake.submitted, a, next);
	message_release(a->message);
	mem_free(a);
	store_op_free(op);
	stock_fill();
}

static void
client_text(const struct msg_commit *m, char out[IP_TEXT])
{
	struct ip ip = { .family = m->client_family };

	out[0] = '\0';
	if (m->client_family == 0)
		return;
	memcpy(ip.bytes, m->client, sizeof(ip.bytes));
	ip_print(&ip, out);
}

static struct message *
message_of(const struct msg_commit *c, const struct peer *p)
{
	struct message *m = message_new();
	char client[IP_TEXT];

	m->id = c->id;
	m->shard = spool_shard(c->id);
	m->received = clock_wall_ms();
	m->class_ = p->class_;
	if (p->class_ == CLASS_LOCAL)
		m->uid = c->uid;
	m->flags = c->flags & ENVELOPE_ALL;
	m->ret = c->ret;
	mem_free(m->envid);
	m->envid = mem_copy_string(c->envid);
	mem_free(m->login);
	m->login = mem_copy_string(c->login);
	m->sender = mem_copy_string(c->null_sender != 0 ? "" : c->sender);
	client_text(c, client);
	m->client = mem_copy_string(client);
	m->helo = mem_copy_string(c->helo);
	m->message_id = mem_copy_string(c->message_id);
	return m;
}

/* Only a worker of those where people log in may say that somebody has. */
static bool
login_sound(const struct msg_commit *m, const struct peer *p)
{
	return m->login[0] == '\0' || p->class_ == CLASS_LOGIN;
}

/* What the frame claims must make sense. */
static bool
commit_sound(const struct msg_commit *m)
{
	struct mailbox box;

	if (m->nrcpts == 0 ||
	    m->nrcpts > conf_number(process_conf(), KEY_RECIPIENTS))
		return false;
	if (m->client_family != 0 && m->client_family != 4 &&
	    m->client_family != 6)
		return false;
	if (!ret_sound(m->ret) || !envid_sound(m->envid))
		return false;
	return m->null_sender != 0 ||
	       mailbox_parse(view_of(m->sender), &box, true);
}

/* The recipients are still to come, and then the answer. */
static bool
refuse(
    struct peer *p, struct conv *conv, const struct msg_commit *m, char *text)
{
	struct arrival *a;

	if (m->instance != store_instance() || !stock_abandon(p, m->id)) {
		mem_free(text);
		return false;
	}
	a = mem_zero(1, sizeof(*a));
	a->refused = text;
	a->peer = p;
	a->conv = conv;
	a->expected = m->nrcpts;
	conv->object = a;
	return true;
}

static void
refused_free(struct arrival *a)
{
	mem_free(a->refused);
	mem_free(a);
}

static bool
on_commit(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_commit *m = msg;
	struct peer *p = channel_owner(ch);
	struct arrival *a;
	int body = -1;
	char *over;

	(void)fd;
	if (!commit_sound(m) || !login_sound(m, p))
		return false;
	over = allowance_over(p, m);
	if (over != NULL)
		return refuse(p, conv, m, over);
	if (m->instance == store_instance())
		body = stock_take(p, m->id);
	if (body == -1)
		return false;
	a = mem_zero(1, sizeof(*a));
	a->message = message_of(m, p);
	a->message->fd = body;
	a->peer = p;
	a->conv = conv;
	a->expected = a->nrcpts = m->nrcpts;
	a->op = store_op_new(STORE_COMMIT, on_stored, a);
	a->op->u.commit.message = a->message;
	conv->object = a;
	return true;
}

static bool
rcpt_refused(struct arrival *a)
{
	if (--a->expected > 0)
		return true;
	answer(a, 450, 7, 1, a->refused);
	refused_free(a);
	return true;
}

static bool
on_commit_rcpt(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_commit_rcpt *m = msg;
	struct arrival *a = conv->object;
	const struct rcpt_new new = {
		.address = m->address, .orcpt = m->orcpt, .notify = m->notify
	};
	struct mailbox box;

	(void)ch;
	(void)fd;
	if (!mailbox_parse(view_of(m->address), &box, true) ||
	    !notify_sound(m->notify) || !orcpt_sound(m->orcpt))
		return false;
	if (a->refused != NULL)
		return rcpt_refused(a);
	admit_rcpt(&a->op->u.commit, &new);
	if (--a->expected > 0)
		return true;
	conv->phase = IN_STORE;
	admit_begin(&a->op->u.commit);
	store_submit(a->op);
	TAILQ_INSERT_TAIL(&intake.submitted, a, next);
	a->submitted = a->op;
	a->submitted_ms = clock_mono_ms();
	a->op = NULL;
	return true;
}

static void
on_fate_known(struct store_op *op)
{
	struct arrival *a = op->owner;
	struct msg_fate_is m = { .stored = op->u.fate.stored };

	if (a->conv != NULL && a->peer->channel != NULL) {
		channel_send(a->peer->channel, a->conv, &msg_fate_is, &m, -1);
		conv_end(a->peer->channel, a->conv);
	}
	mem_free(a);
	store_op_free(op);
}

static bool
on_fate(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_fate *m = msg;
	struct arrival *a = mem_zero(1, sizeof(*a));
	struct store_op *op = store_op_new(STORE_FATE, on_fate_known, a);

	(void)fd;
	a->peer = channel_owner(ch);
	a->conv = conv;
	conv->object = a;
	conv->phase = IN_STORE;
	op->u.fate.id = m->id;
	store_submit(op);
	return true;
}

static void
on_conv_lost(struct channel *ch, struct conv *conv)
{
	struct arrival *a = conv->object;

	(void)ch;
	if (a == NULL)
		return;
	a->conv = NULL;
	if (a->refused != NULL) {
		refused_free(a);
		return;
	}
	if (a->op == NULL)
		return; /* the store has it: kept, as RFC 1047 says */
	admit_failed(&a->op->u.commit);
	store_op_free(a->op);
	message_release(a->message);
	mem_free(a);
}

static void
on_attached(struct peer *p)
{
	if (p->data == NULL)
		p->data = mem_zero(1, sizeof(struct smtpd));
	((struct smtpd *)p->data)->settled = false;
	welcome_tell(p);
}

static void
on_lost(struct peer *p)
{
	stock_lost(p);
	if (p->data != NULL)
		((struct smtpd *)p->data)->settled = true;
	start_check();
}

bool
intake_settled(void)
{
	struct peer *p;

	for (size_t n = 0; (p = process_peer(PEER_SMTPD, n)) != NULL; n++)
		if (p->channel != NULL &&
		    (p->data == NULL || !((struct smtpd *)p->data)->settled))
			return false;
	return true;
}

/* The disk hangs: nobody is left waiting for it, and who was told to come
 * again must not find his message delivered meanwhile. */
static void
abandon_waiting(void)
{
	struct arrival *a;
	uint64_t n = 0;

	TAILQ_FOREACH (a, &intake.submitted, next) {
		if (a->conv == NULL || !store_abandon(a->submitted))
			continue;
		answer(a, 451, 3, 2, "the disk does not answer");
		n++;
	}
	if (n == 0)
		return;
	log_begin("abandoned");
	log_u64("messages", n);
	log_i64("behind-ms", store_behind());
	log_end();
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	welcome_second();
	if (store_behind() > ABANDON_MS)
		abandon_waiting();
}

void
intake_start(void)
{
	const struct timeval tv = { .tv_sec = STATE_MS / 1000 };

	TAILQ_INIT(&intake.submitted);
	intake.timer =
	    event_new(process_base(), -1, EV_PERSIST, on_timer, NULL);
	if (intake.timer == NULL || event_add(intake.timer, &tv) == -1)
		fatal("no timer for the intake");
	welcome_start();
}

/* clang-format off */
static const struct channel_rule rules[] = {
	{ &msg_stock_want, on_stock_want, CONV_NONE, 0 },
	{ &msg_abandon, on_abandon, CONV_NONE, 0 },
	{ &msg_commit, on_commit, CONV_NEW, IN_RCPTS },
	{ &msg_commit_rcpt, on_commit_rcpt, IN_RCPTS, 0 },
	{ &msg_fate, on_fate, CONV_NEW, 0 },
};
/* clang-format on */

const struct peer_def intake_peer = {
	.kind = PEER_SMTPD,
	.rules = rules,
	.nrules = nitems(rules),
	.conv_lost = on_conv_lost,
	.attached = on_attached,
	.lost = on_lost,
};
