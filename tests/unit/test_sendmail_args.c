/* SPDX-License-Identifier: ISC */
/* tests/unit/test_sendmail_args.c - command lines that programs use. */
#include "tools/sendmail_args.h"

#include "tests/unit/check.h"

enum { WORDS = 10 };

static const struct {
	const char *words[WORDS];
	enum sendmail_mode mode;
	bool t, i;
	const char *sender;
	int first;
	const char *wrong; /* NULL: fine */
} cases[] = {
	{ { "sendmail", "a@b" }, SENDMAIL_MESSAGE, false, false, NULL, 1, 0 },
	{ { "/usr/bin/mailq" }, SENDMAIL_QUEUE, false, false, NULL, 1, 0 },
	{ { "newaliases" }, SENDMAIL_ALIASES, false, false, NULL, 1, 0 },
	{ { "sendmail", "-t", "-oi" }, SENDMAIL_MESSAGE, true, true, NULL, 3,
	    0 },
	{ { "sendmail", "-ti" }, SENDMAIL_MESSAGE, true, true, NULL, 2, 0 },
	{ { "sendmail", "-i", "-f", "x@y", "--", "-a" }, SENDMAIL_MESSAGE,
	    false, true, "x@y", 5, 0 },
	{ { "sendmail", "-fx@y", "-oem", "-oi", "-odb", "a" }, SENDMAIL_MESSAGE,
	    false, true, "x@y", 5, 0 },
	{ { "sendmail", "-f", "", "a" }, SENDMAIL_MESSAGE, false, false, "", 3,
	    0 },
	{ { "sendmail", "-r", "<>", "-F", "Joe User", "-v", "a" },
	    SENDMAIL_MESSAGE, false, false, "<>", 6, 0 },
	{ { "sendmail", "-bs" }, SENDMAIL_SMTP, false, false, NULL, 2, 0 },
	{ { "sendmail", "-bp", "-v" }, SENDMAIL_QUEUE, false, false, NULL, 3,
	    0 },
	{ { "sendmail", "-b", "m", "-B", "8BITMIME", "a" }, SENDMAIL_MESSAGE,
	    false, false, NULL, 5, 0 },
	{ { "sendmail", "-q" }, SENDMAIL_RUN, false, false, NULL, 2, 0 },
	{ { "sendmail", "-q30m", "-Am", "-em", "-O", "x=y", "-h", "3" },
	    SENDMAIL_RUN, false, false, NULL, 8, 0 },
	{ { "sendmail", "-I" }, SENDMAIL_ALIASES, false, false, NULL, 2, 0 },
	{ { "sendmail", "-N", "success,delay", "-R", "hdrs", "-V", "e+1" },
	    SENDMAIL_MESSAGE, false, false, NULL, 7, 0 },
	{ { "sendmail", "-N", "never" }, SENDMAIL_MESSAGE, false, false, NULL,
	    3, 0 },
	{ { "sendmail", "-" }, SENDMAIL_MESSAGE, false, false, NULL, 1, 0 },
	{ { "sendmail", "-C/tmp/evil.cf" }, 0, false, false, NULL, 0,
	    "-C: takes no configuration from its caller" },
	{ { "sendmail", "-bd" }, 0, false, false, NULL, 0,
	    "-b: is no daemon here: that is posternd" },
	{ { "sendmail", "-bv" }, 0, false, false, NULL, 0,
	    "-b: no such mode; there are -bm, -bs, -bp and -bi" },
	{ { "sendmail", "-Z" }, 0, false, false, NULL, 0,
	    "-Z: no such option" },
	{ { "sendmail", "-f" }, 0, false, false, NULL, 0, "-f: needs a value" },
	{ { "sendmail", "-N", "sometimes" }, 0, false, false, NULL, 0,
	    "-N: never, or of success, failure, delay" },
	{ { "sendmail", "-N", "never,delay" }, 0, false, false, NULL, 0,
	    "-N: never, or of success, failure, delay" },
	{ { "sendmail", "-N", "delay,delay" }, 0, false, false, NULL, 0,
	    "-N: never, or of success, failure, delay" },
	{ { "sendmail", "-V", "a\nb" }, 0, false, false, NULL, 0,
	    "-V: printable ASCII, 100 bytes at most when encoded" },
	{ { "sendmail", "-V",
	      "++++++++++++++++++++++++++++++++++" }, /* 102 when encoded */
	    0, false, false, NULL, 0,
	    "-V: printable ASCII, 100 bytes at most when encoded" },
	{ { "sendmail", "-R", "all" }, 0, false, false, NULL, 0,
	    "-R: full or hdrs" },
	{ { "sendmail", "-B", "9BIT" }, 0, false, false, NULL, 0,
	    "-B: a body is 7BIT or 8BITMIME" },
};

static void
check_case(size_t i)
{
	char *argv[WORDS + 1] = { NULL };
	char wrong[SENDMAIL_WRONG] = "";
	struct sendmail_args a;
	int argc = 0;
	bool fine;

	while (argc < WORDS && cases[i].words[argc] != NULL) {
		argv[argc] = mem_copy_string(cases[i].words[argc]);
		argc++;
	}
	fine = sendmail_args_read(argc, argv, &a, wrong);
	check_str(cases[i].words[0], wrong,
	    cases[i].wrong == NULL ? "" : cases[i].wrong);
	if (fine) {
		const char *label = argc > 1 ? argv[1] : argv[0];

		check_int(label, a.mode, cases[i].mode);
		check_int(label, a.header_rcpts, cases[i].t);
		check_int(label, a.dots_are_text, cases[i].i);
		check_int(label, a.first, cases[i].first);
		check_str(label, a.sender == NULL ? "none" : a.sender,
		    cases[i].sender == NULL ? "none" : cases[i].sender);
	}
	for (int n = 0; n < argc; n++)
		mem_free(argv[n]);
}

static void
test_command_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(cases); i++)
		check_case(i);
}

static void
test_dsn_values(void **state)
{
	char words[][10] = { "sendmail", "-Nnever", "-Rfull", "-Va=b c" };
	char *argv[] = { words[0], words[1], words[2], words[3], NULL };
	char wrong[SENDMAIL_WRONG];
	struct sendmail_args a;

	(void)state;
	assert_true(sendmail_args_read(4, argv, &a, wrong));
	check_str("notify", a.notify, "never");
	check_str("ret", a.ret, "full");
	check_str("envid", a.envid, "a+3Db+20c");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command_lines),
		cmocka_unit_test(test_dsn_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
