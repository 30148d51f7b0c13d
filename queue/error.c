/* SPDX-License-Identifier: ISC */
/* queue/error.c - the last error of what waits, as a status. */
#include "queue/error.h"

#include "common/base/view.h"

/* Up to the dot, or the end of the word. */
static bool
take_number(struct view *v, uint64_t max, int *out)
{
	size_t n = view_find(*v, '.');
	uint64_t number;

	if (!view_u64(view_make(v->data, n), &number) || number > max)
		return false;
	*v = view_skip(*v, n + 1);
	*out = (int)number;
	return true;
}

struct codes {
	int smtp, subject, detail;
};

static bool
take_codes(struct view *rest, struct codes *c)
{
	struct view v = *rest, word = view_word(&v);
	int class_;

	if (!take_number(&word, 499, &c->smtp) || c->smtp < 400 || word.len > 0)
		return false;
	word = view_word(&v);
	if (!take_number(&word, 4, &class_) || class_ != 4 ||
	    !take_number(&word, 999, &c->subject) ||
	    !take_number(&word, 999, &c->detail) || word.len > 0)
		return false;
	*rest = view_trim(v);
	return true;
}

void
error_status(const char *error, struct status *st)
{
	struct view rest = view_of(error == NULL ? "not tried yet" : error);
	struct codes c;

	if (!take_codes(&rest, &c))
		c = (struct codes){ .smtp = 451, .subject = 4, .detail = 1 };
	status_later(
	    st, c.smtp, c.subject, c.detail, "%.*s", (int)rest.len, rest.data);
}
