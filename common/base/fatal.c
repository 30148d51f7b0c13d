/* SPDX-License-Identifier: ISC */
/* common/base/fatal.c - the end of a process, with its reason in the log. */
#include "common/base/fatal.h"

#include "common/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

static void say(const char *, const char *, va_list)
    __attribute__((__format__(printf, 2, 0)));

static void
say(const char *event, const char *fmt, va_list ap)
{
	char text[512];

	/* %m reads errno, which nothing before this line has changed */
	vsnprintf(text, sizeof(text), fmt, ap);
	log_begin(event);
	log_text("text", text);
	log_end();
	log_flush();
}

void
fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("fatal", fmt, ap);
	va_end(ap);
	_Exit(EX_OSERR);
}

void
fatal_code(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("fatal", fmt, ap);
	va_end(ap);
	_Exit(code);
}

void
panic_at(const char *file, int line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_begin("panic");
	log_text("text", text);
	log_text("file", file);
	log_u64("line", (uint64_t)line);
	log_end();
	log_flush();
	_Exit(EX_SOFTWARE);
}
