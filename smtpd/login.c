/* SPDX-License-Identifier: ISC */
/* smtpd/login.c - what passes between us and auth. */
#include "smtpd/login.h"

#include "common/base/alloc.h"
#include "common/ipc/msg_auth.h"
#include "smtpd/session_auth.h"
#include "smtpd/worker.h"

#include <string.h>

bool
login_ask(struct client *c)
{
	const struct session *s = &c->session;
	struct peer *p = process_peer(PEER_AUTH, 0);
	struct msg_auth_check m = { .family = s->client.ip.family };

	if (p == NULL || p->channel == NULL ||
	    !channel_may_open(p->channel, &msg_auth_check))
		return false;
	memcpy(m.client, s->client.ip.bytes, sizeof(m.client));
	memcpy(m.name, s->sasl->name, sizeof(m.name));
	memcpy(m.password, s->sasl->password, sizeof(m.password));
	c->login = channel_open(p->channel, &msg_auth_check, &m, -1, CONV_A, c);
	explicit_bzero(&m, sizeof(m));
	roster_move(&c->worker->roster, c, PLACE_LOGIN);
	return true;
}

void
login_forget(struct client *c)
{
	if (c->login != NULL)
		c->login->object = NULL;
	c->login = NULL;
}

static bool
on_auth_is(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_auth_is *m = msg;
	struct client *c = conv->object;

	(void)ch;
	(void)fd;
	if (m->verdict < AUTH_YES || m->verdict > AUTH_AWAY)
		return false;
	if (c == NULL)
		return true;
	c->login = NULL;
	client_logged_in(c, (enum auth_verdict)m->verdict);
	return true;
}

void
login_lost(struct channel *ch, struct conv *conv)
{
	struct client *c = conv->object;

	(void)ch;
	if (c == NULL)
		return;
	c->login = NULL;
	client_logged_in(c, AUTH_AWAY);
}

/* clang-format off */
const struct channel_rule login_rules[] = {
	{ &msg_auth_is,	on_auth_is,	CONV_A,		CONV_END },
};
/* clang-format on */

_Static_assert(nitems(login_rules) == LOGIN_RULES, "count of rules");
