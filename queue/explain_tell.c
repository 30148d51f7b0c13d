/* SPDX-License-Identifier: ISC */
/* queue/explain_tell.c - what queue itself can say of mail for an address.
 *
 * Pure.  What is known of the mail of others (how much of it waits, and what
 * a server last said of it) is for operators.
 */
#include "queue/explain_tell.h"

#include <string.h>

static void
copy(char *out, size_t size, const char *text)
{
	struct view v = view_of(text == NULL ? "" : text);

	if (v.len > size - 1)
		v.len = size - 1;
	(void)view_copy(v, out, size);
}

/* As the configuration has it, but for the login, which is told apart. */
static void
rule_of(struct msg_explain_route *m, const struct conf *c, size_t place)
{
	struct route row = c->routes[place - 1];
	struct buf text;

	row.login = 0;
	buf_init(&text, sizeof(m->rule));
	conf_print_route(c, &row, &text);
	copy(m->rule, sizeof(m->rule), buf_string(&text));
	m->rule[strcspn(m->rule, "\n")] = '\0';
	m->line = row.line;
	buf_free(&text);
}

void
explain_tell_route(struct msg_explain_route *m, const struct conf *c,
    const struct mailbox *box, const struct route_result *to, bool operator_)
{
	const struct routing routing = conf_routing(c);
	char address[ADDRESS_MAX + 1];
	size_t login;

	memset(m, 0, sizeof(*m));
	m->verdict = (uint8_t)to->verdict;
	copy(m->address, sizeof(m->address), mailbox_print(box, address));
	if (to->row > 0)
		rule_of(m, c, to->row);
	if (to->verdict != ROUTE_TO)
		return;
	m->transport = (uint8_t)to->transport;
	m->port = to->port;
	login = route_hop_login(&routing, to->transport, to->host, to->port);
	m->login = login > 0;
	if (login > 0 && operator_)
		copy(m->user, sizeof(m->user), c->logins[login - 1].user);
	copy(m->host, sizeof(m->host), route_hop_host(to->host));
}

static void
tell_counts(struct msg_explain_state *m, const struct destination *d,
    const struct store_destination *row, int64_t now)
{
	uint64_t fresh = d == NULL ? 0 : d->ngroups - d->nloaded;
	const char *server = d == NULL ? NULL : schedule_host(d, now);

	m->counted = 1;
	m->window = d == NULL ? SCHEDULE_WINDOW_START : d->window;
	m->open = d == NULL ? 0 : (uint32_t)d->nopen;
	m->waiting = row->waiting + fresh;
	m->waiting -= m->open < m->waiting ? m->open : m->waiting;
	m->next_try = row->next_try;
	/* neither the group's clock nor the destination's has passed */
	if (m->waiting > 0 && m->not_before > m->next_try)
		m->next_try = m->not_before;
	copy(m->error, sizeof(m->error), row->error);
	if (server == NULL)
		return;
	copy(m->server, sizeof(m->server), server);
	m->server_window = d->server->window;
	m->server_open = (uint32_t)d->server->nopen;
}

void
explain_tell_state(struct msg_explain_state *m, const struct destination *d,
    const struct store_destination *row, int64_t now, bool operator_)
{
	memset(m, 0, sizeof(*m));
	m->known = row->known || d != NULL;
	m->failures = d == NULL ? row->failures : d->failures;
	m->not_before = d == NULL ? row->not_before : d->not_before;
	m->suspended = d == NULL ? row->suspended : d->suspended;
	if (m->suspended > now)
		copy(m->reason, sizeof(m->reason), row->reason);
	if (operator_)
		tell_counts(m, d, row, now);
}

/* As the schedule finds them. */
static bool
names(const struct conf_rate *r, const struct route_result *to)
{
	struct hopname h = { .transport = to->transport, .port = to->port };
	char whole[HOPNAME_MAX + 1];

	memcpy(h.host, to->host, sizeof(h.host));
	return strcmp(r->name, to->host) == 0 ||
	       strcmp(r->name, route_hop_host(to->host)) == 0 ||
	       strcmp(r->name, hopname_print(&h, whole)) == 0;
}

bool
explain_tell_rate(struct msg_explain_rate *m, const struct conf *c,
    const struct route_result *to, const char *server, size_t n)
{
	memset(m, 0, sizeof(*m));
	for (size_t i = 0; i < c->nrates; i++) {
		const struct conf_rate *r = &c->rates[i];

		if (!names(r, to) &&
		    (server[0] == '\0' ||
			!view_is_nocase(view_of(r->name), server)))
			continue;
		if (n-- > 0)
			continue;
		m->count = r->count;
		m->seconds = r->seconds;
		copy(m->name, sizeof(m->name), r->name);
		return true;
	}
	return false;
}
