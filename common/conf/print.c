/* SPDX-License-Identifier: ISC */
/* common/conf/print.c - the effective configuration in its own language.
 *
 * Every setting is printed, whether it was set or not; what is printed reads
 * back as the same configuration.
 */
#include "common/conf/conf.h"
#include "common/conf/keys.h"
#include "common/conf/number.h"

#include <inttypes.h>
#include <string.h>

static void
print_quoted(const char *text, struct buf *out)
{
	buf_add_string(out, "\"");
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_add_string(out, "\\");
		buf_add(out, view_make(text, 1));
	}
	buf_add_string(out, "\"");
}

static void
print_per(struct number_rate r, struct buf *out)
{
	buf_printf(
	    out, "%" PRIu32 " per %s", r.count, number_print_period(r.seconds));
}

static void
print_value(
    const struct setting *s, const struct conf_value *v, struct buf *out)
{
	char number[NUMBER_TEXT];

	switch (s->kind) {
	case SETTING_SWITCH:
		buf_add_string(out, v->number != 0 ? "on" : "off");
		return;
	case SETTING_COUNT:
		buf_printf(out, "%" PRIu64, v->number);
		return;
	case SETTING_SIZE:
		buf_add_string(out, number_print_size(v->number, number));
		return;
	case SETTING_TIME:
		/* the least of a time that may be 0 is that it never comes */
		buf_add_string(out, v->number == 0
					? "never"
					: number_print_time(v->number, number));
		return;
	case SETTING_RATE:
		print_per(number_unpack_rate(v->number), out);
		return;
	case SETTING_LOG:
		if (v->text[0] != '/') {
			buf_add_string(out, v->text);
			return;
		}
		buf_add_string(out, "file ");
		break;
	case SETTING_CHOICE:
		buf_add_string(out, v->text);
		return;
	case SETTING_DOMAIN:
	case SETTING_PATH:
	case SETTING_ADDRESS:
		break;
	}
	print_quoted(v->text, out);
}

static void
print_setting(const struct conf *c, enum conf_key key, struct buf *out)
{
	const struct setting *s = setting_of(key);
	const struct conf_value *v = &c->values[key];

	/* an unset text has no spelling */
	if (setting_is_text(s) && v->text[0] == '\0')
		return;
	buf_printf(out, "%s ", s->words);
	print_value(s, v, out);
	buf_add_string(out, "\n");
}

static void
print_network(const struct network *n, struct buf *out)
{
	char text[IP_TEXT];

	buf_printf(out, "%s/%u", ip_print(&n->ip, text), n->bits);
}

/* Those of one listener, each behind the word. */
static void
print_certificates(
    const struct conf *c, size_t listener, const char *before, struct buf *out)
{
	for (size_t i = 0; i < c->ncertificates; i++) {
		const struct conf_certificate *cert = &c->certificates[i];

		if (cert->listener != listener)
			continue;
		buf_printf(out, "%scertificate ", before);
		print_quoted(cert->certificate, out);
		buf_add_string(out, " key ");
		print_quoted(cert->key, out);
		if (listener == CONF_EVERY_LISTENER)
			buf_add_string(out, "\n");
	}
}

static const char *
auth_words(enum listener_auth auth)
{
	switch (auth) {
	case AUTH_NEVER:
		break;
	case AUTH_TLS:
		return " auth";
	case AUTH_CLEAR:
		return " auth cleartext";
	}
	return "";
}

static void
print_listener(const struct conf *c, size_t i, struct buf *out)
{
	const struct conf_listener *l = &c->listeners[i];
	char text[IP_TEXT];

	buf_printf(out, "listen on %s port %u%s%s",
	    l->any ? "any" : ip_print(&l->ip, text), l->port,
	    l->tls ? " tls" : "", auth_words(l->auth));
	print_certificates(c, i, " ", out);
	buf_add_string(out, "\n");
}

static void
print_accept(const struct accept_rule *r, struct buf *out)
{
	buf_printf(out, "%s from ", r->reject ? "reject" : "accept");
	switch (r->who) {
	case ACCEPT_LOCAL:
		buf_add_string(out, "local");
		break;
	case ACCEPT_ANY:
		buf_add_string(out, "any");
		break;
	case ACCEPT_NETWORK:
		print_network(&r->network, out);
		break;
	case ACCEPT_AUTH:
		buf_add_string(out, "auth");
		if (r->login[0] != '\0') {
			buf_add_string(out, " ");
			print_quoted(r->login, out);
		}
		break;
	}
	if (r->port != 0)
		buf_printf(out, " on port %u", r->port);
	if (r->tls != ACCEPT_TLS_EITHER)
		buf_printf(out, " %s tls",
		    r->tls == ACCEPT_TLS_WITH ? "with" : "without");
	if (r->has_sender)
		buf_printf(out, " sender domain %s", r->sender);
	if (r->has_domain)
		buf_printf(out, " for domain %s\n", r->domain);
	else
		buf_add_string(out, " for any\n");
}

static void
print_route_login(const struct route_login *l, struct buf *out)
{
	buf_add_string(out, " login ");
	print_quoted(l->user, out);
	buf_add_string(
	    out, l->secret == ROUTE_TOKEN ? " token file " : " password file ");
	print_quoted(l->path, out);
	if (l->cleartext)
		buf_add_string(out, " cleartext");
}

static void
print_source(const struct route_source *s, struct buf *out)
{
	char ip[IP_TEXT];

	buf_printf(out, "source %s", s->name);
	if (s->ip4.family != 0)
		buf_printf(out, " address %s", ip_print(&s->ip4, ip));
	if (s->ip6.family != 0)
		buf_printf(out, " address %s", ip_print(&s->ip6, ip));
	if (s->helo[0] != '\0')
		buf_printf(out, " helo %s", s->helo);
	buf_add_string(out, "\n");
}

static void
print_from(const struct route *r, struct buf *out)
{
	static const char *const words[] = {
		[ROUTE_FROM_ADDRESS] = " from ",
		[ROUTE_FROM_DOMAIN] = " from domain ",
		[ROUTE_FROM_LOGIN] = " from login ",
	};

	if (r->from == ROUTE_FROM_ANY)
		return;
	buf_add_string(out, words[r->from]);
	print_quoted(r->whose, out);
}

static void
print_hosts(const char *list, struct buf *out)
{
	bool several = strchr(list, ',') != NULL;
	struct view v = view_of(list);
	char host[DOMAIN_MAX + 1];

	buf_add_string(out, several ? " host {" : " host");
	while (route_next_host(&v, host)) {
		buf_add_string(out, " ");
		print_quoted(host, out);
	}
	if (several)
		buf_add_string(out, " }");
}

static void
print_to(const struct route *r, struct buf *out)
{
	switch (r->transport) {
	case TRANSPORT_MX:
		buf_add_string(out, " to mx");
		break;
	case TRANSPORT_HOST:
		buf_add_string(out, " to");
		print_hosts(r->host, out);
		break;
	case TRANSPORT_LMTP:
		buf_add_string(out, " to lmtp");
		if (!hop_is_socket(r->transport, r->host)) {
			print_hosts(r->host, out);
			break;
		}
		buf_add_string(out, " ");
		print_quoted(r->host, out);
		break;
	case TRANSPORT_LOOKUP:
		break;
	}
}

void
conf_print_route(const struct conf *c, const struct route *r, struct buf *out)
{
	static const char *const tls[] = {
		[ROUTE_TLS_NONE] = "none",
		[ROUTE_TLS_OPPORTUNISTIC] = "opportunistic",
		[ROUTE_TLS_REQUIRED] = "required",
		[ROUTE_TLS_VERIFY] = "verify",
	};

	buf_add_string(out, "route ");
	switch (r->match) {
	case ROUTE_ANY:
		buf_add_string(out, "any");
		break;
	case ROUTE_LOCAL:
		buf_add_string(out, "local");
		break;
	case ROUTE_DOMAIN:
		buf_printf(out, "domain %s", r->domain);
		break;
	}
	print_from(r, out);
	print_to(r, out);
	if (r->port != 0)
		buf_printf(out, " port %u", r->port);
	if (r->tls != ROUTE_TLS_OPPORTUNISTIC &&
	    !hop_is_socket(r->transport, r->host))
		buf_printf(out, " tls %s%s", tls[r->tls],
		    r->immediate ? " immediate" : "");
	if (r->login != 0)
		print_route_login(&c->logins[r->login - 1], out);
	if (r->source != 0)
		buf_printf(out, " source %s", c->sources[r->source - 1].name);
	buf_add_string(out, "\n");
}

static void
print_rate(const struct conf_rate *r, struct buf *out)
{
	buf_add_string(out, "limit destination ");
	print_quoted(r->name, out);
	buf_add_string(out, " messages ");
	print_per((struct number_rate){ r->count, r->seconds }, out);
	buf_add_string(out, "\n");
}

static void
print_resolver(const struct conf_resolver *r, struct buf *out)
{
	char text[IP_TEXT];

	buf_printf(out, "resolver %s port %u", ip_print(&r->ip, text), r->port);
	if (r->signed_name[0] != '\0')
		buf_printf(out, " prove signed %s bogus %s", r->signed_name,
		    r->bogus_name);
	buf_add_string(out, "\n");
}

static void
print_recipients(const struct conf *c, size_t i, struct buf *out)
{
	const struct conf_recipients *r = &c->recipients[i];

	buf_printf(out, "recipients domain %s ", r->domain);
	if (r->path[0] != '\0') {
		buf_add_string(out, "file ");
		print_quoted(r->path, out);
		buf_add_string(out, "\n");
		return;
	}
	buf_add_string(out, "{\n");
	for (size_t k = 0; k < c->nnamed; k++) {
		if (c->named[k].table != i)
			continue;
		buf_add_string(out, "\t");
		print_quoted(c->named[k].text, out);
		buf_add_string(out, "\n");
	}
	buf_add_string(out, "}\n");
}

void
conf_print(const struct conf *c, struct buf *out)
{
	for (size_t i = 0; i < KEY_COUNT; i++)
		print_setting(c, (enum conf_key)i, out);
	for (size_t i = 0; i < c->nlisteners; i++)
		print_listener(c, i, out);
	print_certificates(c, CONF_EVERY_LISTENER, "tls ", out);
	for (size_t i = 0; i < c->naccepts; i++)
		print_accept(&c->accepts[i], out);
	for (size_t i = 0; i < c->nrates; i++)
		print_rate(&c->rates[i], out);
	for (size_t i = 0; i < c->nexempt; i++) {
		buf_add_string(out, "limit client exempt ");
		print_network(&c->exempt[i], out);
		buf_add_string(out, "\n");
	}
	for (size_t i = 0; i < c->nbare_ends; i++) {
		buf_add_string(out, "accept bare line ends from ");
		print_network(&c->bare_ends[i], out);
		buf_add_string(out, "\n");
	}
	for (size_t i = 0; i < c->nlocals; i++)
		buf_printf(out, "local domain %s\n", c->locals[i]);
	for (size_t i = 0; i < c->nrecipients; i++)
		print_recipients(c, i, out);
	for (size_t i = 0; i < c->nsources; i++)
		print_source(&c->sources[i], out);
	for (size_t i = 0; i < c->nroutes; i++)
		conf_print_route(c, &c->routes[i], out);
	for (size_t i = 0; i < c->nresolvers; i++)
		print_resolver(&c->resolvers[i], out);
	for (size_t i = 0; i < c->nmx_allow; i++) {
		buf_add_string(out, "mx addresses allow ");
		print_network(&c->mx_allow[i], out);
		buf_add_string(out, "\n");
	}
}
