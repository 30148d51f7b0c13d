/* SPDX-License-Identifier: ISC */
/* tests/lib/tool_ipc.c - prints every message type, channel by channel.
 *
 *	ipc
 *
 * What it prints stands in ARCHITECTURE.md; tests/check_docs.sh compares.
 * Names, numbers, fields, limits and credits come from the tables themselves;
 * only who says what to whom is written here.
 */
#include "common/base/alloc.h"
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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 79, FIELDS_COLUMN = 20, WORD_BYTES = 80 };

struct row {
	const struct ipc_type *type; /* NULL: a heading */
	const char *text;            /* of the heading, or the direction */
};

/* clang-format off */
static const struct row rows[] = {
	{ NULL, "posternd (>) and each of its programs (<)" },
	{ &msg_boot, ">" }, { &msg_setting, ">" }, { &msg_accept, ">" },
	{ &msg_route, ">" }, { &msg_route_login, ">" }, { &msg_route_source, ">" },
	{ &msg_resolver, ">" }, { &msg_mx_allow, ">" },
	{ &msg_bare_ends, ">" }, { &msg_rate, ">" }, { &msg_exempt, ">" }, { &msg_census, ">" },
	{ &msg_local, ">" },
	{ &msg_recipients, ">" }, { &msg_recipient, ">" },
	{ &msg_listener, ">" }, { &msg_peer, ">" }, { &msg_secret, ">" },
	{ &msg_secrets_end, ">" }, { &msg_file, ">" }, { &msg_boot_end, ">" },
	{ &msg_log, ">" }, { &msg_hop_socket, ">" }, { &msg_hop_none, ">" },
	{ &msg_secrets_read, "<" }, { &msg_file_read, "<" }, { &msg_ready, "<" }, { &msg_broken, "<" },
	{ &msg_hop_want, "<" },
	{ NULL, "smtpd (>) and queue (<)" },
	{ &msg_stock_want, ">" }, { &msg_stock, "<" }, { &msg_abandon, ">" },
	{ &msg_intake_state, "<" }, { &msg_commit, ">" },
	{ &msg_commit_rcpt, ">" }, { &msg_committed, "<" }, { &msg_fate, ">" },
	{ &msg_fate_is, "<" },
	{ NULL, "smtpd (>) and tls (<)" },
	{ &msg_tls_serve, ">" }, { &msg_tls_open, "<" }, { &msg_tls_end, "<" },
	{ NULL, "smtpd (>) and lookup (<)" },
	{ &msg_whether, ">" }, { &msg_whether_is, "<" },
	{ NULL, "queue (>) and lookup (<)" },
	{ &msg_expand, ">" }, { &msg_expanded, "<" },
	{ &msg_expand_end, "<" },
	{ NULL, "deliver (>) and tls (<)" },
	{ &msg_tls_connect, ">" }, { &msg_tls_open, "<" }, { &msg_tls_end, "<" },
	{ NULL, "smtpd (>) and auth (<)" },
	{ &msg_auth_check, ">" }, { &msg_auth_is, "<" },
	{ NULL, "queue (>) and deliver (<)" },
	{ &msg_job, ">" }, { &msg_job_rcpt, ">" }, { &msg_result, "<" },
	{ &msg_dot, "<" },
	{ &msg_job_done, "<" }, { &msg_held_ask, ">" }, { &msg_held, "<" },
	{ &msg_held_end, "<" }, { &msg_late, "<" },
	{ &msg_retire, "<" }, { &msg_renewed, "<" },
	{ &msg_probe, ">" },
	{ &msg_explain_way, "<" },
	{ &msg_explain_host, "<" },
	{ &msg_explain_server, "<" },
	{ &msg_explain_tlsa, "<" },
	{ &msg_explain_session, "<" },
	{ &msg_explain_end, "<" },
	{ NULL, "deliver (>) and resolve (<)" },
	{ &msg_question, ">" }, { &msg_answer_mx, "<" },
	{ &msg_answer_addr, "<" }, { &msg_answer_tlsa, "<" },
	{ &msg_answer_end, "<" },
	{ NULL, "smtpd (>) and resolve (<)" },
	{ &msg_name_of, ">" }, { &msg_name_is, "<" },
	{ NULL, "tools (>) and report (<), over the control socket" },
	{ &msg_ask_queue, ">" }, { &msg_ask_show, ">" }, { &msg_ask_trace, ">" },
	{ &msg_ask_summary, ">" }, { &msg_summary, "<" },
	{ &msg_row, "<" },
	{ &msg_row_rcpt, "<" }, { &msg_rows_end, "<" }, { &msg_ask_order, ">" },
	{ &msg_order_is, "<" }, { &msg_ask_suspend, ">" },
	{ &msg_ask_check, ">" }, { &msg_finding, "<" }, { &msg_checked, "<" },
	{ &msg_ask_sql, ">" }, { &msg_sql_cell, "<" }, { &msg_sql_end, "<" },
	{ &msg_ask_explain, ">" },
	{ &msg_explain_name, "<" },
	{ &msg_explain_route, "<" },
	{ &msg_explain_state, "<" },
	{ &msg_explain_rate, "<" },
	{ &msg_explain_way, "<" },
	{ &msg_explain_host, "<" },
	{ &msg_explain_server, "<" },
	{ &msg_explain_tlsa, "<" },
	{ &msg_explain_session, "<" },
	{ &msg_explain_end, "<" },
	{ NULL, "report (>) and queue (<)" },
	{ &msg_order, ">" }, { &msg_order_done, "<" }, { &msg_suspend, ">" },
	{ &msg_check, ">" }, { &msg_finding, "<" }, { &msg_check_end, "<" },
	{ &msg_explain, ">" },
	{ &msg_explain_name, "<" },
	{ &msg_explain_route, "<" },
	{ &msg_explain_state, "<" },
	{ &msg_explain_rate, "<" },
	{ &msg_explain_way, "<" },
	{ &msg_explain_host, "<" },
	{ &msg_explain_server, "<" },
	{ &msg_explain_tlsa, "<" },
	{ &msg_explain_session, "<" },
	{ &msg_explain_end, "<" },
	{ NULL, "report (>) and reader (<)" },
	{ &msg_ask_sql, ">" }, { &msg_sql_cell, "<" }, { &msg_sql_end, "<" },
	{ NULL, "queue (>) and history (<)" },
	{ &msg_past_message, ">" }, { &msg_past_rcpt, ">" },
	{ &msg_past_event, ">" }, { &msg_past_lost, ">" },
};
/* clang-format on */

static void
field_word(const struct ipc_field *f, char word[WORD_BYTES])
{
	static const char *const kinds[] = {
		[IPC_U8] = "u8",
		[IPC_U16] = "u16",
		[IPC_U32] = "u32",
		[IPC_U64] = "u64",
		[IPC_I64] = "i64",
		[IPC_TEXT] = "text",
		[IPC_BYTES] = "bytes",
	};

	if (f->kind == IPC_TEXT || f->kind == IPC_BYTES)
		snprintf(word, WORD_BYTES, "%s:%s%zu", f->name, kinds[f->kind],
		    f->max);
	else
		snprintf(word, WORD_BYTES, "%s:%s", f->name, kinds[f->kind]);
}

/* Appends the word, on a new line if it does not fit; gives the column. */
static size_t
put(const char *word, size_t column)
{
	if (column + 1 + strlen(word) > WIDTH) {
		printf("\n%*s", FIELDS_COLUMN, "");
		column = FIELDS_COLUMN;
	}
	printf(" %s", word);
	return column + 1 + strlen(word);
}

static void
print_type(const struct ipc_type *t, const char *direction)
{
	char word[WORD_BYTES];
	size_t column = FIELDS_COLUMN;

	printf("%s %3d ", direction, t->number);
	if (!t->fd && t->credit == 0 && t->nfields == 0) {
		printf("%s\n", t->name);
		return;
	}
	printf("%-14s", t->name);
	if (t->fd)
		column = put("+descriptor", column);
	if (t->credit > 0) {
		snprintf(word, sizeof(word), "(opens, %zu at once)", t->credit);
		column = put(word, column);
	}
	for (size_t i = 0; i < t->nfields; i++) {
		field_word(&t->fields[i], word);
		column = put(word, column);
	}
	putchar('\n');
}

int
main(void)
{
	for (size_t i = 0; i < nitems(rows); i++) {
		if (rows[i].type != NULL)
			print_type(rows[i].type, rows[i].text);
		else
			printf("%s\n", rows[i].text);
	}
	return EXIT_SUCCESS;
}
