/* SPDX-License-Identifier: ISC */
/* tests/sim/fair.c - whose turn it is, and how many at once.
 *
 * What the model knows for sure: which recipients must be in line in memory,
 * and between which bounds a window must be that it has seen grow and shrink.
 * From that: within a destination no sender has three turns while another one
 * waits for his first, nor has a destination, unless there is a crowd: then
 * those with a light group have every second turn.  A window is never
 * exceeded, and what it leaves free is used (model_look()).
 */
#include "tests/sim/sim.h"

#include <string.h>

enum {
	OPENING = 100, /* ms, from a turn to its job: the body is opened */
	KNOWN = 55 * MINUTE, /* so long is a host surely remembered */
	WINDOW_START = 2,
	SHARED = 2, /* the first ones live at one host */
	PACED = 2,  /* has a rate of its own */
	ANYBODY = 0,
	JOURNAL = 256,
	CROWDS = 2, /* nobody, and the flood */
	CROWD = 8 /* of a sender's groups: less than queue's LINE_LIGHT */
};

/* Of this life. */
static struct {
	struct {
		int64_t at;
		int sender, domain;
	} journal[JOURNAL]; /* the last jobs */
	size_t njobs;
	bool crowd[CROWDS];
	struct view_of {
		bool good; /* reached since anything might be against it */
		unsigned int least, most; /* its window */
		int64_t failed, known, end;
	} of[DOMAINS];
	struct {
		unsigned int most;
		int nopen;
		int64_t failed, last;
	} host; /* that is shared */
} life;

/* They are one for queue: who writes as flood+x, and nobody. */
static int
sender_of(int letter)
{
	const struct letter *l = &sim->letters[letter];

	if (l->sender[0] == '\0')
		return -1;
	return strncmp(l->sender, "flood+", 6) == 0 ? -2 : letter + 1;
}

void
fair_doubt(int domain)
{
	for (int i = 0; i < sim->nletters; i++)
		for (int k = 0; k < sim->letters[i].nrcpts; k++) {
			struct recipient *r = &sim->letters[i].rcpts[k];

			if (domain == -1 || r->domain == domain)
				r->since = 0;
		}
	for (int i = 0; i < DOMAINS; i++)
		if (domain == -1 || i == domain)
			life.of[i].good = false;
}

void
fair_begin(void)
{
	memset(&life, 0, sizeof(life));
	fair_doubt(-1);
	sim->disk_failed = false;
	for (int i = 0; i < DOMAINS; i++) {
		life.of[i].least = 1;
		life.of[i].most = WINDOW_START;
	}
	life.host.most = WINDOW_START;
}

/* It goes into its lines at once where nothing is against it. */
void
fair_accepted(struct letter *l)
{
	for (int k = 0; k < l->nrcpts; k++) {
		struct recipient *r = &l->rcpts[k];

		if (life.of[r->domain].good &&
		    sim->domains[r->domain].suspend_high <= sim->now)
			r->since = sim->now;
	}
}

/* --- turns */

/* When the n-th last job of this sender there began (1: the last); 0: none. */
static int64_t
look_back(int sender, int domain, int n)
{
	size_t first = life.njobs > JOURNAL ? life.njobs - JOURNAL : 0;

	for (size_t i = life.njobs; i > first; i--)
		if (life.journal[(i - 1) % JOURNAL].domain == domain &&
		    (sender == ANYBODY ||
			life.journal[(i - 1) % JOURNAL].sender == sender) &&
		    --n == 0)
			return life.journal[(i - 1) % JOURNAL].at;
	return 0;
}

/* One more than that many turns, and one waits since then for a first? */
static bool
passed_by(int sender, int domain, int turns, int64_t since)
{
	sim->count.waits += sim->now > since + OPENING;
	return look_back(sender, domain, turns) > since + OPENING &&
	       look_back(sender, domain, 1) + OPENING < sim->now;
}

/* Recipients who may be in line for queue's one sender. */
static int
pending_of(int sender)
{
	int n = 0;

	for (int i = 0; i < sim->nletters; i++) {
		const struct letter *l = &sim->letters[i];

		if (l->state == UNUSED || l->state == REFUSED ||
		    sender_of(i) != sender)
			continue;
		for (int k = 0; k < l->nrcpts; k++)
			n += l->rcpts[k].state == TO_TRY;
	}
	return n;
}

/* Some groups may not be light: from then on until all of them are gone. */
static void
note_crowds(void)
{
	static const int senders[CROWDS] = { -1, -2 };

	for (int i = 0; i < CROWDS; i++) {
		int n = pending_of(senders[i]);

		if (n > CROWD)
			life.crowd[i] = true;
		else if (n == 0)
			life.crowd[i] = false;
	}
}

/* Those who have expired in line may have had turns that nobody sees. */
static bool
any_expired(int sender, int domain)
{
	for (int i = 0; i < sim->nletters; i++) {
		const struct letter *l = &sim->letters[i];

		if (l->state != ACCEPTED || sender_of(i) != sender ||
		    l->received + EXPIRE_BOUNCE > sim->now)
			continue;
		for (int k = 0; k < l->nrcpts; k++)
			if (l->rcpts[k].domain == domain)
				return true;
	}
	return false;
}

static void
check_sender(const struct errand *e, int letter, const struct recipient *r)
{
	int sender = sender_of(e->letter), other = sender_of(letter);
	int64_t his;

	if (r->domain != e->domain || other == sender)
		return;
	his = look_back(other, e->domain, 1);
	if (passed_by(sender, e->domain, 2, r->since > his ? r->since : his) &&
	    !any_expired(other, e->domain))
		sim_fail("%s waits since %lld ms, and another sender has his "
			 "third turn",
		    r->address, (long long)(sim->now - r->since));
}

static void
check_domain_turn(const struct errand *e, const struct recipient *r)
{
	int64_t its, since = r->since;
	int turns = life.crowd[0] || life.crowd[1] ? DOMAINS + 2 : 2;
	const struct domain *d = &sim->domains[r->domain];

	/* nothing but its turn is between it and a job */
	if (r->domain == e->domain || r->domain <= PACED || d->nopen > 0)
		return;
	its = look_back(ANYBODY, r->domain, 1);
	if (since < its)
		since = its;
	if (since < life.of[r->domain].end)
		since = life.of[r->domain].end;
	if (passed_by(ANYBODY, e->domain, turns, since))
		sim_fail("%s waits since %lld ms, and %s has its turn no. %d",
		    r->address, (long long)(sim->now - r->since),
		    sim->domains[e->domain].name, turns + 1);
}

static void
check_turns(const struct errand *e)
{
	for (int i = 0; i < sim->nletters; i++)
		for (int k = 0; k < sim->letters[i].nrcpts; k++) {
			const struct recipient *r = &sim->letters[i].rcpts[k];

			if (r->since == 0)
				continue;
			check_sender(e, i, r);
			check_domain_turn(e, r);
		}
}

/* --- windows */

static void
check_host(struct errand *e)
{
	const struct view_of *v = &life.of[e->domain];
	int64_t now = sim->now;

	e->counted = e->domain < SHARED && v->known > 0 &&
		     v->known + OPENING < now && v->end + KNOWN > now;
	if (!e->counted)
		return;
	life.host.nopen++;
	if (life.host.nopen > (int)life.host.most &&
	    life.host.failed + OPENING < now)
		sim_fail("%s has %d jobs, its window is %u at most",
		    sim->domains[e->domain].host, life.host.nopen,
		    life.host.most);
	if (sim->crowded && life.host.last + PACE_HOST - 10 > now)
		sim_fail("%s gets two within %lld ms",
		    sim->domains[e->domain].host,
		    (long long)(now - life.host.last));
	life.host.last = now;
}

void
fair_job(struct errand *e)
{
	struct domain *d = &sim->domains[e->domain];
	const struct view_of *v = &life.of[e->domain];
	size_t n = life.njobs % JOURNAL;

	if (d->nopen >= (int)v->most && v->failed + OPENING < sim->now)
		sim_fail("%s has %d jobs, its window is %u at most", d->name,
		    d->nopen + 1, v->most);
	check_host(e);
	note_crowds();
	for (int i = 0; i < e->nrcpts; i++)
		sim->letters[e->letter].rcpts[e->rcpts[i].rcpt].since = 0;
	check_turns(e);
	life.njobs++;
	life.journal[n].at = sim->now;
	life.journal[n].sender = sender_of(e->letter);
	life.journal[n].domain = e->domain;
	d->hungry = 0;
}

static void
grow(unsigned int *window)
{
	if (*window < OPEN_EACH)
		++*window;
}

static void
shrink(unsigned int *window, unsigned int floor_)
{
	*window = *window / 2 > floor_ ? *window / 2 : floor_;
}

static void
host_told(const struct errand *e)
{
	struct view_of *v = &life.of[e->domain];

	if (v->known == 0 || v->end + KNOWN <= sim->now)
		v->known = sim->now;
	if (e->domain >= SHARED)
		return;
	if (e->reached) {
		grow(&life.host.most);
	} else {
		shrink(&life.host.most, WINDOW_START);
		life.host.failed = sim->now;
	}
}

/* What a queue hears of jobs of a former one it hears a little later. */
static void
late_told(const struct errand *e)
{
	grow(&life.of[e->domain].most);
	grow(&life.host.most);
}

void
fair_ended(const struct errand *e, bool told)
{
	struct view_of *v = &life.of[e->domain];

	if (e->orphan && told)
		late_told(e);
	if (e->orphan)
		return;
	if (e->counted)
		life.host.nopen--;
	if (told)
		host_told(e);
	v->end = sim->now;
	if (told && e->reached) {
		v->good = true;
		grow(&v->least);
		grow(&v->most);
	} else if (told) {
		fair_doubt(e->domain);
		v->failed = sim->now;
		shrink(&v->least, 1);
		shrink(&v->most, WINDOW_START);
	}
	/* it may leave memory, and forget */
	if (sim->domains[e->domain].nopen == 0) {
		v->least = 1;
		sim->domains[e->domain].hungry = 0; /* it is looked at now */
	}
}

bool
fair_room(int domain)
{
	const struct view_of *v = &life.of[domain];

	return domain >= SHARED && v->good &&
	       sim->domains[domain].nopen < (int)v->least;
}
