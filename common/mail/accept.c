/* SPDX-License-Identifier: ISC */
/* common/mail/accept.c - who may send where.
 *
 * Must judge the parsed mailbox only, never the text it came from: what is
 * judged here is where the mail will go.
 */
#include "common/mail/accept.h"

#include <string.h>

static const struct accept_rule only_local = { .who = ACCEPT_LOCAL };

static bool
login_matches(const struct accept_rule *rule, const char *login)
{
	return login != NULL &&
	       (rule->login[0] == '\0' || strcmp(rule->login, login) == 0);
}

static bool
who_matches(const struct accept_rule *rule, const struct accept_client *c)
{
	switch (rule->who) {
	case ACCEPT_LOCAL:
		return c->local_socket || ip_is_loopback(&c->ip);
	case ACCEPT_ANY:
		return true;
	case ACCEPT_NETWORK:
		return !c->local_socket && network_has(&rule->network, &c->ip);
	case ACCEPT_AUTH:
		return login_matches(rule, c->login);
	}
	return false;
}

static bool
tls_matches(enum accept_tls wanted, bool tls)
{
	switch (wanted) {
	case ACCEPT_TLS_EITHER:
		return true;
	case ACCEPT_TLS_WITH:
		return tls;
	case ACCEPT_TLS_WITHOUT:
		return !tls;
	}
	return false;
}

static bool
client_matches(const struct accept_rule *rule, const struct accept_client *c)
{
	return who_matches(rule, c) &&
	       (rule->port == 0 || rule->port == c->port) &&
	       tls_matches(rule->tls, c->tls);
}

/* Nobody logs in but where the configuration lets him. */
static bool
without_rules(const struct accept_client *c)
{
	return client_matches(&only_local, c) || c->login != NULL;
}

static bool
in_domain(const struct mailbox *m, const char *domain)
{
	return m != NULL && view_is_nocase(view_of(m->domain), domain);
}

bool
accept_judge(const struct accept_rule *rules, size_t n,
    const struct accept_client *client, const struct mailbox *sender,
    const struct mailbox *rcpt)
{
	if (n == 0)
		return without_rules(client);
	for (size_t i = 0; i < n; i++) {
		const struct accept_rule *rule = &rules[i];

		if (client_matches(rule, client) &&
		    (!rule->has_sender || in_domain(sender, rule->sender)) &&
		    (!rule->has_domain || in_domain(rcpt, rule->domain)))
			return !rule->reject;
	}
	return false;
}

bool
accept_trusts(const struct accept_rule *rules, size_t n,
    const struct accept_client *client)
{
	if (n == 0)
		return without_rules(client);
	for (size_t i = 0; i < n; i++) {
		const struct accept_rule *rule = &rules[i];

		if (rule->has_sender || rule->has_domain ||
		    !client_matches(rule, client))
			continue;
		if (rule->reject)
			return false;
		if (rule->who != ACCEPT_ANY)
			return true;
	}
	return false;
}
