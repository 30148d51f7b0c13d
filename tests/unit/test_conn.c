/* SPDX-License-Identifier: ISC */
/* tests/unit/test_conn.c - tests of deliver/conn.c and timers.c: time limits
 *
 * The clock is the test's, and so is the tick of the timers.
 */
#include "deliver/conn.h"

#include "common/base/clock.h"
#include "tests/unit/check.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <stdio.h>
#include <unistd.h>

enum {
	RATE = 100000,    /* far from what the kernel holds for a server */
	LIFE = 12 * 3600, /* seconds */
	BODY = 256 * 1024 * 1024
};

static struct {
	struct event_base *base;
	struct timers timers;
	struct conns conns;
	struct ip ip;
	uint16_t port;
	int listener;
	int64_t now;
	size_t over, failed, late, dotted;
	bool keep; /* what is over stays open */
	struct transaction t;
} test;

static void
on_over(struct conn *c)
{
	test.over++;
	if (test.keep)
		conn_rest(c);
	else
		conn_quit(c);
}

static void
on_failed(struct conn *c)
{
	test.failed++;
	test.late += c->late;
	conn_drop(c);
}

static void
on_dotted(struct conn *c)
{
	(void)c;
	test.dotted++;
}

static void
turn(void)
{
	event_base_loop(test.base, EVLOOP_NONBLOCK);
}

/* What came is heard; then the clock goes on, and a tick sees it. */
static void
pass(int64_t seconds)
{
	turn();
	test.now += 1000 * seconds;
	clock_set_for_test(test.now);
	event_active(&test.timers.tick, EV_TIMEOUT, 0);
	turn();
}

static int
setup(void **state)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr *sa = (struct sockaddr *)&sin;
	socklen_t len = sizeof(sin);

	(void)state;
	memset(&test, 0, sizeof(test));
	test.now = 1000;
	clock_set_for_test(test.now);
	test.base = event_base_new();
	timers_init(&test.timers, test.base);
	conns_init(&test.conns, test.base, &test.timers);
	test.conns.hostname = "us";
	test.conns.rate = RATE;
	test.conns.life_ms = 1000 * LIFE;
	test.conns.over = on_over;
	test.conns.failed = on_failed;
	test.conns.dotted = on_dotted;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	test.listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(test.listener, sa, len), 0);
	assert_int_equal(listen(test.listener, 0), 0);
	assert_int_equal(getsockname(test.listener, sa, &len), 0);
	assert_true(ip_from_sockaddr(sa, &test.ip, &test.port));
	transaction_init(&test.t, "a@x", 1);
	transaction_add(
	    &test.t, &(struct msg_job_rcpt){ .n = 1, .address = "b@y" });
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	check_int("connections", test.conns.n, 0);
	transaction_clear(&test.t);
	buf_free(&test.conns.out);
	event_base_free(test.base);
	close(test.listener);
	clock_set_for_test(-1);
	return 0;
}

static void
open_with(int body)
{
	const struct conn_policy clear = { .route = { .tls = ROUTE_TLS_NONE } };
	struct conn *c = conn_open(&test.conns, &test.ip, test.port, &clear);

	assert_non_null(c);
	conn_give(c, &test.t, body);
}

static void
open_one(void)
{
	open_with(-1);
}

/* RFC 5321 4.5.3.2.1: five minutes for the greeting, connecting included. */
static void
test_greeting(void **state)
{
	(void)state;
	open_one();
	pass(31);
	check_int("31 s", test.failed, 0);
	pass(260);
	check_int("291 s", test.failed, 0);
	pass(15);
	check_int("306 s", test.failed, 1);
	check_str(
	    "text", test.t.status.text, "time-out, waiting for the greeting");
	check_int("late", test.late, 1);
	check_int("detail", test.t.status.detail, 2);
	check_int("stage", test.t.stage, STAGE_CONNECT);
}

/* The reply must be whole in time, however it dribbles. */
static void
test_dribble(void **state)
{
	int fd;

	(void)state;
	open_one();
	fd = accept(test.listener, NULL, NULL);
	assert_int_equal(write(fd, "220-a", 5), 5);
	turn();
	for (int i = 0; i < 2; i++) {
		assert_int_equal(write(fd, "b\r\n220-", 7), 7);
		pass(16);
	}
	check_int("32 s", test.failed, 0);
	pass(260);
	check_int("292 s", test.failed, 0);
	assert_int_equal(write(fd, "c\r\n220-", 7), 7);
	pass(40);
	check_int("332 s", test.failed, 1);
	check_int("detail", test.t.status.detail, 2);
	close(fd);
}

/* A full backlog: nobody answers the call at all. */
static void
test_connect(void **state)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fill[4];

	(void)state;
	ip_to_sockaddr(&test.ip, test.port, &ss, &len);
	for (size_t i = 0; i < nitems(fill); i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fill[i], (struct sockaddr *)&ss, len);
	}
	open_one();
	pass(29);
	check_int("29 s", test.failed, 0);
	pass(2);
	check_int("31 s", test.failed, 1);
	check_int("detail", test.t.status.detail, 1);
	check_str("text", test.t.status.text, "Connection timed out");
	for (size_t i = 0; i < nitems(fill); i++)
		close(fill[i]);
}

/* A server that is ready for the body; its end of the connection. */
static int
serve_until(const char *replies, int body)
{
	int fd;

	open_with(body);
	fd = accept(test.listener, NULL, NULL);
	assert_int_equal(
	    write(fd, replies, strlen(replies)), (ssize_t)strlen(replies));
	for (int i = 0; i < 10; i++)
		turn();
	return fd;
}

/* Reads so much, while the client writes. */
static size_t
take(int fd, size_t want)
{
	static char scratch[65536];
	size_t got = 0;

	for (int idle = 0; got < want && idle < 1000;) {
		ssize_t n = recv(fd, scratch, sizeof(scratch), MSG_DONTWAIT);

		idle = n > 0 ? 0 : idle + 1;
		got += n > 0 ? (size_t)n : 0;
		turn();
	}
	return got;
}

static const char ready[] = "220 s\r\n250 s\r\n250 m\r\n250 r\r\n354 go on\r\n";

/* Something is taken every minute: enough, or too little of it. */
static void
test_rate(void **state)
{
	static const struct {
		size_t taken; /* a minute */
		uint64_t rate;
		bool ends;
	} rows[] = {
		{ 100 * 60000, RATE, false },
		{ 1000000, RATE, true },
		{ 1000000, 0, false },
		/* less a minute than what makes a socket writable */
		{ 100000, 1000, false },
		{ 0, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		FILE *body = tmpfile();
		int fd;

		test.failed = test.late = 0;
		test.conns.rate = rows[i].rate;
		test.t.size = BODY;
		assert_int_equal(ftruncate(fileno(body), BODY), 0);
		fd = serve_until(ready, fileno(body));
		for (int minute = 0; minute < 25 && test.failed == 0;
		     minute++) {
			if (minute < 3)
				check_int("grace", test.failed, 0);
			(void)take(fd, rows[i].taken);
			pass(60);
		}
		check_int("ends", test.failed, rows[i].ends);
		check_int("late", test.late, rows[i].ends);
		if (rows[i].ends) {
			check_str("text", test.t.status.text,
			    rows[i].rate == 0
				? "time-out, waiting for the end of the body"
				: "the server takes less than 100000 bytes a "
				  "second, waiting for the end of the body");
			check_int("stage", test.t.stage, STAGE_DATA);
			check_int("smtp", test.t.status.smtp, 451);
		}
		close(fd);
		for (int n = 0; n < 10; n++)
			turn();
		fclose(body);
	}
}

/* Each reply comes just in time, for very many recipients. */
static void
test_many_replies(void **state)
{
	int fd, heard = 0;

	(void)state;
	transaction_clear(&test.t);
	transaction_init(&test.t, "a@x", 1000);
	for (uint32_t n = 0; n < 1000; n++)
		transaction_add(&test.t,
		    &(struct msg_job_rcpt){ .n = n, .address = "b@y" });
	fd = serve_until("220 s\r\n250 s\r\n250 m\r\n", -1);
	for (; test.failed == 0 && heard < 1000; heard++) {
		assert_int_equal(write(fd, "250 r\r\n", 7), 7);
		pass(290);
	}
	check_int("ended", test.failed, 1);
	check_int("late", test.late, 1);
	if (heard < LIFE / 290 || heard > LIFE / 290 + 3)
		fail_msg("ended at the %dth reply", heard);
	check_str("text", test.t.status.text,
	    "the server takes longer than 43200 seconds in all, waiting for "
	    "the reply to RCPT");
	close(fd);
}

/* Who has nothing to do is not late. */
static void
test_idle(void **state)
{
	FILE *body = tmpfile();
	int fd;

	(void)state;
	test.keep = true;
	test.t.size = 2;
	assert_int_equal(write(fileno(body), "\r\n", 2), 2);
	fd = serve_until(ready, fileno(body));
	check_int("dotted", test.dotted, 1);
	assert_int_equal(write(fd, "250 taken\r\n", 11), 11);
	turn();
	check_int("over", test.over, 1);
	pass(6);
	check_int("closed", test.failed, 1);
	check_int("late", test.late, 0);
	close(fd);
	fclose(body);
}

static void
fire(void *arg)
{
	*(size_t *)arg += 1;
}

static void
test_timers(void **state)
{
	struct timer a, b, c;
	size_t na = 0, nb = 0, nc = 0;

	(void)state;
	timer_init(&a, fire, &na);
	timer_init(&b, fire, &nb);
	timer_init(&c, fire, &nc);
	timer_set(&test.timers, &a, 5);
	timer_set(&test.timers, &b, 5);
	timer_set(&test.timers, &c, 7);
	timer_clear(&test.timers, &b);
	timer_clear(&test.timers, &b);
	pass(4);
	check_int("4 s", na + nb + nc, 0);
	timer_set(&test.timers, &a, 5);
	pass(3);
	check_int("7 s", na, 0);
	check_int("7 s", nc, 1);
	pass(2);
	check_int("9 s", na, 1);
	check_int("cleared", nb, 0);
	check_int("once", nc, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_greeting, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dribble, setup, teardown),
		cmocka_unit_test_setup_teardown(test_connect, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rate, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_many_replies, setup, teardown),
		cmocka_unit_test_setup_teardown(test_idle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timers, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
