/* SPDX-License-Identifier: ISC */
/* resolve/transport.c - one question, through all resolvers and tries.
 *
 * Decides where a question goes next; udp.c and tcp.c carry it.
 */
#include "resolve/transport.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "resolve/proof.h"
#include "resolve/random.h"
#include "resolve/strays.h"
#include "resolve/tcp.h"
#include "resolve/udp.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>

enum {
	SILENCES = 3,          /* in a row, for SILENCE_MS at least: */
	SILENCE_MS = 2 * 1000, /* a resolver is passed over */
	SILENT_MS = 30 * 1000, /* for so long, by fresh questions */
	BURST = 128,           /* datagrams that fit any receive buffer */
	TICK_MS = 50 /* unanswered for two of them: no burst any more */
};

TAILQ_HEAD(held, exchange);

struct resolver {
	const struct conf_resolver *conf;
	struct udp_pool *udp;
	unsigned int silences;
	int64_t spoke_at;
	int64_t silent_until;  /* 0: speaks */
	unsigned int burst[2]; /* unanswered, of this tick and the last */
	uint64_t tick;
	struct event *ticker;
	enum trust trust;
	struct held held; /* to be sent when the burst is over */
};

struct exchange {
	char name[MSG_DOMAIN_MAX + 1];
	uint16_t type;
	struct question question;
	struct udp_try udp;
	struct tcp_try tcp;
	struct event *timer;
	size_t resolver;       /* asked now */
	unsigned int declined; /* a bit for each resolver that is no use */
	unsigned int timeouts;
	bool plain; /* without EDNS */
	bool probe; /* for this resolver alone, with */
	unsigned int flags;
	bool servfail; /* the last one said so: */
	size_t failed;
	struct extended extended;
	bool is_held;  /* in the resolver's list */
	uint64_t tick; /* in which it was sent */
	TAILQ_ENTRY(exchange) held;
	char why[MSG_TEXT_MAX + 1];
	transport_done *done;
	void *arg;
};

static struct {
	struct event_base *base;
	struct resolver resolvers[CONF_RESOLVERS_MAX];
	size_t nresolvers;
	struct tcp_pool *tcp;
	uint64_t foreign; /* right id, wrong question */
} self;

static void send_udp(struct exchange *);

static void
note(struct exchange *x, const char *what)
{
	const struct conf_resolver *r = self.resolvers[x->resolver].conf;
	char ip[IP_TEXT];

	snprintf(x->why, sizeof(x->why), "resolver %s port %u: %s",
	    ip_print(&r->ip, ip), r->port, what);
}

static void
forget(struct exchange *x)
{
	struct resolver *r = &self.resolvers[x->resolver];

	if (x->is_held)
		TAILQ_REMOVE(&r->held, x, held);
	x->is_held = false;
	if (x->udp.socket != NULL && r->tick - x->tick < nitems(r->burst))
		r->burst[r->tick - x->tick]--;
	udp_forget(&x->udp);
	tcp_forget(&x->tcp);
	event_del(x->timer);
}

static void
finish(struct exchange *x, const struct outcome *o)
{
	forget(x);
	event_free(x->timer);
	x->done(x->arg, o);
	mem_free(x);
}

static void
give_up(struct exchange *x)
{
	struct outcome o = { .answer = answer_new_trouble(x->why),
		.servfail = x->servfail,
		.resolver = x->failed,
		.extended = &x->extended };

	o.suspect = x->servfail && !x->probe &&
		    self.resolvers[x->failed].trust == TRUST_SHOWN;

	finish(x, &o);
}

static void
wait_for(struct exchange *x, time_t seconds)
{
	struct timeval tv = { seconds, 0 };

	if (event_add(x->timer, &tv) == -1)
		fatal("no timer");
}

bool
transport_validates(void)
{
	for (size_t i = 0; i < self.nresolvers; i++)
		if (self.resolvers[i].trust == TRUST_SHOWN)
			return true;
	return false;
}

/* May it be asked, as things are? */
static bool
is_eligible(const struct resolver *r)
{
	return r->trust == TRUST_SHOWN || !transport_validates();
}

/* The first that is not known to be silent, else the first. */
static size_t
first_resolver(void)
{
	int64_t now = clock_mono_ms();
	size_t first = self.nresolvers;

	for (size_t i = 0; i < self.nresolvers; i++) {
		if (!is_eligible(&self.resolvers[i]))
			continue;
		if (self.resolvers[i].silent_until <= now)
			return i;
		if (first == self.nresolvers)
			first = i;
	}
	return first;
}

/* The next one in the ring that has not declined; false: there is none. */
static bool
move_on(struct exchange *x)
{
	if (x->probe)
		return (x->declined & 1U << x->resolver) == 0;
	for (size_t i = 1; i <= self.nresolvers; i++) {
		size_t r = (x->resolver + i) % self.nresolvers;

		if ((x->declined & 1U << r) == 0 &&
		    is_eligible(&self.resolvers[r])) {
			x->resolver = r;
			return true;
		}
	}
	return false;
}

/* This resolver is of no use for this question. */
static void
decline(struct exchange *x, const char *why)
{
	note(x, why);
	forget(x);
	x->declined |= 1U << x->resolver;
	x->plain = false;
	if (move_on(x))
		send_udp(x);
	else
		give_up(x);
}

static void
hold(struct resolver *r, struct exchange *x)
{
	x->is_held = true;
	TAILQ_INSERT_TAIL(&r->held, x, held);
}

static bool
has_room(const struct resolver *r)
{
	for (size_t i = 0; i < self.nresolvers; i++)
		if (self.resolvers[i].trust == TRUST_PENDING)
			return false;
	return r->burst[0] + r->burst[1] < BURST;
}

static void
tick_later(struct resolver *r)
{
	const struct timeval tv = { 0, TICK_MS * 1000 };

	if (!event_pending(r->ticker, EV_TIMEOUT, NULL) &&
	    event_add(r->ticker, &tv) == -1)
		fatal("no timer");
}

static void
count_burst(struct resolver *r, struct exchange *x)
{
	x->tick = r->tick;
	r->burst[0]++;
	tick_later(r);
}

/*
 * The last try goes in lower case: some middle boxes do not keep the case of
 * the question, and then no mixed answer would ever match.
 */
static bool
question_prepare(struct exchange *x)
{
	uint8_t bits[32] = { 0 };

	if (!question_make(&x->question, x->name, (enum dns_type)x->type,
		(x->plain ? QUESTION_PLAIN : 0U) | x->flags))
		return false;
	if (x->timeouts + 1 < TRANSPORT_TRIES)
		random_bytes(bits, sizeof(bits));
	question_mix(&x->question, bits);
	return true;
}

static void
send_udp(struct exchange *x)
{
	struct resolver *r;

	if (!x->probe && !is_eligible(&self.resolvers[x->resolver]))
		x->resolver = first_resolver();
	r = &self.resolvers[x->resolver];
	if ((x->flags & QUESTION_DO) == 0 && !has_room(r)) {
		hold(r, x);
		return;
	}
	if (!question_prepare(x)) {
		snprintf(x->why, sizeof(x->why), "cannot be asked for");
		give_up(x);
		return;
	}
	if (!udp_ask(r->udp, &x->udp, &x->question)) {
		decline(x, strerror(errno));
		return;
	}
	count_burst(r, x);
	wait_for(x, (time_t)1 << x->timeouts);
}

static void
send_held(struct resolver *r)
{
	struct exchange *x;

	while (has_room(r) && (x = TAILQ_FIRST(&r->held)) != NULL) {
		TAILQ_REMOVE(&r->held, x, held);
		x->is_held = false;
		send_udp(x);
	}
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct resolver *r = arg;

	(void)fd;
	(void)what;
	r->tick++;
	r->burst[1] = r->burst[0];
	r->burst[0] = 0;
	if (r->burst[1] > 0)
		tick_later(r);
	send_held(r);
}

static void
send_tcp(struct exchange *x)
{
	forget(x);
	tcp_ask(
	    self.tcp, &x->tcp, self.resolvers[x->resolver].conf, &x->question);
	wait_for(x, TRANSPORT_TCP_SECONDS);
}

static void
log_resolver(const char *event, const struct resolver *r)
{
	char ip[IP_TEXT];

	log_begin(event);
	log_text("ip", ip_print(&r->conf->ip, ip));
	log_u64("port", r->conf->port);
	log_end();
}

static void
resolver_spoke(struct resolver *r)
{
	if (r->silent_until != 0)
		log_resolver("resolver-answers", r);
	r->silences = 0;
	r->silent_until = 0;
	r->spoke_at = clock_mono_ms();
}

static void
resolver_silent(struct resolver *r)
{
	int64_t now = clock_mono_ms();

	if (++r->silences < SILENCES || now - r->spoke_at < SILENCE_MS)
		return;
	if (r->silent_until == 0)
		log_resolver("resolver-silent", r);
	r->silent_until = now + SILENT_MS;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct exchange *x = arg;

	(void)fd;
	(void)what;
	if (x->tcp.state != TCP_IDLE) {
		decline(x, "no answer by TCP");
		return;
	}
	if (x->type != DNS_PTR) /* many reverse zones are dead */
		resolver_silent(&self.resolvers[x->resolver]);
	if (x->why[0] == '\0')
		note(x, "no answer");
	forget(x);
	x->timeouts++;
	x->plain = false;
	if (x->timeouts < TRANSPORT_TRIES && move_on(x))
		send_udp(x);
	else
		give_up(x);
}

static void
log_strays(void)
{
	uint64_t n = self.foreign;

	for (size_t i = 0; i < self.nresolvers; i++)
		n += udp_strays(self.resolvers[i].udp);
	strays_log(n);
}

static void
use(struct exchange *x, struct answer *answer)
{
	struct outcome o = { .answer = answer };
	const struct resolver *r = &self.resolvers[x->resolver];

	/*
	 * RFC 6840 5.7 and RFC 7672 2.2.1: the AD bit counts for as much as
	 * the way to whom it comes from, and if he knows what it means.
	 */
	if (answer->secure && r->trust == TRUST_UNKNOWN && !x->probe) {
		/* it may be worth much: too much to go on without */
		answer_free(answer);
		note(x, "it has not shown yet that it validates");
		proof_doubted(x->resolver);
		give_up(x);
		return;
	}
	answer->secure =
	    answer->secure && (r->trust == TRUST_SHOWN || x->probe);
	finish(x, &o);
}

static void
use_alias(struct exchange *x, const struct question_read *got)
{
	struct outcome o = { .alias = got->alias,
		.alias_ttl = got->alias_ttl,
		.cnames = got->cnames };

	finish(x, &o);
}

static void
without_edns(struct exchange *x)
{
	if (x->plain) {
		decline(x, "FORMERR");
		return;
	}
	forget(x);
	x->plain = true;
	send_udp(x);
}

static void
heard(struct exchange *x, struct view packet, bool by_tcp)
{
	struct question_read got;
	enum reading reading = question_read(&x->question, packet, &got);

	if (reading != READING_FOREIGN)
		resolver_spoke(&self.resolvers[x->resolver]);
	switch (reading) {
	case READING_ANSWER:
		use(x, got.answer);
		break;
	case READING_ALIAS:
		use_alias(x, &got);
		break;
	case READING_FOREIGN:
		self.foreign++;
		if (by_tcp)
			decline(x, "another question's answer by TCP");
		break;
	case READING_TRUNCATED:
		if (by_tcp)
			decline(x, "truncated answer by TCP");
		else
			send_tcp(x);
		break;
	case READING_NO_EDNS:
		without_edns(x);
		break;
	case READING_BROKEN:
		x->servfail = got.servfail;
		x->failed = x->resolver;
		x->extended = got.extended;
		decline(x, got.why);
		break;
	}
}

static struct exchange *
of_udp(struct udp_try *t)
{
	return (struct exchange *)((char *)t - offsetof(struct exchange, udp));
}

static struct exchange *
of_tcp(struct tcp_try *t)
{
	return (struct exchange *)((char *)t - offsetof(struct exchange, tcp));
}

static void
on_udp_heard(struct udp_try *t, struct view packet)
{
	struct exchange *x = of_udp(t);
	struct resolver *r = &self.resolvers[x->resolver];

	heard(x, packet, false);
	send_held(r);
}

/*
 * The only resolver may be starting again: then the time-out decides, else
 * the others are asked at once.
 */
static void
on_udp_refused(struct udp_try *t, int error)
{
	struct exchange *x = of_udp(t);
	unsigned int others = 0;

	for (size_t i = 0; i < self.nresolvers; i++)
		if (is_eligible(&self.resolvers[i]))
			others |= 1U << i;
	others &= ~(x->declined | 1U << x->resolver);
	if (others != 0)
		decline(x, strerror(error));
	else
		note(x, strerror(error));
}

static void
on_tcp_heard(struct tcp_try *t, struct view packet)
{
	heard(of_tcp(t), packet, true);
}

static void
on_tcp_lost(struct tcp_try *t, int error)
{
	decline(of_tcp(t), error == 0 ? "TCP closed" : strerror(error));
}

static const struct udp_def udp_def = {
	.heard = on_udp_heard,
	.refused = on_udp_refused,
};

static const struct tcp_def tcp_def = {
	.heard = on_tcp_heard,
	.lost = on_tcp_lost,
};

static void
resolver_init(struct resolver *r, const struct conf_resolver *conf)
{
	r->conf = conf;
	r->udp = udp_pool_new(self.base, conf, &udp_def);
	r->spoke_at = clock_mono_ms();
	r->ticker = event_new(self.base, -1, 0, on_tick, r);
	if (r->ticker == NULL)
		fatal("no timer");
	TAILQ_INIT(&r->held);
}

void
transport_start(struct event_base *base, const struct conf *conf)
{
	if (conf->nresolvers == 0)
		panic("no resolver");
	self.base = base;
	self.nresolvers = conf->nresolvers;
	for (size_t i = 0; i < conf->nresolvers; i++)
		resolver_init(&self.resolvers[i], &conf->resolvers[i]);
	self.tcp = tcp_pool_new(base, &tcp_def);
}

static struct exchange *
exchange_new(struct key key, transport_done *done, void *arg)
{
	struct exchange *x = mem_zero(1, sizeof(*x));

	view_copy(view_of(key.name), x->name, sizeof(x->name));
	x->type = key.type;
	x->done = done;
	x->arg = arg;
	x->timer = event_new(self.base, -1, 0, on_timer, x);
	if (x->timer == NULL)
		fatal("no timer");
	return x;
}

void
transport_ask(struct key key, transport_done *done, void *arg)
{
	struct exchange *x = exchange_new(key, done, arg);

	x->resolver = first_resolver();
	log_strays();
	send_udp(x);
}

void
transport_probe(size_t resolver, struct key key, enum question_flag flag,
    transport_done *done, void *arg)
{
	struct exchange *x = exchange_new(key, done, arg);

	x->resolver = resolver;
	x->probe = true;
	x->flags = flag;
	if (flag == QUESTION_CD)
		x->timeouts = TRANSPORT_TRIES - 1;
	send_udp(x);
}

void
transport_trust(size_t resolver, enum trust trust)
{
	self.resolvers[resolver].trust = trust;
	for (size_t i = 0; i < self.nresolvers; i++)
		send_held(&self.resolvers[i]);
}
