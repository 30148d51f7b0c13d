/* SPDX-License-Identifier: ISC */
/* tools/explanation.h - what would become of mail for an address, gathered
 * and told. Pure.
 */
#ifndef TOOLS_EXPLANATION_H
#define TOOLS_EXPLANATION_H

#include "common/base/buf.h"
#include "common/ipc/msg_explain.h"

struct explained_server {
	struct msg_explain_server server;
	struct msg_explain_tlsa tlsa[EXPLAIN_TLSAS_MAX];
	size_t ntlsa;
};

struct explanation {
	bool connect; /* it was to; set by who asks */
	bool utf8;    /* so may the terminal have */
	int64_t now;  /* wall clock, ms */
	bool has_route, has_state, has_way, has_end;
	struct msg_explain_route route;
	struct msg_explain_state state;
	struct msg_explain_way way;
	struct msg_explain_end end;
	struct msg_explain_name names[EXPLAIN_NAMES_MAX];
	size_t nnames;
	struct msg_explain_rate rates[EXPLAIN_RATES_MAX];
	size_t nrates;
	struct msg_explain_host hosts[EXPLAIN_HOSTS_MAX];
	size_t nhosts;
	struct explained_server servers[EXPLAIN_SERVERS_MAX];
	size_t nservers;
	struct msg_explain_session sessions[EXPLAIN_SESSIONS_MAX];
	size_t nsessions;
};

/* False: no answer has so many of those. */
bool explanation_take(
    struct explanation *, const struct ipc_type *, const void *msg);
void explanation_text(const struct explanation *, struct buf *out);
void explanation_json(const struct explanation *, struct buf *out);

/* Words of both. */
const char *explanation_tls(uint8_t tls);   /* enum route_tls */
const char *explanation_dane(uint8_t dane); /* enum probe_dane */
/* Of an answer: "secure", "insecure" or "not validated". */
const char *explanation_secure(uint8_t secure, bool validates);
const char *explanation_answer(uint8_t kind); /* enum answer_kind */
const char *explanation_verdict(uint8_t verdict);
const char *explanation_transport(uint8_t transport);

#endif
