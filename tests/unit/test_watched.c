/* SPDX-License-Identifier: ISC */
/* tests/unit/test_watched.c - a file that has changed is noticed once, and one
 * that others could change is not taken.
 */
#include "master/watched.h"

#include "common/base/log.h"

#include "tests/unit/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];

static void
put(const char *text)
{
	char new[80];
	FILE *f;

	snprintf(new, sizeof(new), "%s.new", path);
	f = fopen(new, "w");
	fputs(text, f);
	fclose(f);
	chmod(new, 0600);
	rename(new, path);
}

/* The descriptor is of what stands there now. */
static void
check_content(const struct watched_file *w, const char *wanted)
{
	char text[64];
	ssize_t n = pread(w->fd, text, sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	check_str("content", text, wanted);
}

static void
conf_make(struct conf *c)
{
	struct conf_error error;
	char text[256];

	snprintf(text, sizeof(text),
	    "listen on ::1 port 26 auth cleartext\npasswords \"%s\"\n", path);
	conf_init(c);
	check_int("conf", conf_parse(c, view_of(text), &error), true);
}

static void
test_changes(void **state)
{
	struct watched all;
	struct watched_file *w;
	struct trouble t;
	struct conf c;

	(void)state;
	put("one");
	conf_make(&c);
	check_int("open", watched_open(&all, &c, "conf", &t), true);
	check_int("files", all.n, 1);
	w = &all.of[0];
	check_content(w, "one");
	check_int("no change", watched_look(w), false);
	put("two"); /* another inode */
	check_int("renamed", watched_look(w), true);
	check_content(w, "two");
	check_int("said once", watched_look(w), false);
	check_int("truncated", truncate(path, 2), 0);
	check_int("another size", watched_look(w), true);
	check_content(w, "tw");
	chmod(path, 0644);
	check_int("open to others", watched_look(w), false);
	check_content(w, "tw");
	unlink(path);
	check_int("gone", watched_look(w), false);
	check_content(w, "tw");
	put("three");
	check_int("back", watched_look(w), true);
	check_content(w, "three");
	watched_close(&all);
	conf_clear(&c);
	unlink(path);
}

static void
test_refused_at_start(void **state)
{
	struct watched all;
	struct trouble t;
	struct conf c;

	(void)state;
	conf_make(&c);
	check_int("missing", watched_open(&all, &c, "conf", &t), false);
	check_int("named", strncmp(t.text, path, strlen(path)), 0);
	put("x");
	chmod(path, 0640);
	check_int("readable", watched_open(&all, &c, "conf", &t), false);
	check_int("says how", strstr(t.text, "chmod 0600") != NULL, true);
	unlink(path);
	conf_clear(&c);
	conf_init(&c);
	check_int("no logins", watched_open(&all, &c, "conf", &t), true);
	check_int("no files", all.n, 0);
	conf_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_refused_at_start),
	};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	log_open(null, "test");
	snprintf(path, sizeof(path), "/tmp/watched.%ld", (long)getpid());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
