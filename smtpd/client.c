/* SPDX-License-Identifier: ISC */
/* smtpd/client.c - one client: its socket, its session, its body file.
 *
 * Must not judge SMTP (session.c does) and must not wait for anything.
 */
#include "smtpd/client.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "smtpd/asking.h"
#include "smtpd/client_body.h"
#include "smtpd/intake.h"
#include "smtpd/limits.h"
#include "smtpd/login.h"
#include "smtpd/naming.h"
#include "smtpd/overload.h"
#include "smtpd/secure.h"
#include "smtpd/session_auth.h"
#include "smtpd/worker.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void resume(struct client *);
static void leave(struct client *, bool unread);

/* What the client did not take yet, to be sent on when it does. */
static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	ssize_t n = write(c->fd, c->unsent.data, c->unsent.len);

	(void)fd;
	(void)what;
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		n = 0;
	if (n == -1) {
		c->broken = true;
		/* a commit of which queue has one half must get its other */
		if (c->place != PLACE_OUTBOX || c->conv == NULL)
			client_end(c);
		return;
	}
	buf_drop(&c->unsent, (size_t)n);
	if (c->unsent.len > 0) {
		event_add(c->writable, NULL);
		return;
	}
	buf_free(&c->unsent);
	if (c->place == PLACE_LEAVE)
		leave(c, true);
	else
		resume(c);
}

static void
send_later(struct client *c, struct view rest)
{
	buf_add(&c->unsent, rest);
	if (c->writable == NULL)
		c->writable =
		    event_new(c->worker->base, c->fd, EV_WRITE, on_writable, c);
	if (c->writable == NULL || event_add(c->writable, NULL) == -1)
		fatal("no event for a client");
}

/* Writes what was said in this turn. */
static void
flush(struct client *c, struct buf *out)
{
	ssize_t n = 0;

	if (out->len > 0 && c->unsent.len == 0 && !c->broken)
		n = write(c->fd, out->data, out->len);
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		c->broken = true;
	if (n == -1)
		n = 0;
	if ((size_t)n < out->len && !c->broken)
		send_later(c, view_skip(buf_view(out), (size_t)n));
	buf_clear(out);
}

static void
set_reading(struct client *c, bool on)
{
	if (c->reading == on)
		return;
	c->reading = on;
	if ((on ? event_add(&c->readable, NULL) : event_del(&c->readable)) ==
	    -1)
		fatal("no event for a client");
}

static void
watch_nothing(struct client *c)
{
	set_reading(c, false);
	if (c->writable != NULL)
		event_free(c->writable);
	c->writable = NULL;
}

/* It is not read meanwhile, so that sending all at once gains nothing. */
static void
pause_in(struct client *c, enum place place)
{
	const struct timeval tick = { 0, PAUSE_TICK_MS * 1000 };
	struct worker *w = c->worker;

	roster_move(&w->roster, c, place);
	if (!event_pending(&w->pauses, EV_TIMEOUT, NULL))
		event_add(&w->pauses, &tick);
}

/* Does what the session wants.  False: it waits, or has ended. */
static bool
step(struct client *c, enum want want, struct buf *out)
{
	switch (want) {
	case WANT_INPUT:
	case WANT_CLOSE:
		return false;
	case WANT_WRITE:
		flush(c, out);
		return c->unsent.len == 0 && !c->broken;
	case WANT_PAUSE:
		buf_add(&c->unsent, buf_view(out));
		buf_clear(out);
		pause_in(c, PLACE_PAUSE);
		return false;
	case WANT_TLS:
		flush(c, out);
		if (c->unsent.len > 0 || c->broken)
			return false;
		watch_nothing(c);
		secure_begin(c);
		return false;
	case WANT_LOOKUP:
		asking_begin(c);
		return false;
	case WANT_AUTH:
		if (login_ask(c))
			return false;
		session_authed(&c->session, AUTH_AWAY, out);
		return true;
	case WANT_FILE:
		if (!intake_take_file(c)) {
			roster_move(&c->worker->roster, c, PLACE_FILE);
			return false;
		}
		client_body_open(c, out);
		return true;
	case WANT_STORE:
		client_body_piece(c);
		return true;
	case WANT_DROP:
		intake_drop_file(c);
		return true;
	case WANT_COMMIT:
		if (!client_body_last(c, out))
			return true;
		roster_move(&c->worker->roster, c, PLACE_OUTBOX);
		return false;
	}
	return false;
}

static bool
paused(const struct client *c)
{
	return c->place != PLACE_TALK || c->unsent.len > 0;
}

/*
 * Closing a socket with unread input resets the connection, which may undo
 * our last reply: half-close, and let the client read it.
 */
static void
leave(struct client *c, bool unread)
{
	intake_forget(c);
	asking_forget(c);
	if (c->broken || (c->unsent.len == 0 && !unread)) {
		client_end(c);
		return;
	}
	if (c->place != PLACE_LEAVE)
		roster_move(&c->worker->roster, c, PLACE_LEAVE);
	if (c->unsent.len > 0)
		return;
	(void)shutdown(c->fd, SHUT_WR);
	set_reading(c, true);
}

/* So much was taken.  NULL, or why the client has to go. */
static const struct smtp_reply *
judge_pace(struct client *c, size_t taken)
{
	const struct conf *conf = c->worker->service.conf;
	bool in_body = session_in_body(&c->session);
	int64_t now = clock_mono_ms();
	int64_t life = 1000 * (int64_t)conf_number(conf, KEY_SESSION_LIFE);

	if (c->session.client.local_socket || c->place != PLACE_TALK)
		return NULL;
	pace_note(&c->pace, taken, in_body, now);
	if (pace_too_slow(&c->pace, conf_number(conf, KEY_DATA_RATE), now))
		return &reply_slow;
	return !in_body && pace_too_old(&c->pace, life, now) ? &reply_old
							     : NULL;
}

/* What was taken lies in our own memory: passwords do not stay there. */
static void
wipe(struct client *c, struct view all, size_t taken)
{
	if (c->session.secret)
		explicit_bzero((void *)(uintptr_t)all.data, taken);
	c->session.secret = false;
}

/* Lets the session take what it can of in; the rest is kept. */
static void
run(struct client *c, struct view in)
{
	struct worker *w = c->worker;
	const struct smtp_reply *why;
	const struct view all = in;
	size_t before = in.len;

	w->service.now_ms = clock_mono_ms();
	while (!paused(c) && !c->broken &&
	       step(c, session_feed(&c->session, &in, &w->out), &w->out))
		continue;
	wipe(c, all, before - in.len);
	why = judge_pace(c, before - in.len);
	if (w->stopping && session_between(&c->session))
		why = &reply_stopping;
	if (why != NULL && c->session.phase != AT_END)
		session_close(&c->session, why, &w->out);
	flush(c, &w->out);
	if (c->broken || c->session.phase == AT_END) {
		leave(c, in.len > 0 || why != NULL);
		return;
	}
	buf_add(&c->held, in);
	overload_note(c);
	if (paused(c))
		return;
	set_reading(c, true);
	/* a command was taken: the idle time begins anew */
	if (in.len < before)
		roster_move(&w->roster, c, PLACE_TALK);
}

/* Goes on with what had been read. */
static void
resume(struct client *c)
{
	struct buf held = c->held;

	buf_init(&c->held, held.max);
	run(c, buf_view(&held)); /* may free c */
	mem_free(held.data);
}

static void
lost(struct client *c)
{
	char ip[IP_TEXT];

	if (log_debugs()) {
		log_begin("lost");
		log_word("client", ip_print(&c->session.client.ip, ip));
		log_u64("phase", (uint64_t)c->session.phase);
		log_end();
	}
	if (c->secure == NULL) {
		client_end(c);
		return;
	}
	/* how its stream ended is still to be heard */
	intake_forget(c);
	asking_forget(c);
	watch_nothing(c);
	close(c->fd);
	c->fd = -1;
	roster_move(&c->worker->roster, c, PLACE_SECURE);
}

/* True: some bytes came, behind the head of the worker's input. */
static bool
receive(struct client *c, size_t head, size_t *got)
{
	ssize_t n = read(c->fd, c->worker->input + head, INPUT_MAX);

	if (n > 0) {
		*got = (size_t)n;
		return true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		lost(c);
	return false;
}

/* Whoever sends before it is greeted is no mail server, and no client of ours
 * that would be worth waiting for. */
static void
speaks_early(struct client *c)
{
	size_t got;

	if (!receive(c, 0, &got))
		return;
	session_early(&c->session, &c->worker->out);
	flush(c, &c->worker->out);
	leave(c, true);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	char *input = c->worker->input;
	size_t head = 0, got;

	(void)fd;
	(void)what;
	if (c->place == PLACE_GREET) {
		speaks_early(c);
		return;
	}
	if (c->place != PLACE_LEAVE && paused(c)) {
		set_reading(c, false);
		return;
	}
	if (c->place != PLACE_LEAVE && c->held.len > 0) {
		head = c->held.len; /* less than a line: all else was taken */
		if (head > INPUT_HEAD)
			panic("%zu bytes of a line", head);
		memcpy(input, c->held.data, head);
	}
	if (!receive(c, head, &got) || c->place == PLACE_LEAVE)
		return;
	buf_free(&c->held);
	run(c, view_make(input, head + got));
}

static void
listen_to(struct client *c, int fd)
{
	c->fd = fd;
	event_assign(&c->readable, c->worker->base, fd, EV_READ | EV_PERSIST,
	    on_readable, c);
}

static void
greet(struct client *c)
{
	session_greet(&c->session, &c->worker->out);
	flush(c, &c->worker->out);
	if (c->broken)
		client_end(c);
	else
		set_reading(c, true);
}

static struct client *
make(const struct door *d, int fd, const struct accept_client *who,
    const struct smtp_reply *farewell)
{
	struct client *c = mem_zero(1, sizeof(*c));
	struct worker *w = d->worker;

	c->worker = w;
	c->file.fd = -1;
	c->listener = d->number;
	c->farewell = farewell;
	listen_to(c, fd);
	pace_begin(&c->pace, GRACE_MS, clock_mono_ms());
	buf_init(&c->held, INPUT_HEAD + INPUT_MAX);
	buf_init(&c->unsent, 4 * OUTPUT_MAX);
	session_begin(&c->session, &w->service, who);
	roster_add(&w->roster, c, PLACE_TALK);
	return c;
}

void
client_new(const struct door *d, int fd, const struct accept_client *who,
    uint32_t uid, uint64_t counted)
{
	struct client *c = make(d, fd, who, NULL);

	c->session.uid = uid;
	c->session.counted = counted;
	c->session.tls_offered = d->offers_tls;
	c->session.auth = d->auth;
	naming_begin(c);
	if (d->speaks_tls) {
		secure_begin(c);
	} else if (counted != 0 && conf_number(d->worker->service.conf,
				       KEY_GREETING_DELAY) != 0) {
		pause_in(c, PLACE_GREET);
		set_reading(c, true);
	} else {
		greet(c);
	}
}

void
client_turn_away(const struct door *d, int fd, const struct accept_client *who,
    const struct smtp_reply *why)
{
	secure_begin(make(d, fd, who, why));
}

void
client_pause_over(struct client *c)
{
	bool greeted = c->place == PLACE_PAUSE;

	roster_move(&c->worker->roster, c, PLACE_TALK);
	if (greeted)
		send_later(c, view_of(""));
	else
		greet(c);
}

/* Closed at once: what it says is for nobody. */
static void
say_farewell(struct client *c)
{
	session_close(&c->session, c->farewell, &c->worker->out);
	flush(c, &c->worker->out);
	client_end(c);
}

void
client_secured(struct client *c, int fd, const struct tls_facts *facts)
{
	bool greeted = c->session.phase != AT_START;

	listen_to(c, fd);
	session_secured(&c->session, facts);
	roster_move(&c->worker->roster, c, PLACE_TALK);
	if (c->farewell != NULL)
		say_farewell(c);
	else if (c->worker->stopping)
		client_close(c, &reply_stopping);
	else if (greeted)
		set_reading(c, true);
	else
		greet(c);
}

void
client_end(struct client *c)
{
	intake_forget(c);
	asking_forget(c);
	secure_forget(c);
	overload_forget(c);
	limits_leave(&c->worker->service, c->session.counted);
	login_forget(c);
	naming_forget(c);
	if (c->farewell != NULL)
		farewell_end(
		    &c->worker->farewells, census_key(&c->session.client.ip));
	session_end(&c->session);
	watch_nothing(c);
	roster_remove(&c->worker->roster, c);
	buf_free(&c->held);
	buf_free(&c->unsent);
	if (c->fd != -1)
		close(c->fd);
	mem_free(c);
}

void
client_file_came(struct client *c)
{
	roster_move(&c->worker->roster, c, PLACE_TALK);
	client_body_open(c, &c->worker->out);
	resume(c);
}

void
client_looked_up(struct client *c, const enum whether_answer *answers)
{
	roster_move(&c->worker->roster, c, PLACE_TALK);
	pending_answered(&c->session, answers, &c->worker->out);
	resume(c);
}

void
client_answered(struct client *c, const struct status *st)
{
	if (st->verdict == VERDICT_DONE)
		naming_log(c);
	roster_move(&c->worker->roster, c, PLACE_TALK);
	session_committed(&c->session, st, &c->worker->out);
	resume(c);
}

void
client_logged_in(struct client *c, enum auth_verdict verdict)
{
	login_forget(c);
	roster_move(&c->worker->roster, c, PLACE_TALK);
	session_authed(&c->session, verdict, &c->worker->out);
	resume(c);
}

void
client_refused(struct client *c, const struct smtp_reply *why)
{
	intake_forget(c);
	roster_move(&c->worker->roster, c, PLACE_TALK);
	session_refuse_data(&c->session, why, &c->worker->out);
	resume(c);
}

void
client_close(struct client *c, const struct smtp_reply *why)
{
	session_close(&c->session, why, &c->worker->out);
	flush(c, &c->worker->out);
	/* only who was listened to has left nothing unread */
	leave(c, !c->reading || c->held.len > 0);
}
