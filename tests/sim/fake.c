/* SPDX-License-Identifier: ISC */
/* tests/sim/fake.c - what queue calls outside itself: timers, channels, peers,
 * syncs, randomness.  Nothing here decides; all of it is the same for the same
 * seed.
 */
#include "tests/sim/sim.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "queue/dispatch.h"
#include "queue/intake.h"
#include "queue/orders.h"
#include "queue/sync.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TIMERS = 32, PEERS = 8 };

struct event {
	event_callback_fn handle;
	void *arg;
	bool pending, again;
	int64_t every, at;
};

struct channel {
	struct peer *peer;
	const struct peer_def *def;
	struct conv *convs;
	const struct ipc_type *heard;
};

static struct {
	struct event timers[TIMERS];
	size_t ntimers;
	struct peer peers[PEERS];
	const struct peer_def *defs[PEERS];
	size_t npeers;
	uint64_t conv;
	struct conf conf;
} fake;

int fake_syncs, fake_error;

void
fake_init(void)
{
	static const char quiet[] = "limit connections 12\n";
	static const char crowded[] =
	    "limit connections 6\n"
	    "limit destination \"mx0.example\" messages 60 per minute\n";
	static const char text[] = "hostname mx.example\n"
				   "limit destination connections 5\n"
				   "expire 2d\n"
				   "expire bounce 1d\n"
				   "limit destination \"d2.example\" "
				   "messages 20 per minute\n"
				   "limit space free 1\n";
	struct conf_error error;
	const char *more = sim->crowded ? crowded : quiet;

	conf_init(&fake.conf);
	if (!conf_parse(&fake.conf, view_of(text), &error) ||
	    !conf_parse(&fake.conf, view_of(more), &error))
		fatal("configuration: %s", error.text);
}

/* --- the event loop */

struct event *
event_new(struct event_base *base, evutil_socket_t fd, short what,
    event_callback_fn handle, void *arg)
{
	struct event *e = &fake.timers[fake.ntimers++];

	(void)base;
	(void)fd;
	if (fake.ntimers > TIMERS)
		fatal("too many timers");
	e->handle = handle;
	e->arg = arg;
	e->again = (what & EV_PERSIST) != 0;
	return e;
}

int
event_add(struct event *e, const struct timeval *tv)
{
	e->every = (int64_t)tv->tv_sec * 1000 + tv->tv_usec / 1000;
	if (e->again) /* what looks at the disk every second need not */
		e->every *= 300;
	e->at = sim->now + e->every;
	e->pending = true;
	return 0;
}

int
event_del(struct event *e)
{
	e->pending = false;
	return 0;
}

static struct event *
timer_first(void)
{
	struct event *first = NULL;

	for (size_t i = 0; i < fake.ntimers; i++)
		if (fake.timers[i].pending &&
		    (first == NULL || fake.timers[i].at < first->at))
			first = &fake.timers[i];
	return first;
}

int64_t
fake_timer_next(void)
{
	const struct event *e = timer_first();

	return e == NULL ? INT64_MAX : e->at;
}

void
fake_timer_fire(void)
{
	struct event *e = timer_first();

	e->pending = e->again;
	e->at += e->every;
	e->handle(-1, EV_TIMEOUT, e->arg);
}

/* --- the process */

struct event_base *
process_base(void)
{
	return NULL;
}

const struct conf *
process_conf(void)
{
	return &fake.conf;
}

struct peer *
process_peer(enum peer_kind kind, size_t n)
{
	for (size_t i = 0; i < fake.npeers; i++)
		if (fake.peers[i].kind == kind && n-- == 0)
			return &fake.peers[i];
	return NULL;
}

/* Nobody asks a simulated worker what would become of mail. */
void
process_accuse(struct peer *p, const char *why)
{
	panic("worker %u is accused: %s", p->index, why);
}

struct peer *
fake_attach(enum peer_kind kind, unsigned int index, const struct peer_def *def)
{
	struct peer *p = process_peer(kind, index);

	if (p == NULL) {
		p = &fake.peers[fake.npeers++];
		p->kind = kind;
		p->class_ = kind == PEER_SMTPD ? CLASS_STRANGER : 0;
		p->index = index;
	}
	p->life++;
	p->channel = mem_zero(1, sizeof(*p->channel));
	p->channel->peer = p;
	p->channel->def = def;
	if (def->attached != NULL)
		def->attached(p);
	return p;
}

void
fake_lose(struct peer *p)
{
	struct channel *ch = p->channel;
	struct conv *c;

	for (c = ch->convs; c != NULL; c = c->next)
		if (ch->def->conv_lost != NULL)
			ch->def->conv_lost(ch, c);
	p->channel = NULL;
	if (ch->def->lost != NULL)
		ch->def->lost(p);
	while ((c = ch->convs) != NULL) {
		ch->convs = c->next;
		mem_free(c);
	}
	mem_free(ch);
}

/* --- channels */

void *
channel_owner(const struct channel *ch)
{
	return ch->peer;
}

const struct ipc_type *
channel_message(const struct channel *ch)
{
	return ch->heard;
}

bool
channel_full(const struct channel *ch)
{
	(void)ch;
	return false;
}

size_t
channel_unsent(const struct channel *ch)
{
	(void)ch;
	return 0;
}

static struct conv *
conv_new(struct channel *ch, const struct ipc_type *opener, bool ours)
{
	struct conv *c = mem_zero(1, sizeof(*c));

	c->id = ++fake.conv;
	c->opener = opener;
	c->ours = ours;
	c->next = ch->convs;
	ch->convs = c;
	return c;
}

void
conv_end(struct channel *ch, struct conv *c)
{
	struct conv **at = &ch->convs;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	mem_free(c);
}

bool
channel_may_open(const struct channel *ch, const struct ipc_type *type)
{
	unsigned int n = 0;

	for (const struct conv *c = ch->convs; c != NULL; c = c->next)
		if (c->opener == type)
			n++;
	return n < type->credit;
}

struct conv *
channel_open(struct channel *ch, const struct ipc_type *type, const void *msg,
    int fd, unsigned int phase, void *object)
{
	struct conv *c = conv_new(ch, type, true);

	c->phase = phase;
	c->object = object;
	peers_hear(ch->peer, c, type, msg, fd);
	return c;
}

void
channel_send(struct channel *ch, struct conv *c, const struct ipc_type *type,
    const void *msg, int fd)
{
	peers_hear(ch->peer, c, type, msg, fd);
}

struct conv *
fake_speak(struct peer *p, struct conv *c, const struct ipc_type *type,
    const void *msg)
{
	struct channel *ch = p->channel;
	const struct channel_rule *r = NULL;

	for (size_t i = 0; i < ch->def->nrules; i++) {
		const struct channel_rule *found = &ch->def->rules[i];
		unsigned int in =
		    c != NULL ? c->phase : (unsigned int)CONV_NEW | CONV_NONE;

		if (found->type == type && (found->in & in) != 0)
			r = found;
	}
	if (r == NULL)
		sim_fail("queue does not listen to %s now", type->name);
	if (c == NULL && (r->in & CONV_NEW) != 0)
		c = conv_new(ch, type, false);
	ch->heard = type;
	if (!r->handle(ch, c, msg, -1))
		sim_fail("queue calls %s a broken rule", type->name);
	/* a handler may have ended it: then nothing is said of it any more */
	for (struct conv *k = ch->convs; k != NULL; k = k->next)
		if (k == c && r->then == CONV_END) {
			conv_end(ch, c);
			return NULL;
		} else if (k == c) {
			if (r->then != 0)
				c->phase = r->then;
			return c;
		}
	return NULL;
}

/* --- disk and dice */

static int
synced(void)
{
	if (fake_syncs > 0 && --fake_syncs == 0)
		_exit(0); /* the life ends here, as by kill -9 */
	if (fake_error == 0 || --fake_error > 0)
		return 0;
	sim_say("the disk fails");
	sim->disk_failed = true;
	sim->count.disk_errors++;
	errno = EIO;
	return -1;
}

int
fsync(int fd)
{
	(void)fd;
	return synced();
}

int
fdatasync(int fd)
{
	(void)fd;
	return synced();
}

void
sync_start(size_t nthreads)
{
	(void)nthreads;
}

void
sync_all(struct sync_item *items, size_t n)
{
	int error = synced() == 0 ? 0 : EIO;

	for (size_t i = 0; i < n; i++)
		items[i].error = error;
}

uint32_t
arc4random(void)
{
	return (uint32_t)sim_random();
}

void
arc4random_buf(void *out, size_t size)
{
	unsigned char *bytes = out;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)sim_random();
}
