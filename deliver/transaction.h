/* SPDX-License-Identifier: ISC */
/* deliver/transaction.h - one message on its way to some recipients.
 *
 * What the client says of it, and how it went with each recipient.  One round
 * may need several sessions: a recipient that a server has judged stays
 * settled, the others are asked again of the next one.
 */
#ifndef DELIVER_TRANSACTION_H
#define DELIVER_TRANSACTION_H

#include "common/ipc/msg_job.h"
#include "common/mail/status.h"

struct heard;

struct recipient {
	uint32_t number;        /* queue's, handed back with the result */
	uint8_t notify;         /* NOTIFY_* */
	char *address;          /* as RCPT writes it, without brackets */
	char *orcpt;            /* "type;address"; "" none */
	bool accepted;          /* by RCPT, in the session under way */
	struct status *settled; /* its own end; NULL: as the transaction's */
};

struct transaction {
	char *sender; /* "" is the null sender */
	uint8_t ret;  /* enum ret */
	char envid[ENVID_MAX + 1];
	struct recipient *rcpts;
	size_t nrcpts;
	uint64_t size;    /* bytes of the body as stored */
	bool eightbit;    /* BODY=8BITMIME, where it is offered */
	bool utf8_header; /* RFC 6532: only to who offers SMTPUTF8 */
	bool more; /* NEXT_OVER: the server takes the rest in another one */
	enum job_login login; /* what is wrong with ours */
	struct heard *heard;  /* lent; not NULL: what it offers is to be found
				 out, and no mail sent */
	bool dsn; /* the last server was told what to tell the sender */
	char tls[MSG_TLS_MAX + 1]; /* of the last session, as is reported */
	enum job_stage stage;      /* how far the last session came */
	struct status status;      /* of every recipient that is not settled */
};

/* Takes nothing: copies. At most n recipients will be added. */
void transaction_init(struct transaction *, const char *sender, size_t n);
void transaction_add(struct transaction *, const struct msg_job_rcpt *);
void transaction_clear(struct transaction *);
void transaction_settle(struct recipient *, const struct status *);
/* Some recipient has no end of its own yet. */
bool transaction_open(const struct transaction *);
/* The next recipient without an end of its own, or that was accepted, at or
 * after i; nrcpts: none. */
size_t transaction_next(const struct transaction *, size_t i);
size_t transaction_next_accepted(const struct transaction *, size_t i);
/*
 * RFC 6531 3.2: what is not ASCII is not sent to a server that does not offer
 * SMTPUTF8; rewriting it is nobody's right.  A single recipient's address is
 * that recipient's trouble.  False: nobody is left.
 */
bool transaction_fits_ascii(struct transaction *);
/* The address, or anything in what is left to send, needs RFC 6531. */
bool address_needs_utf8(const char *);
bool transaction_needs_utf8(const struct transaction *);

#endif
