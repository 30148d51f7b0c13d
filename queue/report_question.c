/* SPDX-License-Identifier: ISC */
/* queue/report_question.c - a tool's question, answered a slice at a time. */
#include "queue/report_question.h"

static struct {
	struct rows *rows;
	struct past_rows *past;
} files;

void
question_init(void)
{
	files.rows = rows_new(QUEUE_DB);
	files.past = past_rows_new(HISTORY_DB);
}

uint32_t
question_piece(uint32_t asked, uint32_t max)
{
	return asked == 0 || asked > max ? max : asked;
}

struct rows *
question_rows(void)
{
	return files.rows;
}

static void
send_row(void *arg, const struct msg_row *m)
{
	struct question *q = arg;

	channel_send(q->channel, q->conv, &msg_row, m, -1);
}

static void
send_rcpt(void *arg, const struct msg_row_rcpt *m)
{
	struct question *q = arg;

	channel_send(q->channel, q->conv, &msg_row_rcpt, m, -1);
}

static void
send_past_message(void *arg, const struct msg_past_message *m)
{
	struct question *q = arg;

	channel_send(q->channel, q->conv, &msg_past_message, m, -1);
}

static void
send_past_rcpt(void *arg, const struct msg_past_rcpt *m)
{
	struct question *q = arg;

	channel_send(q->channel, q->conv, &msg_past_rcpt, m, -1);
}

static void
send_past_event(void *arg, const struct msg_past_event *m)
{
	struct question *q = arg;

	channel_send(q->channel, q->conv, &msg_past_event, m, -1);
}

static void
send_summary(void *arg, const struct msg_summary *m)
{
	struct question *q = arg;

	channel_send(q->channel, q->conv, &msg_summary, m, -1);
}

static bool
is_full(void *arg)
{
	const struct question *q = arg;

	return channel_full(q->channel);
}

enum rows_result
question_slice(struct question *q)
{
	const struct rows_out out = { send_row, send_rcpt, is_full, q };
	const struct past_out past = { send_past_message, send_past_rcpt,
		send_past_event, send_rcpt, is_full, q };
	const struct summary_out summary = { send_summary, is_full, q };

	switch (q->kind) {
	case ASKS_QUEUE:
	case ASKS_SHOW:
		return rows_slice(files.rows, &q->ask, &out);
	case ASKS_TRACE:
		return past_slice(files.past, files.rows, &q->trace, &past);
	case ASKS_SUMMARY:
		return summary_slice(q->summary, &summary);
	}
	return ROWS_OVER;
}

const char *
question_error(const struct question *q, uint16_t *code)
{
	if (q->kind == ASKS_SUMMARY)
		return summary_error(q->summary, code);
	return q->kind == ASKS_TRACE ? past_rows_error(files.past, code)
				     : rows_error(files.rows, code);
}
