/* SPDX-License-Identifier: ISC */
/* tools/explanation_text.c - what would become of mail for an address, for
 * people.
 */
#include "common/base/ip.h"
#include "common/ipc/msg_resolve.h"
#include "common/mail/route.h"
#include "common/mail/status.h"
#include "tools/explanation.h"
#include "tools/human.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	LABEL = 12,
	VALUE_MAX = 8192,
	PORT_TEXT = 16,
	STATUS_WORDS = MSG_TEXT_MAX + 64,
	PLACE_TEXT = MSG_HOST_MAX + IP_TEXT + PORT_TEXT
};

static const int64_t YEAR_9999_MS = 253402300799999;

struct page {
	const struct explanation *x;
	struct buf *out;
};

/* "label   value"; indent: columns before it.  Foreign texts may be among the
 * arguments: the line is escaped as a whole. */
static void __attribute__((__format__(printf, 4, 5)))
line(struct page *p, int indent, const char *label, const char *fmt, ...)
{
	char value[VALUE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	buf_printf(p->out, "%*s", indent, "");
	if (label[0] != '\0')
		buf_printf(p->out, "%-*s", LABEL, label);
	human_text(p->out, view_of(value), 0, p->x->utf8);
	buf_add_string(p->out, "\n");
}

static void
tell_names(struct page *p)
{
	const struct explanation *x = p->x;

	for (size_t i = 0; i < x->nnames; i++)
		line(p, 0, i == 0 ? "meant" : "", "%*s%s", i == 0 ? 0 : LABEL,
		    "", x->names[i].address);
	if (x->end.names > x->nnames)
		line(p, 0, "", "%*sand %zu more", LABEL, "",
		    x->end.names - x->nnames);
}

/* " port 25"; a UNIX socket has none */
static const char *
port_words(uint16_t port, char out[PORT_TEXT])
{
	out[0] = '\0';
	if (port != 0)
		snprintf(out, PORT_TEXT, " port %u", port);
	return out;
}

/* "192.0.2.1 port 25", or the path of a UNIX socket. */
static const char *
place_words(uint8_t family, const uint8_t *bytes, uint16_t port,
    const char *host, char out[PLACE_TEXT])
{
	char ip[IP_TEXT], text[PORT_TEXT];

	human_client(family, bytes, ip);
	snprintf(out, PLACE_TEXT, "%s%s", family == 0 ? host : ip,
	    port_words(port, text));
	return out;
}

static void
tell_route(struct page *p)
{
	const struct msg_explain_route *m = &p->x->route;
	char port[PORT_TEXT];

	line(p, 0, "address", "%s", m->address);
	if (m->line > 0)
		line(p, 0, "route", "line %" PRIu32 ": %s", m->line, m->rule);
	else
		line(p, 0, "route", "none matches: by MX");
	if (m->verdict != ROUTE_TO)
		return;
	line(p, 0, "next hop", "%s%s%s%s", m->host, port_words(m->port, port),
	    m->transport == TRANSPORT_LMTP ? ", by LMTP" : "",
	    m->transport == TRANSPORT_MX ? ", by its exchangers" : "");
	if (m->user[0] != '\0')
		line(p, 0, "login", "as %s", m->user);
	else if (m->login != 0)
		line(p, 0, "login", "yes");
}

/* "in 5m, at 2026-11-28T12:00:00Z" */
static const char *
when(const struct page *p, int64_t ms, char out[3 * HUMAN_TEXT])
{
	char age[HUMAN_TEXT], iso[HUMAN_TEXT];

	if (ms > YEAR_9999_MS)
		return "until it is resumed";
	snprintf(out, 3 * HUMAN_TEXT, "for %s, until %s",
	    human_age(ms - p->x->now, age), human_iso(ms, iso));
	return out;
}

static void
tell_counts(struct page *p, const struct msg_explain_state *m)
{
	char iso[HUMAN_TEXT];

	line(p, 0, "deliveries",
	    "%" PRIu32 " of %" PRIu32 " under way, %" PRIu64 " waiting%s",
	    m->open, m->window, m->waiting,
	    m->waiting >= 10000 ? " or more" : "");
	if (m->next_try > 0 && m->waiting > 0)
		line(p, 0, "next try", "%s",
		    m->next_try <= p->x->now ? "now"
					     : human_iso(m->next_try, iso));
	if (m->server[0] != '\0')
		line(p, 0, "by server",
		    "%s, %" PRIu32 " of %" PRIu32 " under way", m->server,
		    m->server_open, m->server_window);
}

static void
tell_state(struct page *p)
{
	const struct msg_explain_state *m = &p->x->state;
	char text[3 * HUMAN_TEXT];

	if (m->suspended > p->x->now)
		line(p, 0, "state", "suspended %s%s%s",
		    when(p, m->suspended, text), m->reason[0] ? ": " : "",
		    m->reason);
	if (m->not_before > p->x->now)
		line(p, 0, "state", "backs off %s, after %" PRIu32 " failure%s",
		    when(p, m->not_before, text), m->failures,
		    m->failures == 1 ? "" : "s");
	else if (m->suspended <= p->x->now)
		line(p, 0, "state", "%s",
		    m->known ? "open" : "open, nothing was sent there yet");
	if (m->error[0] != '\0' && m->failures > 0)
		line(p, 0, "last error", "%s", m->error);
	if (m->counted != 0)
		tell_counts(p, m);
	for (size_t i = 0; i < p->x->nrates; i++)
		line(p, 0, "limit", "%s: %" PRIu32 " in %" PRIu32 " second%s",
		    p->x->rates[i].name, p->x->rates[i].count,
		    p->x->rates[i].seconds,
		    p->x->rates[i].seconds == 1 ? "" : "s");
}

static void
tell_source(struct page *p, const struct msg_explain_way *m)
{
	char four[IP_TEXT], six[IP_TEXT];

	human_client(m->family4, m->bytes4, four);
	human_client(m->family6, m->bytes6, six);
	if (m->source[0] == '\0')
		line(p, 0, "source", "any address, EHLO %s", m->helo);
	else
		line(p, 0, "source", "%s:%s%s%s%s%s, EHLO %s", m->source,
		    four[0] ? " " : "", four, six[0] ? " " : "", six,
		    four[0] == '\0' && six[0] == '\0' ? " any address" : "",
		    m->helo);
}

/* What our login there is proved by. */
static void
tell_secret(struct page *p, const struct msg_explain_way *m)
{
	char text[3 * HUMAN_TEXT];

	if (m->login == PROBE_NO_PASSWORD)
		line(p, 0, "password", "none: see the log");
	else if (m->login == PROBE_NO_TOKEN)
		line(p, 0, "token", "none: see the log");
	else if (m->login == PROBE_PASSWORD)
		line(p, 0, "password", "has been read");
	else if (m->login != PROBE_TOKEN)
		return;
	else if (m->expires == 0)
		line(p, 0, "token", "has been read, until when is not known");
	else if (m->expires <= p->x->now)
		line(p, 0, "token", "expired at %s",
		    human_iso(m->expires, text));
	else
		line(p, 0, "token", "good %s", when(p, m->expires, text));
}

static void
tell_way(struct page *p)
{
	const struct msg_explain_way *m = &p->x->way;
	char by[32] = "by default";

	if (m->line > 0)
		snprintf(by, sizeof(by), "by line %" PRIu32, m->line);
	tell_source(p, m);
	tell_secret(p, m);
	line(p, 0, "TLS", "%s%s, %s; DANE %s", explanation_tls(m->tls),
	    m->immediate != 0 ? " from the first byte" : "", by,
	    m->dane != 0 ? "counts" : "does not count");
	if (m->mx != 0)
		line(p, 0, "exchangers", "%s; %s%s", explanation_answer(m->mx),
		    explanation_secure(m->secure, m->validates != 0),
		    m->implicit != 0 ? "; so the domain itself" : "");
	if (m->mx != 0 && m->validates == 0)
		line(p, 0, "DNSSEC",
		    "no resolver in use has shown that it validates");
}

static void
tell_hosts(struct page *p)
{
	bool validates = p->x->way.validates != 0;

	for (size_t i = 0; i < p->x->nhosts; i++) {
		const struct msg_explain_host *m = &p->x->hosts[i];

		bool found = m->answer == ANSWER_FOUND;

		line(p, 2, "", "%5u %s%s%s: %s%s%s%s", m->preference, m->host,
		    m->alias[0] != '\0' ? " = " : "", m->alias,
		    found ? "addresses " : "",
		    found ? explanation_secure(m->secure, validates)
			  : explanation_answer(m->answer),
		    m->ours != 0 ? ", this is us" : "",
		    m->refused != 0 ? ", has addresses that may not be used"
				    : "");
	}
}

/* What the certificate must be for; "" nothing is asked of that. */
static const char *
name_asked(const struct msg_explain_server *m)
{
	return m->tls >= ROUTE_TLS_VERIFY || m->dane == PROBE_DANE_USABLE
		   ? m->name
		   : "";
}

static void
tell_tlsa(struct page *p, const struct msg_explain_tlsa *t)
{
	line(p, 5, "", "TLSA %u %u %u %.64s%s%s%s", t->usage, t->selector,
	    t->matching, t->data, strlen(t->data) > 64 ? "..." : "",
	    t->flaw[0] != '\0' ? ": does not count, " : "", t->flaw);
}

static void
tell_server(struct page *p, size_t i)
{
	const struct explained_server *s = &p->x->servers[i];
	const struct msg_explain_server *m = &s->server;
	bool named = m->host[0] != '[' && m->family != 0;
	const char *name = name_asked(m);
	char place[PLACE_TEXT];

	line(p, 2, "", "%zu. %s%s%s: TLS %s%s%s%s; DANE %s%s%s", i + 1,
	    place_words(m->family, m->bytes, m->port, m->host, place),
	    named ? " " : "", named ? m->host : "", explanation_tls(m->tls),
	    name[0] != '\0' ? " for " : "", name,
	    m->clear != 0 ? " (failed within the hour: in clear text)" : "",
	    explanation_dane(m->dane), m->text[0] != '\0' ? ": " : "", m->text);
	for (size_t k = 0; k < s->ntlsa; k++)
		tell_tlsa(p, &s->tlsa[k]);
}

/* "451 4.4.1 refused", or the text alone where all is well. */
static const char *
status_words(const struct msg_explain_end *m, char out[STATUS_WORDS])
{
	if (m->verdict == VERDICT_DONE)
		snprintf(out, STATUS_WORDS, "%s", m->text);
	else
		snprintf(out, STATUS_WORDS, "%u %u.%u.%u %s", m->smtp,
		    m->verdict, m->subject, m->detail, m->text);
	return out;
}

static void
tell_offers(struct page *p, const char *label, const char *text)
{
	char joined[MSG_OFFERS_MAX + 1];

	if (text[0] == '\0')
		return;
	memcpy(joined, text, sizeof(joined));
	for (char *c = joined; *c != '\0'; c++)
		if (*c == '\n')
			*c = ',';
	line(p, 4, label, "%s", joined);
}

static void
tell_session(struct page *p, const struct msg_explain_session *m)
{
	struct msg_explain_end st = { .verdict = m->verdict,
		.smtp = m->smtp,
		.subject = m->subject,
		.detail = m->detail };
	char place[PLACE_TEXT], words[STATUS_WORDS];

	memcpy(st.text, m->text, sizeof(st.text));
	line(p, 0, "connected", "%s: %s",
	    place_words(m->family, m->bytes, m->port, m->host, place),
	    status_words(&st, words));
	if (m->greeting[0] != '\0')
		line(p, 4, "greeting", "%s", m->greeting);
	tell_offers(p, "offers", m->clear);
	if (m->tls[0] != '\0')
		line(p, 4, "TLS", "%s", m->tls);
	tell_offers(p, "then", m->offers);
}

void
explanation_text(const struct explanation *x, struct buf *out)
{
	struct page p = { x, out };
	char words[STATUS_WORDS];
	bool goes = x->end.verdict == VERDICT_DONE;

	tell_names(&p);
	if (x->has_route)
		tell_route(&p);
	if (x->has_way)
		tell_way(&p);
	tell_hosts(&p);
	if (x->nservers > 0)
		line(
		    &p, 0, "", "servers, in the order in which they are tried");
	for (size_t i = 0; i < x->nservers; i++)
		tell_server(&p, i);
	if (x->has_state)
		tell_state(&p);
	for (size_t i = 0; i < x->nsessions; i++)
		tell_session(&p, &x->sessions[i]);
	if (x->has_end && x->end.code == 0)
		line(&p, 0, "so", "%s%s%s", explanation_verdict(x->end.verdict),
		    goes ? "" : ": ", goes ? "" : status_words(&x->end, words));
}
