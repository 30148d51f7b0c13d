/* SPDX-License-Identifier: ISC */
/* master/watch.c - the life of each child: start, ready, death, start anew.
 *
 * A child that dies is started again at once, later with growing pauses, and
 * nobody else notices: its peers get fresh channel ends.
 */
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "master/answers.h"
#include "master/census.h"
#include "master/hop.h"
#include "master/master.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static void
log_child(const char *event, const struct child *c)
{
	log_begin(event);
	log_word("name", c->program->label);
	log_u64("index", c->index);
	log_u64("pid", (uint64_t)c->pid);
}

static void
timer_set(struct child *c, int64_t ms)
{
	struct timeval tv = { .tv_sec = ms / 1000,
		.tv_usec = (ms % 1000) * 1000 };

	if (event_add(c->timer, &tv) == -1)
		fatal("no timer");
}

void
child_kill(struct child *c, const char *why)
{
	if (c->pid == 0 || c->state == CHILD_KILLED)
		return;
	log_child("child-killed", c);
	log_text("why", why);
	log_end();
	if (c->control != NULL)
		channel_free(c->control);
	c->control = NULL;
	c->state = CHILD_KILLED;
	event_del(c->timer);
	kill(c->pid, SIGKILL);
}

void
child_end(struct child *c)
{
	event_del(c->timer);
	if (c->pid == 0 || c->state == CHILD_KILLED)
		return;
	if (c->control != NULL)
		channel_free(c->control);
	c->control = NULL;
	c->state = CHILD_ENDING;
	timer_set(c, END_MS);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;

	(void)fd;
	(void)what;
	switch (c->state) {
	case CHILD_DOWN:
		child_start(c);
		return;
	case CHILD_BOOTING:
	case CHILD_BOOTED:
		child_kill(c, "not ready in time");
		return;
	case CHILD_ENDING:
		child_kill(c, "did not end in time");
		return;
	case CHILD_READY:
	case CHILD_KILLED:
		return;
	}
}

static void
check_all_ready(struct master *m)
{
	for (size_t i = 0; i < m->nchildren; i++)
		if (m->children[i].state != CHILD_READY)
			return;
	if (m->state != MASTER_STARTING && m->state != MASTER_RESTARTING)
		return;
	m->state = MASTER_RUNNING;
	log_begin("ready");
	log_u64("children", m->nchildren);
	log_end();
	master_ready(m);
	reload_begin(m);
}

static bool
on_ready(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct child *c = channel_owner(ch);

	(void)conv;
	(void)msg;
	(void)fd;
	if (c->state != CHILD_BOOTED)
		return false;
	c->state = CHILD_READY;
	event_del(c->timer);
	check_all_ready(c->master);
	return true;
}

static struct child *
child_find(struct master *m, const struct msg_broken *b)
{
	for (size_t i = 0; i < m->nchildren; i++) {
		struct child *c = &m->children[i];

		if (c->program->kind == b->kind &&
		    c->program->class_ == b->class_ && c->index == b->index)
			return c;
	}
	return NULL;
}

/*
 * Only who has a channel to it may say that it broke the rules, and nobody
 * again and again: that would be the way to keep the queue from working.
 */
static bool
on_broken(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct child *c = channel_owner(ch);
	const struct msg_broken *b = msg;
	struct child *peer = child_find(c->master, b);

	(void)conv;
	(void)fd;
	if (peer == NULL || peer == c ||
	    !programs_are_wired(c->program, peer->program))
		return false;
	if (b->life != peer->life)
		return true; /* that process is gone already */
	if (++c->accusations > ACCUSATIONS_MAX)
		return false;
	child_kill(peer, b->why);
	return true;
}

static bool
on_secrets_read(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct child *c = channel_owner(ch);
	const struct msg_secrets_read *r = msg;

	(void)conv;
	(void)fd;
	if (c->program->kind != PEER_TLS)
		return false;
	log_child(r->text[0] == '\0' ? "secrets-read" : "secrets-refused", c);
	if (r->text[0] != '\0') {
		log_u64("line", r->line);
		log_text("text", r->text);
	}
	log_end();
	return true;
}

/* It logs that itself; a trial is what asks (trial.c). */
static bool
on_file_read(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)ch;
	(void)conv;
	(void)msg;
	(void)fd;
	return true;
}

static void
on_closed(struct channel *ch, const char *why)
{
	struct child *c = channel_owner(ch);

	c->control = NULL;
	if (why != NULL) {
		child_kill(c, why);
		return;
	}
	/* it has closed its end: it is dead, or must soon be */
	c->state = CHILD_ENDING;
	timer_set(c, END_MS);
}

/* clang-format off */
static const struct channel_rule rules[] = {
	{ &msg_ready, on_ready, CONV_NONE, 0 },
	{ &msg_broken, on_broken, CONV_NONE, 0 },
	{ &msg_secrets_read, on_secrets_read, CONV_NONE, 0 },
	{ &msg_file_read, on_file_read, CONV_NONE, 0 },
	{ &msg_hop_want, hop_wanted, CONV_NONE, 0 },
};
/* clang-format on */

static const struct channel_def control_def = {
	.rules = rules,
	.nrules = nitems(rules),
	.closed = on_closed,
};

/* How long to wait after the latest of these deaths. */
static int64_t
pause_after(const struct child *c, int64_t now)
{
	static const int64_t pauses[DEATHS_KEPT] = { 0, 1000, 2000, 4000,
		RESTART_MAX_MS };
	size_t n = 0;

	while (n < DEATHS_KEPT && c->deaths[n] != 0 &&
	       now - c->deaths[n] < DEATHS_WINDOW_MS)
		n++;
	return n == 0 ? 0 : pauses[n - 1];
}

static void
note_death(struct child *c)
{
	memmove(
	    c->deaths + 1, c->deaths, sizeof(c->deaths) - sizeof(c->deaths[0]));
	c->deaths[0] = clock_mono_ms();
}

static void
start_later(struct child *c)
{
	int64_t pause = pause_after(c, clock_mono_ms());

	if (pause >= RESTART_MAX_MS) {
		log_child("degraded", c);
		log_text("text", "dies again and again");
		log_i64("retry_ms", pause);
		log_end();
	}
	timer_set(c, pause);
}

/* At the first start somebody waits for the answer: five tries, not more. */
static void
died(struct child *c, const char *how)
{
	struct master *m = c->master;
	struct trouble t;

	note_death(c);
	if (m->state != MASTER_STARTING || c->deaths[DEATHS_KEPT - 1] == 0) {
		start_later(c);
		return;
	}
	trouble_set(&t, c->exit_code != 0 ? c->exit_code : EX_UNAVAILABLE,
	    "%s %s, the log may say why", c->program->file, how);
	master_fail(m, &t);
}

void
child_start(struct child *c)
{
	int ends[2];

	c->exit_code = 0;
	c->life++;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, ends) == -1) {
		log_warn("socketpair: %s", strerror(errno));
		died(c, "gets no channel");
		return;
	}
	if (!child_spawn(c, ends[1])) {
		close(ends[0]);
		close(ends[1]);
		died(c, "gets no process");
		return;
	}
	close(ends[1]);
	c->control = channel_new(c->master->base, ends[0], &control_def, c);
	log_child("child-start", c);
	log_end();
	log_flush(); /* before its own first line */
	c->accusations = 0;
	child_boot(c);
	timer_set(c, BOOT_MS);
}

/* What it said before it died is still to be heard. */
static void
hear_last_words(struct child *c)
{
	while (c->control != NULL && channel_wait(c->control))
		;
	if (c->control != NULL)
		channel_free(c->control);
	c->control = NULL;
}

static void
log_exit(const struct child *c, int status)
{
	log_child("child-exit", c);
	if (WIFSIGNALED(status))
		log_i64("signal", WTERMSIG(status));
	else
		log_i64("status", WEXITSTATUS(status));
	log_end();
}

static void
child_gone(struct child *c, int status)
{
	char how[64];

	hear_last_words(c);
	log_exit(c, status);
	event_del(c->timer);
	c->state = CHILD_DOWN;
	c->pid = 0;
	census_forget(c);
	if (c->master->state == MASTER_STOPPING) {
		stop_step(c->master);
		return;
	}
	if (WIFSIGNALED(status)) {
		snprintf(how, sizeof(how), "is ended by signal %d",
		    WTERMSIG(status));
	} else {
		c->exit_code = WEXITSTATUS(status);
		snprintf(
		    how, sizeof(how), "does not start: exit %d", c->exit_code);
	}
	died(c, how);
}

void
children_reap(struct master *m)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == m->reload.checker)
			reload_checked(m, status);
		for (size_t i = 0; i < m->nchildren; i++)
			if (m->children[i].pid == pid)
				child_gone(&m->children[i], status);
	}
}

static void
add_child(struct master *m, const struct program *p, unsigned int index)
{
	struct child *c = &m->children[m->nchildren];

	if (m->nchildren == CHILDREN_MAX)
		panic("too many children");
	memset(c, 0, sizeof(*c));
	c->master = m;
	c->program = p;
	c->index = index;
	c->timer = evtimer_new(m->base, on_timer, c);
	if (c->timer == NULL)
		fatal("no timer");
	m->nchildren++;
}

size_t
program_count(const struct master *m, const struct program *p)
{
	if (m->options.answers != NULL && !answers_by(p))
		return 0;
	return p->count(&m->conf);
}

void
children_make(struct master *m)
{
	for (size_t i = 0; i < m->nchildren; i++)
		event_free(m->children[i].timer);
	m->nchildren = 0;
	for (size_t i = 0; i < nprograms; i++) {
		size_t n = program_count(m, &programs[i]);

		for (size_t k = 0; k < n; k++)
			add_child(m, &programs[i], (unsigned int)k);
	}
}

void
children_start(struct master *m)
{
	for (size_t i = 0; i < m->nchildren; i++)
		child_start(&m->children[i]);
}
