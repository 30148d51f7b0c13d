/* SPDX-License-Identifier: ISC */
/* smtpd/naming.c - what passes between us and resolve. */
#include "smtpd/naming.h"

#include "common/base/log.h"
#include "common/ipc/msg_resolve.h"
#include "common/mail/domain.h"
#include "smtpd/worker.h"

#include <string.h>

/* What a machine calls itself is known; 127.0.0.2 may be anybody's service. */
static bool
is_ourselves(const struct ip *ip)
{
	static const struct ip four = { 4, { 127, 0, 0, 1 } };
	static const struct ip six = { 6, { [15] = 1 } };

	return ip_eq(ip, &four) || ip_eq(ip, &six);
}

void
naming_begin(struct client *c)
{
	const struct accept_client *who = &c->session.client;
	const struct peer *p = process_peer(PEER_RESOLVE, 0);
	struct msg_name_of m = { .family = who->ip.family };

	if (who->local_socket || is_ourselves(&who->ip) || p == NULL ||
	    p->channel == NULL || channel_full(p->channel) ||
	    !channel_may_open(p->channel, &msg_name_of))
		return;
	memcpy(m.bytes, who->ip.bytes, sizeof(m.bytes));
	c->naming = channel_open(p->channel, &msg_name_of, &m, -1, CONV_A, c);
}

void
naming_forget(struct client *c)
{
	if (c->naming != NULL)
		c->naming->object = NULL;
	c->naming = NULL;
}

void
naming_log(struct client *c)
{
	char ip[IP_TEXT];

	if (c->named || c->session.name == NULL)
		return;
	c->named = true;
	log_begin("named");
	log_id("id", c->session.mail->id);
	log_word("client", ip_print(&c->session.client.ip, ip));
	log_text("name", c->session.name);
	log_end();
}

/* A name there is with "found" alone, as domain_normalise() would leave it. */
static bool
is_sound(const struct msg_name_is *m)
{
	char plain[DOMAIN_MAX + 1];

	switch (m->kind) {
	case ANSWER_FOUND:
		return domain_normalise(view_of(m->name), plain) &&
		       strcmp(plain, m->name) == 0 &&
		       domain_valid(view_of(plain));
	case ANSWER_NONE:
	case ANSWER_NO_NAME:
	case ANSWER_TROUBLE:
		return m->name[0] == '\0';
	default: /* a byte of another process */
		return false;
	}
}

static bool
on_name_is(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_name_is *m = msg;
	struct client *c = conv->object;

	(void)ch;
	(void)fd;
	if (!is_sound(m))
		return false;
	if (c == NULL)
		return true; /* it has left */
	conv->object = NULL;
	c->naming = NULL;
	if (m->kind == ANSWER_FOUND)
		session_named(&c->session, m->name);
	return true;
}

void
naming_lost(struct channel *ch, struct conv *conv)
{
	struct client *c = conv->object;

	(void)ch;
	if (c != NULL)
		c->naming = NULL;
}

const struct channel_rule naming_rules[NAMING_RULES] = {
	{ &msg_name_is, on_name_is, CONV_A, CONV_END },
};
