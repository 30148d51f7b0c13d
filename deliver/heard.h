/* SPDX-License-Identifier: ISC */
/* deliver/heard.h - what a server says of itself, for people.
 *
 * Its greeting and the extensions that it offers, unknown ones too; what does
 * not fit is left out.  Pure.
 */
#ifndef DELIVER_HEARD_H
#define DELIVER_HEARD_H

#include "deliver/client.h"

enum { HEARD_GREETING = 511, HEARD_OFFERS = 1023 };

struct heard {
	char greeting[HEARD_GREETING + 1]; /* lines joined by a space */
	char clear[HEARD_OFFERS + 1];      /* a line for each extension */
	char secured[HEARD_OFFERS + 1];    /* likewise, with TLS */
};

void heard_clear(struct heard *);
/* A line that the client is about to be given, if its transaction wants to
 * know. */
void heard_line(const struct client *, struct view line);

#endif
