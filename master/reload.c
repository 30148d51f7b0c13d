/* SPDX-License-Identifier: ISC */
/* master/reload.c - SIGHUP: a new configuration for everybody, or none.
 *
 * Another process tries the file first, so that not even a crash of the
 * parser can harm a running instance.  Only when file and new sockets are
 * fine are the children stopped and started anew.
 */
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "master/master.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static void
refused(const char *why)
{
	log_begin("refused-config");
	log_text("text", why);
	log_end();
}

/* In the process that only tries the file. */
static _Noreturn void
try_file(const struct options *o)
{
	struct trouble t;
	struct conf c;

	_Exit(load_conf(o, &c, &t) ? 0 : t.code);
}

static void
on_check_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct master *m = arg;

	(void)fd;
	(void)what;
	if (m->reload.checker != 0)
		kill(m->reload.checker, SIGKILL);
}

void
reload_init(struct master *m)
{
	m->reload.timer = evtimer_new(m->base, on_check_timeout, m);
	if (m->reload.timer == NULL)
		fatal("no timer");
}

void
reload_begin(struct master *m)
{
	struct timeval tv = { .tv_sec = CHECK_MS / 1000 };
	pid_t pid;

	if (!m->reload.wanted || m->reload.checker != 0 || m->ending ||
	    (m->state != MASTER_RUNNING && m->state != MASTER_RESTARTING))
		return;
	m->reload.wanted = false;
	pid = fork();
	if (pid == 0)
		try_file(&m->options);
	if (pid == -1) {
		refused(strerror(errno));
		return;
	}
	m->reload.checker = pid;
	event_add(m->reload.timer, &tv);
}

/* These folders are made and locked at the start only. */
static bool
check_fixed(const struct conf *old, const struct conf *new, struct trouble *t)
{
	static const enum conf_key fixed[] = { KEY_SPOOL, KEY_RUNTIME };

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (strcmp(conf_text(old, fixed[i]),
			conf_text(new, fixed[i])) != 0)
			return trouble_set(t, EX_CONFIG,
			    "%s: another spool or runtime folder needs a stop "
			    "and a start",
			    conf_text(new, fixed[i]));
	return true;
}

static bool
is_wanted(const struct conf_listener *l, const struct conf *c)
{
	for (size_t i = 0; i < c->nlisteners; i++) {
		const struct conf_listener *w = &c->listeners[i];

		if (w->port == l->port && w->any == l->any &&
		    (w->any || ip_eq(&w->ip, &l->ip)))
			return true;
	}
	return false;
}

static bool
is_port_wanted(uint16_t port, const struct conf *c)
{
	for (size_t i = 0; i < c->nlisteners; i++)
		if (c->listeners[i].port == port)
			return true;
	return false;
}

/*
 * An address in use may be our own: "any" and one address of ours cannot be
 * open at once, so that socket has to wait until its old holders have ended.
 */
static bool
is_in_our_own_way(const struct conf *old, const struct conf *new)
{
	for (size_t i = 0; i < old->nlisteners; i++)
		if (!is_wanted(&old->listeners[i], new) &&
		    is_port_wanted(old->listeners[i].port, new))
			return true;
	return false;
}

static bool
prepare(struct master *m, struct conf *new, struct trouble *t)
{
	struct reload *r = &m->reload;

	if (!check_fixed(&m->conf, new, t))
		return false;
	r->opened = listeners_open(&r->listeners, new, &m->listeners, 0, t);
	if (!r->opened &&
	    !(t->code == EX_UNAVAILABLE && is_in_our_own_way(&m->conf, new)))
		return false;
	r->conf = *new;
	return true;
}

/* The sockets that were in their own way; back to the old ones if need be. */
static bool
reopen(struct master *m)
{
	struct reload *r = &m->reload;
	struct trouble t;

	listeners_close(&m->listeners);
	if (listeners_open(&r->listeners, &r->conf, NULL, 1, &t))
		return true;
	refused(t.text);
	if (!listeners_open(&r->listeners, &m->conf, NULL, 30, &t))
		fatal("%s", t.text);
	return false;
}

/* All children have ended: the new configuration comes into force. */
static void
switch_over(struct master *m)
{
	struct reload *r = &m->reload;
	struct conf *unwanted = &m->conf;

	if (r->opened)
		listeners_close(&m->listeners);
	else if (!reopen(m))
		unwanted = &r->conf;
	conf_clear(unwanted);
	if (unwanted == &m->conf)
		m->conf = r->conf;
	m->listeners = r->listeners;
	r->opened = false;
	if (!logwatch_open(m))
		log_warn("the new log cannot be opened, the old one goes on");
	m->state = MASTER_RESTARTING;
	children_make(m);
	children_start(m);
}

static bool
load_again(struct master *m, struct trouble *t)
{
	struct conf new;

	if (!load_conf(&m->options, &new, t))
		return false;
	if (prepare(m, &new, t))
		return true;
	conf_clear(&new);
	return false;
}

void
reload_checked(struct master *m, int status)
{
	struct trouble t;

	m->reload.checker = 0;
	event_del(m->reload.timer);
	if (m->ending)
		return;
	if (WIFSIGNALED(status) || !load_again(m, &t)) {
		refused(WIFSIGNALED(status) ? "reading it harms a process"
					    : t.text);
		reload_begin(m);
		return;
	}
	log_begin("reload");
	log_text("file", m->options.file);
	log_end();
	stop_begin(m, switch_over);
}
