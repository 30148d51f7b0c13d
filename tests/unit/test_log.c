/* SPDX-License-Identifier: ISC */
/* tests/unit/test_log.c - lines whole, foreign text escaped, nothing waits. */
#include "common/base/log.h"

#include "tests/unit/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096 };

static int ends[2];

static int
setup(void **state)
{
	(void)state;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends) == -1)
		return -1;
	log_open(ends[0], "test");
	log_set_stamp(false);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

/* One datagram without priority, name and process id; "" when there is none. */
static const char *
line(char out[LINE_MAX_BYTES], const char *priority)
{
	ssize_t n = read(ends[1], out, LINE_MAX_BYTES - 1);
	char head[64];
	size_t len;

	if (n <= 0)
		return "";
	out[n] = '\0';
	len = (size_t)snprintf(
	    head, sizeof(head), "%stest[%d]: ", priority, (int)getpid());
	check_int(out, strncmp(out, head, len), 0);
	return out + len;
}

static const struct {
	const char *text, *logged;
} texts[] = {
	{ "plain text", "plain text" },
	{ "a\"b\\c", "a\\\"b\\\\c" },
	{ "a\nb\rc\td\033[0m", "a\\x0ab\\x0dc\\x09d\\x1b[0m" },
	{ "\xc3\xa4 \xe2\x82\xac", "\xc3\xa4 \xe2\x82\xac" },
	{ "\xc3 \xff", "\\xc3 \\xff" },
	{ "\xc2\x9b", "\\xc2\\x9b" },
	{ "\x7f", "\\x7f" },
};

static void
test_escapes(void **state)
{
	char got[LINE_MAX_BYTES], want[LINE_MAX_BYTES];

	(void)state;
	for (size_t i = 0; i < nitems(texts); i++) {
		log_begin("event");
		log_text("k", texts[i].text);
		log_end();
		log_flush();
		snprintf(
		    want, sizeof(want), "event k=\"%s\"\n", texts[i].logged);
		check_str("line", line(got, "<22>"), want);
	}
}

static void
test_values(void **state)
{
	char got[LINE_MAX_BYTES];

	(void)state;
	log_begin("e");
	log_u64("u", UINT64_MAX);
	log_i64("i", -1);
	log_id("id", 32);
	log_word("w", "word");
	log_view("v", view_make("abc", 2));
	log_end();
	log_flush();
	check_str("line", line(got, "<22>"),
	    "e u=18446744073709551615 i=-1 id=10 w=word v=\"ab\"\n");
}

/* To syslog each line goes alone, with its own severity. */
static void
test_datagrams(void **state)
{
	char got[LINE_MAX_BYTES];

	(void)state;
	log_info("one", "%d", 1);
	log_warn("two");
	log_set_debug(true);
	log_debug("three");
	log_set_debug(false);
	log_debug("never");
	log_flush();
	check_str("info", line(got, "<22>"), "one text=\"1\"\n");
	check_str("warning", line(got, "<20>"), "warning text=\"two\"\n");
	check_str("debug", line(got, "<23>"), "debug text=\"three\"\n");
	check_str("no more", line(got, ""), "");
}

static void
test_long_text_is_cut(void **state)
{
	char got[LINE_MAX_BYTES], text[2000];
	const char *l;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	log_info("e", "x");
	log_begin("e");
	log_text("k", text);
	log_end();
	log_flush();
	line(got, "<22>");
	l = line(got, "<22>");
	check_int("length", strlen(l), strlen("e k=\"...\"\n") + 1024);
}

/* Nobody reads: lines are lost and counted, the rest comes when there is
 * room, and nothing here has waited. */
static void
test_full(void **state)
{
	char got[LINE_MAX_BYTES], text[900];
	const char *l;
	int lines = 0;
	bool said = false;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 2000; i++)
		log_info("e", "%s", text);
	do {
		l = line(got, "<22>");
		if (*l == '\0')
			log_flush();
		said = said || strncmp(l, "log-dropped ", 12) == 0;
		lines += *l == 'e';
	} while (!said && lines <= 2000);
	assert_true(said);
	assert_in_range(lines, 100, 1900);
	snprintf(text, sizeof(text), "log-dropped lines=%d\n", 2000 - lines);
	check_str("count", l, text);
}

static void
test_stamped(void **state)
{
	char got[LINE_MAX_BYTES];
	ssize_t n;

	(void)state;
	log_set_stamp(true);
	log_info("one", "1");
	log_info("two", "2");
	log_flush();
	n = read(ends[1], got, sizeof(got) - 1);
	assert_true(n > 0);
	got[n] = '\0';
	/* 2026-01-31T23:59:59.999 test[1]: */
	assert_int_equal(got[10], 'T');
	assert_int_equal(got[19], '.');
	assert_int_equal(strncmp(got + 24, "test[", 5), 0);
	assert_non_null(strstr(got, "]: one text=\"1\"\n"));
	assert_non_null(strstr(got, "]: two text=\"2\"\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_escapes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_values, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_datagrams, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_long_text_is_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stamped, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
