/* SPDX-License-Identifier: ISC */
/* tests/unit/test_smtpd_lines.c - only CRLF ends a command line. */
#include "tests/unit/check.h"

#include "common/base/buf.h"
#include "smtpd/lines.h"

static const char *const names[] = {
	[LINE_PART] = "part",
	[LINE_WHOLE] = "whole",
	[LINE_BARE] = "bare",
	[LINE_NUL] = "nul",
	[LINE_LONG] = "long",
};

/* What comes out of in: "whole NOOP, bare, part 3". */
static void
cut(struct lines *l, struct view in, struct buf *out)
{
	struct view line;
	enum line got;

	do {
		got = lines_next(l, &in, COMMAND_MAX, &line);
		buf_printf(out, "%s", names[got]);
		if (got == LINE_WHOLE)
			buf_printf(out, " %.*s", (int)line.len, line.data);
		if (got == LINE_PART)
			buf_printf(out, " %zu", in.len);
		else
			buf_add_string(out, ", ");
	} while (got != LINE_PART);
}

static const struct {
	const char *label, *in;
	size_t len; /* 0: strlen */
	const char *want;
} cases[] = {
	{ "nothing", "", 0, "part 0" },
	{ "one", "NOOP\r\n", 0, "whole NOOP, part 0" },
	{ "empty", "\r\n", 0, "whole , part 0" },
	{ "two and a part", "A\r\nB\r\nC", 0, "whole A, whole B, part 1" },
	{ "CR waits", "NOOP\r", 0, "part 5" },
	{ "LF", "A\nB\r\nC\r\n", 0, "bare, whole C, part 0" },
	{ "LF first", "\nA\r\nB\r\n", 0, "bare, whole B, part 0" },
	{ "LF only", "A\nB\nC\n", 0, "bare, part 0" },
	{ "CR inside", "A\rB\r\nC\r\n", 0, "bare, whole C, part 0" },
	{ "CR CR LF", "A\r\r\nC\r\n", 0, "bare, whole C, part 0" },
	{ "LF CR", "A\n\r\nC\r\n", 0, "bare, whole C, part 0" },
	{ "LF LF CR LF", "A\n\n\r\nC\r\n", 0, "bare, whole C, part 0" },
	{ "NUL", "A\0B\r\nC\r\n", 8, "nul, whole C, part 0" },
};

static void
test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct lines l = { 0 };
		struct view in = view_of(cases[i].in);
		struct buf out;

		if (cases[i].len != 0)
			in.len = cases[i].len;
		buf_init(&out, 4096);
		cut(&l, in, &out);
		check_str(cases[i].label, buf_string(&out), cases[i].want);
		buf_free(&out);
	}
}

static const struct {
	size_t len; /* of the line, with its CRLF */
	enum line want;
} lengths[] = {
	{ 2, LINE_WHOLE },
	{ 512, LINE_WHOLE },
	{ COMMAND_MAX - 1, LINE_WHOLE },
	{ COMMAND_MAX, LINE_WHOLE },
	{ COMMAND_MAX + 1, LINE_LONG },
	{ COMMAND_MAX + 2, LINE_LONG },
	{ 100000, LINE_LONG },
};

static void
test_lengths(void **state)
{
	static char text[100000 + 8];

	(void)state;
	for (size_t i = 0; i < nitems(lengths); i++) {
		size_t len = lengths[i].len;
		struct lines l = { 0 };
		struct view in = view_make(text, len + 6), line;

		memset(text, 'x', len);
		memcpy(text + len - 2, "\r\nRSET\r\n", 8);
		check_int("first", lines_next(&l, &in, COMMAND_MAX, &line),
		    lengths[i].want);
		check_int("next", lines_next(&l, &in, COMMAND_MAX, &line),
		    LINE_WHOLE);
		check_int("RSET", view_is(line, "RSET"), true);
		check_int("rest", in.len, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
