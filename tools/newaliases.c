/* SPDX-License-Identifier: ISC */
/* tools/newaliases.c - is the alias file in order?
 *
 * Packages call it when they have added a name; what is wrong is said here as
 * lookup will say it in the log.
 */
#include "tools/newaliases.h"

#include "common/conf/conf.h"
#include "common/mail/aliases.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { PIECE = 65536 };

/* False: errno says why. */
static bool
read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error;
	ssize_t n = -1;
	char *room;

	buf_init(out, TABLE_FILE_MAX);
	if (fd == -1)
		return false;
	errno = EFBIG;
	while ((room = buf_room(out, PIECE)) != NULL &&
	       (n = read(fd, room, PIECE)) > 0)
		buf_commit(out, (size_t)n);
	error = errno;
	close(fd);
	errno = error;
	return n == 0;
}

static int
check(const char *path)
{
	struct table_error e;
	unsigned int line;
	const char *target;
	struct table *t;
	struct buf text;

	if (!read_file(path, &text)) {
		fprintf(stderr, "newaliases: %s: %s\n", path, strerror(errno));
		buf_free(&text);
		return EX_NOINPUT;
	}
	t = aliases_parse(buf_view(&text), &e);
	buf_free(&text);
	if (t == NULL) {
		fprintf(
		    stderr, "newaliases: %s:%u: %s\n", path, e.line, e.text);
		return EX_DATAERR;
	}
	for (size_t n = 0; aliases_unsupported(t, n, &line, &target); n++)
		fprintf(stderr, "newaliases: %s:%u: %s: not supported\n", path,
		    line, target);
	printf("%s: %zu aliases\n", path, table_count(t));
	table_free(t);
	return EX_OK;
}

int
newaliases(const char *file)
{
	struct conf_error e;
	struct conf c;
	struct buf text;
	int code = EX_OK;

	/* who may not read the configuration has nothing to make, either */
	if (!read_file(file, &text)) {
		buf_free(&text);
		return EX_OK;
	}
	conf_init(&c);
	if (!conf_parse(&c, buf_view(&text), &e)) {
		fprintf(
		    stderr, "newaliases: %s:%u: %s\n", file, e.line, e.text);
		code = EX_CONFIG;
	} else if (conf_text(&c, KEY_ALIASES)[0] != '\0') {
		code = check(conf_text(&c, KEY_ALIASES));
	}
	conf_clear(&c);
	buf_free(&text);
	return code;
}
