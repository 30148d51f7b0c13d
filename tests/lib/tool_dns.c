/* SPDX-License-Identifier: ISC */
/* tests/lib/tool_dns.c - the tests' name server, with bad manners on demand.
 *
 *	dns [-b "NAME TRICK"] [-h ADDR] [-n SECONDS] [-o LOG] [-p PORT]
 *	    [-r "NAME TYPE DATA"] [-t SECONDS] [ZONEFILE]
 *
 * The first line on standard output is "port N", the same for UDP and TCP.
 * Each question adds a line to LOG: "NAME TYPE udp|tcp PORT ID", with the
 * asker's port.  -t is the TTL of records given after it, -n
 * that of "no".  A record may have a TTL of its own ("NAME 5 A 127.0.0.1"),
 * a name may begin with "*.".
 *
 * Tricks: nxdomain servfail refused timeout truncate "delay MS" wrongid
 * wrongsource wrongquestion lame garbage; see dns_zone.h.  In a zone file
 * they stand on lines "!NAME TRICK".
 */
#include "tests/lib/dns_answer.h"
#include "tests/lib/endpoint.h"
#include "tests/lib/record.h"
#include "tests/lib/wire.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/base/log.h"

#include <sys/queue.h>

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { DNS_BATCH = 64, DNS_PACKET = 65535, DNS_BIND_TRIES = 50 };

LIST_HEAD(lates, late);
LIST_HEAD(conversations, conversation);

struct tool {
	struct dns_zone zone;
	struct wire_loop loop;
	struct record record;
	const char *addr;
	const char *port;
	int udp;
	int tcp;
	int stranger; /* sends the answers from a wrong port */
	struct event on_udp;
	struct event on_tcp;
	struct event on_term;
	struct lates lates;
	struct conversations conversations;
};

struct asker {
	struct sockaddr_storage addr;
	socklen_t len;
};

/* An answer that comes late. */
struct late {
	LIST_ENTRY(late) entry;
	struct event timer;
	struct tool *tool;
	struct asker to;
	uint8_t *data;
	size_t len;
};

struct conversation { /* by TCP */
	LIST_ENTRY(conversation) entry;
	struct tool *tool;
	struct wire wire;
	struct asker from;
};

static unsigned int
asker_port(const struct asker *a)
{
	if (a->addr.ss_family == AF_INET6)
		return ntohs(
		    ((const struct sockaddr_in6 *)&a->addr)->sin6_port);
	return ntohs(((const struct sockaddr_in *)&a->addr)->sin_port);
}

static void
log_question(struct tool *t, const struct dns_answer *a, const char *proto,
    const struct asker *from)
{
	record_line(&t->record, "%s %s %s %u %u", a->name, a->type, proto,
	    asker_port(from), a->id);
	record_flush(&t->record);
}

static void
send_udp(int fd, const struct asker *to, const uint8_t *data, size_t len)
{
	/* a lost datagram is what UDP is: the asker asks again */
	(void)sendto(
	    fd, data, len, 0, (const struct sockaddr *)&to->addr, to->len);
}

static void
late_free(struct late *l)
{
	LIST_REMOVE(l, entry);
	evtimer_del(&l->timer);
	free(l->data);
	mem_free(l);
}

static void
on_late(evutil_socket_t fd, short what, void *arg)
{
	struct late *l = arg;

	(void)fd;
	(void)what;
	send_udp(l->tool->udp, &l->to, l->data, l->len);
	late_free(l);
}

/* Takes the answer's bytes. */
static void
send_later(struct tool *t, const struct asker *to, struct dns_answer *a)
{
	const uint32_t ms = a->rule->delay_ms;
	const struct timeval tv = { ms / 1000, ms % 1000 * 1000 };
	struct late *l = mem_zero(1, sizeof(*l));

	l->tool = t;
	l->to = *to;
	l->data = a->data;
	l->len = a->len;
	a->data = NULL;
	LIST_INSERT_HEAD(&t->lates, l, entry);
	evtimer_assign(&l->timer, t->loop.base, on_late, l);
	evtimer_add(&l->timer, &tv);
}

static void
answer_udp(struct tool *t, struct view question, const struct asker *from)
{
	struct dns_answer a;

	if (!dns_answer_make(&t->zone, question, true, &a))
		return;
	log_question(t, &a, "udp", from);
	if (a.data == NULL)
		return;
	if (a.rule->trick == DNS_DELAY)
		send_later(t, from, &a);
	else if (a.rule->trick == DNS_WRONG_SOURCE)
		send_udp(t->stranger, from, a.data, a.len);
	else
		send_udp(t->udp, from, a.data, a.len);
	free(a.data);
}

static void
on_udp(evutil_socket_t fd, short what, void *arg)
{
	struct tool *t = arg;
	struct asker from;
	ssize_t n;

	(void)what;
	for (int i = 0; i < DNS_BATCH; i++) {
		from.len = sizeof(from.addr);
		n = recvfrom(fd, t->loop.room, DNS_PACKET, 0,
		    (struct sockaddr *)&from.addr, &from.len);
		if (n == -1)
			return;
		answer_udp(t, view_make(t->loop.room, (size_t)n), &from);
	}
}

static void
answer_tcp(struct conversation *c, struct view question)
{
	struct dns_answer a;
	uint8_t len[2];

	if (!dns_answer_make(&c->tool->zone, question, false, &a)) {
		wire_end(&c->wire);
		return;
	}
	log_question(c->tool, &a, "tcp", &c->from);
	if (a.data == NULL)
		return;
	len[0] = (uint8_t)(a.len >> 8);
	len[1] = (uint8_t)a.len;
	wire_put(&c->wire, view_make((const char *)len, sizeof(len)));
	wire_put(&c->wire, view_make((const char *)a.data, a.len));
	free(a.data);
}

/* RFC 1035, 4.2.2: two bytes of length before each message. */
static size_t
conversation_input(void *arg, struct view in)
{
	struct conversation *c = arg;
	size_t used = 0, len;

	while (in.len - used >= 2 && !c->wire.ending) {
		const char *p = in.data + used;

		len = (size_t)(unsigned char)p[0] << 8 | (unsigned char)p[1];
		if (in.len - used - 2 < len)
			break;
		answer_tcp(c, view_make(p + 2, len));
		used += 2 + len;
	}
	return used;
}

static void
conversation_gone(void *arg)
{
	struct conversation *c = arg;

	LIST_REMOVE(c, entry);
	wire_free(&c->wire);
	mem_free(c);
}

static const struct wire_owner conversation_owner = { conversation_input,
	conversation_gone };

static void
on_tcp(evutil_socket_t listener, short what, void *arg)
{
	struct conversation *c = mem_zero(1, sizeof(*c));
	int fd;

	(void)what;
	c->tool = arg;
	c->from.len = sizeof(c->from.addr);
	fd = accept4(listener, (struct sockaddr *)&c->from.addr, &c->from.len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd == -1) {
		mem_free(c);
		return;
	}
	LIST_INSERT_HEAD(&c->tool->conversations, c, entry);
	wire_init(&c->wire, &c->tool->loop, &conversation_owner, c);
	wire_open(&c->wire, fd);
}

static void
on_term(evutil_socket_t sig, short what, void *arg)
{
	struct tool *t = arg;

	(void)sig;
	(void)what;
	event_base_loopbreak(t->loop.base);
}

/* The port that TCP got may be taken for UDP: then another one is tried. */
static bool
listen_once(struct tool *t)
{
	char port[16];
	struct endpoint any;

	endpoint_inet(&any, t->addr, t->port);
	t->tcp = endpoint_listen(&any, SOCK_STREAM);
	snprintf(port, sizeof(port), "%u", endpoint_port(t->tcp));
	endpoint_inet(&any, t->addr, port);
	t->udp = endpoint_bind(&any, SOCK_DGRAM);
	if (t->udp == -1)
		close(t->tcp);
	return t->udp != -1;
}

static void
listen_both(struct tool *t)
{
	struct endpoint any;

	for (int i = 0; !listen_once(t); i++)
		if (i == DNS_BIND_TRIES)
			fatal("no port for UDP and TCP: %m");
	endpoint_inet(&any, t->addr, "0");
	t->stranger = endpoint_listen(&any, SOCK_DGRAM);
	printf("port %u\n", endpoint_port(t->udp));
	fflush(stdout);
}

static void
option(struct tool *t, int c, const char **log)
{
	uint64_t n = 0;

	if ((c == 'n' || c == 't') &&
	    (!view_u64(view_of(optarg), &n) || n > INT32_MAX))
		fatal_code(EX_USAGE, "not a number: %s", optarg);
	if (c == 'b')
		dns_zone_add_rule(&t->zone, optarg);
	else if (c == 'h')
		t->addr = optarg;
	else if (c == 'n')
		t->zone.negative_ttl = (uint32_t)n;
	else if (c == 'o')
		*log = optarg;
	else if (c == 'p')
		t->port = optarg;
	else if (c == 'r')
		dns_zone_add(&t->zone, optarg);
	else if (c == 't')
		t->zone.ttl = (uint32_t)n;
	else
		fatal_code(EX_USAGE, "usage: see the top of tool_dns.c");
}

static void
run(struct tool *t)
{
	struct event_base *base;

	wire_loop_open(&t->loop);
	base = t->loop.base;
	event_assign(&t->on_udp, base, t->udp, EV_READ | EV_PERSIST, on_udp, t);
	event_add(&t->on_udp, NULL);
	event_assign(&t->on_tcp, base, t->tcp, EV_READ | EV_PERSIST, on_tcp, t);
	event_add(&t->on_tcp, NULL);
	evsignal_assign(&t->on_term, base, SIGTERM, on_term, t);
	event_add(&t->on_term, NULL);
	event_base_dispatch(base);
}

static void
stop(struct tool *t)
{
	while (!LIST_EMPTY(&t->lates))
		late_free(LIST_FIRST(&t->lates));
	while (!LIST_EMPTY(&t->conversations))
		conversation_gone(LIST_FIRST(&t->conversations));
	event_del(&t->on_udp);
	event_del(&t->on_tcp);
	event_del(&t->on_term);
	wire_loop_close(&t->loop);
	record_close(&t->record);
	dns_zone_free(&t->zone);
}

int
main(int argc, char *argv[])
{
	struct tool t = { .addr = "127.0.0.1", .port = "0" };
	const char *log = NULL;
	int c;

	log_open(STDERR_FILENO, "dns");
	dns_zone_init(&t.zone);
	while ((c = getopt(argc, argv, "b:h:n:o:p:r:t:")) != -1)
		option(&t, c, &log);
	for (int i = optind; i < argc; i++)
		dns_zone_load(&t.zone, argv[i]);
	record_open(&t.record, log);
	listen_both(&t);
	run(&t);
	stop(&t);
	return EX_OK;
}
