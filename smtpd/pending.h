/* SPDX-License-Identifier: ISC */
/* smtpd/pending.h - commands whose answer stands in a table.  (Pure.)
 *
 * The recipients of a pipelined group are gathered, as far as one RCPT follows
 * another, and asked about at once; the replies come in their order.  Nothing
 * else is read before they are answered.
 */
#ifndef SMTPD_PENDING_H
#define SMTPD_PENDING_H

#include "common/ipc/msg_lookup.h"
#include "smtpd/session.h"

enum { PENDING_MAX = 50 };

/* One question, as it is asked; texts are lent. */
struct pending_question {
	enum whether_kind kind;
	struct mailbox address;
	const char *login; /* WHETHER_SENDER */
};

void pending_free(struct pending *); /* NULL is welcome */
bool pending_any(const struct session *);
/* What comes next is one more RCPT of the group. */
bool pending_takes(const struct session *, struct view in);
/* wrong: what it is refused with, else NULL, and ask or accepted. */
void pending_add(struct session *, const struct mailbox *rcpt,
    const struct smtp_reply *wrong, bool ask);
/* The login may send only as what it owns, and a table says what that is. */
bool pending_wants_sender(const struct session *);
void pending_add_sender(struct session *);

/* How many questions there are; and one of them. */
size_t pending_count(const struct session *);
void pending_question(
    const struct session *, size_t n, struct pending_question *);
/* All of them, in that order: everything that waited is answered. */
void pending_answered(
    struct session *, const enum whether_answer *, struct buf *out);

/* Refused, or one more recipient. */
void rcpt_decide(struct session *, const struct mailbox *rcpt,
    const struct smtp_reply *wrong);

#endif
