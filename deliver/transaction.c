/* SPDX-License-Identifier: ISC */
/* deliver/transaction.c - one message on its way to some recipients. */
#include "deliver/transaction.h"

#include "common/base/alloc.h"

#include <string.h>

void
transaction_init(struct transaction *t, const char *sender, size_t n)
{
	memset(t, 0, sizeof(*t));
	t->sender = mem_copy_string(sender);
	t->rcpts = mem_zero(n, sizeof(*t->rcpts));
}

void
transaction_add(struct transaction *t, const struct msg_job_rcpt *m)
{
	struct recipient *r = &t->rcpts[t->nrcpts++];

	r->number = m->n;
	r->notify = m->notify;
	r->address = mem_copy_string(m->address);
	r->orcpt = mem_copy_string(m->orcpt);
}

void
transaction_clear(struct transaction *t)
{
	for (size_t i = 0; i < t->nrcpts; i++) {
		mem_free(t->rcpts[i].address);
		mem_free(t->rcpts[i].orcpt);
		mem_free(t->rcpts[i].settled);
	}
	mem_free(t->rcpts);
	mem_free(t->sender);
	memset(t, 0, sizeof(*t));
}

void
transaction_settle(struct recipient *r, const struct status *st)
{
	if (r->settled == NULL)
		r->settled = mem_alloc(sizeof(*r->settled));
	*r->settled = *st;
}

bool
transaction_open(const struct transaction *t)
{
	for (size_t i = 0; i < t->nrcpts; i++)
		if (t->rcpts[i].settled == NULL)
			return true;
	return false;
}

bool
address_needs_utf8(const char *address)
{
	return !view_is_ascii(view_of(address));
}

bool
transaction_needs_utf8(const struct transaction *t)
{
	if (t->utf8_header || address_needs_utf8(t->sender))
		return true;
	for (size_t i = 0; i < t->nrcpts; i++)
		if (t->rcpts[i].settled == NULL &&
		    address_needs_utf8(t->rcpts[i].address))
			return true;
	return false;
}

size_t
transaction_next(const struct transaction *t, size_t i)
{
	while (i < t->nrcpts && t->rcpts[i].settled != NULL)
		i++;
	return i;
}

size_t
transaction_next_accepted(const struct transaction *t, size_t i)
{
	while (i < t->nrcpts && !t->rcpts[i].accepted)
		i++;
	return i;
}

bool
transaction_fits_ascii(struct transaction *t)
{
	static const char lacks[] = "and the server does not offer SMTPUTF8";

	if (address_needs_utf8(t->sender)) {
		status_never(&t->status, 553, 6, 7,
		    "the sender's address is not ASCII, %s", lacks);
		return false;
	}
	if (t->utf8_header) {
		status_never(&t->status, 554, 6, 9,
		    "the message header is not ASCII, %s", lacks);
		return false;
	}
	status_never(
	    &t->status, 553, 6, 7, "the address is not ASCII, %s", lacks);
	for (size_t i = 0; i < t->nrcpts; i++)
		if (t->rcpts[i].settled == NULL &&
		    address_needs_utf8(t->rcpts[i].address))
			transaction_settle(&t->rcpts[i], &t->status);
	return transaction_open(t);
}
