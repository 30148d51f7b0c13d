/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_resolve.h - questions to the DNS.
 *
 * MSG_QUESTION opens; MSG_ANSWER_MX or MSG_ANSWER_ADDR come once per record
 * (bounded), MSG_ANSWER_END ends.  The asker has a deadline of its own and
 * asks again when resolve was started anew.
 */
#ifndef COMMON_IPC_MSG_RESOLVE_H
#define COMMON_IPC_MSG_RESOLVE_H

#include "common/ipc/msg_control.h"

enum question_kind {
	QUESTION_MX = 1,  /* mail exchangers of a domain */
	QUESTION_HOST = 2 /* A and AAAA of a name, CNAMEs followed */
};

enum answer_kind {
	/* MX without any record: there are some, but none names a host. */
	ANSWER_FOUND = 1,
	ANSWER_NONE = 2,     /* the name exists, without such records */
	ANSWER_NO_NAME = 3,  /* NXDOMAIN */
	ANSWER_TROUBLE = 4,  /* SERVFAIL, no server answers: later */
	ANSWER_MALFORMED = 5 /* the name asked for is no host name */
};

enum { ANSWER_MX_MAX = 20, ANSWER_ADDR_MAX = 32 };

struct msg_question {
	uint8_t kind;
	char name[MSG_DOMAIN_MAX + 1];
};

struct msg_answer_mx {
	uint16_t preference;
	char host[MSG_DOMAIN_MAX + 1]; /* "" is the null MX, RFC 7505 */
};

struct msg_answer_addr {
	uint8_t family;
	uint8_t bytes[MSG_IP_BYTES];
};

struct msg_answer_end {
	uint8_t kind;
	uint8_t secure; /* validated by a resolver that may say so */
	uint32_t ttl;   /* seconds */
	char text[MSG_TEXT_MAX + 1]; /* of trouble, for people */
};

extern const struct ipc_type msg_question, msg_answer_mx, msg_answer_addr,
    msg_answer_end;

#endif
