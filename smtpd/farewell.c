/* SPDX-License-Identifier: ISC */
/* smtpd/farewell.c - who is turned away by a word through TLS. */
#include "smtpd/farewell.h"

bool
farewell_begin(struct farewells *f, uint64_t key)
{
	uint64_t *place = NULL;
	size_t same = 0;

	for (size_t i = 0; i < FAREWELLS; i++) {
		same += f->keys[i] == key;
		if (f->keys[i] == 0)
			place = &f->keys[i];
	}
	if (place == NULL || same >= FAREWELLS_EACH || f->begun >= FAREWELLS)
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
