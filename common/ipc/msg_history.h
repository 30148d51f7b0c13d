/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_history.h - what queue tells history of messages.
 *
 * All of it goes one way and is answered by nothing: a message when it is
 * accepted (MSG_PAST_MESSAGE, then MSG_PAST_RCPT for each recipient), and
 * MSG_PAST_EVENT whenever something becomes of some of its recipients.  What
 * history is too slow for is dropped by queue and counted: MSG_PAST_LOST.
 */
#ifndef COMMON_IPC_MSG_HISTORY_H
#define COMMON_IPC_MSG_HISTORY_H

#include "common/ipc/msg_job.h"

enum past_kind { /* also in history.db */
	PAST_DELIVERED = 1,
	PAST_DEFERRED = 2,
	PAST_BOUNCED = 3,   /* given up; its sender was told, if there is one */
	PAST_REMOVED = 4,   /* by an order */
	PAST_HELD = 5,      /* by an order, or it has no place to go */
	PAST_RELEASED = 6,  /* by an order */
	PAST_RETRIED = 7,   /* by an order */
	PAST_NOTIFIED = 8,  /* a notice about it was queued: other is its id */
	PAST_RETURNED = 9,  /* by an order: its recipients are PAST_BOUNCED */
	PAST_EXPANDED = 10, /* others stand in its place */
	PAST_LAST = PAST_EXPANDED
};

struct msg_past_message {
	uint64_t id, size;
	int64_t received; /* wall clock, ms */
	uint32_t uid;     /* of a local submitter; UINT32_MAX: not local */
	uint64_t cause;   /* the message that this is a notice about; or 0 */
	uint8_t client_family;
	uint8_t client[MSG_IP_BYTES];
	char sender[MSG_ADDRESS_MAX + 1];
	char helo[MSG_DOMAIN_MAX + 1];
	char message_id[MSG_DOMAIN_MAX + 1];
	char login[MSG_DOMAIN_MAX + 1]; /* "": nobody had logged in */
};

struct msg_past_rcpt {
	uint64_t id;
	uint32_t group, n;
	char address[MSG_ADDRESS_MAX + 1];
	char original[MSG_ADDRESS_MAX + 1]; /* "" when the same */
};

struct msg_past_event {
	uint64_t id;
	int64_t at; /* wall clock, ms */
	uint8_t kind;
	uint32_t group; /* 0: the whole message */
	uint32_t n;     /* the recipient, or the first of them */
	uint32_t count; /* how many recipients shared this fate */
	uint64_t other; /* PAST_NOTIFIED */
	uint32_t uid;   /* who gave the order; UINT32_MAX: nobody */
	uint16_t smtp, subject, detail;
	uint8_t family;
	uint8_t bytes[MSG_IP_BYTES]; /* of the server */
	char host[MSG_DOMAIN_MAX + 1];
	char tls[MSG_TLS_MAX + 1];         /* as in MSG_JOB_DONE */
	char address[MSG_ADDRESS_MAX + 1]; /* of the recipient n */
	char text[MSG_TEXT_MAX + 1];
};

struct msg_past_lost {
	uint64_t count; /* frames since the last one of these */
};

extern const struct ipc_type msg_past_message, msg_past_rcpt, msg_past_event,
    msg_past_lost;

#endif
