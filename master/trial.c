/* SPDX-License-Identifier: ISC */
/* master/trial.c - are the secrets what they should be?
 *
 * posternd does not read them.  The program that will hold them is started
 * once more, confined as ever, reads them, says what it thinks, and ends:
 * before the first start, for `posternd -n`, and before a reload.
 */
#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/run/confpass.h"
#include "master/master.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

struct trial {
	bool over, fine;
	struct msg_secrets_read said;
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

static bool
on_secrets_read(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct trial *t = channel_owner(ch);

	(void)conv;
	(void)fd;
	t->said = *(const struct msg_secrets_read *)msg;
	t->over = true;
	t->fine = t->said.text[0] == '\0';
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
};
/* clang-format on */

static const struct channel_def def = {
	.rules = rules,
	.nrules = nitems(rules),
	.closed = on_closed,
};

static const struct program *
program_of(enum peer_kind kind)
{
	for (size_t i = 0; i < nprograms; i++)
		if (programs[i].kind == kind)
			return &programs[i];
	panic("no program of kind %d", (int)kind);
}

/* No folder of its own is there yet: "/", where it may open nothing. */
static void
tell(struct channel *ch, const struct child *c, const struct secrets *s)
{
	const struct master *m = c->master;
	const struct account *a = accounts_of(&m->accounts, c->program);
	struct msg_boot b = { .kind = (uint16_t)c->program->kind,
		.uid = a->uid,
		.gid = a->gid,
		.confine = conf_number(&m->conf, KEY_SANDBOX) != 0,
		.root = "/" };
	size_t next = 0;

	channel_send(ch, NULL, &msg_boot, &b, -1);
	while (!confpass_send(ch, &m->conf, c->program->kind, &next))
		channels_flush();
	if (secrets_send(s, &m->conf, ch))
		channel_send(ch, NULL, &msg_boot_end, NULL, -1);
}

/* One process, from its start to its end. */
static bool
run(struct child *c, const struct secrets *s, struct trial *trial)
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
	tell(ch, c, s);
	while (!trial->over && channel_wait(ch))
		continue;
	channel_free(ch); /* end of file: it goes */
	return waitpid(c->pid, &status, 0) == c->pid;
}

bool
trial_secrets(const struct options *o, const struct conf *c,
    const struct secrets *s, struct trouble *t)
{
	struct master *m = mem_zero(1, sizeof(*m));
	struct child *child = &m->children[0];
	struct trial trial = { 0 };
	bool fine = true;

	m->options = *o;
	m->conf = *c; /* lent */
	m->log_fd = STDERR_FILENO;
	child->master = m;
	child->program = program_of(PEER_TLS);
	if (s->n > 0 && (fine = accounts_find(&m->accounts, t))) {
		m->base = event_base_new();
		fine = m->base != NULL && run(child, s, &trial) && trial.fine;
		if (!fine && trial.said.text[0] != '\0')
			trouble_set(t, EX_CONFIG, "%s:%u: %s", o->file,
			    trial.said.line, trial.said.text);
		else if (!fine)
			trouble_set(t, EX_UNAVAILABLE,
			    "%s cannot read the certificates",
			    child->program->file);
		if (m->base != NULL)
			event_base_free(m->base);
	}
	mem_free(m);
	return fine;
}
