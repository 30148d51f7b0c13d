/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_intake.h - how smtpd hands messages to queue.
 *
 * queue -> smtpd: MSG_STOCK, an append-only descriptor of a new body file,
 * marked with (instance of queue, message id).  smtpd writes the trace header
 * and the body into it, then opens a conversation with MSG_COMMIT and one
 * MSG_COMMIT_RCPT per recipient, closes its descriptor, and gets
 * MSG_COMMITTED: durable, or the refusal to pass on.  A descriptor that will
 * not be committed is given back by MSG_ABANDON.  After a restart of queue
 * MSG_FATE asks what became of an unanswered commit.
 */
#ifndef COMMON_IPC_MSG_INTAKE_H
#define COMMON_IPC_MSG_INTAKE_H

#include "common/ipc/msg_control.h"
#include "common/mail/notify.h"

enum { MSG_ID_TEXT_MAX = 255, MSG_HELO_MAX = 255 };

enum envelope_flag {
	ENVELOPE_8BIT = 1 << 0,     /* BODY=8BITMIME was given */
	ENVELOPE_HAS_8BIT = 1 << 1, /* the body holds bytes above 127 */
	ENVELOPE_ESMTP = 1 << 2,
	ENVELOPE_UTF8 = 1 << 3,        /* SMTPUTF8 was given */
	ENVELOPE_UTF8_HEADER = 1 << 4, /* and the header is not ASCII */
	ENVELOPE_ALL = (1 << 5) - 1
};

struct msg_stock { /* with descriptor: write-only, append-only */
	uint64_t instance, id;
};

/* smtpd wishes to have this many descriptors in hand (0 to 256). */
struct msg_stock_want {
	uint32_t count;
};

struct msg_abandon {
	uint64_t instance, id;
};

/* Opens; nrcpts (1 or more) MSG_COMMIT_RCPT follow in the conversation. */
struct msg_commit {
	uint64_t instance, id;
	uint32_t nrcpts;
	uint32_t flags;        /* ENVELOPE_* */
	uint32_t uid;          /* local class: the submitter by the kernel */
	uint8_t null_sender;   /* MAIL FROM:<> */
	uint8_t ret;           /* enum ret */
	uint8_t client_family; /* 0 local, 4, 6 */
	uint8_t client[MSG_IP_BYTES];
	char sender[MSG_ADDRESS_MAX + 1];
	char helo[MSG_HELO_MAX + 1];
	char message_id[MSG_ID_TEXT_MAX + 1]; /* of the header; "" unknown */
	char envid[ENVID_MAX + 1];            /* decoded; "" none */
	char login[MSG_DOMAIN_MAX + 1];       /* login class; "" none */
};

struct msg_commit_rcpt {
	uint8_t notify; /* NOTIFY_* */
	char address[MSG_ADDRESS_MAX + 1];
	char orcpt[ORCPT_MAX + 1]; /* "type;address", decoded; "" none */
};

/* Ends the conversation.  smtp 250, or 451/452/552/554 with text. */
struct msg_committed {
	uint16_t smtp, subject, detail;
	char text[MSG_TEXT_MAX + 1];
};

struct msg_fate { /* opens */
	uint64_t instance, id;
};

struct msg_fate_is { /* ends */
	uint8_t stored;
};

/* Whether new bodies are welcome: smtp is 0 (yes), else the reply to MAIL; and
 * the level of overload (common/base/ladder.h). */
struct msg_intake_state {
	uint8_t level;
	uint16_t smtp, subject, detail;
	char text[MSG_TEXT_MAX + 1];
};

extern const struct ipc_type msg_stock, msg_stock_want, msg_abandon, msg_commit,
    msg_commit_rcpt, msg_committed, msg_fate, msg_fate_is, msg_intake_state;

#endif
