/* SPDX-License-Identifier: ISC */
/* tests/unit/test_status.c - codes and verdicts cannot disagree. */
#include "common/mail/status.h"

#include <sys/wait.h>

#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

#include "tests/unit/check.h"

static const struct {
	const char *line; /* NULL: the server said nothing */
	enum verdict verdict;
	int smtp;
	const char *code;
	const char *text;
} cases[] = {
	{ "250 2.1.5 fine", VERDICT_DONE, 250, "2.1.5", "fine" },
	{ "251 fine", VERDICT_DONE, 251, "2.0.0", "fine" },
	{ "451 4.7.1 greylisted", VERDICT_LATER, 451, "4.7.1", "greylisted" },
	{ "421 busy", VERDICT_LATER, 421, "4.0.0", "busy" },
	{ "550 5.1.1 unknown", VERDICT_NEVER, 550, "5.1.1", "unknown" },
	{ "599", VERDICT_NEVER, 599, "5.0.0", "" },
	{ "550 4.2.2 full", VERDICT_NEVER, 550, "5.0.0", "4.2.2 full" },
	{ "354 go on", VERDICT_LATER, 451, "4.5.0",
	    "unexpected reply 354 go on" },
	{ "rubbish", VERDICT_LATER, 451, "4.5.0", "not an SMTP reply: " },
	{ NULL, VERDICT_LATER, 451, "4.5.0", "not an SMTP reply: " },
};

static void
test_from_reply(void **state)
{
	char code[STATUS_CODE_TEXT];
	struct status st;
	struct reply r;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		const char *t = cases[i].line;

		reply_begin(&r);
		if (t != NULL)
			reply_line(&r, view_of(t));
		else
			t = "nothing";
		status_from_reply(&st, &r);
		check_int(t, st.verdict, cases[i].verdict);
		check_int(t, st.smtp, cases[i].smtp);
		check_str(t, status_code(&st, code), cases[i].code);
		check_str(t, st.text, cases[i].text);
	}
}

static void
test_constructors(void **state)
{
	char long_text[2 * STATUS_TEXT];
	struct status st;

	(void)state;
	status_done(&st, 250, 0, 0, "%s", "ok");
	check_int("done", st.verdict, VERDICT_DONE);
	status_later(&st, 451, 4, 1, "%s: %d\r\n\x01", "host", 5);
	check_int("later", st.verdict, VERDICT_LATER);
	check_str("controls", st.text, "host: 5???");
	memset(long_text, 'x', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	status_never(&st, 550, 1, 1, "%s", long_text);
	check_int("never", st.verdict, VERDICT_NEVER);
	check_int("cut", strlen(st.text), STATUS_TEXT - 1);
}

/* The exit code of a child that makes this status. */
static int
exit_of(int which, int smtp, int detail)
{
	struct status st;
	int wait_status;
	pid_t pid = fork();

	if (pid == 0) {
		/* the panic's log line is not for this test's output */
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		if (which == 2)
			status_done(&st, smtp, 0, detail, "x");
		else if (which == 4)
			status_later(&st, smtp, 0, detail, "x");
		else
			status_never(&st, smtp, 0, detail, "x");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &wait_status, 0), pid);
	return WEXITSTATUS(wait_status);
}

static void
test_lies_panic(void **state)
{
	(void)state;
	check_int("250 done", exit_of(2, 250, 0), 0);
	check_int("550 later", exit_of(4, 550, 0), EX_SOFTWARE);
	check_int("450 never", exit_of(5, 450, 0), EX_SOFTWARE);
	check_int("450 done", exit_of(2, 450, 0), EX_SOFTWARE);
	check_int("0 later", exit_of(4, 0, 0), EX_SOFTWARE);
	check_int("5500 never", exit_of(5, 5500, 0), EX_SOFTWARE);
	check_int("5.0.1000", exit_of(5, 550, 1000), EX_SOFTWARE);
	check_int("5.0.-1", exit_of(5, 550, -1), EX_SOFTWARE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_reply),
		cmocka_unit_test(test_constructors),
		cmocka_unit_test(test_lies_panic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
