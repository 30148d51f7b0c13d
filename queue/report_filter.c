/* SPDX-License-Identifier: ISC */
/* queue/report_filter.c - which messages a listing is wanted of. Pure. */
#include "queue/report_filter.h"

#include <string.h>

bool
filter_sound(const struct msg_ask_queue *f)
{
	return f->state <= GROUP_HELD && f->brief <= 1 && f->older >= 0 &&
	       f->younger >= 0;
}

bool
filter_asks_rcpt(const struct msg_ask_queue *f)
{
	return f->recipient[0] != '\0' || f->domain[0] != '\0' ||
	       f->error[0] != '\0' || f->state != 0;
}

bool
filter_asks(const struct msg_ask_queue *f)
{
	return f->sender[0] != '\0' || f->older != 0 || f->younger != 0 ||
	       filter_asks_rcpt(f);
}

/* Behind the last @; empty without one. */
static const char *
domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return at == NULL ? "" : at + 1;
}

/* "a@b.example", "@b.example" for all of a domain, "<>" for nobody. */
static bool
address_is(const char *address, const char *wanted)
{
	if (strcmp(wanted, "<>") == 0)
		return address[0] == '\0';
	if (wanted[0] == '@')
		return view_is_nocase(view_of(domain_of(address)), wanted + 1);
	return view_is_nocase(view_of(address), wanted);
}

static bool
contains(struct view text, const char *word)
{
	for (; text.len > 0; text = view_skip(text, 1))
		if (view_starts_nocase(text, word))
			return true;
	return false;
}

bool
filter_message(
    const struct msg_ask_queue *f, const char *sender, int64_t received)
{
	if (f->older != 0 && received > f->older)
		return false;
	if (f->younger != 0 && received < f->younger)
		return false;
	return f->sender[0] == '\0' || address_is(sender, f->sender);
}

bool
filter_rcpt(const struct msg_ask_queue *f, const struct msg_row_rcpt *r)
{
	if (f->state != 0 && r->state != f->state)
		return false;
	if (f->recipient[0] != '\0' && !address_is(r->address, f->recipient) &&
	    (r->original[0] == '\0' || !address_is(r->original, f->recipient)))
		return false;
	if (f->domain[0] != '\0' &&
	    !view_is_nocase(view_of(domain_of(r->address)), f->domain))
		return false;
	return f->error[0] == '\0' || contains(view_of(r->error), f->error);
}
