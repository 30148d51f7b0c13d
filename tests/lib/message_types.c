/* SPDX-License-Identifier: ISC */
/* tests/lib/message_types.c - all message types, for tests of each. */
#include "tests/lib/message_types.h"

#include "common/ipc/msg_auth.h"
#include "common/ipc/msg_check.h"
#include "common/ipc/msg_control.h"
#include "common/ipc/msg_explain.h"
#include "common/ipc/msg_history.h"
#include "common/ipc/msg_intake.h"
#include "common/ipc/msg_job.h"
#include "common/ipc/msg_lookup.h"
#include "common/ipc/msg_report.h"
#include "common/ipc/msg_resolve.h"
#include "common/ipc/msg_sql.h"
#include "common/ipc/msg_tls.h"

const struct ipc_type *const message_types[] = { &msg_boot, &msg_setting,
	&msg_listener, &msg_accept, &msg_route, &msg_route_login,
	&msg_route_source, &msg_resolver, &msg_mx_allow, &msg_rate, &msg_file,
	&msg_auth_check, &msg_auth_is, &msg_bare_ends, &msg_exempt, &msg_census,
	&msg_peer, &msg_broken, &msg_log, &msg_boot_end, &msg_ready, &msg_stock,
	&msg_stock_want, &msg_abandon, &msg_commit, &msg_commit_rcpt,
	&msg_committed, &msg_fate, &msg_fate_is, &msg_intake_state, &msg_job,
	&msg_job_rcpt, &msg_result, &msg_dot, &msg_job_done, &msg_held_ask,
	&msg_held, &msg_held_end, &msg_late, &msg_retire, &msg_renewed,
	&msg_question, &msg_answer_mx, &msg_answer_addr, &msg_answer_tlsa,
	&msg_answer_end, &msg_name_of, &msg_name_is, &msg_ask_queue,
	&msg_ask_show, &msg_ask_order, &msg_ask_trace, &msg_ask_summary,
	&msg_summary, &msg_row, &msg_row_rcpt, &msg_rows_end, &msg_order,
	&msg_order_done, &msg_order_is, &msg_ask_suspend, &msg_suspend,
	&msg_past_message, &msg_past_rcpt, &msg_past_event, &msg_past_lost,
	&msg_secret, &msg_secrets_end, &msg_secrets_read, &msg_file_read,
	&msg_tls_serve, &msg_tls_connect, &msg_tls_open, &msg_tls_end,
	&msg_ask_check, &msg_check, &msg_finding, &msg_check_end, &msg_checked,
	&msg_ask_sql, &msg_sql_cell, &msg_sql_end, &msg_local, &msg_recipients,
	&msg_recipient, &msg_whether, &msg_whether_is, &msg_expand,
	&msg_expanded, &msg_expand_end, &msg_hop_want, &msg_hop_socket,
	&msg_hop_none, &msg_ask_explain, &msg_explain, &msg_probe,
	&msg_explain_name, &msg_explain_route, &msg_explain_state,
	&msg_explain_rate, &msg_explain_way, &msg_explain_host,
	&msg_explain_server, &msg_explain_tlsa, &msg_explain_session,
	&msg_explain_end, NULL };

const struct ipc_type *
message_type(uint16_t number)
{
	for (size_t i = 0; message_types[i] != NULL; i++)
		if (message_types[i]->number == number)
			return message_types[i];
	return NULL;
}
