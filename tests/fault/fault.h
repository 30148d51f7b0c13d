/* SPDX-License-Identifier: ISC */
/* tests/fault/fault.h - what a test and the fault library share: one page.
 *
 * The test writes the plan, the library counts and strikes.  Its layout is
 * also that of Plan in tests/lib/faults.py.
 */
#ifndef TESTS_FAULT_FAULT_H
#define TESTS_FAULT_FAULT_H

#include <stdint.h>

/* Which calls are counted. */
enum fault_kind {
	FAULT_NONE,
	FAULT_WRITE,  /* write, pwrite; the log's own are left alone */
	FAULT_FSYNC,  /* fsync, fdatasync */
	FAULT_OPEN,   /* open, openat, a second descriptor of an open file */
	FAULT_RENAME, /* rename, renameat */
	FAULT_STEP,   /* sqlite3_step, sqlite3_exec */
	FAULT_MALLOC, /* malloc, calloc, realloc */
	FAULT_READ,   /* pread */
	FAULT_CHANGE  /* every call that others can see: see fault.c */
};

enum fault_action {
	FAULT_REST, /* only count */
	FAULT_FAIL, /* the call fails with error */
	FAULT_DIE,  /* the process ends in place of the call */
	FAULT_HANG  /* the call waits until this action is taken back */
};

struct fault_plan {
	uint32_t kind, action;
	uint32_t nth, last; /* calls of that kind that are struck, from 1 */
	uint32_t count;     /* of calls since the plan was armed */
	uint32_t hits;      /* of them, struck */
	uint32_t error;     /* errno, or a code of SQLite */
	uint32_t starts;    /* of queue */
	int64_t ahead_ms;   /* queue's clocks, before the true ones */
	int64_t master_ms;  /* posternd's monotonic clock, likewise */
};

#endif
