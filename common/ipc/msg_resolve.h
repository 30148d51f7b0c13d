/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_resolve.h - questions to the DNS.
 *
 * MSG_QUESTION opens; MSG_ANSWER_MX or MSG_ANSWER_ADDR come once per record
 * (bounded), MSG_ANSWER_TLSA once; MSG_ANSWER_END ends.  The asker has a
 * deadline of its own and asks again when resolve was started anew.
 *
 * smtpd asks something else, by MSG_NAME_OF: the name of a client's address.
 * Its credit is the bound of what strangers may have under way.  The asker
 * does without a name where there is no credit, and asks once.
 */
#ifndef COMMON_IPC_MSG_RESOLVE_H
#define COMMON_IPC_MSG_RESOLVE_H

#include "common/ipc/msg_control.h"
#include "common/mail/tlsa.h"

enum question_kind {
	QUESTION_MX = 1,   /* mail exchangers of a domain */
	QUESTION_HOST = 2, /* A and AAAA of a name, CNAMEs followed */
	QUESTION_TLSA = 3  /* of a port of a name, RFC 7672 */
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
	uint16_t port; /* QUESTION_TLSA; else 0 */
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

struct msg_answer_tlsa {
	char records[TLSA_TEXT_MAX + 1]; /* all of them: common/mail/tlsa.h */
};

/* How far an answer is validated, by a resolver that has shown that it does. */
enum answer_secure {
	SECURE_NO = 0,
	SECURE_ALL = 1,  /* every record, and every CNAME on the way */
	SECURE_FIRST = 2 /* QUESTION_HOST: the CNAME of the name itself only */
};

struct msg_answer_end {
	uint8_t kind;
	uint8_t secure;    /* enum answer_secure */
	uint8_t validates; /* a resolver that is asked has shown that it does */
	uint32_t ttl;      /* seconds */
	char alias[MSG_DOMAIN_MAX + 1]; /* where CNAMEs led; "" nowhere */
	char text[MSG_TEXT_MAX + 1];    /* of trouble, for people */
};

struct msg_name_of { /* opens */
	uint8_t family;
	uint8_t bytes[MSG_IP_BYTES];
};

/* Ends.  A name only with ANSWER_FOUND: one whose addresses have this one. */
struct msg_name_is {
	uint8_t kind; /* enum answer_kind, but ANSWER_MALFORMED */
	char name[MSG_DOMAIN_MAX + 1];
};

extern const struct ipc_type msg_question, msg_answer_mx, msg_answer_addr,
    msg_answer_tlsa, msg_answer_end, msg_name_of, msg_name_is;

#endif
