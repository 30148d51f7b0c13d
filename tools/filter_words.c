/* SPDX-License-Identifier: ISC */
/* tools/filter_words.c - what the filters of postern queue are called. */
#include "tools/filter_words.h"

#include "common/base/alloc.h"
#include "tools/span.h"

#include <string.h>

static bool
read_sender(struct msg_ask_queue *m, const char *value, int64_t now)
{
	(void)now;
	if (value[0] == '\0')
		value = "<>";
	return view_copy(view_of(value), m->sender, sizeof(m->sender)) &&
	       (strchr(value, '@') != NULL || strcmp(value, "<>") == 0);
}

static bool
read_recipient(struct msg_ask_queue *m, const char *value, int64_t now)
{
	(void)now;
	return strchr(value, '@') != NULL &&
	       view_copy(view_of(value), m->recipient, sizeof(m->recipient));
}

static bool
read_domain(struct msg_ask_queue *m, const char *value, int64_t now)
{
	(void)now;
	return value[0] != '\0' && strchr(value, '@') == NULL &&
	       view_copy(view_of(value), m->domain, sizeof(m->domain));
}

static bool
read_error(struct msg_ask_queue *m, const char *value, int64_t now)
{
	(void)now;
	return value[0] != '\0' &&
	       view_copy(view_of(value), m->error, sizeof(m->error));
}

static bool
read_age(struct msg_ask_queue *m, const char *value, int64_t now)
{
	bool younger = value[0] == '-';
	struct view v = view_of(value);
	int64_t span;

	if (value[0] == '+' || value[0] == '-')
		v = view_skip(v, 1);
	if (!span_parse(v, &span) || span >= now)
		return false;
	if (younger)
		m->younger = now - span;
	else
		m->older = now - span;
	return true;
}

static bool
read_state(struct msg_ask_queue *m, const char *value, int64_t now)
{
	static const struct {
		const char *name;
		enum group_state state;
	} states[] = {
		{ "unexpanded", GROUP_UNEXPANDED },
		{ "fresh", GROUP_FRESH },
		{ "waiting", GROUP_WAITING },
		{ "held", GROUP_HELD },
	};

	(void)now;
	for (size_t i = 0; i < nitems(states); i++)
		if (strcmp(states[i].name, value) == 0)
			m->state = (uint8_t)states[i].state;
	return m->state != 0;
}

static const struct {
	const char *name;
	bool (*read)(struct msg_ask_queue *, const char *value, int64_t now);
	const char *why;
} filters[] = {
	{ "--sender", read_sender,
	    "--sender takes an address, @domain, or <> for the null sender" },
	{ "--recipient", read_recipient,
	    "--recipient takes an address or @domain" },
	{ "--domain", read_domain, "--domain takes the name of a domain" },
	{ "--error", read_error, "--error takes a part of the last error" },
	{ "--age", read_age,
	    "--age takes a time like +2h (older) or -30m (younger)" },
	{ "--state", read_state,
	    "--state takes fresh, waiting, held or unexpanded" },
};

enum filter_word
filter_read(struct msg_ask_queue *m, const char *name, const char *value,
    int64_t now, const char **why)
{
	for (size_t i = 0; i < nitems(filters); i++) {
		if (strcmp(filters[i].name, name) != 0)
			continue;
		*why = filters[i].why;
		if (value == NULL || !filters[i].read(m, value, now))
			return FILTER_WRONG;
		return FILTER_TAKEN;
	}
	return FILTER_UNKNOWN;
}
