/* SPDX-License-Identifier: ISC */
/* resolve/proof.c - does a resolver validate?  It has to show it.
 *
 * Must never take silence for an answer: what was shown once holds until an
 * answer says otherwise.
 */
#include "resolve/proof.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "resolve/transport.h"

#include <event2/event.h>
#include <stdio.h>

enum {
	PATIENCE_SECONDS = 1,
	RETRY_FIRST_SECONDS = 5,
	RETRY_MOST_SECONDS = 300,
	AGAIN_SECONDS = 3600
};

struct proof {
	size_t resolver;
	const struct conf_resolver *conf;
	struct event *timer;
	enum trust trust;
	bool told;           /* the log knows of it */
	bool asking;         /* else the timer is for the next time */
	unsigned int wait_s; /* after a failure */
};

static struct proof proofs[CONF_RESOLVERS_MAX];

static void
timer_set(struct proof *p, unsigned int seconds)
{
	const struct timeval tv = { (time_t)seconds, 0 };

	if (event_add(p->timer, &tv) == -1)
		fatal("no timer");
}

static void
tell(struct proof *p, enum trust trust, const char *why)
{
	char ip[IP_TEXT];

	if (p->trust == trust && p->told)
		return;
	p->told = true;
	log_begin(
	    trust == TRUST_SHOWN ? "resolver-validates" : "resolver-unproven");
	log_text("ip", ip_print(&p->conf->ip, ip));
	log_u64("port", p->conf->port);
	if (trust != TRUST_SHOWN)
		log_text("text", why);
	log_end();
}

static void
become(struct proof *p, enum trust trust, const char *why)
{
	tell(p, trust, why);
	p->trust = trust;
	transport_trust(p->resolver, trust);
}

static void
conclude(struct proof *p, enum trust trust, const char *why)
{
	become(p, trust, why);
	p->asking = false;
	if (trust == TRUST_SHOWN) {
		p->wait_s = RETRY_FIRST_SECONDS;
		timer_set(p, AGAIN_SECONDS);
		return;
	}
	timer_set(p, p->wait_s);
	if (p->wait_s < RETRY_MOST_SECONDS)
		p->wait_s *= 2;
}

/* Nothing was said for or against it. */
static void
undecided(struct proof *p, const char *why)
{
	conclude(p, p->trust == TRUST_SHOWN ? TRUST_SHOWN : TRUST_UNKNOWN, why);
}

static bool
is_root(const struct proof *p)
{
	return p->conf->signed_name[0] == '\0';
}

static void
ask(struct proof *p, const char *name, transport_done *done)
{
	const struct key k = { name, DNS_SOA };

	transport_probe(p->resolver, k, QUESTION_DO, done, p);
}

static bool
is_trouble(const struct outcome *o)
{
	return o->answer == NULL || o->answer->kind == ANSWER_TROUBLE;
}

static void
on_bogus(void *arg, const struct outcome *o)
{
	struct proof *p = arg;

	if (o->servfail)
		conclude(p, TRUST_SHOWN, NULL);
	else if (is_trouble(o))
		undecided(p, "no answer for the bogus name");
	else
		conclude(p, TRUST_NONE, "an answer for the bogus name");
	answer_free(o->answer);
}

static void
on_signed(void *arg, const struct outcome *o)
{
	struct proof *p = arg;

	if (is_trouble(o))
		undecided(p, o->answer == NULL ? "CNAME" : o->answer->text);
	else if (!o->answer->secure)
		conclude(p, TRUST_NONE, "no AD bit for what is signed");
	else if (is_root(p))
		conclude(p, TRUST_SHOWN, NULL);
	else
		ask(p, p->conf->bogus_name, on_bogus);
	answer_free(o->answer);
}

static void
begin(struct proof *p)
{
	p->asking = true;
	if (p->trust == TRUST_PENDING)
		timer_set(p, PATIENCE_SECONDS);
	ask(p, is_root(p) ? "." : p->conf->signed_name, on_signed);
}

void
proof_doubted(size_t resolver)
{
	struct proof *p = &proofs[resolver];

	if (!p->asking)
		begin(p);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct proof *p = arg;

	(void)fd;
	(void)what;
	if (!p->asking)
		begin(p);
	else /* mail does not wait for it any longer */
		become(p, TRUST_UNKNOWN, "no answer yet");
}

static void
proof_begin(struct proof *p, struct event_base *base)
{
	p->timer = event_new(base, -1, 0, on_timer, p);
	if (p->timer == NULL)
		fatal("no timer");
	p->wait_s = RETRY_FIRST_SECONDS;
	p->trust = TRUST_PENDING;
	transport_trust(p->resolver, TRUST_PENDING);
	begin(p);
}

void
proof_start(struct event_base *base, const struct conf *conf)
{
	for (size_t i = 0; i < conf->nresolvers; i++) {
		const struct conf_resolver *r = &conf->resolvers[i];

		proofs[i].resolver = i;
		proofs[i].conf = r;
		if (ip_is_loopback(&r->ip) || r->signed_name[0] != '\0')
			proof_begin(&proofs[i], base);
	}
}
