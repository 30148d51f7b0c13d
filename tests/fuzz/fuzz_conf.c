/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_conf.c - the configuration (common/conf/conf.h).
 *
 * What is accepted can be printed, read again, and is the same then; what is
 * refused is refused in one printable line that names a line of the file.
 */
#include "tests/fuzz/fuzz.h"

#include "common/conf/conf.h"

#include <string.h>

enum { PRINT_MAX = 16 * 1024 * 1024 };

static void
check_error(struct view in, const struct conf_error *error)
{
	unsigned int lines = 1;

	for (size_t i = 0; i < in.len; i++)
		lines += in.data[i] == '\n';
	must(error->line >= 1 && error->line <= lines, "the line exists");
	must(error->text[0] != '\0', "it says what is wrong");
	must(strpbrk(error->text, "\r\n") == NULL, "in one line");
}

static void
check_print(const struct conf *conf)
{
	struct conf again;
	struct conf_error error;
	struct buf first, second;

	buf_init(&first, PRINT_MAX);
	buf_init(&second, PRINT_MAX);
	conf_print(conf, &first);
	conf_init(&again);
	/* a configuration without a name prints one that is not there yet */
	if (conf_text(conf, KEY_HOSTNAME)[0] != '\0') {
		must(conf_parse(&again, buf_view(&first), &error),
		    "what is printed can be read");
		conf_print(&again, &second);
		must(view_eq(buf_view(&first), buf_view(&second)),
		    "and means the same");
	}
	conf_clear(&again);
	buf_free(&first);
	buf_free(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view in = fuzz_view(data, len);
	struct conf conf;
	struct conf_error error;

	conf_init(&conf);
	if (conf_parse(&conf, in, &error))
		check_print(&conf);
	else
		check_error(in, &error);
	conf_clear(&conf);
	return 0;
}
