/* SPDX-License-Identifier: ISC */
/* master/trial.c - are secrets and tables what they should be?
 *
 * posternd does not read them.  The program that will hold them is started
 * once more, confined as ever, reads them, says what it thinks, and ends.
 * Secrets: before the first start, for `posternd -n`, and before a reload;
 * files that are read again when they change: for `posternd -n` alone, as who
 * runs keeps the last good ones.
 */
#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/run/confpass.h"
#include "master/master.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

struct trial {
	const char *conf_file;
	const struct secrets *secrets; /* what is tried: these, */
	const struct watched *files;   /* or of these */
	struct watched_reader reader;  /* what that one reads */
	size_t wanted;                 /* answers that have not come */
	bool over, wrong;              /* some were bad; trouble says which */
	struct trouble *trouble;
};

static bool
on_ready(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)ch;
	(void)conv;
	(void)msg;
	(void)fd;
	return true;
}

static void
heard(struct trial *t)
{
	if (t->wanted > 0)
		t->wanted--;
	t->over = t->wanted == 0;
}

/* What was found before is told; the last is left to who asked. */
static void
tell_last(const struct trial *t)
{
	if (t->wrong)
		fprintf(stderr, "posternd: %s\n", t->trouble->text);
}

static void
found(struct trial *t, const char *file, unsigned int line, const char *text)
{
	tell_last(t);
	t->wrong = true;
	if (line == 0)
		trouble_set(t->trouble, EX_CONFIG, "%s: %s", file, text);
	else
		trouble_set(
		    t->trouble, EX_CONFIG, "%s:%u: %s", file, line, text);
}

static bool
on_secrets_read(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_secrets_read *m = msg;
	struct trial *t = channel_owner(ch);

	(void)conv;
	(void)fd;
	if (m->text[0] != '\0')
		found(t, t->conf_file, m->line, m->text);
	heard(t);
	return true;
}

static bool
on_file_read(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_file_read *m = msg;
	struct trial *t = channel_owner(ch);

	(void)conv;
	(void)fd;
	for (size_t i = 0; t->files != NULL && i < t->files->n; i++) {
		const struct watched_name *n = &t->files->of[i].name;

		if (n->kind == m->kind && n->number == m->number &&
		    m->text[0] != '\0')
			found(t, n->path, m->line, m->text);
	}
	heard(t);
	return true;
}

static void
on_closed(struct channel *ch, const char *why)
{
	struct trial *t = channel_owner(ch);

	(void)why;
	t->over = true;
}

/* clang-format off */
static const struct channel_rule rules[] = {
	{ &msg_ready, on_ready, CONV_NONE, 0 },
	{ &msg_secrets_read, on_secrets_read, CONV_NONE, 0 },
	{ &msg_file_read, on_file_read, CONV_NONE, 0 },
};
/* clang-format on */

static const struct channel_def def = {
	.rules = rules,
	.nrules = nitems(rules),
	.closed = on_closed,
};

/* Class 0: that of the first program of the kind. */
static const struct program *
program_of(enum peer_kind kind, enum peer_class class_)
{
	for (size_t i = 0; i < nprograms; i++)
		if (programs[i].kind == kind &&
		    (class_ == 0 || programs[i].class_ == class_))
			return &programs[i];
	panic("no program of kind %d", (int)kind);
}

/* No folder of its own is there yet: "/", where it may open nothing. */
static void
tell(struct channel *ch, const struct child *c, const struct trial *t)
{
	const struct master *m = c->master;
	const struct account *a = accounts_of(&m->accounts, c->program);
	struct msg_boot b = { .kind = (uint16_t)c->program->kind,
		.class_ = (uint16_t)t->reader.class_,
		.index = t->reader.index,
		.uid = a->uid,
		.gid = a->gid,
		.confine = conf_number(&m->conf, KEY_SANDBOX) != 0,
		.root = "/" };
	size_t next = 0;
	bool sent;

	channel_send(ch, NULL, &msg_boot, &b, -1);
	while (!confpass_send(ch, &m->conf, c->program->kind, &next))
		channels_flush();
	if (t->secrets != NULL)
		sent = secrets_send(t->secrets, &m->conf, ch);
	else
		sent = watched_send(t->files, &t->reader, ch);
	if (sent)
		channel_send(ch, NULL, &msg_boot_end, NULL, -1);
}

/* One process, from its start to its end. */
static bool
run_child(struct child *c, struct trial *trial)
{
	struct channel *ch;
	int ends[2], status;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, ends) == -1)
		return false;
	if (!child_spawn(c, ends[1])) {
		close(ends[0]);
		close(ends[1]);
		return false;
	}
	close(ends[1]);
	ch = channel_new(c->master->base, ends[0], &def, trial);
	tell(ch, c, trial);
	while (!trial->over && channel_wait(ch))
		continue;
	channel_free(ch); /* end of file: it goes */
	return waitpid(c->pid, &status, 0) == c->pid && trial->wanted == 0;
}

/* False: it could not be tried, or is wrong. */
static bool
run(struct master *m, struct trial *t)
{
	struct child *child = &m->children[0];
	bool tried;

	child->master = m;
	child->program = program_of(t->reader.kind, t->reader.class_);
	child->index = t->reader.index;
	m->base = event_base_new();
	tried = m->base != NULL && run_child(child, t);
	if (!tried) {
		tell_last(t);
		trouble_set(t->trouble, EX_UNAVAILABLE, "%s cannot read %s",
		    child->program->file,
		    t->secrets != NULL ? "the certificates" : "its files");
	}
	if (m->base != NULL)
		event_base_free(m->base);
	m->base = NULL;
	return tried && !t->wrong;
}

/* What a trial needs of a posternd; mem_free() it. */
static struct master *
pretend(const struct options *o, const struct conf *c)
{
	struct master *m = mem_zero(1, sizeof(*m));

	m->options = *o;
	m->conf = *c; /* lent */
	m->log_fd = STDERR_FILENO;
	return m;
}

bool
trial_secrets(const struct options *o, const struct conf *c,
    const struct secrets *s, struct trouble *t)
{
	struct trial trial = { .conf_file = o->file,
		.secrets = s,
		.reader = { .kind = PEER_TLS },
		.wanted = 1,
		.trouble = t };
	struct master *m;
	bool fine;

	if (s->n == 0)
		return true;
	m = pretend(o, c);
	fine = accounts_find(&m->accounts, t) && run(m, &trial);
	mem_free(m);
	return fine;
}

static struct watched_reader
reader_of(const struct watched_file *w)
{
	const struct watched_name *n = &w->name;
	struct watched_reader r = { .kind = n->reader,
		.class_ = n->class_,
		.index = n->one ? n->number : 0 };

	return r;
}

/* Another file of the same reader stands before it. */
static bool
is_tried(const struct watched *all, size_t place)
{
	const struct watched_reader r = reader_of(&all->of[place]);

	for (size_t i = 0; i < place; i++)
		if (watched_is_for(&all->of[i], &r))
			return true;
	return false;
}

static bool
try_reader(
    struct master *m, const struct watched *all, size_t place, struct trial *t)
{
	t->reader = reader_of(&all->of[place]);
	t->over = false;
	for (size_t i = place; i < all->n; i++)
		t->wanted += watched_is_for(&all->of[i], &t->reader);
	return run(m, t) || t->wrong;
}

bool
trial_files(const struct options *o, const struct conf *c,
    const struct watched *all, struct trouble *t)
{
	struct trial trial = {
		.conf_file = o->file, .files = all, .trouble = t
	};
	struct master *m;
	bool fine;

	if (all->n == 0)
		return true;
	m = pretend(o, c);
	/* what they would log is told by us */
	m->log_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	fine = m->log_fd != -1 && accounts_find(&m->accounts, t);
	for (size_t i = 0; fine && i < all->n; i++)
		fine = is_tried(all, i) || try_reader(m, all, i, &trial);
	if (m->log_fd != -1)
		close(m->log_fd);
	mem_free(m);
	return fine && !trial.wrong;
}
