/* SPDX-License-Identifier: ISC */
/* common/mail/status.c - how it went with one recipient. */
#include "common/mail/status.h"

#include "common/base/fatal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Strings of the system and of servers end up in here. */
static void
make_harmless(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text >= 0x7f)
			*text = '?';
}

static void
set(struct status *st, enum verdict verdict, int smtp, int subject, int detail)
{
	memset(st, 0, sizeof(*st));
	if (smtp / 100 != (int)verdict)
		panic("code %d with verdict %d", smtp, (int)verdict);
	if (subject < 0 || subject > 999 || detail < 0 || detail > 999)
		panic("enhanced code %d.%d.%d", (int)verdict, subject, detail);
	st->verdict = verdict;
	st->smtp = smtp;
	st->subject = subject;
	st->detail = detail;
}

static void __attribute__((__format__(printf, 2, 0)))
set_text(struct status *st, const char *fmt, va_list ap)
{
	vsnprintf(st->text, sizeof(st->text), fmt, ap);
	make_harmless(st->text);
}

void
status_done(
    struct status *st, int smtp, int subject, int detail, const char *fmt, ...)
{
	va_list ap;

	set(st, VERDICT_DONE, smtp, subject, detail);
	va_start(ap, fmt);
	set_text(st, fmt, ap);
	va_end(ap);
}

void
status_later(
    struct status *st, int smtp, int subject, int detail, const char *fmt, ...)
{
	va_list ap;

	set(st, VERDICT_LATER, smtp, subject, detail);
	va_start(ap, fmt);
	set_text(st, fmt, ap);
	va_end(ap);
}

void
status_never(
    struct status *st, int smtp, int subject, int detail, const char *fmt, ...)
{
	va_list ap;

	set(st, VERDICT_NEVER, smtp, subject, detail);
	va_start(ap, fmt);
	set_text(st, fmt, ap);
	va_end(ap);
}

void
status_from_reply(struct status *st, const struct reply *r)
{
	int digit = r->code / 100;
	int subject = r->subject < 0 ? 0 : r->subject;
	int detail = r->subject < 0 ? 0 : r->detail;

	if (r->bad || r->code == 0)
		status_later(st, 451, 5, 0, "not an SMTP reply: %s", r->text);
	else if (digit == 2)
		status_done(st, r->code, subject, detail, "%s", r->text);
	else if (digit == 4)
		status_later(st, r->code, subject, detail, "%s", r->text);
	else if (digit == 5)
		status_never(st, r->code, subject, detail, "%s", r->text);
	else
		status_later(
		    st, 451, 5, 0, "unexpected reply %d %s", r->code, r->text);
}

const char *
status_code(const struct status *st, char out[STATUS_CODE_TEXT])
{
	snprintf(out, STATUS_CODE_TEXT, "%d.%d.%d", (int)st->verdict % 10,
	    st->subject % 1000, st->detail % 1000);
	return out;
}
