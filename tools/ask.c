/* SPDX-License-Identifier: ISC */
/* tools/ask.c - questions and orders to postern-report.
 *
 * One question at a time over one connection; a listing that outlives its
 * connection (somebody reads in a pager) goes on over a new one.
 */
#include "tools/ask.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/ipc/channel.h"
#include "tools/human.h"
#include "tools/standby.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	ANSWER_SECONDS = 60,
	EXPLAIN_SECONDS = 180, /* report answers sooner */
	CHECK_SECONDS = 24 * 60 * 60
};

struct ask {
	const char *path;
	bool standby; /* when posternd is down, and not tried yet */
	struct event_base *base;
	struct event *patience;
	bool late;               /* it ran out */
	struct channel *channel; /* NULL: closed by the other end */
	const struct ask_rows *rows;
	const struct ask_past *past; /* ask_trace() */
	ask_summary_row *summary;    /* ask_summary() */
	void *summary_arg;
	bool enough;   /* the rows' owner wants no more */
	bool answered; /* the end of the answer is here: */
	struct msg_rows_end end;
	struct msg_order_done done;
	struct msg_checked checked;
	ask_finding *finding; /* of a check */
	void *finding_arg;
	ask_explained *explained; /* ask_explain() */
	void *explained_arg;
	ask_cell *cell; /* ask_sql() */
	void *cell_arg;
	bool some;     /* of the piece under way something has come */
	uint64_t last; /* id of the last row */
};

static bool
on_row(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct ask *a = channel_owner(ch);
	const struct msg_row *m = msg;

	(void)conv;
	(void)fd;
	a->some = true;
	a->last = m->id;
	a->enough = a->enough || !a->rows->row(a->rows->arg, m);
	return true;
}

static bool
on_row_rcpt(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct ask *a = channel_owner(ch);

	(void)conv;
	(void)fd;
	if (!a->some)
		return false;
	a->enough = a->enough || !a->rows->rcpt(a->rows->arg, msg);
	return true;
}

static bool
on_past_message(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct ask *a = channel_owner(ch);
	const struct msg_past_message *m = msg;

	(void)conv;
	(void)fd;
	if (a->past == NULL)
		return false;
	a->some = true;
	a->last = m->id;
	a->enough = a->enough || !a->past->message(a->rows->arg, m);
	return true;
}

static bool
on_past_rcpt(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct ask *a = channel_owner(ch);

	(void)conv;
	(void)fd;
	if (a->past == NULL || !a->some)
		return false;
	a->enough = a->enough || !a->past->rcpt(a->rows->arg, msg);
	return true;
}

static bool
on_past_event(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct ask *a = channel_owner(ch);

	(void)conv;
	(void)fd;
	if (a->past == NULL || !a->some)
		return false;
	a->enough = a->enough || !a->past->event(a->rows->arg, msg);
	return true;
}

static bool
on_summary(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct ask *a = channel_owner(ch);

	(void)conv;
	(void)fd;
	if (a->summary == NULL)
		return false;
	a->enough = a->enough || !a->summary(a->summary_arg, msg);
	return true;
}

static bool
on_rows_end(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct ask *a = channel_owner(ch);

	(void)conv;
	(void)fd;
	a->end = *(const struct msg_rows_end *)msg;
	a->answered = true;
	return true;
}

static bool
on_order_is(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct ask *a = channel_owner(ch);

	(void)conv;
	(void)fd;
	a->done = *(const struct msg_order_done *)msg;
	a->answered = true;
	return true;
}

static bool
on_finding(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct ask *a = channel_owner(ch);

	(void)conv;
	(void)fd;
	if (a->finding == NULL)
		return false;
	a->enough = a->enough || !a->finding(a->finding_arg, msg);
	return true;
}

static bool
on_checked(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct ask *a = channel_owner(ch);

	(void)conv;
	(void)fd;
	a->checked = *(const struct msg_checked *)msg;
	a->answered = true;
	return true;
}

static bool
on_sql_cell(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct ask *a = channel_owner(ch);

	(void)conv;
	(void)fd;
	if (a->cell == NULL)
		return false;
	a->enough = a->enough || !a->cell(a->cell_arg, msg);
	return true;
}

static bool
on_sql_end(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_sql_end *m = msg;
	struct ask *a = channel_owner(ch);

	(void)conv;
	(void)fd;
	a->end.code = m->code;
	memcpy(a->end.text, m->text, sizeof(a->end.text));
	a->answered = true;
	return true;
}

/* All that it says, but for the end. */
static bool
on_explained(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct ask *a = channel_owner(ch);

	(void)conv;
	(void)fd;
	return a->explained != NULL &&
	       a->explained(a->explained_arg, channel_message(ch), msg);
}

static bool
on_explain_end(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_explain_end *m = msg;
	struct ask *a = channel_owner(ch);

	if (!on_explained(ch, conv, msg, fd))
		return false;
	a->end.code = m->code;
	memcpy(a->end.text, m->text, sizeof(a->end.text));
	a->answered = true;
	return true;
}

static void
on_closed(struct channel *ch, const char *why)
{
	struct ask *a = channel_owner(ch);

	if (why != NULL)
		fprintf(stderr, "postern: postern-report: %s\n", why);
	a->channel = NULL;
}

static void
on_late(evutil_socket_t fd, short what, void *arg)
{
	struct ask *a = arg;

	(void)fd;
	(void)what;
	a->late = true;
}

/* clang-format off */
static const struct channel_rule from_report[] = {
	/* message		handler		in		then */
	{ &msg_row,		on_row,		CONV_A,		0 },
	{ &msg_row_rcpt,	on_row_rcpt,	CONV_A,		0 },
	{ &msg_past_message,	on_past_message, CONV_A,	0 },
	{ &msg_past_rcpt,	on_past_rcpt,	CONV_A,		0 },
	{ &msg_past_event,	on_past_event,	CONV_A,		0 },
	{ &msg_summary,		on_summary,	CONV_A,		0 },
	{ &msg_rows_end,	on_rows_end,	CONV_A,		CONV_END },
	{ &msg_order_is,	on_order_is,	CONV_A,		CONV_END },
	{ &msg_finding,		on_finding,	CONV_A,		0 },
	{ &msg_checked,		on_checked,	CONV_A,		CONV_END },
	{ &msg_sql_cell,	on_sql_cell,	CONV_A,		0 },
	{ &msg_sql_end,		on_sql_end,	CONV_A,		CONV_END },
	{ &msg_explain_name, on_explained, CONV_A, 0 },
	{ &msg_explain_route, on_explained, CONV_A, 0 },
	{ &msg_explain_state, on_explained, CONV_A, 0 },
	{ &msg_explain_rate, on_explained, CONV_A, 0 },
	{ &msg_explain_way, on_explained, CONV_A, 0 },
	{ &msg_explain_host, on_explained, CONV_A, 0 },
	{ &msg_explain_server, on_explained, CONV_A, 0 },
	{ &msg_explain_tlsa, on_explained, CONV_A, 0 },
	{ &msg_explain_session, on_explained, CONV_A, 0 },
	{ &msg_explain_end, on_explain_end, CONV_A, CONV_END },
};
/* clang-format on */

static const struct channel_def ask_def = {
	.rules = from_report,
	.nrules = nitems(from_report),
	.closed = on_closed,
};

static int
dial(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const int types[] = { SOCK_SEQPACKET, SOCK_STREAM };
	int fd;

	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (size_t i = 0; i < nitems(types); i++) {
		fd = socket(AF_UNIX, types[i] | SOCK_CLOEXEC, 0);
		if (fd == -1)
			return -1;
		if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
			return fd;
		close(fd);
		if (errno != EPROTOTYPE)
			return -1;
	}
	return -1;
}

static bool
is_down(int error)
{
	return error == ENOENT || error == ECONNREFUSED;
}

static int
ask_connect(struct ask *a)
{
	int fd = dial(a->path), error = errno;

	if (fd == -1 && a->standby && is_down(error)) {
		a->standby = false;
		fd = standby_start(dial);
	}
	if (fd != -1) {
		a->channel = channel_new(a->base, fd, &ask_def, a);
		return EX_OK;
	}
	if (error == EACCES || error == EPERM) {
		fprintf(stderr,
		    "postern: cannot reach postern-report at "
		    "%s: %s\n",
		    a->path, strerror(error));
		return EX_NOPERM;
	}
	if (standby_status() != EX_OK)
		return standby_status();
	fprintf(stderr,
	    "postern: cannot reach postern-report at %s: %s: is posternd "
	    "running?\n",
	    a->path, strerror(error));
	return EX_UNAVAILABLE;
}

static int
open_ask(struct ask **out, const char *path, bool standby)
{
	struct ask *a = mem_zero(1, sizeof(*a));
	int code;

	if (path == NULL)
		path = getenv("POSTERN_CONTROL");
	a->standby = standby && standby_allowed(path == NULL);
	a->path = path != NULL ? path : POSTERN_RUN "/control";
	a->base = event_base_new();
	if (a->base != NULL)
		a->patience = evtimer_new(a->base, on_late, a);
	if (a->patience == NULL)
		fatal("no event base");
	code = ask_connect(a);
	*out = a;
	if (code != EX_OK) {
		ask_close(a);
		*out = NULL;
	}
	return code;
}

int
ask_open(struct ask **out, const char *path)
{
	return open_ask(out, path, false);
}

int
ask_open_reader(struct ask **out, const char *path)
{
	return open_ask(out, path, true);
}

void
ask_close(struct ask *a)
{
	if (a == NULL)
		return;
	if (a->channel != NULL)
		channel_free(a->channel);
	event_free(a->patience);
	event_base_free(a->base);
	mem_free(a);
	standby_stop();
}

static time_t
seconds_for(const struct ipc_type *type)
{
	if (type == &msg_ask_check) /* reads all of the spool, with pauses */
		return CHECK_SECONDS;
	return type == &msg_ask_explain ? EXPLAIN_SECONDS : ANSWER_SECONDS;
}

/* Asks, and runs until the answer is complete, or cannot become so. */
static void
converse(struct ask *a, const struct ipc_type *type, const void *question)
{
	const struct timeval patience = { seconds_for(type), 0 };

	a->answered = a->some = a->late = false;
	channel_open(a->channel, type, question, -1, CONV_A, NULL);
	event_add(a->patience, &patience);
	while (!a->answered && !a->enough && !a->late && a->channel != NULL) {
		channels_flush();
		if (a->channel != NULL &&
		    event_base_loop(a->base, EVLOOP_ONCE) == -1)
			fatal("the event loop failed: %m");
	}
	event_del(a->patience);
	if (!a->answered && a->channel != NULL) {
		/* the answer may still come, and would answer nothing */
		channel_free(a->channel);
		a->channel = NULL;
	}
}

static int
no_answer(const struct ask *a)
{
	if (a->late)
		fprintf(stderr,
		    "postern: postern-report does not answer: try again\n");
	else
		fprintf(stderr,
		    "postern: postern-report closed the connection: it was "
		    "restarted, or there are too many connections: try "
		    "again\n");
	return EX_TEMPFAIL;
}

static int
refused(uint16_t code, const char *why)
{
	struct buf text;

	buf_init(&text, 8 * sizeof(struct msg_rows_end));
	human_text(&text, view_of(why), 0, false);
	fprintf(stderr, "postern: %s\n", buf_string(&text));
	buf_free(&text);
	return code;
}

/* The answer's own exit code, its text told. */
static int
rows_code(const struct ask *a)
{
	if (!a->answered)
		return no_answer(a);
	if (a->end.code == EX_OK)
		return EX_OK;
	return refused(a->end.code, a->end.text);
}

int
ask_queue(struct ask *a, const struct msg_ask_queue *question,
    const struct ask_rows *rows)
{
	struct msg_ask_queue m = *question;
	bool again = false; /* already over a new connection */
	int code = EX_OK;

	a->rows = rows;
	do {
		m.after = a->last;
		converse(a, &msg_ask_queue, &m);
		if (a->channel == NULL && !a->some && !a->answered && !again &&
		    !a->enough && !a->late) {
			again = true;
			a->end.more = 1;
			code = ask_connect(a);
			continue;
		}
		again = false;
		if (!a->enough)
			code = rows_code(a);
		if (code == EX_OK && !rows->piece(rows->arg))
			a->enough = true;
	} while (code == EX_OK && !a->enough && a->end.more != 0);
	return code;
}

int
ask_trace(struct ask *a, const struct msg_ask_trace *question,
    const struct ask_past *past, const struct ask_rows *rows, bool *more)
{
	struct msg_ask_trace m = *question;
	int code;

	a->rows = rows;
	a->past = past;
	converse(a, &msg_ask_trace, &m);
	code = a->enough ? EX_OK : rows_code(a);
	*more = code == EX_OK && a->answered && a->end.more != 0;
	return code;
}

int
ask_summary(struct ask *a, ask_summary_row *row, void *arg)
{
	a->summary = row;
	a->summary_arg = arg;
	converse(a, &msg_ask_summary, NULL);
	return a->enough ? EX_OK : rows_code(a);
}

int
ask_show(struct ask *a, uint64_t id, const struct ask_rows *rows)
{
	struct msg_ask_show m = { .id = id };

	a->rows = rows;
	converse(a, &msg_ask_show, &m);
	return a->enough ? EX_OK : rows_code(a);
}

static int
order(struct ask *a, const struct ipc_type *type, const void *m,
    struct msg_order_done *done)
{
	int code;

	if (a->channel == NULL) {
		code = ask_connect(a);
		if (code != EX_OK)
			return code;
	}
	converse(a, type, m);
	if (!a->answered)
		return no_answer(a);
	*done = a->done;
	return EX_OK;
}

int
ask_order(
    struct ask *a, const struct msg_ask_order *m, struct msg_order_done *done)
{
	return order(a, &msg_ask_order, m, done);
}

int
ask_suspend(
    struct ask *a, const struct msg_suspend *m, struct msg_order_done *done)
{
	return order(a, &msg_ask_suspend, m, done);
}

int
ask_check(struct ask *a, bool full, ask_finding *finding, void *arg,
    struct msg_checked *sum)
{
	const struct msg_ask_check m = { .full = full };

	a->finding = finding;
	a->finding_arg = arg;
	converse(a, &msg_ask_check, &m);
	if (a->enough)
		return EX_OK;
	if (!a->answered)
		return no_answer(a);
	*sum = a->checked;
	return sum->code == EX_OK ? EX_OK : refused(sum->code, sum->text);
}

int
ask_sql(struct ask *a, const struct msg_ask_sql *m, ask_cell *cell, void *arg)
{
	a->cell = cell;
	a->cell_arg = arg;
	converse(a, &msg_ask_sql, m);
	return a->enough ? EX_OK : rows_code(a);
}

int
ask_explain(struct ask *a, const struct msg_ask_explain *m,
    ask_explained *explained, void *arg)
{
	a->explained = explained;
	a->explained_arg = arg;
	converse(a, &msg_ask_explain, m);
	return rows_code(a);
}
