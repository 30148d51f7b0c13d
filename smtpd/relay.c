/* SPDX-License-Identifier: ISC */
/* smtpd/relay.c - may this client send to this recipient?
 *
 * Judges the parsed address and nothing else: "a%b@c" goes to c, so policy and
 * routing cannot differ.  What c might make of it is its own matter, but no
 * stranger gets there through us.
 */
#include "smtpd/relay.h"

#include <string.h>

/* RFC 5321 4.5.1: mail for the postmaster is taken from everybody. */
static bool
is_postmaster(const struct service *sv, const struct mailbox *rcpt)
{
	return view_is_nocase(view_of(rcpt->local), "postmaster") &&
	       route_is_local(&sv->routing, rcpt);
}

static bool
allowed(const struct service *sv, const struct accept_client *client,
    const struct mailbox *sender, const struct mailbox *rcpt)
{
	if (sv->local || is_postmaster(sv, rcpt))
		return true;
	return accept_judge(
	    sv->conf->accepts, sv->conf->naccepts, client, sender, rcpt);
}

/* An older server might send such mail on, and believe that we asked it to. */
static bool
is_route(const struct mailbox *rcpt)
{
	return strpbrk(rcpt->local, "%!@") != NULL;
}

static bool
is_stranger(const struct service *sv, const struct accept_client *client)
{
	return !sv->local &&
	       !accept_trusts(sv->conf->accepts, sv->conf->naccepts, client);
}

const struct smtp_reply *
relay_judge(const struct service *sv, const struct accept_client *client,
    const struct mailbox *sender, const struct mailbox *rcpt, bool *ask)
{
	const struct conf *c = sv->conf;
	char print[ADDRESS_MAX + 1];
	const struct route_origin origin = {
		sender == NULL ? "" : mailbox_print(sender, print),
		client->login
	};
	struct route_result route;

	*ask = conf_recipients_of(c, rcpt->domain) < c->nrecipients;

	if (!allowed(sv, client, sender, rcpt))
		return &reply_relay;
	if (is_route(rcpt) && is_stranger(sv, client))
		return &reply_routing;
	route_find(&sv->routing, rcpt, &origin, &route);
	switch (route.verdict) {
	case ROUTE_TO:
	case ROUTE_HOLD:
		return NULL;
	case ROUTE_NOWHERE:
		/* an alias may lead somewhere else */
		if (conf_text(c, KEY_ALIASES)[0] == '\0' ||
		    !route_is_local(&sv->routing, rcpt))
			return &reply_no_mailbox;
		*ask = true;
		return NULL;
	}
	return NULL;
}
