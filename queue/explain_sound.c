/* SPDX-License-Identifier: ISC */
/* queue/explain_sound.c - may an answer to "what would become of it" say this?
 */
#include "queue/explain_sound.h"

#include "common/base/alloc.h"
#include "common/ipc/msg_explain.h"
#include "common/ipc/msg_resolve.h"
#include "common/mail/route.h"
#include "common/mail/status.h"

/* What is in order comes in this order. */
enum rank {
	RANK_NAME = 1,
	RANK_ROUTE,
	RANK_STATE,
	RANK_RATE,
	RANK_WAY,
	RANK_HOST,
	RANK_SERVER,
	RANK_TLSA,
	RANK_SESSION,
	RANK_END
};

/* An address, or the path of a UNIX socket. */
static bool
is_place(uint8_t family, const char *host)
{
	return family == 4 || family == 6 || (family == 0 && host[0] == '/');
}

static bool
is_verdict(uint8_t verdict, uint16_t smtp, uint16_t subject, uint16_t detail)
{
	if (verdict != VERDICT_DONE && verdict != VERDICT_LATER &&
	    verdict != VERDICT_NEVER)
		return false;
	return smtp / 100 == verdict && subject <= 999 && detail <= 999;
}

static bool
route_sound(const void *msg)
{
	const struct msg_explain_route *m = msg;

	if (m->verdict > ROUTE_NOWHERE)
		return false;
	return m->verdict != ROUTE_TO ||
	       (m->transport != 0 && m->host[0] != '\0');
}

static bool
rate_sound(const void *msg)
{
	const struct msg_explain_rate *m = msg;

	return m->count > 0 && m->seconds > 0 && m->name[0] != '\0';
}

static bool
way_sound(const void *msg)
{
	const struct msg_explain_way *m = msg;

	return m->tls <= ROUTE_TLS_VERIFY && m->login <= PROBE_NO_TOKEN &&
	       (m->expires == 0 ||
		   (m->expires > 0 && m->login == PROBE_TOKEN)) &&
	       m->mx <= ANSWER_MALFORMED && m->secure <= SECURE_FIRST &&
	       (m->family4 == 0 || m->family4 == 4) &&
	       (m->family6 == 0 || m->family6 == 6);
}

static bool
host_sound(const void *msg)
{
	const struct msg_explain_host *m = msg;

	return m->answer <= ANSWER_MALFORMED && m->secure <= SECURE_FIRST;
}

static bool
server_sound(const void *msg)
{
	const struct msg_explain_server *m = msg;

	return is_place(m->family, m->host) && m->secure <= SECURE_FIRST &&
	       m->tls <= ROUTE_TLS_VERIFY && m->dane <= PROBE_DANE_TROUBLE;
}

static bool
session_sound(const void *msg)
{
	const struct msg_explain_session *m = msg;

	return is_place(m->family, m->host) &&
	       is_verdict(m->verdict, m->smtp, m->subject, m->detail);
}

/* Where nothing is known there is a code that says so. */
static bool
end_sound(const void *msg)
{
	const struct msg_explain_end *m = msg;

	return m->code != 0 ||
	       is_verdict(m->verdict, m->smtp, m->subject, m->detail);
}

static bool
always(const void *msg)
{
	(void)msg;
	return true;
}

static const struct row {
	const struct ipc_type *type;
	enum rank rank;
	unsigned int max; /* in a row */
	bool (*sound)(const void *);
} rows[] = {
	{ &msg_explain_name, RANK_NAME, EXPLAIN_NAMES_MAX, always },
	{ &msg_explain_route, RANK_ROUTE, 1, route_sound },
	{ &msg_explain_state, RANK_STATE, 1, always },
	{ &msg_explain_rate, RANK_RATE, EXPLAIN_RATES_MAX, rate_sound },
	{ &msg_explain_way, RANK_WAY, 1, way_sound },
	{ &msg_explain_host, RANK_HOST, EXPLAIN_HOSTS_MAX, host_sound },
	{ &msg_explain_server, RANK_SERVER, EXPLAIN_SERVERS_MAX, server_sound },
	{ &msg_explain_tlsa, RANK_TLSA, EXPLAIN_TLSAS_MAX, always },
	{ &msg_explain_session, RANK_SESSION, EXPLAIN_SESSIONS_MAX,
	    session_sound },
	{ &msg_explain_end, RANK_END, 1, end_sound },
};

static const struct row *
row_of(const struct ipc_type *type)
{
	for (size_t i = 0; i < nitems(rows); i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

/* After the records of one server comes the next; records belong to one.
 * Servers are those of a way, and sessions those that were asked for. */
static bool
in_order(const struct explain_seen *seen, enum rank rank)
{
	if (rank > RANK_WAY && rank < RANK_END && !seen->way)
		return false;
	if (rank == RANK_SESSION && !seen->connect)
		return false;
	if (rank == RANK_SERVER && seen->rank == RANK_TLSA)
		return true;
	if (rank == RANK_TLSA)
		return seen->rank == RANK_SERVER || seen->rank == RANK_TLSA;
	return rank >= seen->rank;
}

bool
explain_sound(
    struct explain_seen *seen, const struct ipc_type *type, const void *msg)
{
	const struct row *row = row_of(type);

	if (row == NULL || !in_order(seen, row->rank))
		return false;
	seen->n = seen->rank == row->rank ? seen->n + 1 : 1;
	seen->rank = row->rank;
	seen->way = seen->way || row->rank == RANK_WAY;
	if (row->rank == RANK_SERVER && seen->servers++ == row->max)
		return false;
	return seen->n <= row->max && row->sound(msg);
}
