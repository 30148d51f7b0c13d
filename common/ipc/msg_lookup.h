/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_lookup.h - questions to the tables.
 *
 * smtpd asks whether (MSG_WHETHER, answered by MSG_WHETHER_IS), those of one
 * pipelined group in one packet.  queue asks who is meant (MSG_EXPAND): any
 * number of MSG_EXPANDED, then MSG_EXPAND_END.  Whoever asks has a deadline of
 * its own, and asks again when lookup was started anew.
 */
#ifndef COMMON_IPC_MSG_LOOKUP_H
#define COMMON_IPC_MSG_LOOKUP_H

#include "common/ipc/msg_control.h"

enum whether_kind {
	WHETHER_RCPT = 1,  /* there is such a recipient */
	WHETHER_SENDER = 2 /* this login may send as that address */
};

enum whether_answer {
	WHETHER_YES = 1,
	WHETHER_NO = 2,
	WHETHER_LATER = 3 /* the table cannot be read at the moment */
};

struct msg_whether { /* opens */
	uint8_t kind;
	char address[MSG_ADDRESS_MAX + 1];
	char login[MSG_DOMAIN_MAX + 1]; /* WHETHER_SENDER */
};

struct msg_whether_is { /* ends */
	uint8_t answer;
};

struct msg_expand { /* opens */
	char address[MSG_ADDRESS_MAX + 1];
};

struct msg_expanded {
	char address[MSG_ADDRESS_MAX + 1];
};

struct msg_expand_end {              /* ends */
	uint32_t count;              /* of those before */
	uint8_t several;             /* a list stood behind one of the names */
	char text[MSG_TEXT_MAX + 1]; /* why not yet; then count is 0 */
};

extern const struct ipc_type msg_whether, msg_whether_is, msg_expand,
    msg_expanded, msg_expand_end;

#endif
