/* SPDX-License-Identifier: ISC */
/* master/trouble.c - why posternd cannot start, or keeps what it has. */
#include "master/trouble.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool
trouble_set(struct trouble *t, int code, const char *fmt, ...)
{
	va_list ap;

	t->code = code;
	va_start(ap, fmt);
	vsnprintf(t->text, sizeof(t->text), fmt, ap);
	va_end(ap);
	return false;
}

void
trouble_exit(const struct trouble *t)
{
	fprintf(stderr, "posternd: %s\n", t->text);
	exit(t->code);
}
