/* SPDX-License-Identifier: ISC */
/* deliver/dane.h - what TLSA records ask of the connection to a server.
 *
 * RFC 7672: where there are secure ones TLS is a must; where one of them is
 * usable the certificate has to match.  Held by jobs and connections, counted.
 */
#ifndef DELIVER_DANE_H
#define DELIVER_DANE_H

#include "common/ipc/msg_resolve.h"
#include "common/mail/domain.h"

enum dane_state {
	DANE_USABLE,   /* one must match */
	DANE_UNUSABLE, /* there are some, and they say nothing we know */
	DANE_TROUBLE   /* nobody knows: this server is not for us, now */
};

struct dane {
	size_t references;
	enum dane_state state;
	char base[DOMAIN_MAX + 1];   /* whose records */
	char *records;               /* common/mail/tlsa.h; NULL: trouble */
	char text[MSG_TEXT_MAX + 1]; /* of trouble */
};

struct answer;

/* From the answer to QUESTION_TLSA for that name; NULL: none that counts. */
struct dane *dane_new(const struct answer *, const char *base);
struct dane *dane_hold(struct dane *); /* NULL is welcome, here and below */
void dane_drop(struct dane *);
/* Has a connection that was made for the one what the other asks for? */
bool dane_eq(const struct dane *, const struct dane *);

#endif
