/* SPDX-License-Identifier: ISC */
/* tests/lib/sink_session.c - one SMTP session of the recording sink.
 *
 * A line ends with CRLF and nothing else, so that a bare LF that slipped
 * through a relay shows as a message that never ends or a wrong sum.
 */
#include "tests/lib/sink_session.h"

#include "tests/lib/sink_message.h"

#include "common/base/alloc.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SINK_ENVELOPE_MAX = 1 << 22, SINK_HOLD_POLL_US = 20000 };

struct sink_session {
	LIST_ENTRY(sink_session) entry;
	struct sink *sink;
	struct wire wire;
	struct sink_message message;
	struct event delay;
	struct buf from;
	struct buf rcpts; /* each with a newline */
	uint64_t nrcpts;
	bool in_data;
	bool has_mail;
	bool utf8; /* MAIL had SMTPUTF8 */
	bool held; /* by the hold file */
};

static void
envelope_clear(struct sink_session *s)
{
	s->has_mail = s->in_data = s->held = s->utf8 = false;
	s->nrcpts = 0;
	buf_clear(&s->from);
	buf_clear(&s->rcpts);
}

static void
reply(struct sink_session *s, const char *text)
{
	wire_puts(&s->wire, text);
	wire_puts(&s->wire, "\r\n");
}

/* A code that the options ask for, with the class as enhanced code. */
static void
reply_code(struct sink_session *s, unsigned int code)
{
	buf_printf(
	    &s->wire.out, "%u %u.0.0 as the test asks\r\n", code, code / 100);
}

static void
on_ehlo(struct sink_session *s, struct view line)
{
	(void)line;
	if (s->sink->options.no_ehlo) {
		reply(s, "502 5.5.1 not here");
		return;
	}
	envelope_clear(s);
	if (s->sink->options.no_extension) {
		reply(s, "250 sink.example");
		return;
	}
	reply(s, "250-sink.example");
	reply(s, "250-PIPELINING");
	reply(s, "250-SIZE 268435456");
	reply(s, "250-8BITMIME");
	reply(s, "250-SMTPUTF8");
	reply(s, "250 ENHANCEDSTATUSCODES");
}

static void
on_helo(struct sink_session *s, struct view line)
{
	(void)line;
	envelope_clear(s);
	reply(s, "250 sink.example");
}

/* What stands between the first < and the last >. */
static bool
find_path(struct view line, struct view *path)
{
	size_t open = view_find(line, '<');

	if (open == line.len)
		return false;
	line = view_skip(line, open + 1);
	while (line.len > 0 && line.data[line.len - 1] != '>')
		line.len--;
	if (line.len == 0)
		return false;
	*path = view_make(line.data, line.len - 1);
	return true;
}

static bool
contains(struct view v, const char *pattern)
{
	return pattern != NULL &&
	       memmem(v.data, v.len, pattern, strlen(pattern)) != NULL;
}

static void
on_mail(struct sink_session *s, struct view line)
{
	struct view path;

	s->utf8 = contains(line, " SMTPUTF8") && !s->sink->options.no_extension;
	if (s->has_mail) {
		reply(s, "503 5.5.1 nested MAIL");
	} else if (!s->utf8 && !view_is_ascii(line)) {
		reply(s, "553 5.6.7 not declared");
	} else if (!find_path(line, &path)) {
		reply(s, "501 5.1.7 no path");
	} else if (s->sink->options.mail_code != 0) {
		reply_code(s, s->sink->options.mail_code);
	} else {
		s->has_mail = true;
		buf_add(&s->from, path);
		reply(s, "250 2.1.0 ok");
	}
}

static bool
is_deferring(const struct sink_options *o)
{
	return o->defer_file == NULL || access(o->defer_file, F_OK) == 0;
}

static void
on_rcpt(struct sink_session *s, struct view line)
{
	const struct sink_options *o = &s->sink->options;
	struct view path;

	if (!s->has_mail) {
		reply(s, "503 5.5.1 no MAIL");
	} else if (!find_path(line, &path)) {
		reply(s, "501 5.1.3 no path");
	} else if (!s->utf8 && !view_is_ascii(line)) {
		reply(s, "553 5.6.7 not declared");
	} else if (o->rcpt_code != 0) {
		reply_code(s, o->rcpt_code);
	} else if (contains(path, o->defer) && is_deferring(o)) {
		reply(s, "451 4.2.0 not now");
	} else if (contains(path, o->refuse)) {
		reply(s, "550 5.1.1 no such user");
	} else {
		s->nrcpts++;
		buf_add(&s->rcpts, path);
		buf_add_string(&s->rcpts, "\n");
		reply(s, "250 2.1.5 ok");
	}
}

static void
on_data(struct sink_session *s, struct view line)
{
	(void)line;
	if (s->nrcpts == 0) {
		reply(s, "503 5.5.1 no recipient");
		return;
	}
	s->in_data = true;
	sink_message_start(&s->message, s->sink->options.save != NULL);
	reply(s, "354 go on");
}

static void
on_rset(struct sink_session *s, struct view line)
{
	(void)line;
	envelope_clear(s);
	reply(s, "250 2.0.0 ok");
}

static void
on_noop(struct sink_session *s, struct view line)
{
	(void)line;
	reply(s, "250 2.0.0 ok");
}

static void
on_vrfy(struct sink_session *s, struct view line)
{
	(void)line;
	reply(s, "252 2.0.0 perhaps");
}

static void
on_quit(struct sink_session *s, struct view line)
{
	(void)line;
	reply(s, "221 2.0.0 bye");
	wire_end(&s->wire);
}

static const struct {
	const char *verb;
	void (*run)(struct sink_session *, struct view);
} commands[] = {
	{ "MAIL", on_mail },
	{ "RCPT", on_rcpt },
	{ "DATA", on_data },
	{ "EHLO", on_ehlo },
	{ "HELO", on_helo },
	{ "QUIT", on_quit },
	{ "RSET", on_rset },
	{ "NOOP", on_noop },
	{ "VRFY", on_vrfy },
};

static void
run_command(struct sink_session *s, struct view line)
{
	for (size_t i = 0; i < nitems(commands); i++) {
		if (view_starts_nocase(line, commands[i].verb)) {
			commands[i].run(s, line);
			return;
		}
	}
	reply(s, "500 5.5.2 what?");
}

/* The first line with its CRLF; empty when there is no whole one. */
static struct view
cut_line(struct view in)
{
	const char *end;
	size_t from = 0;

	while (from < in.len) {
		end = memchr(in.data + from, '\n', in.len - from);
		if (end == NULL)
			break;
		from = (size_t)(end - in.data) + 1;
		if (from >= 2 && end[-1] == '\r')
			return view_make(in.data, from);
	}
	return view_make(in.data, 0);
}

static size_t
take_command(struct sink_session *s, struct view in)
{
	struct view line = cut_line(in);

	if (line.len > 0)
		run_command(s, view_make(line.data, line.len - 2));
	else if (in.len > WIRE_KEEP)
		wire_end(&s->wire);
	return line.len;
}

static void
answer_now(struct sink_session *s)
{
	const struct sink_envelope e = { buf_view(&s->from),
		buf_view(&s->rcpts), s->nrcpts };

	sink_take(s->sink, &s->message, &e);
	reply(s, "250 2.0.0 taken");
	envelope_clear(s);
}

static void
on_delay_over(evutil_socket_t fd, short what, void *arg)
{
	struct sink_session *s = arg;

	(void)fd;
	(void)what;
	answer_now(s);
	wire_resume(&s->wire);
}

/*
 * Waits if the hold file exists, and says so there: a line with the id, so
 * that a test can see how many dots have come.
 */
static bool
hold(struct sink_session *s)
{
	const struct timeval soon = { 0, SINK_HOLD_POLL_US };
	int fd;

	if (s->sink->options.hold_file == NULL)
		return false;
	fd = open(s->sink->options.hold_file, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd == -1)
		return false;
	dprintf(fd, "%s\n", s->message.id);
	close(fd);
	s->held = true;
	wire_pause(&s->wire);
	evtimer_add(&s->sink->hold_timer, &soon);
	return true;
}

static void
wait_a_while(struct sink_session *s)
{
	const unsigned int ms = s->sink->options.delay_ms;
	const struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	wire_pause(&s->wire);
	evtimer_add(&s->delay, &tv);
}

static void
end_of_data(struct sink_session *s)
{
	struct sink *sink = s->sink;
	const struct sink_options *o = &sink->options;

	s->in_data = false;
	if (sink->counts.hung_up < o->hang_up) {
		sink->counts.hung_up++;
		wire_end(&s->wire);
	} else if (o->dot_code != 0) {
		reply_code(s, o->dot_code);
		envelope_clear(s);
	} else if (hold(s)) {
		return;
	} else if (o->delay_ms > 0) {
		wait_a_while(s);
	} else {
		answer_now(s);
	}
}

/* RFC 5321, 4.5.2: a lone dot ends the mail, other leading dots go. */
static size_t
take_data(struct sink_session *s, struct view in)
{
	struct view line;
	size_t used = 0;

	while (s->in_data) {
		line = cut_line(view_skip(in, used));
		if (line.len == 0)
			break;
		used += line.len;
		if (s->message.mid_line || line.data[0] != '.')
			sink_message_line(&s->message, line);
		else if (line.len == 3)
			end_of_data(s);
		else
			sink_message_line(&s->message, view_skip(line, 1));
	}
	return used;
}

/* A line without end is passed on in pieces, but never half a CRLF. */
static size_t
take_endless(struct sink_session *s, struct view in)
{
	if (in.len <= WIRE_KEEP)
		return 0;
	in.len--;
	if (!s->message.mid_line && in.data[0] == '.')
		sink_message_line(&s->message, view_skip(in, 1));
	else
		sink_message_line(&s->message, in);
	return in.len;
}

static size_t
session_input(void *arg, struct view in)
{
	struct sink_session *s = arg;
	size_t used = 0, n;

	while (!s->wire.paused && !s->wire.ending && used < in.len) {
		struct view rest = view_skip(in, used);

		if (!s->in_data)
			n = take_command(s, rest);
		else if ((n = take_data(s, rest)) == 0)
			n = take_endless(s, rest);
		if (n == 0)
			break;
		used += n;
	}
	return s->wire.ending ? in.len : used;
}

static void
session_free(struct sink_session *s)
{
	LIST_REMOVE(s, entry);
	s->sink->counts.concurrent--;
	evtimer_del(&s->delay);
	wire_free(&s->wire);
	sink_message_free(&s->message);
	buf_free(&s->from);
	buf_free(&s->rcpts);
	mem_free(s);
}

static void
session_gone(void *arg)
{
	session_free(arg);
}

static const struct wire_owner owner = { session_input, session_gone };

static void
greet(struct sink_session *s)
{
	if (s->sink->options.greeting_code != 0) {
		reply_code(s, s->sink->options.greeting_code);
		wire_end(&s->wire);
	} else {
		reply(s, "220 sink.example ESMTP");
	}
	wire_flush(&s->wire);
}

void
sink_session_start(struct sink *sink, int fd)
{
	struct sink_counts *c = &sink->counts;
	struct sink_session *s = mem_zero(1, sizeof(*s));

	s->sink = sink;
	buf_init(&s->from, SINK_ENVELOPE_MAX);
	buf_init(&s->rcpts, SINK_ENVELOPE_MAX);
	sink_message_init(&s->message);
	evtimer_assign(&s->delay, sink->loop.base, on_delay_over, s);
	LIST_INSERT_HEAD(&sink->sessions, s, entry);
	c->connections++;
	if (++c->concurrent > c->max_concurrent)
		c->max_concurrent = c->concurrent;
	wire_init(&s->wire, &sink->loop, &owner, s);
	wire_open(&s->wire, fd);
	greet(s);
}

void
sink_session_release_all(struct sink *sink)
{
	struct sink_session *s, *next;

	for (s = LIST_FIRST(&sink->sessions); s != NULL; s = next) {
		next = LIST_NEXT(s, entry);
		if (!s->held)
			continue;
		answer_now(s);
		wire_resume(&s->wire);
	}
}

void
sink_session_free_all(struct sink *sink)
{
	while (!LIST_EMPTY(&sink->sessions))
		session_free(LIST_FIRST(&sink->sessions));
}
