/* SPDX-License-Identifier: ISC */
/* common/mail/table.c - a table of keys with values, as it stands in memory. */
#include "common/mail/table.h"

#include "common/base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BUCKETS_MIN = 64 };

struct table {
	struct table_entry **buckets;
	size_t nbuckets; /* a power of two */
	size_t n;
	unsigned int rounds;
};

struct table *
table_new(void)
{
	struct table *t = mem_zero(1, sizeof(*t));

	t->nbuckets = BUCKETS_MIN;
	t->buckets = mem_zero(t->nbuckets, sizeof(struct table_entry *));
	return t;
}

static void
entry_free(struct table_entry *e)
{
	struct table_value *v;

	while ((v = e->values) != NULL) {
		e->values = v->next;
		mem_free(v);
	}
	mem_free(e);
}

void
table_free(struct table *t)
{
	struct table_entry *e;

	if (t == NULL)
		return;
	for (size_t i = 0; i < t->nbuckets; i++)
		while ((e = t->buckets[i]) != NULL) {
			t->buckets[i] = e->next;
			entry_free(e);
		}
	mem_free(t->buckets);
	mem_free(t);
}

size_t
table_count(const struct table *t)
{
	return t->n;
}

unsigned int
table_round(struct table *t)
{
	return ++t->rounds;
}

/* The keys are the administrator's own: nobody else can make them collide. */
static size_t
hash(struct view key)
{
	uint64_t h = 14695981039346656037ULL;

	for (size_t i = 0; i < key.len; i++)
		h = (h ^ (unsigned char)ascii_lower(key.data[i])) *
		    1099511628211ULL;
	return (size_t)(h ^ h >> 32);
}

struct table_entry *
table_find(const struct table *t, struct view key)
{
	struct table_entry *e = t->buckets[hash(key) & (t->nbuckets - 1)];

	while (e != NULL && !view_eq_nocase(view_of(e->key), key))
		e = e->next;
	return e;
}

static void
place(struct table *t, struct table_entry *e)
{
	size_t i = hash(view_of(e->key)) & (t->nbuckets - 1);

	e->next = t->buckets[i];
	t->buckets[i] = e;
}

static void
grow(struct table *t)
{
	struct table_entry **old = t->buckets, *e;
	size_t n = t->nbuckets;

	t->nbuckets *= 2;
	t->buckets = mem_zero(t->nbuckets, sizeof(struct table_entry *));
	for (size_t i = 0; i < n; i++)
		while ((e = old[i]) != NULL) {
			old[i] = e->next;
			place(t, e);
		}
	mem_free(old);
}

struct table_entry *
table_add(
    struct table *t, struct view key, unsigned int line, unsigned int *first)
{
	struct table_entry *e = table_find(t, key);

	if (e != NULL) {
		*first = e->line;
		return NULL;
	}
	if (t->n == t->nbuckets)
		grow(t);
	e = mem_zero(1, sizeof(*e) + key.len + 1);
	for (size_t i = 0; i < key.len; i++)
		e->key[i] = ascii_lower(key.data[i]);
	e->line = line;
	e->last = &e->values;
	place(t, e);
	t->n++;
	return e;
}

void
table_value_add(
    struct table_entry *e, struct view text, int kind, unsigned int line)
{
	struct table_value *v = mem_zero(1, sizeof(*v) + text.len + 1);

	memcpy(v->text, text.data, text.len);
	v->kind = kind;
	v->line = line;
	*e->last = v;
	e->last = &v->next;
}

void
table_each(const struct table *t, void (*call)(struct table_entry *, void *),
    void *arg)
{
	for (size_t i = 0; i < t->nbuckets; i++)
		for (struct table_entry *e = t->buckets[i]; e != NULL;
		     e = e->next)
			call(e, arg);
}

void
table_error(struct table_error *e, unsigned int line, const char *format, ...)
{
	va_list ap;

	e->line = line;
	va_start(ap, format);
	vsnprintf(e->text, sizeof(e->text), format, ap);
	va_end(ap);
}
