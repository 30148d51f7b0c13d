/* SPDX-License-Identifier: ISC */
/* deliver/probe.c - jobs without a message: what would become of one.
 *
 * Must judge nothing itself: what it tells is what the code of deliveries
 * has found and would do.
 */
#include "deliver/probe.h"

#include "common/base/alloc.h"
#include "common/ipc/msg_explain.h"
#include "common/run/process.h"
#include "deliver/find.h"
#include "deliver/identity.h"
#include "deliver/policy.h"

#include <string.h>

bool
probe_asked(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_probe *m = msg;
	struct jobs *jobs = jobs_of(ch);
	struct job *j;

	(void)fd;
	if (!job_hop_sound(m->transport, m->host, m->port))
		return false;
	j = job_new(jobs, conv);
	j->transport = m->transport;
	j->port = m->port;
	memcpy(j->host, m->host, sizeof(j->host));
	transaction_init(&j->t, "", 1);
	j->probe = mem_zero(1, sizeof(*j->probe));
	j->probe->connect = m->connect != 0;
	j->t.heard = &j->probe->heard;
	j->fresh_only = true; /* one that is idle has said it all */
	jobs->start(j);
	return true;
}

void
probe_free(struct probe *p)
{
	if (p != NULL && p->timers != NULL)
		timer_clear(p->timers, &p->timer);
	mem_free(p);
}

void
probe_watch(struct job *j, struct timers *timers, void (*expired)(void *job))
{
	struct probe *p = j->probe;
	bool again = p->timers != NULL;

	if (!again)
		timer_init(&p->timer, expired, j);
	p->timers = timers;
	timer_set(timers, &p->timer,
	    again ? PROBE_CONNECT_SECONDS : PROBE_FIND_SECONDS);
}

static void
tell(const struct job *j, const struct ipc_type *type, const void *m)
{
	channel_send(j->jobs->queue, j->conv, type, m, -1);
}

static void
login_fill(struct msg_explain_way *m)
{
	const struct credential *c = identity_credential();

	if (c == NULL)
		return;
	m->expires = c->expires;
	switch (c->kind) {
	case CREDENTIAL_NONE:
		m->login =
		    identity_is_token() ? PROBE_NO_TOKEN : PROBE_NO_PASSWORD;
		break;
	case CREDENTIAL_PASSWORD:
		m->login = PROBE_PASSWORD;
		break;
	case CREDENTIAL_TOKEN:
		m->login = PROBE_TOKEN;
		break;
	}
}

static void
source_fill(struct msg_explain_way *m, const char *hop)
{
	const struct routing routing = conf_routing(process_conf());
	const struct route_source *s = route_hop_source(&routing, hop);
	const char *helo = conf_text(process_conf(), KEY_HOSTNAME);

	if (s != NULL) {
		m->family4 = s->ip4.family;
		m->family6 = s->ip6.family;
		memcpy(m->bytes4, s->ip4.bytes, sizeof(m->bytes4));
		memcpy(m->bytes6, s->ip6.bytes, sizeof(m->bytes6));
		view_copy(view_of(s->name), m->source, sizeof(m->source));
		if (s->helo[0] != '\0')
			helo = s->helo;
	}
	view_copy(view_of(helo), m->helo, sizeof(m->helo));
}

static void
tell_way(const struct job *j, const struct find *f)
{
	struct msg_explain_way m = { .tls = (uint8_t)j->policy.tls,
		.immediate = j->policy.immediate,
		.line = j->policy.line,
		.dane = policy_tlsa_port(j) != 0 };

	login_fill(&m);
	source_fill(&m, j->host);
	if (f != NULL) {
		m.mx = (uint8_t)f->mx_kind;
		m.secure =
		    f->mx_kind != 0 && f->secure ? SECURE_ALL : SECURE_NO;
		m.implicit = f->plan.implicit;
		m.validates = f->validates;
	}
	tell(j, &msg_explain_way, &m);
}

static void
tell_hosts(const struct job *j, const struct plan *p)
{
	for (size_t i = 0; i < p->nhosts; i++) {
		const struct exchanger *x = &p->hosts[i];
		struct msg_explain_host m = { .preference = x->preference,
			.answer = (uint8_t)x->answer,
			.secure = (uint8_t)x->secure,
			.ours = x->ours,
			.refused = x->refused };

		memcpy(m.host, x->host, sizeof(x->host));
		memcpy(m.alias, x->alias, sizeof(x->alias));
		tell(j, &msg_explain_host, &m);
	}
}

/* That of a UNIX socket is only the place of its route. */
static uint16_t
port_of(const struct job *j)
{
	return hop_is_socket((enum transport)j->transport, j->host) ? 0
								    : j->port;
}

static enum probe_dane
dane_of(const struct job *j, const struct find *f, const struct attempt *a)
{
	if (policy_tlsa_port(j) == 0)
		return PROBE_DANE_OFF;
	if (a->dane != NULL) {
		switch (a->dane->state) {
		case DANE_USABLE:
			return PROBE_DANE_USABLE;
		case DANE_UNUSABLE:
			return PROBE_DANE_UNUSABLE;
		case DANE_TROUBLE:
			return PROBE_DANE_TROUBLE;
		}
	}
	if (f == NULL || !f->secure || a->secure == SECURE_NO)
		return PROBE_DANE_INSECURE;
	return PROBE_DANE_NONE;
}

/* A stronger digest speaks for a weaker one (RFC 7671 9). */
static const char *
flaw_of(const struct tlsa *t, const struct tlsa_set *used)
{
	const char *flaw = tlsa_flaw(t);

	for (size_t i = 0; flaw == NULL && i < used->n; i++)
		if (used->of[i].data.data == t->data.data)
			return "";
	return flaw == NULL ? "another is stronger" : flaw;
}

static void
tell_tlsa(const struct job *j, const char *records)
{
	struct view rest = view_of(records);
	struct tlsa_set used;
	struct tlsa t;

	if (!tlsa_read(records, &used))
		return;
	for (size_t n = 0; n < EXPLAIN_TLSAS_MAX && tlsa_next(&rest, &t); n++) {
		struct msg_explain_tlsa m = { .usage = t.usage,
			.selector = t.selector,
			.matching = t.matching };

		if (t.data.len > MSG_DOMAIN_MAX)
			t.data.len = MSG_DOMAIN_MAX;
		view_copy(t.data, m.data, sizeof(m.data));
		view_copy(view_of(flaw_of(&t, &used)), m.flaw, sizeof(m.flaw));
		tell(j, &msg_explain_tlsa, &m);
	}
}

static void
tell_server(const struct job *j, const struct find *f, const struct attempt *a,
    const struct refusals *refusals)
{
	const struct conn_policy p =
	    policy_of(j, a, refusals_know(refusals, &a->ip, j->port));
	struct msg_explain_server m = { .family = a->ip.family,
		.port = port_of(j),
		.secure = (uint8_t)a->secure,
		.tls = (uint8_t)p.route.tls,
		.clear = p.clear,
		.dane = (uint8_t)dane_of(j, f, a) };

	memcpy(m.bytes, a->ip.bytes, sizeof(m.bytes));
	memcpy(m.host, a->host, sizeof(a->host));
	memcpy(m.name, p.name, sizeof(p.name));
	if (a->dane != NULL)
		memcpy(m.text, a->dane->text, sizeof(a->dane->text));
	tell(j, &msg_explain_server, &m);
	if (a->dane != NULL && a->dane->records != NULL)
		tell_tlsa(j, a->dane->records);
}

void
probe_tell(const struct job *j, const struct find *f, bool servers,
    const struct refusals *refusals)
{
	tell_way(j, f);
	if (f != NULL)
		tell_hosts(j, &f->plan);
	for (size_t i = 0; servers && i < j->attempts.n; i++)
		tell_server(j, f, &j->attempts.list[i], refusals);
}

void
probe_session(struct job *j, const struct attempt *a)
{
	const struct status *st = &j->t.status;
	struct probe *p = j->probe;
	struct msg_explain_session m = { .family = a->ip.family,
		.port = port_of(j),
		.verdict = (uint8_t)st->verdict,
		.smtp = (uint16_t)st->smtp,
		.subject = (uint16_t)st->subject,
		.detail = (uint16_t)st->detail };

	if (p->told++ == EXPLAIN_SESSIONS_MAX)
		return;
	memcpy(m.bytes, a->ip.bytes, sizeof(m.bytes));
	memcpy(m.host, a->host, sizeof(a->host));
	memcpy(m.tls, j->t.tls, sizeof(m.tls));
	view_copy(view_of(st->text), m.text, sizeof(m.text));
	memcpy(m.greeting, p->heard.greeting, sizeof(m.greeting));
	memcpy(m.clear, p->heard.clear, sizeof(m.clear));
	memcpy(m.offers, p->heard.secured, sizeof(m.offers));
	tell(j, &msg_explain_session, &m);
	heard_clear(&p->heard);
	j->t.tls[0] = '\0';
}

void
probe_finish(struct job *j)
{
	const struct status *st = &j->t.status;
	struct msg_explain_end m = { .verdict = (uint8_t)st->verdict,
		.smtp = (uint16_t)st->smtp,
		.subject = (uint16_t)st->subject,
		.detail = (uint16_t)st->detail };

	view_copy(view_of(st->text), m.text, sizeof(m.text));
	tell(j, &msg_explain_end, &m);
	conv_end(j->jobs->queue, j->conv);
	job_free(j);
}
