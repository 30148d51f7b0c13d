/* SPDX-License-Identifier: ISC */
/* deliver/command.h - the commands of a mail transaction as a client says them.
 *
 * Appended to out with their CRLF.  Of parameters only those are said that the
 * server offers (OFFER_* bits, deliver/greeting.h).
 */
#ifndef DELIVER_COMMAND_H
#define DELIVER_COMMAND_H

#include "common/base/buf.h"
#include "deliver/transaction.h"

void command_hello(const char *verb, const char *name, struct buf *out);
void command_mail(
    const struct transaction *, unsigned int offers, struct buf *out);
void command_rcpt(
    const struct recipient *, unsigned int offers, struct buf *out);
void command_data(struct buf *out);

#endif
