/* SPDX-License-Identifier: ISC */
/* tools/submit.c - an SMTP session over the submission socket.
 *
 * Recipients go in groups of RCPT_GROUP, so that neither side's buffers fill
 * while the other one waits (RFC 2920 3.1).
 */
#include "tools/submit.h"

#include "common/base/alloc.h"
#include "common/mail/dots.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	RCPT_GROUP = 100,
	LINE_MAX_IN = 4096,
	REPLY_SECONDS = 300,
	FINAL_SECONDS = 600, /* RFC 5321 4.5.3.2.6 */
	OUT_MAX = 4 * SOURCE_PIECE
};

int
submit_dial(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, error;

	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static void
set_patience(struct session *s, int seconds)
{
	const struct timeval tv = { seconds, 0 };

	/* at worst we wait longer */
	(void)setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	(void)setsockopt(s->fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

static bool
lose(struct session *s, const char *why)
{
	s->lost = why;
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
	return false;
}

static bool
say(struct session *s, struct view v)
{
	while (v.len > 0 && s->fd != -1) {
		ssize_t n = send(s->fd, v.data, v.len, MSG_NOSIGNAL);

		if (n >= 0)
			v = view_skip(v, (size_t)n);
		else if (errno == EAGAIN)
			return lose(s, "the server does not read");
		else if (errno != EINTR)
			return lose(s, "the server closed the connection");
	}
	return s->fd != -1;
}

static bool
say_words(struct session *s, const char *words)
{
	return say(s, view_of(words));
}

static bool
fill(struct session *s)
{
	char *room;
	ssize_t n;

	buf_drop(&s->in, s->taken);
	s->taken = 0;
	room = buf_room(&s->in, LINE_MAX_IN);
	if (s->fd == -1 || room == NULL)
		return lose(s, "the server's reply is no SMTP");
	do {
		n = recv(s->fd, room, LINE_MAX_IN, 0);
	} while (n == -1 && errno == EINTR);
	if (n == -1 && errno == EAGAIN)
		return lose(s, "the server does not answer");
	if (n <= 0)
		return lose(s, "the server closed the connection");
	buf_commit(&s->in, (size_t)n);
	return true;
}

/* The next line without its end; lent until the next call. */
static bool
hear_line(struct session *s, struct view *line)
{
	struct view v = view_skip(buf_view(&s->in), s->taken);
	size_t n;

	while ((n = view_find(v, '\n')) == v.len) {
		if (!fill(s))
			return false;
		v = buf_view(&s->in);
	}
	s->taken += n + 1;
	*line = view_make(v.data, n > 0 && v.data[n - 1] == '\r' ? n - 1 : n);
	return true;
}

static void
note_keyword(struct session *s, struct view line)
{
	struct view rest = view_skip(line, 4), word = view_word(&rest);

	if (view_is_nocase(word, "PIPELINING"))
		s->pipelining = true;
	else if (view_is_nocase(word, "8BITMIME"))
		s->eightbit = true;
	else if (view_is_nocase(word, "SMTPUTF8"))
		s->utf8 = true;
	else if (view_is_nocase(word, "DSN"))
		s->dsn = true;
	else if (view_is_nocase(word, "SIZE"))
		(void)view_u64(view_trim(rest), &s->size);
}

/* A whole reply into s->reply; false: the session is lost. */
static bool
hear(struct session *s, bool keywords)
{
	enum reply_state state = REPLY_MORE;
	struct view line;

	reply_begin(&s->reply);
	while (state == REPLY_MORE) {
		if (!hear_line(s, &line))
			return false;
		if (keywords)
			note_keyword(s, line);
		state = reply_line(&s->reply, line);
	}
	return state == REPLY_DONE || lose(s, "the server's reply is no SMTP");
}

static enum submit_result
judge(const struct session *s)
{
	if (s->lost != NULL || s->reply.code / 100 == 4)
		return SUBMIT_LATER;
	return s->reply.code / 100 == 2 ? SUBMIT_SENT : SUBMIT_NEVER;
}

enum submit_result
session_open(struct session *s, const char *path)
{
	struct view text;

	memset(s, 0, sizeof(*s));
	buf_init(&s->in, 4 * LINE_MAX_IN);
	reply_begin(&s->reply);
	s->fd = submit_dial(path);
	if (s->fd == -1) {
		s->lost = strerror(errno);
		return SUBMIT_LATER;
	}
	set_patience(s, REPLY_SECONDS);
	if (!hear(s, false) || judge(s) != SUBMIT_SENT)
		return judge(s);
	text = view_of(s->reply.text);
	if (!domain_normalise(view_word(&text), s->host) ||
	    !domain_valid(view_of(s->host)))
		s->host[0] = '\0';
	if (!say_words(s, "EHLO localhost\r\n") || !hear(s, true))
		return SUBMIT_LATER;
	return judge(s);
}

void
session_close(struct session *s)
{
	if (s->fd != -1 && say_words(s, "QUIT\r\n"))
		(void)hear(s, false);
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
	buf_free(&s->in);
}

static void
add_mail(const struct session *s, const struct submit_mail *m, struct buf *out)
{
	buf_printf(out, "MAIL FROM:<%s>", m->sender);
	if (s->size > 0 && m->source->whole)
		buf_printf(out, " SIZE=%zu", m->head.len + m->body.len);
	if (s->eightbit && m->eightbit)
		buf_add_string(out, " BODY=8BITMIME");
	if (s->utf8 && m->utf8)
		buf_add_string(out, " SMTPUTF8");
	if (s->dsn && m->ret[0] != '\0')
		buf_printf(out, " RET=%s", m->ret);
	if (s->dsn && m->envid[0] != '\0')
		buf_printf(out, " ENVID=%s", m->envid);
	buf_add_string(out, "\r\n");
}

/* The next group of those that wait; gives the index behind it. */
static size_t
add_rcpts(const struct session *s, const struct submit_mail *m, size_t from,
    struct buf *out)
{
	size_t group = s->pipelining ? RCPT_GROUP : 1, i;

	for (i = from; i < m->nrcpts && group > 0; i++) {
		if (m->rcpts[i].state != RCPT_WAITS)
			continue;
		group--;
		buf_printf(out, "RCPT TO:<%s>", m->rcpts[i].address);
		if (s->dsn && m->notify[0] != '\0')
			buf_printf(out, " NOTIFY=%s", m->notify);
		buf_add_string(out, "\r\n");
	}
	return i;
}

static bool
hear_rcpts(struct session *s, struct submit_mail *m, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		struct submit_rcpt *r = &m->rcpts[i];

		if (r->state != RCPT_WAITS)
			continue;
		if (!hear(s, false))
			return false;
		if (judge(s) == SUBMIT_SENT)
			r->state = RCPT_TAKEN;
		else if (judge(s) == SUBMIT_NEVER)
			r->state = RCPT_REFUSED;
		if (r->state != RCPT_TAKEN)
			m->refused(r, &s->reply, r->state == RCPT_WAITS);
	}
	return true;
}

/* MAIL and all RCPTs.  SENT: so far so good, and *taken were accepted. */
static enum submit_result
envelope(struct session *s, struct submit_mail *m, size_t *taken)
{
	size_t from = 0, to = 0;
	bool first = true;
	struct buf out;

	buf_init(&out, OUT_MAX);
	while (s->lost == NULL && (first || from < m->nrcpts)) {
		if (first)
			add_mail(s, m, &out);
		if (!first || s->pipelining)
			to = add_rcpts(s, m, from, &out);
		if (!say(s, buf_view(&out)))
			break;
		buf_clear(&out);
		if (first && (!hear(s, false) || judge(s) != SUBMIT_SENT))
			break;
		if (!hear_rcpts(s, m, from, to))
			break;
		first = false;
		from = to;
	}
	buf_free(&out);
	*taken = 0;
	for (size_t i = 0; i < m->nrcpts; i++)
		*taken += m->rcpts[i].state == RCPT_TAKEN;
	return first ? judge(s) : s->lost != NULL ? SUBMIT_LATER : SUBMIT_SENT;
}

static bool
say_dotted(struct session *s, struct dots_out *dots, struct view v)
{
	struct buf out;
	bool fine = true;

	buf_init(&out, OUT_MAX);
	while (v.len > 0 && fine) {
		size_t n = v.len < SOURCE_PIECE ? v.len : SOURCE_PIECE;

		dots_out_add(dots, view_make(v.data, n), &out);
		fine = say(s, buf_view(&out));
		buf_clear(&out);
		v = view_skip(v, n);
	}
	buf_free(&out);
	return fine;
}

/* What is not in memory.  False: the session is lost. */
static bool
say_rest(struct session *s, struct source *source, struct dots_out *dots)
{
	struct buf piece;
	bool fine = true;

	if (source->whole)
		return true;
	buf_init(&piece, SOURCE_PIECE + 2);
	while (fine && source_next(source, &piece)) {
		fine = say_dotted(s, dots, buf_view(&piece));
		buf_clear(&piece);
	}
	buf_free(&piece);
	/* half a message must not look like one: no dot after a failure */
	if (fine && source->failed != 0)
		return lose(s, "the message cannot be read to its end");
	return fine;
}

static enum submit_result
data(struct session *s, struct submit_mail *m)
{
	struct dots_out dots;
	struct buf end;
	bool fine;

	if (!say_words(s, "DATA\r\n") || !hear(s, false))
		return SUBMIT_LATER;
	if (s->reply.code != 354)
		return judge(s) == SUBMIT_LATER ? SUBMIT_LATER : SUBMIT_NEVER;
	dots_out_begin(&dots);
	if (!say_dotted(s, &dots, m->head) || !say_dotted(s, &dots, m->body) ||
	    !say_rest(s, m->source, &dots))
		return SUBMIT_LATER;
	buf_init(&end, LINE_MAX_IN);
	dots_out_end(&dots, &end);
	set_patience(s, FINAL_SECONDS);
	fine = say(s, buf_view(&end)) && hear(s, false);
	buf_free(&end);
	if (!fine)
		return SUBMIT_UNSURE;
	set_patience(s, REPLY_SECONDS);
	return judge(s);
}

/* What became of those that were accepted. */
static void
settle(struct submit_mail *m, enum submit_result result)
{
	enum rcpt_state state = RCPT_SENT;

	if (result == SUBMIT_LATER)
		state = RCPT_WAITS;
	else if (result == SUBMIT_NEVER)
		state = RCPT_REFUSED;
	for (size_t i = 0; i < m->nrcpts; i++)
		if (m->rcpts[i].state == RCPT_TAKEN)
			m->rcpts[i].state = state;
}

enum submit_result
session_send(struct session *s, struct submit_mail *m)
{
	size_t taken;
	enum submit_result result = envelope(s, m, &taken);

	if (result == SUBMIT_SENT && taken == 0) {
		/* nobody, but the session is as good as before */
		if (!say_words(s, "RSET\r\n") || !hear(s, false))
			return SUBMIT_LATER;
		return SUBMIT_SENT;
	}
	if (result == SUBMIT_SENT)
		result = data(s, m);
	settle(m, result);
	return result;
}

int
submit_code(const struct reply *r)
{
	static const struct {
		int subject, detail; /* of 5.X.Y; detail -1: any */
		int code;
	} rows[] = {
		{ 1, 2, EX_NOHOST },
		{ 1, -1, EX_NOUSER },
		{ 2, 1, EX_NOUSER },
		{ 3, 4, EX_UNAVAILABLE }, /* too big */
		{ 2, 3, EX_UNAVAILABLE },
		{ 6, -1, EX_DATAERR },
		{ 5, 2, EX_DATAERR }, /* bare CR, syntax */
		{ 5, -1, EX_PROTOCOL },
		{ 7, -1, EX_NOPERM },
	};

	for (size_t i = 0; i < nitems(rows); i++)
		if (r->subject == rows[i].subject &&
		    (rows[i].detail == -1 || r->detail == rows[i].detail))
			return rows[i].code;
	return r->code == 550 || r->code == 553 ? EX_NOUSER : EX_UNAVAILABLE;
}
