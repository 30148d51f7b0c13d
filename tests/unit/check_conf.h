/* SPDX-License-Identifier: ISC */
/* tests/unit/check_conf.h - what is read of a configuration, printed of it,
 * refused. */
#ifndef TESTS_UNIT_CHECK_CONF_H
#define TESTS_UNIT_CHECK_CONF_H

#include "common/conf/conf.h"

#include "tests/unit/check.h"

struct conf_printed {
	const char *text, *print; /* the last lines of what is in force */
};

struct conf_refused {
	const char *text;
	unsigned int line;
	const char *error;
};

static inline void
check_print(const char *text, const char *want)
{
	struct conf_error error = { 0 };
	struct conf c;
	struct buf out;
	const char *all;

	conf_init(&c);
	if (!conf_parse(&c, view_of(text), &error))
		fail_msg("%s: %s", text, error.text);
	buf_init(&out, 65536);
	conf_print(&c, &out);
	all = buf_string(&out);
	assert_true(strlen(all) >= strlen(want));
	check_str(text, all + strlen(all) - strlen(want), want);
	buf_free(&out);
	conf_clear(&c);
}

/* And what is printed is read and printed as the same. */
static inline void
check_printed(const struct conf_printed *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		check_print(rows[i].text, rows[i].print);
		check_print(rows[i].print, rows[i].print);
	}
}

static inline void
check_refused(const struct conf_refused *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct conf_error error = { 0 };
		struct conf c;

		conf_init(&c);
		check_int(rows[i].text,
		    conf_parse(&c, view_of(rows[i].text), &error), false);
		check_str(rows[i].text, error.text, rows[i].error);
		check_int(rows[i].text, error.line, rows[i].line);
		conf_clear(&c);
	}
}

#endif
