/* SPDX-License-Identifier: ISC */
/* tools/sorted.c - messages of a listing in another order than they come in. */
#include "tools/sorted.h"

#include "common/base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* Beyond twice the limit the last ones are dropped, and never fewer at once. */
enum { DROP_MIN = 1000 };

struct sorted_item {
	int64_t number;
	uint64_t seen; /* equal ones stay as they came */
	char *text;    /* what is compared, a NUL, what is shown; ours */
	size_t shown;  /* bytes of that */
	bool reverse;
};

static const struct {
	const char *word;
	enum sort_key key;
} words[] = {
	{ "age", SORT_AGE },
	{ "size", SORT_SIZE },
	{ "next", SORT_NEXT },
	{ "attempts", SORT_ATTEMPTS },
	{ "sender", SORT_SENDER },
	{ "recipient", SORT_RECIPIENT },
	{ "destination", SORT_DESTINATION },
};

enum sort_key
sorted_key(const char *word)
{
	for (size_t i = 0; i < nitems(words); i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].key;
	return SORT_NONE;
}

void
sorted_row(struct sorted *s, const struct msg_row *m)
{
	s->number = 0;
	s->text[0] = '\0';
	s->rcpts = false;
	switch (s->key) {
	case SORT_AGE:
		s->number = m->received;
		break;
	case SORT_SIZE:
		s->number = (int64_t)m->size;
		break;
	case SORT_SENDER:
		(void)strlcpy(s->text, m->sender, sizeof(s->text));
		break;
	case SORT_NEXT:
		s->number = INT64_MAX;
		break;
	case SORT_NONE:
	case SORT_ATTEMPTS:
	case SORT_RECIPIENT:
	case SORT_DESTINATION:
	case SORT_KEYS:
		break;
	}
}

static int64_t
next_of(const struct msg_row_rcpt *m)
{
	if (m->state == GROUP_HELD)
		return INT64_MAX;
	return m->state == GROUP_WAITING ? m->next_try : 0;
}

void
sorted_rcpt(struct sorted *s, const struct msg_row_rcpt *m)
{
	bool first = !s->rcpts;

	s->rcpts = true;
	if (s->key == SORT_NEXT && next_of(m) < s->number)
		s->number = next_of(m);
	if (s->key == SORT_ATTEMPTS && m->attempts > s->number)
		s->number = m->attempts;
	if (s->key == SORT_RECIPIENT && first)
		(void)strlcpy(s->text, m->address, sizeof(s->text));
	if (s->key == SORT_DESTINATION && first)
		(void)strlcpy(s->text, m->destination, sizeof(s->text));
}

static int
compare(const void *pa, const void *pb)
{
	const struct sorted_item *a = pa, *b = pb;
	int order = (a->number > b->number) - (a->number < b->number);

	if (order == 0)
		order = strcasecmp(a->text, b->text);
	if (order == 0)
		order = (a->seen > b->seen) - (a->seen < b->seen);
	return a->reverse ? -order : order;
}

static void
in_order(struct sorted *s)
{
	if (s->n > 0)
		qsort(s->items, s->n, sizeof(*s->items), compare);
}

static void
drop_behind(struct sorted *s, size_t n)
{
	while (s->n > n)
		mem_free(s->items[--s->n].text);
}

void
sorted_add(struct sorted *s, struct view shown)
{
	size_t len = strlen(s->text) + 1;
	struct sorted_item *item;

	if (s->limit > 0 && s->n >= s->limit + DROP_MIN &&
	    s->n >= 2 * s->limit) {
		in_order(s);
		drop_behind(s, s->limit);
	}
	if (s->n == s->size) {
		s->size = s->size == 0 ? 1024 : 2 * s->size;
		s->items = mem_grow(s->items, s->size, sizeof(*s->items));
	}
	item = &s->items[s->n++];
	item->number = s->number;
	item->seen = s->seen++;
	item->reverse = s->reverse;
	item->shown = shown.len;
	item->text = mem_alloc(len + shown.len);
	memcpy(item->text, s->text, len);
	if (shown.len > 0)
		memcpy(item->text + len, shown.data, shown.len);
}

void
sorted_write(struct sorted *s, bool (*write)(void *, struct view), void *arg)
{
	bool goes_on = true;

	in_order(s);
	if (s->limit > 0)
		drop_behind(s, s->limit);
	for (size_t i = 0; i < s->n && goes_on; i++) {
		const struct sorted_item *item = &s->items[i];
		const char *shown = item->text + strlen(item->text) + 1;

		goes_on = write(arg, view_make(shown, item->shown));
	}
	drop_behind(s, 0);
	mem_free(s->items);
	s->items = NULL;
	s->size = 0;
}
