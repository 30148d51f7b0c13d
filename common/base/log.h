/* SPDX-License-Identifier: ISC */
/* common/base/log.h - the log: one line an event, foreign text escaped here.
 *
 * A line is a fixed first word, then key=value pairs; the keys are constants
 * of the program.  Text values are quoted and escaped by this module (never
 * by the caller): printable ASCII and valid UTF-8 stay, the rest becomes
 * \xHH, quotes and backslashes get a backslash; longer than 1 KiB is cut.
 *
 *	log_begin("queued");
 *	log_id("id", id);
 *	log_u64("size", size);
 *	log_text("from", sender);
 *	log_end();
 * gives
 *	postern-queue[812]: queued id=4fa21c size=10312 from="a@b.example"
 *
 * Lines are gathered and written by log_flush(), once per loop turn, to a
 * descriptor that never blocks; what does not fit is dropped and counted,
 * and the count is logged when there is room again.  Not for use by two
 * threads: only the loop thread logs (fatal() and panic() may end any).
 */
#ifndef COMMON_BASE_LOG_H
#define COMMON_BASE_LOG_H

#include "common/base/view.h"

/* The program's name is lent, for the life of the process. */
void log_open(int fd, const char *name);
void log_set_fd(int fd); /* closes the old one */
/*
 * true (at first): each line begins with local time and "name[pid]:".  false:
 * the descriptor is a connected syslog socket, each line is a datagram with a
 * priority and "name[pid]:" before it.
 */
void log_set_stamp(bool);
void log_set_debug(bool);
bool log_debugs(void);

void log_begin(const char *event);
void log_u64(const char *key, uint64_t);
void log_i64(const char *key, int64_t);
void log_id(const char *key, uint64_t);
void log_text(const char *key, const char *);
void log_view(const char *key, struct view);
void log_word(const char *key, const char *); /* our own constant: no quotes */
void log_end(void);

/* A whole line of an event word and one text="..." made by printf. */
void log_info(const char *event, const char *, ...)
    __attribute__((__format__(printf, 2, 3)));
void log_warn(const char *, ...) __attribute__((__format__(printf, 1, 2)));
void log_debug(const char *, ...) __attribute__((__format__(printf, 1, 2)));
void log_flush(void);

#endif
