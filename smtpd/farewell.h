/* SPDX-License-Identifier: ISC */
/* smtpd/farewell.h - who is turned away where TLS begins with the first byte,
 * and hears why.  (Pure.)
 *
 * A word costs a handshake there, and turning away must stay cheap: so only so
 * many have one at a time, so many are begun in a second, and one address has
 * a part of those places, the smaller the more of them others have, so that
 * few addresses cannot keep the word from all others.
 */
#ifndef SMTPD_FAREWELL_H
#define SMTPD_FAREWELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAREWELLS = 32, FAREWELLS_EACH = 8 /* at most */ };

struct farewells {
	uint64_t keys[FAREWELLS]; /* of addresses, census_key(); 0: free */
	size_t begun;             /* in this second */
};

/* False: there is no room for one more. */
bool farewell_begin(struct farewells *, uint64_t key);
/* One that was begun with this key is over. */
void farewell_end(struct farewells *, uint64_t key);
/* Once a second. */
void farewell_second(struct farewells *);

#endif
