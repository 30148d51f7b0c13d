/* SPDX-License-Identifier: ISC */
/* tests/unit/test_transfer.c - tests of deliver/transfer.c */
#include "deliver/transfer.h"

#include "tests/unit/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int
file_with(const char *data, size_t len)
{
	FILE *f = tmpfile();
	int fd;

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fflush(f);
	fd = dup(fileno(f));
	fclose(f);
	return fd;
}

static const struct {
	const char *stored;
	const char *sent;
} small[] = {
	{ "", ".\r\n" },
	{ "a\r\n", "a\r\n.\r\n" },
	{ "a", "a\r\n.\r\n" },
	{ ".\r\n", "..\r\n.\r\n" },
	{ "a\r\n.b\r\n..c\r\n", "a\r\n..b\r\n...c\r\n.\r\n" },
	{ "\r\n\r\n", "\r\n\r\n.\r\n" },
};

static void
test_small(void **state)
{
	static char scratch[TRANSFER_PIECE];
	struct transfer t;
	struct buf out;

	(void)state;
	buf_init(&out, TRANSFER_MAX);
	for (size_t i = 0; i < nitems(small); i++) {
		size_t len = strlen(small[i].stored);
		int fd = file_with(small[i].stored, len);

		buf_clear(&out);
		transfer_begin(&t, fd, len);
		check_int(small[i].stored, transfer_next(&t, scratch, &out),
		    TRANSFER_END);
		check_str(small[i].stored, buf_string(&out), small[i].sent);
		close(fd);
	}
	buf_free(&out);
}

/* Reading exactly as many bytes as told, whatever the file holds. */
static void
test_size(void **state)
{
	static char scratch[TRANSFER_PIECE];
	struct transfer t;
	struct buf out;
	int fd = file_with("one\r\ntwo\r\n", 10);

	(void)state;
	buf_init(&out, TRANSFER_MAX);
	transfer_begin(&t, fd, 5);
	check_int("shorter", transfer_next(&t, scratch, &out), TRANSFER_END);
	check_str("shorter", buf_string(&out), "one\r\n.\r\n");
	transfer_begin(&t, fd, 11);
	check_int("longer", transfer_next(&t, scratch, &out), TRANSFER_MORE);
	check_int("longer", transfer_next(&t, scratch, &out), TRANSFER_BROKEN);
	transfer_begin(&t, -1, 5);
	check_int("no file", transfer_next(&t, scratch, &out), TRANSFER_BROKEN);
	buf_free(&out);
	close(fd);
}

/* Dots at every place around the edge of a piece. */
static void
test_edges(void **state)
{
	static char scratch[TRANSFER_PIECE];
	size_t len = 2 * TRANSFER_PIECE + 100;
	char *data = mem_alloc(len);
	struct buf all, want;
	struct transfer t;
	struct dots_out d;
	int fd;

	(void)state;
	for (size_t shift = 0; shift < 5; shift++) {
		for (size_t i = 0; i < len; i++)
			data[i] = ".\r\n.x"[(i + shift) % 5];
		buf_init(&all, 4 * len);
		buf_init(&want, 4 * len);
		dots_out_begin(&d);
		dots_out_add(&d, view_make(data, len), &want);
		dots_out_end(&d, &want);
		fd = file_with(data, len);
		transfer_begin(&t, fd, len);
		check_int("1", transfer_next(&t, scratch, &all), TRANSFER_MORE);
		assert_true(all.len <= TRANSFER_MAX);
		check_int("2", transfer_next(&t, scratch, &all), TRANSFER_MORE);
		check_int("3", transfer_next(&t, scratch, &all), TRANSFER_END);
		assert_true(buf_ok(&all));
		check_int("length", all.len, want.len);
		assert_memory_equal(all.data, want.data, want.len);
		close(fd);
		buf_free(&all);
		buf_free(&want);
	}
	mem_free(data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
