/* SPDX-License-Identifier: ISC */
/* tests/unit/test_hop.c - tests of master/hop.c: what a deliver worker may ask
 * of posternd, and what it gets. */
#include "master/hop.h"

#include "master/children.h"
#include "master/master.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/check.h"

static struct {
	struct event_base *base;
	struct master master;
	struct channel *theirs; /* the worker's end */
	char folder[64], path[96];
	int listener;
	/* of the last answer */
	uint32_t ticket;
	int fd; /* -1: none */
	char text[MSG_TEXT_MAX + 1];
	size_t answers;
	size_t early; /* refused for their number */
} test;

static bool
on_socket(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)ch;
	(void)conv;
	test.ticket = ((const struct msg_hop_socket *)msg)->ticket;
	test.text[0] = '\0';
	if (test.fd != -1)
		close(test.fd);
	test.fd = fd;
	test.answers++;
	return true;
}

static bool
on_none(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_hop_none *m = msg;

	(void)ch;
	(void)conv;
	(void)fd;
	test.ticket = m->ticket;
	memcpy(test.text, m->text, sizeof(test.text));
	test.answers++;
	test.early += strstr(test.text, "a second") != NULL;
	return true;
}

static void
on_closed(struct channel *ch, const char *why)
{
	(void)ch;
	fail_msg("the channel ends: %s", why == NULL ? "end" : why);
}

static const struct channel_rule rules[] = {
	{ &msg_hop_socket, on_socket, CONV_NONE, 0 },
	{ &msg_hop_none, on_none, CONV_NONE, 0 },
};

static const struct channel_def def = {
	.rules = rules,
	.nrules = nitems(rules),
	.closed = on_closed,
};

static void
listen_at(int backlog)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	memcpy(at.sun_path, test.path, sizeof(test.path));
	test.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_not_equal(test.listener, -1);
	assert_int_equal(
	    bind(test.listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(test.listener, backlog), 0);
}

static void
end_listening(void)
{
	close(test.listener);
	unlink(test.path);
}

/* A child of that kind; route 1 is a host's, 2 leads to the socket. */
static struct child *
child_make(enum peer_kind kind, enum peer_class class_)
{
	static struct program program;
	struct child *c = &test.master.children[0];
	struct conf_error error;
	char text[256];
	int ends[2];

	program.kind = kind;
	program.class_ = class_;
	memset(c, 0, sizeof(*c));
	c->master = &test.master;
	c->program = &program;
	conf_init(&test.master.conf);
	snprintf(text, sizeof(text),
	    "route domain a.example to host a\nroute any to lmtp \"%s\"\n",
	    test.path);
	assert_true(conf_parse(&test.master.conf, view_of(text), &error));
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	c->control = channel_new(test.base, ends[0], &def, c);
	test.theirs = channel_new(test.base, ends[1], &def, NULL);
	test.answers = test.early = 0;
	return c;
}

static void
child_end_test(struct child *c)
{
	channel_free(c->control);
	channel_free(test.theirs);
	conf_clear(&test.master.conf);
	if (test.fd != -1)
		close(test.fd);
	test.fd = -1;
}

static bool
ask(struct child *c, uint32_t ticket, uint16_t route)
{
	const struct msg_hop_want m = { .ticket = ticket, .route = route };

	return hop_wanted(c->control, NULL, &m, -1);
}

/* The answers to as many questions. */
static void
hear(size_t n)
{
	while (test.answers < n)
		assert_true(channel_wait(test.theirs));
}

static void
test_connects(void **state)
{
	struct child *c = child_make(PEER_DELIVER, 0);
	char byte;
	int fd;

	(void)state;
	listen_at(5);
	assert_true(ask(c, 7, 2));
	hear(1);
	assert_int_equal(test.ticket, 7);
	assert_int_not_equal(test.fd, -1);
	fd = accept(test.listener, NULL, NULL);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(recv(test.fd, &byte, 1, 0), 1);
	close(fd);
	end_listening();
	child_end_test(c);
}

static void
test_says_why_not(void **state)
{
	struct child *c = child_make(PEER_DELIVER, 0);
	char want[256];

	(void)state;
	assert_true(ask(c, 1, 2));
	hear(1);
	snprintf(
	    want, sizeof(want), "%s: No such file or directory", test.path);
	assert_string_equal(test.text, want);
	listen_at(0);
	close(test.listener);
	assert_true(ask(c, 2, 2));
	hear(2);
	snprintf(want, sizeof(want), "%s: Connection refused", test.path);
	assert_string_equal(test.text, want);
	unlink(test.path);
	/* nobody takes them up: it does not wait */
	listen_at(0);
	for (uint32_t i = 0; i < 5; i++)
		assert_true(ask(c, i, 2));
	hear(7);
	snprintf(
	    want, sizeof(want), "%s: too many wait there already", test.path);
	assert_string_equal(test.text, want);
	end_listening();
	child_end_test(c);
}

/* What is none of its business ends it. */
static void
test_refuses(void **state)
{
	struct child *c = child_make(PEER_DELIVER, 0);

	(void)state;
	listen_at(5);
	assert_false(ask(c, 1, 0));
	assert_false(ask(c, 1, 1));
	assert_false(ask(c, 1, 3));
	assert_false(ask(c, 1, UINT16_MAX));
	child_end_test(c);
	c = child_make(PEER_SMTPD, CLASS_STRANGER);
	assert_false(ask(c, 1, 2));
	assert_int_equal(channel_unsent(c->control), 0);
	child_end_test(c);
	c = child_make(PEER_DELIVER, CLASS_LOGIN);
	assert_false(ask(c, 1, 2));
	end_listening();
	child_end_test(c);
}

/* A worker that asks without end costs no more than so many a second, and
 * fewer when it does not read. */
static void
test_bounds_the_rate(void **state)
{
	struct child *c = child_make(PEER_DELIVER, 0);
	size_t n = 0;

	(void)state;
	listen_at(5);
	for (; n < 10 * (size_t)HOPS_PER_SECOND; n++) {
		assert_true(ask(c, 1, 2));
		if (n % 16 == 0)
			hear(n + 1);
	}
	hear(n);
	/* most by far were too many; a slow machine has more seconds */
	assert_true(test.early >= n / 2);
	assert_string_equal(
	    strstr(test.text, "too many"), "too many connections a second");
	end_listening();
	child_end_test(c);
}

static int
setup(void **state)
{
	(void)state;
	test.fd = -1;
	test.base = event_base_new();
	snprintf(test.folder, sizeof(test.folder), "/tmp/test_hop-XXXXXX");
	if (test.base == NULL || mkdtemp(test.folder) == NULL)
		return -1;
	snprintf(test.path, sizeof(test.path), "%s/lmtp", test.folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rmdir(test.folder);
	event_base_free(test.base);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connects),
		cmocka_unit_test(test_says_why_not),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_bounds_the_rate),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
