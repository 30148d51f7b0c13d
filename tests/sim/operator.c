/* SPDX-License-Identifier: ISC */
/* tests/sim/operator.c - somebody with wishes, at random times. */
#include "tests/sim/sim.h"

#include <stdio.h>

static struct {
	int64_t wish; /* the next one */
	struct conv *order;
	int letter; /* that it is about, or -1 */
	uint8_t verb;
	int domain;
	int64_t until;
} operator_;

/* They may be tried before their clocks. */
static void
clocks_reset(const struct letter *only)
{
	for (int i = 0; i < sim->nletters; i++) {
		struct letter *l = &sim->letters[i];

		if (only != NULL && l != only)
			continue;
		for (int k = 0; k < l->nrcpts; k++) {
			l->rcpts[k].low = 0;
			sim->domains[l->rcpts[k].domain].low = 0;
		}
	}
	for (int i = 0; only == NULL && i < DOMAINS; i++)
		sim->domains[i].low = 0;
}

static void
doubt(struct letter *l, bool doubtful)
{
	for (int k = 0; k < l->nrcpts; k++)
		l->rcpts[k].doubtful = doubtful;
}

/* Those without a destination are routed anew a little later. */
static void
let_go(struct letter *l)
{
	for (int k = 0; k < l->nrcpts; k++) {
		l->rcpts[k].held = false;
		l->rcpts[k].low = 0;
	}
}

static void
order_message(uint8_t verb, int letter)
{
	struct msg_order m = { .verb = verb, .operator_ = 1 };
	struct letter *l = letter >= 0 ? &sim->letters[letter] : NULL;

	operator_.letter = letter;
	operator_.verb = verb;
	fair_doubt(-1);
	if (l != NULL)
		m.id = l->id;
	if (verb == ORDER_RETRY)
		clocks_reset(l);
	if (l != NULL && verb != ORDER_RETRY)
		doubt(l, true);
	/* what nobody could be told of is tried once more */
	for (int k = 0; verb == ORDER_RELEASE && k < l->nrcpts; k++)
		if (l->null_sender && (l->rcpts[k].state == FAILED ||
					  l->rcpts[k].state == EXPIRED))
			l->rcpts[k].state = TO_TRY;
	if (l != NULL)
		l->bouncing = verb == ORDER_BOUNCE;
	if (verb == ORDER_RELEASE)
		let_go(l);
	sim_say("order %u for %llx", verb, (unsigned long long)m.id);
	operator_.order =
	    fake_speak(process_peer(PEER_REPORT, 0), NULL, &msg_order, &m);
}

static void
order_suspend(int domain, bool resume, int64_t ms)
{
	struct domain *d = &sim->domains[domain];
	struct msg_suspend m = { .resume = resume, .operator_ = 1 };

	operator_.domain = domain;
	operator_.letter = -1;
	operator_.verb = 0;
	operator_.until = ms == 0 ? INT64_MAX : sim->now + ms;
	if (resume) {
		operator_.until = 0;
		d->suspended = 0;
	}
	fair_doubt(domain);
	m.ms = (uint64_t)ms;
	d->suspend_high = INT64_MAX;
	snprintf(m.name, sizeof(m.name), "%s", d->name);
	snprintf(m.reason, sizeof(m.reason), "so");
	sim_say("%s %s", resume ? "resume" : "suspend", d->name);
	operator_.order =
	    fake_speak(process_peer(PEER_REPORT, 0), NULL, &msg_suspend, &m);
}

static void
wish(void)
{
	static const uint8_t verbs[] = { ORDER_RETRY, ORDER_HOLD, ORDER_RELEASE,
		ORDER_REMOVE, ORDER_BOUNCE };
	int letter =
	    sim->nletters == 0 ? -1 : (int)sim_between(0, sim->nletters - 1);
	int64_t dice = sim_between(0, 99);

	operator_.wish = sim->now + sim_between(1, 4 * HOUR);
	if (operator_.order != NULL || sim->final)
		return;
	if (dice < 25)
		order_suspend((int)sim_between(0, DOMAINS - 1), false,
		    sim_chance(70) ? sim_between(SECOND, 6 * HOUR) : 0);
	else if (dice < 55)
		order_suspend((int)sim_between(0, DOMAINS - 1), true, 0);
	else if (dice < 60)
		order_message(ORDER_RETRY, -1);
	else if (letter >= 0 && sim->letters[letter].state == ACCEPTED)
		order_message(verbs[sim_between(0, 4) % 5], letter);
}

void
operator_hear(const struct msg_order_done *m)
{
	int letter = operator_.letter;
	struct domain *d = &sim->domains[operator_.domain];

	operator_.order = NULL;
	fair_doubt(letter >= 0 || operator_.verb != 0 ? -1 : operator_.domain);
	if (m->code == 75)
		sim_say("  busy");
	else if (m->code != 0 && m->code != 64)
		sim_fail("an order fails with %u: %s", m->code, m->text);
	if (letter >= 0 || operator_.verb != 0) {
		if (operator_.verb == ORDER_RETRY)
			clocks_reset(
			    letter >= 0 ? &sim->letters[letter] : NULL);
		/* what it did is in queue.db by now */
		model_compare(false);
		if (letter >= 0)
			doubt(&sim->letters[letter], false);
		if (letter >= 0 && operator_.verb == ORDER_RELEASE)
			let_go(&sim->letters[letter]);
		return;
	}
	if (operator_.until == 0 || (m->code == 0 && m->count > 0))
		d->suspended = d->suspend_high = operator_.until;
	else
		sim_fail("%s: %s", d->name, m->text);
	sim->count.suspended += operator_.until > 0;
}

/* Fair weather, and everybody wants everything to go on. */
static void
wish_final(void)
{
	if (operator_.order != NULL)
		return;
	for (int i = 0; i < DOMAINS; i++)
		if (sim->domains[i].suspend_high > sim->now) {
			order_suspend(i, true, 0);
			return;
		}
	for (int i = 0; i < sim->nletters; i++)
		for (int k = 0; k < sim->letters[i].nrcpts; k++)
			if (sim->letters[i].rcpts[k].held &&
			    !sim->letters[i].null_sender) {
				order_message(ORDER_RELEASE, i);
				return;
			}
}

void
operator_begin(void)
{
	operator_.order = NULL;
	operator_.wish = sim->now + sim_between(0, HOUR);
}

int64_t
operator_next(void)
{
	return operator_.wish;
}

void
operator_go(void)
{
	if (operator_.wish <= sim->now)
		wish();
	if (sim->final)
		wish_final();
}
