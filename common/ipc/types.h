/* SPDX-License-Identifier: ISC */
/* common/ipc/types.h - the numbers of all message types, unique for ever. */
#ifndef COMMON_IPC_TYPES_H
#define COMMON_IPC_TYPES_H

enum msg_number {
	/* posternd and its children: msg_control.h */
	MSG_BOOT = 1,
	MSG_SETTING,
	MSG_LISTENER,
	MSG_ACCEPT,
	MSG_ROUTE,
	MSG_RESOLVER,
	MSG_MX_ALLOW,
	MSG_PEER = 9,
	MSG_LOG,
	MSG_BOOT_END,
	MSG_READY,
	MSG_BROKEN,
	MSG_SECRET,
	MSG_SECRETS_END,
	MSG_SECRETS_READ,
	MSG_BARE_ENDS,
	MSG_RATE,
	MSG_FILE,
	MSG_EXEMPT,
	MSG_CENSUS,
	MSG_ROUTE_LOGIN,
	MSG_ROUTE_SOURCE,

	MSG_LOCAL = 24,
	MSG_RECIPIENTS,
	MSG_RECIPIENT,
	MSG_HOP_WANT,
	MSG_HOP_SOCKET,
	MSG_HOP_NONE,
	MSG_FILE_READ,

	/* smtpd and queue: msg_intake.h */
	MSG_STOCK = 32,
	MSG_STOCK_WANT,
	MSG_ABANDON,
	MSG_COMMIT,
	MSG_COMMIT_RCPT,
	MSG_COMMITTED,
	MSG_FATE,
	MSG_FATE_IS,
	MSG_INTAKE_STATE,

	/* queue and deliver: msg_job.h */
	MSG_JOB = 64,
	MSG_JOB_RCPT,
	MSG_RESULT,
	MSG_JOB_DONE,
	MSG_HELD_ASK,
	MSG_HELD,
	MSG_HELD_END,
	MSG_LATE,
	MSG_RETIRE,
	MSG_DOT,
	MSG_RENEWED,

	/* deliver, smtpd and resolve: msg_resolve.h */
	MSG_QUESTION = 96,
	MSG_ANSWER_MX,
	MSG_ANSWER_ADDR,
	MSG_ANSWER_END,
	MSG_ANSWER_TLSA,
	MSG_NAME_OF,
	MSG_NAME_IS,

	/* tools and report: msg_report.h; report and queue: msg_order.h */
	MSG_ASK_QUEUE = 128,
	MSG_ASK_SHOW,
	MSG_ASK_ORDER,
	MSG_ROW,
	MSG_ROW_RCPT,
	MSG_ROWS_END,
	MSG_ORDER_IS,
	MSG_ORDER,
	MSG_ORDER_DONE,
	MSG_ASK_SUSPEND,
	MSG_SUSPEND,
	MSG_ASK_TRACE = 144,
	MSG_ASK_SUMMARY,
	MSG_SUMMARY,

	/* tools, report and queue: msg_check.h */
	MSG_ASK_CHECK = 150,
	MSG_CHECK,
	MSG_FINDING,
	MSG_CHECK_END,
	MSG_CHECKED,

	/* tools and report, report and reader: msg_sql.h */
	MSG_ASK_SQL = 156,
	MSG_SQL_CELL,
	MSG_SQL_END,

	/* queue and history: msg_history.h */
	MSG_PAST_MESSAGE = 160,
	MSG_PAST_RCPT,
	MSG_PAST_EVENT,
	MSG_PAST_LOST,

	/* smtpd, queue and lookup: msg_lookup.h */
	MSG_WHETHER = 208,
	MSG_WHETHER_IS,
	MSG_EXPAND,
	MSG_EXPANDED,
	MSG_EXPAND_END,

	/* smtpd and auth: msg_auth.h */
	MSG_AUTH_CHECK = 176,
	MSG_AUTH_IS,

	/* tools, report, queue and deliver: msg_explain.h */
	MSG_ASK_EXPLAIN = 224,
	MSG_EXPLAIN,
	MSG_PROBE,
	MSG_EXPLAIN_NAME,
	MSG_EXPLAIN_ROUTE,
	MSG_EXPLAIN_STATE,
	MSG_EXPLAIN_RATE,
	MSG_EXPLAIN_WAY,
	MSG_EXPLAIN_HOST,
	MSG_EXPLAIN_SERVER,
	MSG_EXPLAIN_TLSA,
	MSG_EXPLAIN_SESSION,
	MSG_EXPLAIN_END,

	/* smtpd and tls: msg_tls.h */
	MSG_TLS_SERVE = 192,
	MSG_TLS_OPEN,
	MSG_TLS_END,
	MSG_TLS_CONNECT
};

#endif
