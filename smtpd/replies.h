/* SPDX-License-Identifier: ISC */
/* smtpd/replies.h - every fixed thing that we say to a client.
 *
 * One row each: code, enhanced code (RFC 2034, 3463; its class is the first
 * digit of the code) and words that tell what to change.  The greeting, EHLO
 * and 354 have no enhanced code and are not here.
 */
#ifndef SMTPD_REPLIES_H
#define SMTPD_REPLIES_H

#include "common/base/buf.h"

struct smtp_reply {
	int code;
	const char *status; /* "5.5.1" */
	const char *text;
};

/* 2yz */
extern const struct smtp_reply reply_ok, reply_sender, reply_rcpt, reply_bye,
    reply_vrfy, reply_help, reply_chunk, reply_tls_go, reply_auth_done;
/* 4yz */
extern const struct smtp_reply reply_idle, reply_slow, reply_old,
    reply_commands, reply_errors, reply_stopping, reply_tls_away, reply_busy,
    reply_overload, reply_memory, reply_mails, reply_rcpts, reply_queue,
    reply_space, reply_tables, reply_client_connections, reply_client_connects,
    reply_client_errors, reply_client_stress, reply_client_messages,
    reply_client_rcpts, reply_auth_away, reply_auth_barred, reply_auth_tries;
/* 5yz: lines, order, syntax */
extern const struct smtp_reply reply_line_end, reply_line_nul, reply_line_long,
    reply_unknown, reply_disabled, reply_tls_early, reply_tls_twice,
    reply_sequence, reply_greet_first, reply_argument_needed,
    reply_argument_none, reply_argument, reply_param_unknown, reply_param_twice,
    reply_param_value, reply_bad_sender, reply_bad_rcpt, reply_utf8,
    reply_bad_chunk, reply_early, reply_auth_twice, reply_auth_mechanism,
    reply_auth_syntax, reply_auth_long, reply_auth_cancelled;
/* 5yz: policy */
extern const struct smtp_reply reply_relay, reply_routing, reply_no_mailbox,
    reply_unknown_rcpt, reply_not_owner, reply_auth_needed, reply_auth_clear,
    reply_auth_failed, reply_too_big, reply_header_big, reply_line_huge,
    reply_loop, reply_bare, reply_nul;

/* One line with its CRLF. */
void reply_add(struct buf *, const struct smtp_reply *);

#endif
