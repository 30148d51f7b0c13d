/* SPDX-License-Identifier: ISC */
/* queue/report_sql.h - a question in SQL, answered from the stable views.
 *
 * sql_run() takes SQL_MS at most, holds no more than SQL_ANSWER_MAX of answer,
 * and has closed the databases when it returns; a longer answer is cut after
 * a whole row, and sql_answer_end() says so.
 */
#ifndef QUEUE_REPORT_SQL_H
#define QUEUE_REPORT_SQL_H

#include "common/base/buf.h"
#include "common/ipc/msg_sql.h"

enum {
	SQL_MS = 5000,
	SQL_ANSWER_MAX = 64 * 1024 * 1024, /* bytes */
	SQL_MEMORY_MAX = 128 * 1024 * 1024 /* of SQLite, for sorting */
};

struct sql_answer {
	struct buf cells; /* private, as all below */
	size_t at;        /* told so far */
	uint64_t rows;
	uint16_t code;
	char text[MSG_TEXT_MAX + 1];
};

void sql_init(void); /* once: limits the memory of this process's SQLite */
void sql_run(const char *text, struct sql_answer *);
/* The next part of the answer; false: there is none, the end is due. */
bool sql_answer_cell(struct sql_answer *, struct msg_sql_cell *);
void sql_answer_end(const struct sql_answer *, struct msg_sql_end *);
void sql_answer_free(struct sql_answer *);

#endif
