/* SPDX-License-Identifier: ISC */
/* smtpd/relay.c - may this client send to this recipient?
 *
 * Judges the parsed address and nothing else: what "a%b@c" may mean
 * elsewhere is not asked, so policy and routing cannot differ.
 */
#include "smtpd/relay.h"

/* RFC 5321 4.5.1: mail for the postmaster is taken from everybody. */
static bool
is_postmaster(const struct service *sv, const struct mailbox *rcpt)
{
	return view_is_nocase(view_of(rcpt->local), "postmaster") &&
	       route_is_local(&sv->routing, rcpt);
}

static bool
allowed(const struct service *sv, const struct accept_client *client,
    const struct mailbox *rcpt)
{
	if (sv->local || is_postmaster(sv, rcpt))
		return true;
	return accept_judge(
	    sv->conf->accepts, sv->conf->naccepts, client, rcpt);
}

const struct smtp_reply *
relay_judge(const struct service *sv, const struct accept_client *client,
    const struct mailbox *rcpt)
{
	struct route_result route;

	if (!allowed(sv, client, rcpt))
		return &reply_relay;
	route_find(&sv->routing, rcpt, &route);
	switch (route.verdict) {
	case ROUTE_TO:
	case ROUTE_HOLD:
		return NULL;
	case ROUTE_NOWHERE:
		return &reply_no_mailbox;
	}
	return NULL;
}
