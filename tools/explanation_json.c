/* SPDX-License-Identifier: ISC */
/* tools/explanation_json.c - what would become of mail for an address, for
 * programs: one object.
 */
#include "common/base/ip.h"
#include "common/ipc/msg_resolve.h"
#include "common/mail/route.h"
#include "common/mail/status.h"
#include "tools/explanation.h"
#include "tools/human.h"
#include "tools/json.h"

#include <inttypes.h>
#include <string.h>

static const int64_t YEAR_9999_MS = 253402300799999;

static void
text(struct buf *out, const char *key, const char *value)
{
	buf_add_string(out, ",");
	json_text(out, key, value);
}

static void
number(struct buf *out, const char *key, uint64_t n)
{
	buf_printf(out, ",\"%s\":%" PRIu64, key, n);
}

static void
flag(struct buf *out, const char *key, bool value)
{
	buf_printf(out, ",\"%s\":%s", key, value ? "true" : "false");
}

static void
moment(struct buf *out, const char *key, int64_t ms)
{
	buf_add_string(out, ",");
	if (ms > YEAR_9999_MS)
		json_text(out, key, "forever");
	else
		json_time(out, key, ms);
}

static void
address(struct buf *out, const char *key, uint8_t family, const uint8_t *bytes)
{
	char ip[IP_TEXT];

	human_client(family, bytes, ip);
	text(out, key, ip);
}

static void
comma(struct buf *out, size_t i)
{
	if (i > 0)
		buf_add_string(out, ",");
}

static void
put_names(const struct explanation *x, struct buf *out)
{
	if (x->end.names == 0)
		return;
	number(out, "names", x->end.names);
	buf_add_string(out, ",\"meant\":[");
	for (size_t i = 0; i < x->nnames; i++) {
		comma(out, i);
		human_json(out, view_of(x->names[i].address));
	}
	buf_add_string(out, "]");
}

static void
put_route(const struct msg_explain_route *m, struct buf *out)
{
	buf_add_string(out, ",\"route\":{");
	json_text(out, "address", m->address);
	number(out, "line", m->line);
	text(out, "rule", m->rule);
	if (m->verdict == ROUTE_TO) {
		text(out, "transport", explanation_transport(m->transport));
		text(out, "host", m->host);
		number(out, "port", m->port);
		flag(out, "login", m->login != 0);
		if (m->user[0] != '\0')
			text(out, "user", m->user);
	}
	buf_add_string(out, "}");
}

static void
put_state(const struct explanation *x, struct buf *out)
{
	const struct msg_explain_state *m = &x->state;

	buf_printf(
	    out, ",\"state\":{\"known\":%s", m->known ? "true" : "false");
	number(out, "failures", m->failures);
	moment(out, "not_before", m->not_before);
	moment(out, "suspended", m->suspended);
	text(out, "reason", m->reason);
	if (m->counted != 0) {
		number(out, "window", m->window);
		number(out, "open", m->open);
		number(out, "waiting", m->waiting);
		moment(out, "next_try", m->next_try);
		text(out, "error", m->error);
		text(out, "server", m->server);
		number(out, "server_window", m->server_window);
		number(out, "server_open", m->server_open);
	}
	buf_add_string(out, ",\"limits\":[");
	for (size_t i = 0; i < x->nrates; i++) {
		comma(out, i);
		buf_printf(out, "{\"count\":%" PRIu32, x->rates[i].count);
		number(out, "seconds", x->rates[i].seconds);
		text(out, "name", x->rates[i].name);
		buf_add_string(out, "}");
	}
	buf_add_string(out, "]}");
}

/* What our login there is proved by, if there is one. */
static void
put_secret(const struct msg_explain_way *m, struct buf *out)
{
	bool token = m->login == PROBE_TOKEN || m->login == PROBE_NO_TOKEN;

	if (m->login == PROBE_NO_LOGIN)
		return;
	text(out, "credential", token ? "token" : "password");
	flag(out, "credential_read",
	    m->login == PROBE_TOKEN || m->login == PROBE_PASSWORD);
	if (m->login == PROBE_TOKEN)
		moment(out, "expires", m->expires);
}

static void
put_way(const struct msg_explain_way *m, struct buf *out)
{
	buf_add_string(out, ",\"way\":{");
	json_text(out, "tls", explanation_tls(m->tls));
	flag(out, "immediate", m->immediate != 0);
	number(out, "line", m->line);
	flag(out, "dane", m->dane != 0);
	put_secret(m, out);
	text(out, "source", m->source);
	address(out, "ipv4", m->family4, m->bytes4);
	address(out, "ipv6", m->family6, m->bytes6);
	text(out, "helo", m->helo);
	flag(out, "validates", m->validates != 0);
	if (m->mx != 0) {
		text(out, "exchangers", explanation_answer(m->mx));
		text(out, "dnssec",
		    explanation_secure(m->secure, m->validates != 0));
		flag(out, "implicit", m->implicit != 0);
	}
	buf_add_string(out, "}");
}

static void
put_hosts(const struct explanation *x, struct buf *out)
{
	buf_add_string(out, ",\"hosts\":[");
	for (size_t i = 0; i < x->nhosts; i++) {
		const struct msg_explain_host *m = &x->hosts[i];

		comma(out, i);
		buf_printf(out, "{\"preference\":%u", m->preference);
		text(out, "host", m->host);
		text(out, "alias", m->alias);
		text(out, "addresses", explanation_answer(m->answer));
		if (m->answer == ANSWER_FOUND)
			text(out, "dnssec",
			    explanation_secure(
				m->secure, x->way.validates != 0));
		flag(out, "ours", m->ours != 0);
		flag(out, "refused", m->refused != 0);
		buf_add_string(out, "}");
	}
	buf_add_string(out, "]");
}

static void
put_tlsa(const struct explained_server *s, struct buf *out)
{
	buf_add_string(out, ",\"tlsa\":[");
	for (size_t i = 0; i < s->ntlsa; i++) {
		const struct msg_explain_tlsa *t = &s->tlsa[i];

		comma(out, i);
		buf_printf(out, "{\"usage\":%u", t->usage);
		number(out, "selector", t->selector);
		number(out, "matching", t->matching);
		text(out, "data", t->data);
		flag(out, "counts", t->flaw[0] == '\0');
		text(out, "flaw", t->flaw);
		buf_add_string(out, "}");
	}
	buf_add_string(out, "]");
}

static void
put_servers(const struct explanation *x, struct buf *out)
{
	buf_add_string(out, ",\"servers\":[");
	for (size_t i = 0; i < x->nservers; i++) {
		const struct msg_explain_server *m = &x->servers[i].server;

		comma(out, i);
		buf_printf(out, "{\"port\":%u", m->port);
		address(out, "ip", m->family, m->bytes);
		text(out, "host", m->host);
		text(out, "name", m->name);
		text(out, "dnssec",
		    explanation_secure(m->secure, x->way.validates != 0));
		text(out, "tls", explanation_tls(m->tls));
		flag(out, "clear", m->clear != 0);
		text(out, "dane", explanation_dane(m->dane));
		text(out, "text", m->text);
		put_tlsa(&x->servers[i], out);
		buf_add_string(out, "}");
	}
	buf_add_string(out, "]");
}

static void
put_code(struct buf *out, uint16_t smtp, uint16_t subject, uint16_t detail)
{
	number(out, "smtp", smtp);
	buf_printf(
	    out, ",\"status\":\"%u.%u.%u\"", smtp / 100, subject, detail);
}

/* A line for each: a list. */
static void
put_offers(struct buf *out, const char *key, const char *lines)
{
	struct view rest = view_of(lines);
	size_t n = 0;

	buf_printf(out, ",\"%s\":[", key);
	while (rest.len > 0) {
		size_t len = view_find(rest, '\n');

		comma(out, n++);
		human_json(out, view_make(rest.data, len));
		rest = view_skip(rest, len < rest.len ? len + 1 : len);
	}
	buf_add_string(out, "]");
}

static void
put_sessions(const struct explanation *x, struct buf *out)
{
	buf_add_string(out, ",\"sessions\":[");
	for (size_t i = 0; i < x->nsessions; i++) {
		const struct msg_explain_session *m = &x->sessions[i];

		comma(out, i);
		buf_printf(out, "{\"port\":%u", m->port);
		address(out, "ip", m->family, m->bytes);
		text(out, "host", m->host);
		text(out, "verdict", explanation_verdict(m->verdict));
		put_code(out, m->smtp, m->subject, m->detail);
		text(out, "text", m->text);
		text(out, "greeting", m->greeting);
		put_offers(out, "offers_clear", m->clear);
		text(out, "tls", m->tls);
		put_offers(out, "offers_tls", m->offers);
		buf_add_string(out, "}");
	}
	buf_add_string(out, "]");
}

void
explanation_json(const struct explanation *x, struct buf *out)
{
	const struct msg_explain_end *m = &x->end;

	buf_add_string(out, "{");
	json_text(out, "verdict", explanation_verdict(m->verdict));
	put_code(out, m->smtp, m->subject, m->detail);
	text(out, "text", m->text);
	put_names(x, out);
	if (x->has_route)
		put_route(&x->route, out);
	if (x->has_state)
		put_state(x, out);
	if (x->has_way)
		put_way(&x->way, out);
	put_hosts(x, out);
	put_servers(x, out);
	if (x->connect)
		put_sessions(x, out);
	buf_add_string(out, "}\n");
}
