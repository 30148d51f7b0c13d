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

enum { PRINTED_MAX = 64 << 20 }; /* bytes of a printed configuration */

static void
refused(const char *why)
{
	log_begin("refused-config");
	log_text("text", why);
	log_end();
}

/* In the process that only tries the file; it says what it finds. */
static _Noreturn void
try_file(const struct options *o)
{
	struct secrets s;
	struct watched w;
	struct trouble t;
	struct conf c;

	if (load_conf(o, &c, &t) && secrets_open(&s, &c, o->file, &t) &&
	    watched_open(&w, &c, o->file, &t) && trial_secrets(o, &c, &s, &t))
		_Exit(0);
	refused(t.text);
	log_flush();
	_Exit(t.code);
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
	if (unwanted == &m->conf) {
		m->conf = r->conf;
		secrets_close(&m->secrets);
		m->secrets = r->secrets;
		watched_close(&m->watched);
		m->watched = r->watched;
	} else {
		secrets_close(&r->secrets);
		watched_close(&r->watched);
	}
	m->listeners = r->listeners;
	r->opened = false;
	if (!logwatch_open(m))
		log_warn("the new log cannot be opened, the old one goes on");
	m->state = MASTER_RESTARTING;
	children_make(m);
	children_start(m);
}

static bool
is_same(const struct conf *a, const struct conf *b)
{
	struct buf first, second;
	bool same;

	buf_init(&first, PRINTED_MAX);
	buf_init(&second, PRINTED_MAX);
	conf_print(a, &first);
	conf_print(b, &second);
	same = buf_ok(&first) && buf_ok(&second) &&
	       view_eq(buf_view(&first), buf_view(&second));
	buf_free(&first);
	buf_free(&second);
	return same;
}

/*
 * The file says what it said, so what is new can only be behind the names of
 * the secrets: who holds them reads them again, and no session notices.
 */
static void
renew_secrets(struct master *m, struct secrets *fresh)
{
	secrets_close(&m->secrets);
	m->secrets = *fresh;
	log_begin("reload-secrets");
	log_u64("count", fresh->n);
	log_end();
	for (size_t i = 0; i < m->nchildren; i++) {
		struct child *c = &m->children[i];

		/* who is told less so far gets them in its turn */
		if (c->control != NULL &&
		    (c->state == CHILD_BOOTED || c->state == CHILD_READY))
			child_secrets(c);
	}
}

/* False: refused.  *again: all children are to start anew. */
static bool
load_again(struct master *m, bool *again, struct trouble *t)
{
	struct reload *r = &m->reload;
	struct conf new;

	*again = false;
	if (!load_conf(&m->options, &new, t))
		return false;
	if (!secrets_open(&r->secrets, &new, m->options.file, t)) {
		conf_clear(&new);
		return false;
	}
	if (new.ncertificates > 0 && is_same(&m->conf, &new)) {
		/* lines may have moved */
		conf_clear(&m->conf);
		m->conf = new;
		renew_secrets(m, &r->secrets);
		return true;
	}
	if (watched_open(&r->watched, &new, m->options.file, t)) {
		*again = prepare(m, &new, t);
		if (*again)
			return true;
		watched_close(&r->watched);
	}
	secrets_close(&r->secrets);
	conf_clear(&new);
	return false;
}

/* Another process has tried the file. */
static void
accept_file(struct master *m, int status)
{
	struct trouble t;
	bool again = false;

	if (WIFSIGNALED(status))
		refused("reading it harms a process");
	else if (WEXITSTATUS(status) == 0 && !load_again(m, &again, &t))
		refused(t.text);
	if (!again) {
		reload_begin(m);
		return;
	}
	log_begin("reload");
	log_text("file", m->options.file);
	log_end();
	stop_begin(m, switch_over);
}

void
reload_checked(struct master *m, int status)
{
	m->reload.checker = 0;
	event_del(m->reload.timer);
	if (m->ending)
		return;
	accept_file(m, status);
}
