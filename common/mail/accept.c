/* SPDX-License-Identifier: ISC */
/* common/mail/accept.c - who may send where.
 *
 * Must judge the parsed mailbox only, never the text it came from: what is
 * judged here is where the mail will go.
 */
#include "common/mail/accept.h"

static const struct accept_rule only_local = { .who = ACCEPT_LOCAL };

static bool
client_matches(const struct accept_rule *rule, const struct accept_client *c)
{
	switch (rule->who) {
	case ACCEPT_LOCAL:
		return c->local_socket || ip_is_loopback(&c->ip);
	case ACCEPT_ANY:
		return true;
	case ACCEPT_NETWORK:
		return !c->local_socket && network_has(&rule->network, &c->ip);
	}
	return false;
}

bool
accept_judge(const struct accept_rule *rules, size_t n,
    const struct accept_client *client, const struct mailbox *rcpt)
{
	struct view domain = view_of(rcpt->domain);

	if (n == 0)
		return client_matches(&only_local, client);
	for (size_t i = 0; i < n; i++) {
		const struct accept_rule *rule = &rules[i];

		if (!client_matches(rule, client))
			continue;
		if (!rule->has_domain || view_is_nocase(domain, rule->domain))
			return !rule->reject;
	}
	return false;
}

bool
accept_trusts(const struct accept_rule *rules, size_t n,
    const struct accept_client *client)
{
	if (n == 0)
		return client_matches(&only_local, client);
	for (size_t i = 0; i < n; i++) {
		const struct accept_rule *rule = &rules[i];

		if (rule->has_domain || !client_matches(rule, client))
			continue;
		if (rule->reject)
			return false;
		if (rule->who != ACCEPT_ANY)
			return true;
	}
	return false;
}
