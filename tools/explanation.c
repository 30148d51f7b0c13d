/* SPDX-License-Identifier: ISC */
/* tools/explanation.c - what would become of mail for an address, gathered.
 *
 * The other end is trusted no further than any peer: what does not fit is
 * refused, and a number that means nothing has a word of its own.
 */
#include "tools/explanation.h"

#include "common/base/alloc.h"
#include "common/ipc/msg_resolve.h"
#include "common/mail/route.h"
#include "common/mail/status.h"

#include <string.h>

static const char unknown[] = "unknown";

/* The next of an array of them. */
static bool
add(void *array, size_t *n, size_t max, const struct ipc_type *type,
    const void *msg)
{
	if (*n == max)
		return false;
	memcpy((char *)array + *n * type->size, msg, type->size);
	(*n)++;
	return true;
}

static bool
once(bool *has, void *place, const struct ipc_type *type, const void *msg)
{
	size_t n = *has ? 1 : 0;

	*has = true;
	return add(place, &n, 1, type, msg);
}

static bool
add_server(struct explanation *x, const struct msg_explain_server *m)
{
	if (x->nservers == EXPLAIN_SERVERS_MAX)
		return false;
	x->servers[x->nservers++].server = *m;
	return true;
}

static bool
add_tlsa(struct explanation *x, const struct ipc_type *type, const void *msg)
{
	struct explained_server *s;

	if (x->nservers == 0)
		return false;
	s = &x->servers[x->nservers - 1];
	return add(s->tlsa, &s->ntlsa, EXPLAIN_TLSAS_MAX, type, msg);
}

bool
explanation_take(
    struct explanation *x, const struct ipc_type *type, const void *msg)
{
	if (type == &msg_explain_name)
		return add(x->names, &x->nnames, EXPLAIN_NAMES_MAX, type, msg);
	if (type == &msg_explain_route)
		return once(&x->has_route, &x->route, type, msg);
	if (type == &msg_explain_state)
		return once(&x->has_state, &x->state, type, msg);
	if (type == &msg_explain_rate)
		return add(x->rates, &x->nrates, EXPLAIN_RATES_MAX, type, msg);
	if (type == &msg_explain_way)
		return once(&x->has_way, &x->way, type, msg);
	if (type == &msg_explain_host)
		return add(x->hosts, &x->nhosts, EXPLAIN_HOSTS_MAX, type, msg);
	if (type == &msg_explain_server)
		return add_server(x, msg);
	if (type == &msg_explain_tlsa)
		return add_tlsa(x, type, msg);
	if (type == &msg_explain_session)
		return add(x->sessions, &x->nsessions, EXPLAIN_SESSIONS_MAX,
		    type, msg);
	return type == &msg_explain_end &&
	       once(&x->has_end, &x->end, type, msg);
}

static const char *
word(const char *const *words, size_t n, uint8_t i)
{
	return i < n && words[i] != NULL ? words[i] : unknown;
}

const char *
explanation_tls(uint8_t tls)
{
	static const char *const words[] = {
		[ROUTE_TLS_NONE] = "none",
		[ROUTE_TLS_OPPORTUNISTIC] = "opportunistic",
		[ROUTE_TLS_REQUIRED] = "required",
		[ROUTE_TLS_VERIFY] = "verify",
	};

	return word(words, nitems(words), tls);
}

const char *
explanation_dane(uint8_t dane)
{
	static const char *const words[] = {
		[PROBE_DANE_OFF] = "off",
		[PROBE_DANE_INSECURE] = "insecure",
		[PROBE_DANE_NONE] = "none",
		[PROBE_DANE_USABLE] = "usable",
		[PROBE_DANE_UNUSABLE] = "unusable",
		[PROBE_DANE_TROUBLE] = "trouble",
	};

	return word(words, nitems(words), dane);
}

const char *
explanation_secure(uint8_t secure, bool validates)
{
	static const char *const words[] = {
		[SECURE_NO] = "insecure",
		[SECURE_ALL] = "secure",
		[SECURE_FIRST] = "alias secure",
	};

	if (secure == SECURE_NO && !validates)
		return "not validated";
	return word(words, nitems(words), secure);
}

const char *
explanation_answer(uint8_t kind)
{
	static const char *const words[] = {
		[0] = "not asked",
		[ANSWER_FOUND] = "found",
		[ANSWER_NONE] = "no record",
		[ANSWER_NO_NAME] = "no such name",
		[ANSWER_TROUBLE] = "no answer, or a bogus one",
		[ANSWER_MALFORMED] = "no host name",
	};

	return word(words, nitems(words), kind);
}

const char *
explanation_verdict(uint8_t verdict)
{
	static const char *const words[] = {
		[VERDICT_DONE] = "go",
		[VERDICT_LATER] = "later",
		[VERDICT_NEVER] = "never",
	};

	return word(words, nitems(words), verdict);
}

const char *
explanation_transport(uint8_t transport)
{
	return transport_word((enum transport)transport);
}
