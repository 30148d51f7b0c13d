/* SPDX-License-Identifier: ISC */
/* tests/unit/test_source.c - where a message on standard input ends. */
#include "tools/source.h"

#include "tests/unit/check.h"

#include <stdlib.h>
#include <unistd.h>

static const struct {
	const char *in;
	bool dots_are_text;
	const char *out;
} cases[] = {
	{ "a\nb\n", false, "a\nb\n" },
	{ "a\n.\nb\n", false, "a\n" },
	{ "a\n.\r\nb\n", false, "a\n" },
	{ "a\r\n.\r\nb\r\n", false, "a\r\n" },
	{ "a\n.\nb\n", true, "a\n.\nb\n" },
	{ "a\n.b\n..\n. \n.\rx\n", false, "a\n.b\n..\n. \n.\rx\n" },
	{ ".\n", false, "" },
	{ ".", false, "" },
	{ "a.\n", false, "a.\n" },
	{ "a\n.", false, "a\n" },
	{ "", false, "" },
	{ "no end", false, "no end" },
};

static void
read_all(const char *in, bool dots_are_text, struct buf *out)
{
	struct source s;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], in, strlen(in)), strlen(in));
	close(fds[1]);
	assert_true(source_begin(&s, fds[0], dots_are_text));
	assert_true(s.whole);
	buf_add(out, buf_view(&s.kept));
	source_free(&s);
	close(fds[0]);
}

static void
test_ends(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (size_t i = 0; i < nitems(cases); i++) {
		buf_clear(&b);
		read_all(cases[i].in, cases[i].dots_are_text, &b);
		check_str(cases[i].in, buf_string(&b), cases[i].out);
	}
	buf_free(&b);
}

/* A dot's line that straddles what is kept and what passes through. */
static void
test_large(void **state)
{
	char name[] = "/tmp/postern-source-XXXXXX";
	int fd = mkstemp(name);
	struct source s;
	struct buf piece;
	char line[64];
	size_t total = 0;

	(void)state;
	assert_int_not_equal(fd, -1);
	unlink(name);
	memset(line, 'x', sizeof(line));
	line[63] = '\n';
	for (int i = 0; i < SOURCE_KEPT / 64 - 1; i++)
		assert_int_equal(write(fd, line, 64), 64);
	line[62] = '\n';
	line[63] = '.';
	assert_int_equal(write(fd, line, 64), 64);
	assert_int_equal(write(fd, "y\nend\n.\nnot this\n", 17), 17);
	lseek(fd, 0, SEEK_SET);
	assert_true(source_begin(&s, fd, false));
	assert_false(s.whole);
	assert_false(s.spent);
	check_int("kept", s.kept.len, SOURCE_KEPT + 1);
	buf_init(&piece, SOURCE_PIECE + 2);
	while (source_next(&s, &piece)) {
		total += piece.len;
		check_str("rest", buf_string(&piece), "\nend\n");
		buf_clear(&piece);
	}
	check_int("rest", total, 5);
	assert_true(s.spent);
	buf_free(&piece);
	source_free(&s);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
