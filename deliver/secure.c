/* SPDX-License-Identifier: ISC */
/* deliver/secure.c - what passes between us and tls.
 *
 * Must tell what the server has spoilt from what our own side has: only the
 * first is ever a reason to do without TLS.
 */
#include "deliver/secure.h"

#include "common/base/alloc.h"
#include "common/base/log.h"
#include "common/ipc/msg_tls.h"
#include "deliver/server.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool
is_dane(const struct conn *c)
{
	return c->policy.dane != NULL && c->policy.dane->state == DANE_USABLE;
}

bool
secure_begin(struct conn *c, int fd)
{
	struct msg_tls_connect m = { 0 };
	struct peer *p = NULL;

	for (size_t i = 0; (p = process_peer(PEER_TLS, i)) != NULL; i++)
		if (p->channel != NULL &&
		    channel_may_open(p->channel, &msg_tls_connect))
			break;
	if (p == NULL) {
		close(fd);
		return false;
	}
	memcpy(m.name, c->policy.name, sizeof(m.name));
	if (is_dane(c)) {
		m.verify = TLS_VERIFY_DANE;
		memcpy(m.host, c->policy.host, sizeof(m.host));
		memcpy(m.domain, c->policy.domain, sizeof(m.domain));
		view_copy(view_of(c->policy.dane->records), m.records,
		    sizeof(m.records));
	} else if (c->policy.route.tls == ROUTE_TLS_VERIFY) {
		m.verify = TLS_VERIFY_NAME;
	}
	c->secure =
	    channel_open(p->channel, &msg_tls_connect, &m, fd, CONV_A, c);
	return true;
}

void
secure_forget(struct conn *c)
{
	if (c->secure != NULL)
		c->secure->object = NULL;
	c->secure = NULL;
}

static void
log_server(const char *event, const struct conn *c)
{
	char ip[IP_TEXT];

	log_begin(event);
	log_word("server", ip_print(&c->server->ip, ip));
	log_u64("port", c->server->port);
	if (c->policy.name[0] != '\0')
		log_text("name", c->policy.name);
}

static void
agreed(struct conn *c, const struct msg_tls_open *m)
{
	const char *verified = "no";

	if (is_dane(c))
		verified = "dane";
	else if (c->policy.route.tls == ROUTE_TLS_VERIFY)
		verified = "name";
	log_server("tls", c);
	log_text("protocol", m->protocol);
	log_text("cipher", m->cipher);
	log_word("verified", verified);
	log_end();
	snprintf(c->tls, sizeof(c->tls), "%s %s %s", m->protocol, m->cipher,
	    verified);
}

static bool
on_open(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct conn *c = conv->object;

	(void)ch;
	if (c == NULL) {
		close(fd); /* it was given up meanwhile */
		return true;
	}
	agreed(c, msg);
	conn_secured(c, fd);
	return true;
}

/* How a stream ended, and whether that can be the server's doing: one that is
 * late may be so for want of our own time. */
static const struct {
	const char *text;
	bool refused;
} ends[] = {
	[TLS_END_CLOSED] = { "closed", true },
	[TLS_END_CUT] = { "connection lost in the handshake", true },
	[TLS_END_ERROR] = { "handshake failed", true },
	[TLS_END_LATE] = { "the handshake took too long", false },
	[TLS_END_FULL] = { "no room for one more connection", false },
	[TLS_END_OURS] = { "given up", false },
};

/* Before there was clear text; else its end comes by itself. */
static void
spoilt(struct conn *c, const struct msg_tls_end *m)
{
	char why[STATUS_TEXT];

	snprintf(why, sizeof(why), "%s%s%.300s", ends[m->how].text,
	    m->text[0] == '\0' ? "" : ": ", m->text);
	log_server("tls-failed", c);
	log_text("text", why);
	log_end();
	c->tls_refused = ends[m->how].refused;
	c->late = m->how == TLS_END_LATE;
	conn_insecure(c, why);
}

static bool
on_end(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_tls_end *m = msg;
	struct conn *c = conv->object;

	(void)ch;
	(void)fd;
	if (m->how >= nitems(ends) || ends[m->how].text == NULL)
		return false;
	if (c == NULL)
		return true;
	c->secure = NULL;
	if (c->handing)
		spoilt(c, m);
	return true;
}

void
secure_lost(struct channel *ch, struct conv *conv)
{
	struct conn *c = conv->object;

	(void)ch;
	if (c == NULL)
		return;
	c->secure = NULL;
	if (c->handing)
		conn_insecure(c, "its process has ended");
}

/* clang-format off */
const struct channel_rule secure_rules[] = {
	/* message		handler		in		then */
	{ &msg_tls_open,	on_open,	CONV_A,		CONV_B },
	{ &msg_tls_end,		on_end,		CONV_A | CONV_B, CONV_END },
};
/* clang-format on */

_Static_assert(nitems(secure_rules) == SECURE_RULES, "count of rules");
