/* SPDX-License-Identifier: ISC */
/* deliver/command.c - the commands of a mail transaction as a client says them.
 *
 * Pure.
 */
#include "deliver/command.h"

#include "common/mail/notify.h"
#include "deliver/greeting.h"

void
command_hello(const char *verb, const char *name, struct buf *out)
{
	buf_add_string(out, verb);
	buf_add_string(out, " ");
	buf_add_string(out, name);
	buf_add_string(out, "\r\n");
}

void
command_mail(const struct transaction *t, unsigned int offers, struct buf *out)
{
	buf_add_string(out, "MAIL FROM:<");
	buf_add_string(out, t->sender);
	buf_add_string(out, ">");
	if ((offers & OFFER_SIZE) != 0)
		buf_printf(out, " SIZE=%llu", (unsigned long long)t->size);
	/* a server without 8BITMIME gets the bytes as they are: every such
	 * server that still runs passes them on, and bounces help nobody */
	if ((offers & OFFER_8BITMIME) != 0 && t->eightbit)
		buf_add_string(out, " BODY=8BITMIME");
	if ((offers & OFFER_DSN) != 0)
		notify_print_mail(t->ret, t->envid, out);
	if ((offers & OFFER_SMTPUTF8) != 0 && transaction_needs_utf8(t))
		buf_add_string(out, " SMTPUTF8");
	buf_add_string(out, "\r\n");
}

void
command_rcpt(const struct recipient *r, unsigned int offers, struct buf *out)
{
	buf_add_string(out, "RCPT TO:<");
	buf_add_string(out, r->address);
	buf_add_string(out, ">");
	if ((offers & OFFER_DSN) != 0)
		notify_print_rcpt(r->notify, r->orcpt, out);
	buf_add_string(out, "\r\n");
}

void
command_data(struct buf *out)
{
	buf_add_string(out, "DATA\r\n");
}
