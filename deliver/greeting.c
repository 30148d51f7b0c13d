/* SPDX-License-Identifier: ISC */
/* deliver/greeting.c - what a server offers in its answer to EHLO.
 *
 * Pure.  The server is hostile: nothing but the known words is kept.
 */
#include "deliver/greeting.h"

#include "common/base/alloc.h"

#include <string.h>

struct offer_row {
	const char *keyword;
	enum offer offer;
	void (*argument)(struct greeting *, struct view); /* may be NULL */
};

/* "SIZE", "SIZE 0" and nonsense all mean: no limit is known. */
static void
take_size(struct greeting *g, struct view argument)
{
	uint64_t n;

	if (view_u64(view_word(&argument), &n))
		g->size_max = n;
}

static void
take_limits(struct greeting *g, struct view argument)
{
	const struct limit_row {
		const char *name;
		uint64_t *max;
	} limits[] = { { "MAILMAX=", &g->mail_max },
		{ "RCPTMAX=", &g->rcpt_max } };
	struct view word;
	uint64_t n;

	while ((word = view_word(&argument)).len > 0)
		for (size_t i = 0; i < nitems(limits); i++)
			if (view_starts_nocase(word, limits[i].name) &&
			    view_u64(
				view_skip(word, strlen(limits[i].name)), &n))
				*limits[i].max = n;
}

static void
take_auth(struct greeting *g, struct view argument)
{
	static const struct {
		const char *name;
		enum offer offer;
	} mechanisms[] = {
		{ "PLAIN", OFFER_AUTH_PLAIN },
		{ "LOGIN", OFFER_AUTH_LOGIN },
		{ "OAUTHBEARER", OFFER_AUTH_OAUTHBEARER },
		{ "XOAUTH2", OFFER_AUTH_XOAUTH2 },
	};
	struct view word;

	while ((word = view_word(&argument)).len > 0)
		for (size_t i = 0; i < nitems(mechanisms); i++)
			if (view_is_nocase(word, mechanisms[i].name))
				g->offers |= mechanisms[i].offer;
}

static const struct offer_row rows[] = {
	{ "PIPELINING", OFFER_PIPELINING, NULL },
	{ "SIZE", OFFER_SIZE, take_size },
	{ "8BITMIME", OFFER_8BITMIME, NULL },
	{ "DSN", OFFER_DSN, NULL },
	{ "SMTPUTF8", OFFER_SMTPUTF8, NULL },
	{ "STARTTLS", OFFER_STARTTLS, NULL },
	{ "LIMITS", 0, take_limits },
	{ "AUTH", 0, take_auth },
};

void
greeting_begin(struct greeting *g)
{
	memset(g, 0, sizeof(*g));
}

void
greeting_line(struct greeting *g, struct view line)
{
	struct view word;

	if (g->lines++ == 0)
		return;
	line = view_skip(line, 4); /* "250-" */
	word = view_word(&line);
	for (size_t i = 0; i < nitems(rows); i++) {
		if (!view_is_nocase(word, rows[i].keyword))
			continue;
		g->offers |= rows[i].offer;
		if (rows[i].argument != NULL)
			rows[i].argument(g, line);
	}
}
