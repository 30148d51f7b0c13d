/* SPDX-License-Identifier: ISC */
/* tests/sim/peers.c - those that queue talks to: a door and two workers; and
 * the weather at the servers.
 */
#include "tests/sim/sim.h"

#include "common/base/alloc.h"
#include "queue/dispatch.h"
#include "queue/intake.h"
#include "queue/orders.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STOCK = 16, WANTED = 4 };

static struct {
	struct msg_stock stock[STOCK];
	int bodies[STOCK];
	int nstock;
	int64_t arrival, mishap; /* the next ones */
	int flood;               /* arrivals that are to come of it */
	int flooded;             /* domain */
	struct {
		struct conv *conv;
		int64_t at;
	} ask[WORKERS]; /* MSG_HELD_ASK is to be answered */
} life;

static struct peer *
worker(unsigned int n)
{
	return process_peer(PEER_DELIVER, n);
}

/* --- the door */

static int
letter_of(const struct conv *conv)
{
	for (int i = 0; i < sim->nletters; i++)
		if (sim->letters[i].conv == conv)
			return i;
	sim_fail("an answer to no question");
}

static void
acknowledged(struct letter *l, bool stored)
{
	l->state = stored ? ACCEPTED : REFUSED;
	l->conv = NULL;
	for (int k = 0; k < l->nrcpts; k++)
		l->rcpts[k].high = sim->now;
	if (stored)
		fair_accepted(l);
}

static struct letter *
letter_new(const struct msg_stock *stock)
{
	int n = sim->nletters++;
	struct letter *l = &sim->letters[n];

	memset(l, 0, sizeof(*l));
	l->id = stock->id;
	l->instance = stock->instance;
	l->state = SENT;
	l->null_sender = sim_chance(5);
	if (!l->null_sender)
		snprintf(l->sender, ADDRESS, "s%d@%.20s", n,
		    sim->domains[BACK].name);
	l->received = sim->now;
	l->nrcpts = (int)sim_between(1, RCPTS);
	for (int k = 0; k < l->nrcpts; k++) {
		struct recipient *r = &l->rcpts[k];

		r->domain = (int)sim_between(0, BACK - 1);
		snprintf(r->address, ADDRESS, "r%d.%d@%.20s", k, n,
		    sim->domains[r->domain].name);
	}
	return l;
}

/* One sender has much for one domain, each letter from another address of
 * his, as lists do; and there are others. */
static void
flood(struct letter *l, int n)
{
	if (sim_chance(25))
		return;
	snprintf(l->sender, ADDRESS, "flood+%d@d%d.example", n, BACK);
	l->null_sender = false;
	l->nrcpts = 1;
	l->rcpts[0].domain = life.flooded;
	snprintf(
	    l->rcpts[0].address, ADDRESS, "r0.%d@d%d.example", n, life.flooded);
}

static void
flood_soon(void)
{
	if (life.flood > 0) {
		life.flood--;
		life.arrival = sim->now + sim_between(0, 30);
	} else if (sim_chance(5)) {
		life.flood = (int)sim_between(10, 30);
		life.flooded = (int)sim_between(0, BACK - 1);
		sim->count.floods++;
	}
}

static void
arrive(void)
{
	struct peer *door = process_peer(PEER_SMTPD, 0);
	struct msg_commit m = { .client_family = 4 };
	struct msg_commit_rcpt rcpt = { 0 };
	struct letter *l;

	life.arrival = sim->now + sim_between(1, 40 * MINUTE);
	if (sim_chance(30)) /* they come in bursts */
		life.arrival = sim->now + sim_between(0, 100);
	if (sim->crowded)
		flood_soon();
	if (life.nstock == 0 || sim->nsent == SENT_MAX || sim->final)
		return;
	sim->nsent++;
	life.nstock--;
	(void)!write(life.bodies[life.nstock], "body\r\n", 6);
	close(life.bodies[life.nstock]);
	l = letter_new(&life.stock[life.nstock]);
	if (life.flood > 0)
		flood(l, sim->nletters - 1);
	m.instance = l->instance;
	m.id = l->id;
	m.nrcpts = (uint32_t)l->nrcpts;
	m.null_sender = l->null_sender;
	snprintf(m.sender, sizeof(m.sender), "%s", l->sender);
	l->conv = fake_speak(door, NULL, &msg_commit, &m);
	for (int k = 0; k < l->nrcpts; k++) {
		snprintf(rcpt.address, sizeof(rcpt.address), "%s",
		    l->rcpts[k].address);
		(void)fake_speak(door, l->conv, &msg_commit_rcpt, &rcpt);
	}
}

/* What a former queue left unanswered. */
static void
ask_fates(void)
{
	struct peer *door = process_peer(PEER_SMTPD, 0);
	struct msg_stock_want want = { .count = WANTED };

	for (int i = 0; i < sim->nletters; i++) {
		struct letter *l = &sim->letters[i];
		struct msg_fate m = { .instance = l->instance, .id = l->id };

		if (l->state == SENT)
			l->conv = fake_speak(door, NULL, &msg_fate, &m);
	}
	fake_speak(door, NULL, &msg_stock_want, &want);
}

/* --- the workers */

static void
errand_new(struct peer *p, struct conv *conv, const struct msg_job *m)
{
	struct errand *e = sim->errands;

	while (e < sim->errands + JOBS && e->used)
		e++;
	if (e == sim->errands + JOBS)
		sim_fail("more than %d jobs", JOBS);
	memset(e, 0, sizeof(*e));
	e->used = true;
	e->key = m->key;
	e->worker = p->index;
	e->expected = (int)m->nrcpts;
	e->conv = conv;
	e->domain = -1;
	for (int i = 0; i < DOMAINS; i++)
		if (strcmp(m->host, sim->domains[i].name) == 0)
			e->domain = i;
	if (e->domain == -1 || e->expected > RCPTS)
		sim_fail(
		    "a job for %s with %d recipients", m->host, e->expected);
	e->letter = -1;
	/* the sender, until the first recipient comes */
	e->rcpts[0].verdict = m->sender[0] == '\0';
}

static int
verdict_at(const struct domain *d)
{
	int64_t dice = sim_between(0, 99);

	if (sim->final)
		return 2;
	if (d->weather == GREY)
		return dice < 70 ? 4 : dice < 85 ? 5 : 2;
	return dice < 90 ? 2 : dice < 95 ? 4 : 5;
}

/* All of it is known: how will it go? */
static void
errand_begin(struct errand *e)
{
	const struct domain *d = &sim->domains[e->domain];
	bool any = false;

	fair_job(e);
	model_job(e);
	e->reached = d->weather != DEAD;
	e->end_at = sim->now + sim_between(1, e->reached ? 5000 : 30000);
	for (int i = 0; i < e->nrcpts; i++) {
		e->rcpts[i].verdict = verdict_at(d);
		any = any || e->rcpts[i].verdict == 2;
	}
	if (!e->reached || !any)
		return;
	e->dot_at = e->end_at;
	e->end_at += sim_between(1, sim_chance(5) ? 5 * MINUTE : 5000);
}

static void
errand_rcpt(const struct conv *conv, const struct msg_job_rcpt *m)
{
	struct errand *e = sim->errands;
	const struct letter *l;
	int k = 0;

	while (!e->used || e->conv != conv)
		e++;
	if (e->letter == -1)
		e->letter = model_letter(e->key.message,
		    e->rcpts[0].verdict != 0 ? "" : "a sender", m->address);
	l = &sim->letters[e->letter];
	while (k < l->nrcpts && strcmp(l->rcpts[k].address, m->address) != 0)
		k++;
	if (k == l->nrcpts)
		sim_fail("%s was no recipient", m->address);
	e->rcpts[e->nrcpts].n = m->n;
	e->rcpts[e->nrcpts].rcpt = k;
	if (++e->nrcpts == e->expected)
		errand_begin(e);
}

static void
say_results(struct errand *e, struct conv *conv)
{
	struct peer *p = worker(e->worker);
	struct msg_job_done done = { .verdict = 4,
		.stage = STAGE_CONNECT,
		.smtp = 451,
		.subject = 4,
		.detail = 1 };
	struct msg_result r = { .detail = 1 };

	for (int i = 0; e->reached && i < e->nrcpts; i++) {
		r.rcpt = e->rcpts[i].n;
		r.verdict = (uint8_t)e->rcpts[i].verdict;
		r.smtp = (uint16_t)(r.verdict * 100 + 50);
		r.subject = 1;
		snprintf(r.text, sizeof(r.text), "verdict %d", r.verdict);
		(void)fake_speak(p, conv, &msg_result, &r);
	}
	if (e->reached)
		done.stage = e->dot_at != 0 ? STAGE_DOT : STAGE_MAIL;
	snprintf(
	    done.host, sizeof(done.host), "%s", sim->domains[e->domain].host);
	snprintf(done.text, sizeof(done.text), "that was it");
	model_ended(e, true);
	e->used = false;
	(void)fake_speak(p, conv, &msg_job_done, &done);
}

static void
say_dot(struct errand *e)
{
	struct msg_dot m = { .family = 4 };

	snprintf(m.host, sizeof(m.host), "%s", sim->domains[e->domain].host);
	e->dotted = true;
	(void)fake_speak(worker(e->worker), e->conv, &msg_dot, &m);
}

static void
say_late(struct errand *e)
{
	struct peer *p = worker(e->worker);
	struct msg_late m = { .key = e->key, .nrcpts = (uint32_t)e->nrcpts };

	say_results(e, fake_speak(p, NULL, &msg_late, &m));
}

/* What this worker still holds past the dot for a former queue. */
static void
say_held(unsigned int n)
{
	struct conv *conv = life.ask[n].conv;
	struct msg_held m;

	life.ask[n].conv = NULL;
	for (int i = 0; i < JOBS; i++) {
		struct errand *e = &sim->errands[i];

		if (!e->used || !e->orphan || e->worker != n)
			continue;
		m.key = e->key;
		e->told = true;
		(void)fake_speak(worker(n), conv, &msg_held, &m);
	}
	(void)fake_speak(worker(n), conv, &msg_held_end, NULL);
}

static void
worker_dies(unsigned int n)
{
	struct peer *p = worker(n);

	sim_say("worker %u dies", n);
	sim->count.lost_workers++;
	for (int i = 0; i < JOBS; i++)
		if (sim->errands[i].used && sim->errands[i].worker == n) {
			model_ended(&sim->errands[i], false);
			sim->errands[i].used = false;
		}
	life.ask[n].conv = NULL;
	fair_doubt(-1);
	fake_lose(p);
	fake_attach(PEER_DELIVER, n, &dispatch_peer);
}

/* Those before the dot are dropped, the others go on without it. */
void
peers_queue_lost(void)
{
	for (int i = 0; i < JOBS; i++) {
		struct errand *e = &sim->errands[i];

		e->told = false;
		e->conv = NULL;
		if (!e->used || e->orphan)
			continue;
		if (e->nrcpts < e->expected) {
			e->used = false; /* not all of it was read */
		} else if (e->dot_at != 0 && e->dot_at <= sim->now) {
			model_orphaned(e);
			e->orphan = true;
		} else {
			model_ended(e, false);
			e->used = false;
		}
	}
}

/* --- all of them */

void
peers_hear(struct peer *p, struct conv *conv, const struct ipc_type *type,
    const void *msg, int fd)
{
	const struct msg_intake_state *state = msg;
	int body = -1;

	if (type == &msg_stock && life.nstock < STOCK) {
		life.stock[life.nstock] = *(const struct msg_stock *)msg;
		body = life.bodies[life.nstock++] = fd;
	} else if (type == &msg_committed) {
		acknowledged(&sim->letters[letter_of(conv)],
		    ((const struct msg_committed *)msg)->smtp == 250);
	} else if (type == &msg_fate_is) {
		acknowledged(&sim->letters[letter_of(conv)],
		    ((const struct msg_fate_is *)msg)->stored != 0);
	} else if (type == &msg_intake_state && state->smtp != 0 &&
		   !sim->disk_failed) {
		sim_fail("nothing is accepted: %s", state->text);
	} else if (type == &msg_job) {
		errand_new(p, conv, msg);
	} else if (type == &msg_job_rcpt) {
		errand_rcpt(conv, msg);
	} else if (type == &msg_held_ask) {
		life.ask[p->index].conv = conv;
		life.ask[p->index].at = sim->now + sim_between(0, 50);
	} else if (type == &msg_order_done) {
		operator_hear(msg);
	}
	if (fd != -1 && fd != body)
		close(fd);
}

void
peers_begin(void)
{
	memset(&life, 0, sizeof(life));
	fake_attach(PEER_SMTPD, 0, &intake_peer);
	fake_attach(PEER_REPORT, 0, &orders_peer);
	for (unsigned int i = 0; i < WORKERS; i++)
		fake_attach(PEER_DELIVER, i, &dispatch_peer);
	ask_fates();
	life.arrival = sim->now + sim_between(0, MINUTE);
	life.mishap = sim->now + sim_between(MINUTE, DAY);
	operator_begin();
}

static void
weather_change(struct domain *d)
{
	static const char *const names[] = { "fine", "dead", "grey" };
	int64_t dice = sim_between(0, 99);

	d->weather = dice < 55 ? FINE : dice < 80 ? DEAD : GREY;
	d->changes = sim->now +
		     sim_between(MINUTE, sim_chance(20) ? 30 * HOUR : 3 * HOUR);
	if (d == &sim->domains[BACK] && d->weather == GREY)
		d->weather = FINE; /* notices are not to be refused here */
	if (sim->final)
		d->weather = FINE;
	sim_say("%s is %s now", d->name, names[d->weather]);
}

static int64_t
errand_next(const struct errand *e)
{
	if (!e->used || e->nrcpts < e->expected || (e->orphan && !e->told))
		return INT64_MAX;
	return e->dot_at != 0 && !e->dotted && !e->orphan ? e->dot_at
							  : e->end_at;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
peers_next(void)
{
	int64_t next = least(life.arrival, least(life.mishap, operator_next()));

	for (int i = 0; i < JOBS; i++)
		next = least(next, errand_next(&sim->errands[i]));
	for (int i = 0; i < DOMAINS; i++)
		next = least(next, sim->domains[i].changes);
	for (int i = 0; i < WORKERS; i++)
		if (life.ask[i].conv != NULL)
			next = least(next, life.ask[i].at);
	return next;
}

static void
errands_go(void)
{
	for (int i = 0; i < JOBS; i++) {
		struct errand *e = &sim->errands[i];

		if (errand_next(e) > sim->now)
			continue;
		if (e->orphan)
			say_late(e);
		else if (e->dot_at != 0 && !e->dotted)
			say_dot(e);
		else
			say_results(e, e->conv);
	}
}

void
peers_go(void)
{
	for (unsigned int i = 0; i < WORKERS; i++)
		if (life.ask[i].conv != NULL && life.ask[i].at <= sim->now)
			say_held(i);
	errands_go();
	for (int i = 0; i < DOMAINS; i++)
		if (sim->domains[i].changes <= sim->now)
			weather_change(&sim->domains[i]);
	if (life.arrival <= sim->now)
		arrive();
	if (life.mishap <= sim->now) {
		life.mishap = sim->now + sim_between(MINUTE, DAY);
		worker_dies((unsigned int)sim_between(0, WORKERS - 1));
	}
	operator_go();
}
