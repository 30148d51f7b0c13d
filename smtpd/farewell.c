/* SPDX-License-Identifier: ISC */
/* smtpd/farewell.c - who is turned away by a word through TLS. */
#include "smtpd/farewell.h"

/* Half as many with each quarter of the places that others have: those of a
 * few addresses never fill them, and who has none gets the last one. */
static size_t
part_of(size_t others)
{
	return (size_t)FAREWELLS_EACH >> (4 * others / FAREWELLS);
}

bool
farewell_begin(struct farewells *f, uint64_t key)
{
	uint64_t *place = NULL;
	size_t same = 0, others = 0;

	for (size_t i = 0; i < FAREWELLS; i++) {
		if (f->keys[i] == 0)
			place = &f->keys[i];
		else if (f->keys[i] == key)
			same++;
		else
			others++;
	}
	if (place == NULL || same >= part_of(others) || f->begun >= FAREWELLS)
		return false;
	*place = key;
	f->begun++;
	return true;
}

void
farewell_end(struct farewells *f, uint64_t key)
{
	for (size_t i = 0; i < FAREWELLS; i++) {
		if (f->keys[i] != key)
			continue;
		f->keys[i] = 0;
		return;
	}
}

void
farewell_second(struct farewells *f)
{
	f->begun = 0;
}
