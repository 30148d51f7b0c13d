/* SPDX-License-Identifier: ISC */
/* tests/lib/tool_sink.c - the tests' SMTP server that records what it takes.
 *
 *	sink [-1 N] [-d CODE] [-e] [-E] [-g CODE] [-h ADDR] [-j] [-m CODE]
 *	    [-o LOG] [-p PORT] [-q] [-r CODE] [-S FOLDER] [-w MS] [-W FILE]
 *	    [-x PATTERN] [-y PATTERN] [-Y FILE]
 *
 * The first line on standard output is "port N".  Each message adds a line
 * per recipient to LOG, on disk before its 250 goes out:
 *
 *	ID <tab> RCPT <tab> ok|BAD <tab> MICROSECONDS
 *	-  <tab> RCPT <tab> ok <tab> MICROSECONDS <tab> MESSAGE-ID
 *	ID <tab> RCPT <tab> dsn <tab> MICROSECONDS
 *
 * BAD: the body is not what its sender summed.  "-": a message without an
 * id.  dsn: that message was a report of failure about ID to RCPT.
 *
 * -1 N    hang up after the dot, without a reply, for the first N messages
 * -e, -E  answer EHLO with 502; offer no extension
 * -g, -m, -r, -d CODE   answer so to connections, MAIL, RCPT, the dot
 * -S      keep each message as FOLDER/NUMBER.eml, its envelope as .env
 * -w MS   wait before the 250 to the dot
 * -W FILE   wait as long as FILE exists; its lines are the ids that wait
 * -x, -y PATTERN   recipients that contain it get 550 or 451; both: 451
 * -Y FILE   -y counts only as long as FILE exists
 *
 * SIGTERM ends it with a summary (-j: as JSON, -q: none).
 */
#include "tests/lib/endpoint.h"
#include "tests/lib/sink_session.h"

#include "common/base/fatal.h"
#include "common/base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

enum { ACCEPTS_PER_TURN = 64, HOLD_POLL_US = 20000 };

struct tool {
	struct sink sink;
	const char *addr;
	const char *port;
	const char *log;
	struct event listener;
	struct event term;
	struct event interrupt;
	bool json;
	bool quiet;
};

static unsigned int
number(const char *word)
{
	uint64_t n;

	if (!view_u64(view_of(word), &n) || n > 1000000000)
		fatal_code(EX_USAGE, "not a number: %s", word);
	return (unsigned int)n;
}

static bool
option_behaviour(struct sink_options *o, int c)
{
	switch (c) {
	case '1':
		o->hang_up = number(optarg);
		return true;
	case 'd':
		o->dot_code = number(optarg);
		return true;
	case 'g':
		o->greeting_code = number(optarg);
		return true;
	case 'm':
		o->mail_code = number(optarg);
		return true;
	case 'r':
		o->rcpt_code = number(optarg);
		return true;
	case 'w':
		o->delay_ms = number(optarg);
		return true;
	case 'W':
		o->hold_file = optarg;
		return true;
	case 'x':
		o->refuse = optarg;
		return true;
	case 'y':
		o->defer = optarg;
		return true;
	case 'Y':
		o->defer_file = optarg;
		return true;
	default:
		return false;
	}
}

static void
option(struct tool *t, int c)
{
	struct sink_options *o = &t->sink.options;

	if (option_behaviour(o, c))
		return;
	if (c == 'e')
		o->no_ehlo = true;
	else if (c == 'E')
		o->no_extension = true;
	else if (c == 'S')
		o->save = optarg;
	else if (c == 'h')
		t->addr = optarg;
	else if (c == 'p')
		t->port = optarg;
	else if (c == 'o')
		t->log = optarg;
	else if (c == 'j')
		t->json = true;
	else if (c == 'q')
		t->quiet = true;
	else
		fatal_code(EX_USAGE, "usage: see the top of tool_sink.c");
}

static void
on_connection(evutil_socket_t listener, short what, void *arg)
{
	struct tool *t = arg;
	int fd;

	(void)what;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		fd =
		    accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd == -1)
			return;
		sink_session_start(&t->sink, fd);
	}
}

static void
on_hold_poll(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval soon = { 0, HOLD_POLL_US };
	struct sink *s = arg;

	(void)fd;
	(void)what;
	if (access(s->options.hold_file, F_OK) == 0)
		evtimer_add(&s->hold_timer, &soon);
	else
		sink_session_release_all(s);
}

static void
on_end(evutil_socket_t sig, short what, void *arg)
{
	struct tool *t = arg;

	(void)sig;
	(void)what;
	event_base_loopbreak(t->sink.loop.base);
}

/* Accepted sockets inherit TCP_NODELAY from the listener. */
static void
start(struct tool *t)
{
	struct event_base *base;
	struct endpoint e;
	int fd;

	endpoint_raise_limit();
	record_open(&t->sink.record, t->log);
	wire_loop_open(&t->sink.loop);
	base = t->sink.loop.base;
	endpoint_inet(&e, t->addr, t->port);
	fd = endpoint_listen(&e, SOCK_STREAM);
	printf("port %u\n", endpoint_port(fd));
	fflush(stdout);
	event_assign(
	    &t->listener, base, fd, EV_READ | EV_PERSIST, on_connection, t);
	event_add(&t->listener, NULL);
	evtimer_assign(&t->sink.hold_timer, base, on_hold_poll, &t->sink);
	evsignal_assign(&t->term, base, SIGTERM, on_end, t);
	event_add(&t->term, NULL);
	evsignal_assign(&t->interrupt, base, SIGINT, on_end, t);
	event_add(&t->interrupt, NULL);
}

static void
summary(struct tool *t)
{
	const struct sink_counts *c = &t->sink.counts;
	struct buf json;

	if (t->json) {
		buf_init(&json, 4096);
		sink_json(&t->sink, &json);
		puts(buf_string(&json));
		buf_free(&json);
	} else if (!t->quiet) {
		printf("%llu messages, %llu recipients, %llu bad, %zu "
		       "distinct, %llu duplicates, %llu connections (at most "
		       "%llu at once)\n",
		    (unsigned long long)c->messages,
		    (unsigned long long)c->recipients,
		    (unsigned long long)c->bad, t->sink.ids.n,
		    (unsigned long long)c->duplicates,
		    (unsigned long long)c->connections,
		    (unsigned long long)c->max_concurrent);
	}
}

static void
stop(struct tool *t)
{
	sink_session_free_all(&t->sink);
	evtimer_del(&t->sink.hold_timer);
	close(event_get_fd(&t->listener));
	event_del(&t->listener);
	event_del(&t->term);
	event_del(&t->interrupt);
	wire_loop_close(&t->sink.loop);
	record_close(&t->sink.record);
	idset_free(&t->sink.ids);
	idset_free(&t->sink.pairs);
}

int
main(int argc, char *argv[])
{
	struct tool t = { .addr = "127.0.0.1", .port = "0" };
	int c;

	log_open(STDERR_FILENO, "sink");
	while (
	    (c = getopt(argc, argv, "1:d:eEg:h:jm:o:p:qr:S:w:W:x:y:Y:")) != -1)
		option(&t, c);
	start(&t);
	event_base_dispatch(t.sink.loop.base);
	summary(&t);
	stop(&t);
	return EX_OK;
}
