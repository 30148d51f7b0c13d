/* SPDX-License-Identifier: ISC */
/* resolve/tables.c - the tables that lookup holds, and how they get there. */
#include "resolve/tables.h"

#include "common/base/alloc.h"
#include "common/base/log.h"
#include "common/run/process.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { UNSUPPORTED_LOGGED = 20, PIECE = 65536 };

static struct {
	struct table *aliases, *senders; /* NULL: not read yet */
	struct table *recipients[CONF_TABLES_MAX];
} tables;

static void
refused(const struct msg_file *m, const struct table_error *e)
{
	log_begin("table-refused");
	log_text("file", m->path);
	if (e->line > 0)
		log_u64("line", e->line);
	log_text("text", e->text);
	log_end();
	process_file_read(m, e->line, e->text);
}

/* The whole file; false, and *e says why. */
static bool
file_read(int fd, struct buf *text, struct table_error *e)
{
	off_t at = 0;
	ssize_t n;
	char *room;

	buf_init(text, TABLE_FILE_MAX);
	while ((room = buf_room(text, PIECE)) != NULL) {
		n = pread(fd, room, PIECE, at);
		if (n == 0)
			return true;
		if (n == -1 && errno != EINTR) {
			table_error(e, 0, "%s", strerror(errno));
			return false;
		}
		if (n > 0) {
			buf_commit(text, (size_t)n);
			at += n;
		}
	}
	table_error(e, 0, "it is larger than 64 MiB");
	return false;
}

static void
log_unsupported(const struct msg_file *m, const struct table *t)
{
	unsigned int line;
	const char *text;

	for (size_t n = 0;
	     n < UNSUPPORTED_LOGGED && aliases_unsupported(t, n, &line, &text);
	     n++) {
		log_begin("alias-not-supported");
		log_text("file", m->path);
		log_u64("line", line);
		log_text("target", text);
		log_end();
	}
}

/* The place of that file's table; NULL: we have none such. */
static struct table **
place_of(const struct msg_file *m)
{
	const struct conf *c = process_conf();

	switch ((enum file_kind)m->kind) {
	case FILE_PASSWORDS:
	case FILE_LOGIN:
		break;
	case FILE_ALIASES:
		return &tables.aliases;
	case FILE_SENDERS:
		return &tables.senders;
	case FILE_RECIPIENTS:
		if (m->number < c->nrecipients &&
		    c->recipients[m->number].path[0] != '\0')
			return &tables.recipients[m->number];
		break;
	}
	return NULL;
}

static struct table *
parse(const struct msg_file *m, struct view text, struct table_error *e)
{
	if (m->kind == FILE_ALIASES)
		return aliases_parse(text, e);
	if (m->kind == FILE_SENDERS)
		return senders_parse(text, e);
	return recipients_parse(
	    text, process_conf()->recipients[m->number].domain, e);
}

static void
take(const struct msg_file *m, struct table **place, struct table *fresh)
{
	log_begin("table-read");
	log_text("file", m->path);
	log_u64("entries", table_count(fresh));
	log_end();
	process_file_read(m, 0, "");
	if (m->kind == FILE_ALIASES)
		log_unsupported(m, fresh);
	table_free(*place);
	*place = fresh;
}

bool
tables_file(const struct msg_file *m, int fd)
{
	struct table **place = place_of(m);
	struct table_error e = { 0 };
	struct table *fresh = NULL;
	struct buf text;

	if (place != NULL) {
		if (file_read(fd, &text, &e))
			fresh = parse(m, buf_view(&text), &e);
		buf_free(&text);
		if (fresh == NULL)
			refused(m, &e);
		else
			take(m, place, fresh);
	}
	close(fd);
	return place != NULL;
}

void
tables_start(void)
{
	const struct conf *c = process_conf();
	struct table_error e;

	for (size_t i = 0; i < c->nrecipients; i++)
		if (c->recipients[i].path[0] == '\0')
			tables.recipients[i] = table_new();
	for (size_t i = 0; i < c->nnamed; i++) {
		const struct conf_recipient *r = &c->named[i];

		/* one that is named twice is one */
		(void)recipients_add(tables.recipients[r->table],
		    c->recipients[r->table].domain, view_of(r->text), 0, &e);
	}
}

static bool
has_aliases(const struct routing *routing, const struct mailbox *box)
{
	return conf_text(process_conf(), KEY_ALIASES)[0] != '\0' &&
	       route_is_local(routing, box);
}

enum whether_answer
tables_recipient(const struct mailbox *box)
{
	const struct conf *c = process_conf();
	struct routing routing = conf_routing(c);
	size_t i = conf_recipients_of(c, box->domain);
	bool later = false;

	if (i < c->nrecipients) {
		/* RFC 5321 4.5.1: he is there in any case */
		if (view_is_nocase(view_of(box->local), "postmaster"))
			return WHETHER_YES;
		later = tables.recipients[i] == NULL;
		if (!later && recipients_has(tables.recipients[i], box))
			return WHETHER_YES;
	}
	if (has_aliases(&routing, box)) {
		later = later || tables.aliases == NULL;
		if (aliases_has(tables.aliases, &routing, box))
			return WHETHER_YES;
	}
	return later ? WHETHER_LATER : WHETHER_NO;
}

enum whether_answer
tables_sender(const struct mailbox *box, struct view login)
{
	if (tables.senders == NULL)
		return WHETHER_LATER;
	return senders_allow(tables.senders, box, login) ? WHETHER_YES
							 : WHETHER_NO;
}

void
tables_expand(const struct mailbox *box, struct expansion *x)
{
	const struct conf *c = process_conf();
	struct routing routing = conf_routing(c);

	x->max = conf_number(c, KEY_RECIPIENTS);
	if (!has_aliases(&routing, box) || tables.aliases != NULL) {
		aliases_expand(tables.aliases, &routing, box, x);
		return;
	}
	memset(x, 0, sizeof(*x));
	buf_init(&x->addresses, 0);
	strlcpy(x->trouble,
	    "the alias file has not been read: it is missing "
	    "or wrong",
	    sizeof(x->trouble));
}
