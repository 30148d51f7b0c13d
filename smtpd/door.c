/* SPDX-License-Identifier: ISC */
/* smtpd/door.c - a listening socket that we were handed. */
#include "smtpd/door.h"

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/run/process.h"
#include "smtpd/client.h"
#include "smtpd/limits.h"
#include "smtpd/worker.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NOBODY = UINT32_MAX };

static void
log_connect(const struct accept_client *who, uint32_t uid)
{
	char ip[IP_TEXT];

	if (!log_debugs())
		return;
	log_begin("connect");
	if (who->local_socket)
		log_u64("uid", uid);
	else
		log_word("client", ip_print(&who->ip, ip));
	log_end();
}

/* Who it is by the kernel's word; false: it is nobody to talk to. */
static bool
identify(const struct door *d, int fd, const struct sockaddr *sa,
    struct accept_client *who, uint32_t *uid)
{
	uint16_t port;
	uid_t peer;
	gid_t group;

	memset(who, 0, sizeof(*who));
	who->port = d->port;
	*uid = NOBODY;
	if (!d->local)
		return ip_from_sockaddr(sa, &who->ip, &port);
	who->local_socket = true;
	if (getpeereid(fd, &peer, &group) == -1)
		return false;
	*uid = peer;
	return true;
}

/* One line a second is enough of a flood; see door_second(). */
static void
log_turned_away(const struct accept_client *who, const struct smtp_reply *why)
{
	char ip[IP_TEXT];

	log_begin("turned-away");
	if (!who->local_socket)
		log_word("client", ip_print(&who->ip, ip));
	log_word("status", why->status);
	log_text("text", why->text);
	log_end();
}

/* Through TLS, if there is room; see farewell.h. */
static void
turn_away_secured(const struct door *d, int fd, const struct accept_client *who,
    const struct smtp_reply *why)
{
	struct worker *w = d->worker;

	if (farewell_begin(&w->farewells, census_key(&who->ip))) {
		client_turn_away(d, fd, who, why);
		return;
	}
	w->untold++;
	close(fd);
}

/* RFC 5321 3.8: a word before the door is shut, so that it comes again. */
static void
turn_away(const struct door *d, int fd, const struct accept_client *who,
    const struct smtp_reply *why)
{
	struct worker *w = d->worker;

	if (w->turned_away++ == 0)
		log_turned_away(who, why);
	if (d->speaks_tls) {
		turn_away_secured(d, fd, who, why);
		return;
	}
	reply_add(&w->out, why);
	if (write(fd, w->out.data, w->out.len) == -1)
		log_debug(
		    "a client could not be turned away: %s", strerror(errno));
	buf_clear(&w->out);
	/* closed over unread bytes it would be reset, and the word be lost */
	(void)shutdown(fd, SHUT_WR);
	(void)!read(fd, w->input, sizeof(w->input));
	close(fd);
}

static void
welcome(struct door *d, int fd, const struct sockaddr *sa)
{
	struct worker *w = d->worker;
	const struct smtp_reply *why;
	struct accept_client who;
	uint64_t counted = 0;
	uint32_t uid;

	d->trouble = false;
	if (!identify(d, fd, sa, &who, &uid)) {
		close(fd);
		return;
	}
	log_connect(&who, uid);
	overload_judge(w);
	if (w->roster.nclients >= w->max_clients)
		why = &reply_busy;
	else
		why = limits_enter(&w->service, &who, &counted);
	if (why != NULL)
		turn_away(d, fd, &who, why);
	else
		client_new(d, fd, &who, uid, counted);
}

/* No descriptor or memory for a client: the next try in a moment. */
static void
rest(struct door *d)
{
	const struct timeval moment = { 0, DOOR_REST_MS * 1000 };

	if (!d->trouble)
		log_warn("accept: %s", strerror(errno));
	d->trouble = true;
	event_del(&d->acceptable);
	event_add(&d->rested, &moment);
}

static bool
is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	       error == ENOMEM;
}

static void
on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct door *d = arg;

	(void)what;
	d->worker->service.now_ms = clock_mono_ms();
	for (int i = 0; i < DOOR_ACCEPTS; i++) {
		struct sockaddr_storage sa;
		socklen_t len = sizeof(sa);
		int client = accept4(fd, (struct sockaddr *)&sa, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (client != -1) {
			welcome(d, client, (struct sockaddr *)&sa);
		} else if (is_shortage(errno)) {
			rest(d);
			return;
		} else if (errno == EAGAIN) {
			return;
		}
		/* else that one client is gone already */
	}
}

static void
on_rested(evutil_socket_t fd, short what, void *arg)
{
	struct door *d = arg;

	(void)fd;
	(void)what;
	event_add(&d->acceptable, NULL);
}

void
doors_second(struct worker *w)
{
	uint64_t more = w->turned_away > 0 ? w->turned_away - 1 : 0;

	if (more > 0 || w->untold > 0) {
		log_begin("turned-away");
		log_u64("more", more);
		if (w->untold > 0)
			log_u64("untold", w->untold);
		log_end();
	}
	w->turned_away = w->untold = 0;
	farewell_second(&w->farewells);
}

void
door_open(struct door *d, struct worker *w, const struct listening *l)
{
	int on = 1;

	memset(d, 0, sizeof(*d));
	d->worker = w;
	d->fd = l->fd;
	d->number = l->number;
	d->port = l->port;
	d->local = l->local;
	d->auth = l->auth;
	d->offers_tls = l->tls == LISTENER_STARTTLS;
	d->speaks_tls = l->tls == LISTENER_IMPLICIT;
	/* replies are small and complete: none may wait for an acknowledgement
	 * (accepted sockets inherit it, which saves a call for each) */
	if (!d->local)
		(void)setsockopt(
		    d->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	event_assign(&d->acceptable, w->base, d->fd, EV_READ | EV_PERSIST,
	    on_acceptable, d);
	event_assign(&d->rested, w->base, -1, 0, on_rested, d);
	event_add(&d->acceptable, NULL);
}

void
door_close(struct door *d)
{
	event_del(&d->acceptable);
	event_del(&d->rested);
	close(d->fd);
}
