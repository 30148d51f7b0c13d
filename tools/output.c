/* SPDX-License-Identifier: ISC */
/* tools/output.c - standard output that may close at any time. */
#include "tools/output.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <unistd.h>

enum { OUTPUT_MAX = 64 * 1024 * 1024, OUTPUT_LARGE = 1024 * 1024 };

void
output_init(struct output *o)
{
	struct winsize size;

	memset(o, 0, sizeof(*o));
	buf_init(&o->text, OUTPUT_MAX);
	setlocale(LC_CTYPE, "");
	o->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (isatty(STDOUT_FILENO) &&
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		o->width = size.ws_col;
}

bool
output_flush(struct output *o)
{
	struct view v = buf_view(&o->text);
	ssize_t n;

	while (v.len > 0 && !o->closed && o->failed == 0) {
		n = write(STDOUT_FILENO, v.data, v.len);
		if (n >= 0)
			v = view_skip(v, (size_t)n);
		else if (errno == EPIPE)
			o->closed = true;
		else if (errno != EINTR)
			o->failed = errno;
	}
	buf_clear(&o->text);
	return !o->closed && o->failed == 0;
}

bool
output_flush_if_large(struct output *o)
{
	return o->text.len < OUTPUT_LARGE || output_flush(o);
}

int
output_end(struct output *o, int code)
{
	output_flush(o);
	buf_free(&o->text);
	if (o->failed == 0)
		return code;
	fprintf(stderr, "postern: cannot write the output: %s\n",
	    strerror(o->failed));
	return EX_IOERR;
}
