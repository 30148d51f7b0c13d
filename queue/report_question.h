/* SPDX-License-Identifier: ISC */
/* queue/report_question.h - a tool's question, answered a slice at a time. */
#ifndef QUEUE_REPORT_QUESTION_H
#define QUEUE_REPORT_QUESTION_H

#include "common/ipc/channel.h"
#include "queue/report_db.h"
#include "queue/report_past.h"
#include "queue/report_rows.h"
#include "queue/report_summary.h"

enum question_kind { ASKS_QUEUE, ASKS_SHOW, ASKS_TRACE, ASKS_SUMMARY };

struct question {
	enum question_kind kind;
	struct channel *channel; /* where the answer goes */
	struct conv *conv;
	struct rows_ask ask;     /* ASKS_QUEUE, ASKS_SHOW */
	struct past_ask trace;   /* ASKS_TRACE */
	struct summary *summary; /* ASKS_SUMMARY; else NULL */
};

void question_init(void);
/* How many rows are given at once. */
uint32_t question_piece(uint32_t asked, uint32_t max);
/* queue.db, for other looks at it. */
struct rows *question_rows(void);
enum rows_result question_slice(struct question *);
/* After ROWS_FAILED. */
const char *question_error(const struct question *, uint16_t *code);

#endif
