/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_report.h - the control socket, and orders to queue.
 *
 * A tool asks postern-report over the control socket (uid by the kernel):
 * MSG_ASK_QUEUE and MSG_ASK_SHOW are answered by MSG_ROW (and MSG_ROW_RCPT),
 * MSG_ROWS_END; MSG_ASK_ORDER by MSG_ORDER_IS.  Rows come in pieces: at
 * most LIST_PIECE or ROWS_PIECE, then MSG_ROWS_END with more set; the tool asks
 * on, after the last id.  report passes orders to queue as MSG_ORDER, which
 * checks the uid again, and gets MSG_ORDER_DONE.  MSG_ASK_SUSPEND and
 * MSG_SUSPEND are the same for a destination.
 */
#ifndef COMMON_IPC_MSG_REPORT_H
#define COMMON_IPC_MSG_REPORT_H

#include "common/ipc/msg_control.h"

enum {
	ROWS_PIECE = 1000,
	/* Of a list, which needs no transaction between two slices: as the tool
	 * asks on only when a piece is there, small ones would make both wait.
	 */
	LIST_PIECE = 50000
};

enum order_verb {
	ORDER_RETRY = 1, /* try now, destination's clock included */
	ORDER_REMOVE = 2,
	ORDER_HOLD = 3,
	ORDER_RELEASE = 4,
	ORDER_BOUNCE = 5 /* give up, and tell the sender */
};

enum group_state { /* also in queue.db */
	GROUP_UNEXPANDED = 1,
	GROUP_FRESH = 2,
	GROUP_WAITING = 3,
	GROUP_HELD = 4
};

struct msg_ask_queue {  /* opens */
	uint64_t after; /* ids above this one */
	uint32_t limit; /* rows in this piece; 0: LIST_PIECE */
	/* what a table does not show may be left out: of messages uid, client,
	 * helo, message_id and login; of recipients original and destination */
	uint8_t brief;
	/* which ones; queue/report_filter.h says how they are compared */
	uint8_t state;   /* enum group_state of a recipient; 0: any */
	int64_t older;   /* received at or before, wall clock, ms; 0: any */
	int64_t younger; /* received at or after; 0: any */
	char sender[MSG_ADDRESS_MAX + 1];
	char recipient[MSG_ADDRESS_MAX + 1];
	char domain[MSG_DOMAIN_MAX + 1]; /* of a recipient */
	char error[MSG_DOMAIN_MAX + 1];  /* part of a recipient's last error */
};

struct msg_ask_show { /* opens */
	uint64_t id;
};

/* MSG_ASK_SUMMARY, which says nothing more, is answered by one of these for
 * each destination, and MSG_ROWS_END. */
struct msg_summary {
	uint64_t messages;  /* groups: a message counts once a destination */
	int64_t oldest;     /* received, wall clock, ms */
	int64_t not_before; /* its clock */
	int64_t suspended;  /* until; 0: not */
	uint32_t failures;
	char destination[MSG_HOP_MAX + 1]; /* "": no place to go */
	char reason[MSG_TEXT_MAX + 1];     /* of the suspension */
	char error[MSG_TEXT_MAX + 1];
};

/*
 * Messages that are, or were: for each MSG_PAST_MESSAGE, then MSG_PAST_RCPT,
 * MSG_PAST_EVENT (texts with their codes in front) and, while it is queued,
 * MSG_ROW_RCPT.  Newest first.
 */
struct msg_ask_trace {   /* opens */
	uint64_t id;     /* this one; or 0, and: */
	uint64_t before; /* ids below this one; 0: all */
	int64_t since;   /* received at or after, wall clock, ms */
	uint32_t limit;  /* messages in this piece; 0: ROWS_PIECE */
	char text[MSG_ADDRESS_MAX + 1]; /* Message-ID, sender or recipient */
};

struct msg_ask_order {                 /* opens */
	uint8_t verb;                  /* enum order_verb */
	uint64_t id;                   /* 0: all messages (retry only) */
	char reason[MSG_TEXT_MAX + 1]; /* of a bounce; may be "" */
};

/* One message. */
struct msg_row {
	uint64_t id, size;
	int64_t received; /* wall clock, ms */
	uint32_t uid;     /* of a local submitter; UINT32_MAX: not local */
	uint8_t client_family;
	uint8_t client[MSG_IP_BYTES];
	char sender[MSG_ADDRESS_MAX + 1];
	char helo[MSG_DOMAIN_MAX + 1];
	char message_id[MSG_DOMAIN_MAX + 1];
	char login[MSG_DOMAIN_MAX + 1]; /* "": nobody had logged in */
};

/* One recipient of the message before it, not yet done. */
struct msg_row_rcpt {
	uint8_t state; /* enum group_state */
	uint32_t attempts;
	int64_t next_try; /* wall clock, ms; 0: now */
	char address[MSG_ADDRESS_MAX + 1];
	char original[MSG_ADDRESS_MAX + 1]; /* "" when the same */
	char destination[MSG_HOP_MAX + 1];
	char error[MSG_TEXT_MAX + 1]; /* last reply or reason */
};

struct msg_rows_end { /* ends */
	uint8_t more;
	uint16_t code; /* exit code of sysexits(3) for the tool, 0 is fine */
	char text[MSG_TEXT_MAX + 1];
};

struct msg_order { /* opens; report to queue */
	uint8_t verb;
	uint64_t id;
	uint32_t uid;      /* who asks, by the kernel */
	uint8_t operator_; /* root or group postern */
	char reason[MSG_TEXT_MAX + 1];
};

struct msg_suspend {       /* opens; also MSG_ASK_SUSPEND, without uid */
	uint8_t resume;    /* 1: it goes on */
	uint8_t transport; /* 0 any */
	uint16_t port;     /* 0 any */
	uint64_t ms;       /* for so long; 0: until it is resumed */
	uint32_t uid;      /* who asks, by the kernel */
	uint8_t operator_;
	char name[MSG_DOMAIN_MAX + 1];
	char reason[MSG_TEXT_MAX + 1];
};

struct msg_order_done { /* ends; also MSG_ORDER_IS */
	uint16_t code;  /* 0; 64 unknown id; 77 not yours */
	uint32_t count; /* groups that it touched */
	char text[MSG_TEXT_MAX + 1];
};

extern const struct ipc_type msg_ask_queue, msg_ask_show, msg_ask_order,
    msg_row, msg_row_rcpt, msg_rows_end, msg_order, msg_order_done,
    msg_order_is, msg_ask_suspend, msg_suspend, msg_ask_summary, msg_summary,
    msg_ask_trace;

#endif
