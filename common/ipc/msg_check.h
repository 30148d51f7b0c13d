/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_check.h - what is wrong with the spool.
 *
 * A tool asks postern-report (MSG_ASK_CHECK) and gets a MSG_FINDING for each
 * thing that is not as it should be, then MSG_CHECKED.  report asks queue,
 * which alone sees the bodies, piece by piece: MSG_CHECK says where the piece
 * begins (all zero: at the beginning), MSG_CHECK_END where the next one does.
 */
#ifndef COMMON_IPC_MSG_CHECK_H
#define COMMON_IPC_MSG_CHECK_H

#include "common/ipc/msg_control.h"

enum finding_kind {
	FINDING_QUARANTINED = 1, /* held, for the reason in text */
	FINDING_ROW,             /* a row that cannot be */
	FINDING_BODY,            /* of a message: missing, too short */
	FINDING_ORPHAN,          /* a body without a row */
	FINDING_FOREIGN,         /* nothing of ours, in our folder */
	FINDING_DATABASE,        /* queue.db itself */
	FINDING_SPACE            /* too little is free */
};

struct msg_ask_check { /* opens */
	uint8_t full;  /* integrity of queue.db too */
};

struct msg_check {    /* opens; report to queue */
	uint64_t run; /* the same for all pieces */
	uint32_t phase;
	uint64_t message;
	uint32_t group, rcpt;
};

struct msg_finding {
	uint8_t kind; /* enum finding_kind */
	uint64_t id;  /* of a message, 0 none */
	uint32_t group;
	char name[MSG_DOMAIN_MAX + 1]; /* of a file */
	char text[MSG_TEXT_MAX + 1];
};

struct msg_check_end {  /* ends */
	uint16_t code;  /* exit code of sysexits(3) for the tool */
	uint32_t phase; /* 0: that was all */
	uint64_t message;
	uint32_t group, rcpt;
	uint64_t rows, files; /* looked at in this piece */
	char text[MSG_TEXT_MAX + 1];
};

struct msg_checked { /* ends; report to the tool */
	uint16_t code;
	uint64_t rows, files; /* looked at in all */
	char text[MSG_TEXT_MAX + 1];
};

extern const struct ipc_type msg_ask_check, msg_check, msg_finding,
    msg_check_end, msg_checked;

#endif
