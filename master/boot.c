/* SPDX-License-Identifier: ISC */
/* master/boot.c - what a child is told before it confines itself: whom it is,
 * its part of the configuration, its sockets, its channels.
 *
 * A child gets a channel to every peer that lives and has been told its own;
 * the others will find this one when their turn comes.
 */
#include "common/base/log.h"
#include "common/run/confpass.h"
#include "master/census.h"
#include "master/master.h"
#include "master/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
send_boot(struct child *c)
{
	struct master *m = c->master;
	const struct account *a = accounts_of(&m->accounts, c->program);
	struct msg_boot b = { 0 };
	char root[FOLDER_PATH];

	b.kind = (uint16_t)c->program->kind;
	b.class_ = (uint16_t)c->program->class_;
	b.index = c->index;
	b.uid = a->uid;
	b.gid = a->gid;
	b.operators = m->accounts.operators;
	b.confine = conf_number(&m->conf, KEY_SANDBOX) != 0;
	b.debug = m->options.debug > 1;
	b.stamp = m->log_stamp;
	spool_root(&m->conf, c->program->root, root);
	view_copy(view_of(root), b.root, sizeof(b.root));
	channel_send(c->control, NULL, &msg_boot, &b, -1);
}

void
child_boot(struct child *c)
{
	c->state = CHILD_BOOTING;
	c->conf_next = 0;
	send_boot(c);
}

static enum listener_tls
tls_of(const struct master *m, const struct listener *l)
{
	if (!listener_is_tcp(l) || !conf_has_certificate(&m->conf, l->number))
		return LISTENER_CLEAR;
	return l->of.tls ? LISTENER_IMPLICIT : LISTENER_STARTTLS;
}

static void
send_listeners(struct child *c)
{
	const struct listeners *all = &c->master->listeners;

	for (size_t i = 0; i < all->n; i++) {
		const struct listener *l = &all->of[i];
		struct msg_listener m = { .number = l->number,
			.port = listener_is_tcp(l) ? l->of.port : 0,
			.local = !listener_is_tcp(l),
			.auth = (uint8_t)l->of.auth,
			.tls = (uint8_t)tls_of(c->master, l) };
		int fd;

		if (l->sockets != c->program->sockets)
			continue;
		fd = fcntl(l->fd, F_DUPFD_CLOEXEC, 0);
		if (fd == -1) {
			child_kill(c, "no descriptor for its socket");
			return;
		}
		channel_send(c->control, NULL, &msg_listener, &m, fd);
	}
}

void
child_secrets(struct child *c)
{
	if (c->program->kind == PEER_TLS &&
	    c->program->class_ != CLASS_CLIENT &&
	    !secrets_send(&c->master->secrets, &c->master->conf, c->control))
		child_kill(c, "no descriptor for its secrets");
}

static void
send_peer(struct child *to, const struct child *peer, int fd)
{
	struct msg_peer m = { .kind = (uint16_t)peer->program->kind,
		.class_ = (uint16_t)peer->program->class_,
		.index = peer->index,
		.life = peer->life };

	channel_send(to->control, NULL, &msg_peer, &m, fd);
}

static bool
is_listening(const struct child *c)
{
	return c->control != NULL &&
	       (c->state == CHILD_BOOTED || c->state == CHILD_READY);
}

static void
send_peers(struct child *c)
{
	struct master *m = c->master;
	int ends[2];

	for (size_t i = 0; i < m->nchildren; i++) {
		struct child *peer = &m->children[i];

		if (peer == c || !is_listening(peer) ||
		    !programs_are_wired(c->program, peer->program))
			continue;
		if (socketpair(AF_UNIX,
			SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
			ends) == -1) {
			log_warn("socketpair: %s", strerror(errno));
			child_kill(c, "no channel to a peer");
			return;
		}
		send_peer(c, peer, ends[0]);
		send_peer(peer, c, ends[1]);
	}
}

/* As much of the rest as the channel takes. */
static void
boot_step(struct child *c)
{
	if (!confpass_send(
		c->control, &c->master->conf, c->program->kind, &c->conf_next))
		return;
	send_listeners(c);
	census_send(c);
	if (c->control == NULL)
		return; /* it had to be killed */
	child_secrets(c);
	child_files(c);
	send_peers(c);
	channel_send(c->control, NULL, &msg_boot_end, NULL, -1);
	c->state = CHILD_BOOTED;
}

static bool
is_booting(const struct child *c)
{
	return c->state == CHILD_BOOTING && c->control != NULL;
}

bool
boots_step(struct master *m)
{
	bool more = false;

	for (size_t i = 0; i < m->nchildren; i++)
		if (is_booting(&m->children[i]) &&
		    !channel_full(m->children[i].control))
			boot_step(&m->children[i]);
	channels_flush();
	for (size_t i = 0; i < m->nchildren; i++)
		more = more || (is_booting(&m->children[i]) &&
				   !channel_full(m->children[i].control));
	return more;
}
