/* SPDX-License-Identifier: ISC */
/* tls/gate.c - one tls process: its start, its clock, its secrets, its end.
 *
 * A set of secrets is read when we are confined, be it the first or a later
 * one; one that is not sound changes nothing.
 */
#include "tls/gate.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "tls/connect.h"
#include "tls/context.h"
#include "tls/hello.h"
#include "tls/keypair.h"
#include "tls/stream.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <tls.h>
#include <unistd.h>

enum {
	/* and those that come while it is full, and those turned away */
	DESCRIPTORS_OWN = 384 + 2 * TLS_TURNED_AWAY,
	STOP_WAIT_MS = 5000,
	CLOSING_MS =
	    5000, /* for the last bytes, and again for the peer's end */
	CONNECT_SECONDS_MAX = 110, /* deliver waits for 120 */
	MANY_TURNED_AWAY = 16,     /* then they have a part of the time */
	PART_OF_TIME = 5,
	PART_MS_MIN = 1000,
	EACH_SECOND = 1
};

static struct {
	struct streams streams;
	struct event second;
	uint64_t max_streams;
	struct contexts *contexts; /* of now */
	struct keypair coming[KEYPAIRS_MAX];
	size_t ncoming;
	bool started, stopping;
	int64_t stop_ms;
} gate;

/* Do we speak for deliver, without keys? */
static bool
is_client(void)
{
	return process_boot()->class_ == CLASS_CLIENT;
}

/* A certificate opens a pair, the key behind it completes it. */
bool
gate_secret(const struct msg_secret *m, int fd)
{
	bool is_key = m->kind == SECRET_KEY;
	struct keypair *k;

	if (m->kind == SECRET_CERTIFICATE && gate.ncoming < KEYPAIRS_MAX) {
		k = &gate.coming[gate.ncoming++];
		k->fds[0] = k->fds[1] = -1;
		k->listener = m->listener;
		k->line = m->line;
	} else if (is_key && gate.ncoming > 0 &&
		   gate.coming[gate.ncoming - 1].fds[1] == -1) {
		k = &gate.coming[gate.ncoming - 1];
	} else {
		close(fd);
		return false;
	}
	k->fds[is_key] = fd;
	memcpy(k->paths[is_key], m->path, sizeof(k->paths[is_key]));
	return true;
}

static struct contexts *
secrets_read(struct msg_secrets_read *said)
{
	if (gate.ncoming == 0) {
		view_copy(
		    view_of("no certificate"), said->text, sizeof(said->text));
		return NULL;
	}
	for (size_t i = 0; i < gate.ncoming; i++) {
		said->line = gate.coming[i].line;
		if (!keypair_read(&gate.coming[i], said->text))
			return NULL;
	}
	return contexts_new(gate.coming, gate.ncoming,
	    conf_text(process_conf(), KEY_TLS_PROTOCOLS), said);
}

/* False: they are not sound, and posternd was told why. */
static bool
secrets_take(void)
{
	struct msg_secrets_read said = { 0 };
	struct contexts *fresh = secrets_read(&said);

	for (size_t i = 0; i < gate.ncoming; i++)
		keypair_clear(&gate.coming[i]);
	gate.ncoming = 0;
	if (fresh != NULL) {
		contexts_drop(gate.contexts); /* sessions may still hold it */
		gate.contexts = fresh;
	}
	process_tell(&msg_secrets_read, &said);
	return fresh != NULL;
}

void
gate_secrets_end(void)
{
	if (gate.started)
		(void)secrets_take();
}

/*
 * A connection that came while no descriptor is free would be lost on the way,
 * which would look as if smtpd broke the rules.  posternd set the limit by
 * `limit tls sessions`, but a machine may grant less.
 */
static void
share_descriptors(void)
{
	uint64_t wanted = conf_number(process_conf(), KEY_TLS_SESSIONS);
	struct rlimit limit;
	rlim_t left;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		fatal("getrlimit: %m");
	left = limit.rlim_cur > DESCRIPTORS_OWN
		   ? (limit.rlim_cur - DESCRIPTORS_OWN) / 2
		   : 0;
	gate.max_streams = left < wanted ? left : wanted;
	/* mail that is sent needs as many as there are connections out */
	if (is_client())
		wanted = conf_number(process_conf(), KEY_TOTAL_CONNECTIONS);
	if (left < wanted)
		log_warn("descriptors suffice for %llu sessions, not for %llu",
		    (unsigned long long)left, (unsigned long long)wanted);
}

/* What the library opens by a path must be open before we are confined. */
void
gate_prepare(void)
{
	share_descriptors();
	if (tls_init() == -1)
		fatal("libtls does not start");
	tls_free(tls_server());
	if (is_client())
		connect_prepare(conf_text(process_conf(), KEY_TLS_CA));
}

static void
overdue(enum stream_state state, int64_t now, int64_t limit_ms)
{
	struct stream_list *list = &gate.streams.lists[state];
	struct stream *s;

	while ((s = TAILQ_FIRST(list)) != NULL && now - s->since >= limit_ms) {
		switch (state) {
		case STREAM_STARTING:
			stream_fail(s, TLS_END_LATE, "");
			break;
		case STREAM_STUCK:
			s->peer_gone = true; /* it hears nothing any more */
			stream_fail(s, TLS_END_CUT, "takes nothing");
			break;
		case STREAM_OPEN:
		case STREAM_CLOSING:
		case STREAM_LINGER:
		case STREAM_STATES:
			stream_end(s);
			break;
		}
	}
}

/* So many fill what smtpd has for them, and others would hear nothing: they
 * are to be quick. */
static void
overdue_turned_away(int64_t now, int64_t limit_ms)
{
	struct stream *next, *s;

	if (gate.streams.nturned_away <= MANY_TURNED_AWAY)
		return;
	if (limit_ms < PART_MS_MIN)
		limit_ms = PART_MS_MIN;
	for (s = TAILQ_FIRST(&gate.streams.lists[STREAM_STARTING]);
	     s != NULL && now - s->since >= limit_ms; s = next) {
		next = TAILQ_NEXT(s, neighbours);
		if (s->turned_away)
			stream_fail(s, TLS_END_LATE, "");
	}
}

/* deliver is to hear of a server that is late before it takes us for dead. */
static int64_t
handshake_ms(uint64_t seconds)
{
	if (is_client() && seconds > CONNECT_SECONDS_MAX)
		seconds = CONNECT_SECONDS_MAX;
	return 1000 * (int64_t)seconds;
}

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
	const struct conf *c = process_conf();
	int64_t handshake = handshake_ms(conf_number(c, KEY_TLS_HANDSHAKE));
	int64_t idle = 1000 * (int64_t)conf_number(c, KEY_IDLE_TIMEOUT);
	int64_t now = clock_mono_ms();

	(void)fd;
	(void)what;
	(void)arg;
	overdue(STREAM_STARTING, now, handshake);
	overdue_turned_away(now, handshake / PART_OF_TIME);
	overdue(STREAM_STUCK, now, idle);
	overdue(STREAM_CLOSING, now, CLOSING_MS);
	overdue(STREAM_LINGER, now, CLOSING_MS);
	if (gate.stopping && now - gate.stop_ms >= STOP_WAIT_MS)
		process_exit();
}

void
gate_start(void)
{
	const struct timeval second = { EACH_SECOND, 0 };

	streams_init(&gate.streams, process_base());
	event_assign(
	    &gate.second, process_base(), -1, EV_PERSIST, on_second, NULL);
	if (event_add(&gate.second, &second) == -1)
		fatal("no event for the clock");
	gate.started = true;
	if (!is_client() && !secrets_take()) {
		channels_flush();
		fatal_code(EX_CONFIG, "the certificates cannot be used");
	}
}

void
gate_turn(void)
{
	if (gate.stopping && gate.streams.n == 0)
		process_exit();
}

/* smtpd has ended before us: what is left are last words. */
void
gate_stop(void)
{
	struct stream *s;

	gate.stopping = true;
	gate.stop_ms = clock_mono_ms();
	while ((s = TAILQ_FIRST(&gate.streams.lists[STREAM_STARTING])) != NULL)
		stream_end(s);
}

static void
refuse(struct channel *ch, struct conv *conv, int fd)
{
	const struct msg_tls_end m = { .how = TLS_END_FULL };

	close(fd);
	channel_send(ch, conv, &msg_tls_end, &m, -1);
	conv_end(ch, conv);
}

/* Those who are turned away never take the room of the others. */
static bool
is_full(bool turned_away)
{
	const struct streams *all = &gate.streams;

	if (gate.stopping)
		return true;
	return turned_away ? all->nturned_away >= TLS_TURNED_AWAY
			   : all->n - all->nturned_away >= gate.max_streams;
}

static bool
on_serve(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_tls_serve *m = msg;
	bool turned_away = m->turned_away != 0;
	struct stream *s;

	if (is_full(turned_away)) {
		refuse(ch, conv, fd);
		return true;
	}
	s = stream_new(&gate.streams, fd, ch, conv);
	s->turned_away = turned_away;
	gate.streams.nturned_away += turned_away;
	buf_init(&s->ahead, HELLO_MAX);
	conv->object = s;
	s->listener = m->listener;
	s->contexts = gate.contexts;
	contexts_hold(s->contexts);
	accept_step(s);
	return true;
}

static bool
on_connect(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_tls_connect *m = msg;
	struct stream *s;

	if (m->verify > TLS_VERIFY_DANE) {
		close(fd);
		return false;
	}
	if (is_full(false)) {
		refuse(ch, conv, fd);
		return true;
	}
	s = stream_new(&gate.streams, fd, ch, conv);
	conv->object = s;
	connect_begin(s, m);
	return true;
}

/* smtpd or deliver is gone: open streams see the end of their clear text. */
static void
on_conv_lost(struct channel *ch, struct conv *conv)
{
	struct stream *s = conv->object;

	(void)ch;
	if (s == NULL)
		return;
	s->conv = NULL;
	if (s->state == STREAM_STARTING)
		stream_end(s);
}

/* clang-format off */
static const struct channel_rule server_rules[] = {
	{ &msg_tls_serve, on_serve, CONV_NEW, CONV_A },
};
static const struct channel_rule client_rules[] = {
	{ &msg_tls_connect, on_connect, CONV_NEW, CONV_A },
};
/* clang-format on */

const struct peer_def gate_peers[GATE_PEERS] = {
	{ .kind = PEER_SMTPD,
	    .rules = server_rules,
	    .nrules = nitems(server_rules),
	    .conv_lost = on_conv_lost },
	{ .kind = PEER_DELIVER,
	    .rules = client_rules,
	    .nrules = nitems(client_rules),
	    .conv_lost = on_conv_lost },
};
