/* SPDX-License-Identifier: ISC */
/* tools/filter_words.h - what the filters of postern queue are called. Pure. */
#ifndef TOOLS_FILTER_WORDS_H
#define TOOLS_FILTER_WORDS_H

#include "common/ipc/msg_report.h"

enum filter_word {
	FILTER_TAKEN,
	FILTER_UNKNOWN, /* it is no filter */
	FILTER_WRONG    /* *why says what is expected */
};

/* One filter and its value (NULL: there is none). */
enum filter_word filter_read(struct msg_ask_queue *, const char *name,
    const char *value, int64_t now, const char **why);

#endif
