/* SPDX-License-Identifier: ISC */
/* queue/workers.c - the deliver workers, and which of them gets a job. */
#include "queue/workers.h"

#include "common/base/clock.h"
#include "common/ipc/msg_job.h"

enum {
	NUMBER_LOGIN = 1 << 16,
	WORKER_AHEAD = 16 /* jobs by which the preferred may be busier */
};

struct worker *
worker_of(const struct peer *p)
{
	return p->data;
}

static bool
usable(const struct peer *p)
{
	return p->channel != NULL && worker_of(p) != NULL &&
	       !worker_of(p)->asked && !worker_of(p)->retired &&
	       channel_may_open(p->channel, &msg_job) &&
	       !channel_full(p->channel);
}

static uint32_t
hash_of(const char *host)
{
	uint32_t h = 2166136261U;

	for (; *host != '\0'; host++)
		h = (h ^ (unsigned char)*host) * 16777619U;
	return h;
}

/* The place of its login, from 1; 0: it needs none. */
static size_t
login_of(const struct destination *d)
{
	const struct routing routing = conf_routing(process_conf());

	return route_hop_login(&routing, d->transport, d->host, d->port);
}

/* The n-th of those that log in nowhere. */
static struct peer *
worker_at(size_t n)
{
	struct peer *p;

	for (size_t i = 0; (p = process_peer(PEER_DELIVER, i)) != NULL; i++)
		if (p->class_ != CLASS_LOGIN && n-- == 0)
			break;
	return p;
}

/* The one that has the password; nobody else will do. */
static struct peer *
choose_login(size_t login)
{
	struct peer *p;

	for (size_t i = 0; (p = process_peer(PEER_DELIVER, i)) != NULL; i++)
		if (p->class_ == CLASS_LOGIN && p->index == login - 1)
			break;
	return p != NULL && usable(p) ? p : NULL;
}

/* The one that may have connections to its host, or the idlest. */
static struct peer *
choose_any(const struct destination *d)
{
	struct peer *p, *best = NULL, *preferred;
	const char *host = schedule_host(d, clock_wall_ms());
	size_t n = 0;

	for (; (p = worker_at(n)) != NULL; n++)
		if (usable(p) && (best == NULL || worker_of(p)->njobs <
						      worker_of(best)->njobs))
			best = p;
	if (n == 0)
		return NULL;
	preferred = worker_at(hash_of(host == NULL ? d->host : host) % n);
	if (best != NULL && usable(preferred) &&
	    worker_of(preferred)->njobs < worker_of(best)->njobs + WORKER_AHEAD)
		return preferred;
	return best;
}

struct peer *
workers_choose(const struct destination *d)
{
	size_t login = login_of(d);

	return login == 0 ? choose_any(d) : choose_login(login);
}

uint32_t
worker_number(const struct peer *p)
{
	return p->class_ == CLASS_LOGIN ? NUMBER_LOGIN + p->index : p->index;
}

bool
workers_any(void)
{
	struct peer *p;

	for (size_t n = 0; (p = worker_at(n)) != NULL; n++)
		if (usable(p))
			return true;
	return false;
}
