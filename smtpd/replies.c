/* SPDX-License-Identifier: ISC */
/* smtpd/replies.c - every fixed thing that we say to a client. */
#include "smtpd/replies.h"

/* clang-format off */
const struct smtp_reply
    reply_ok = { 250, "2.0.0", "ok" },
    reply_sender = { 250, "2.1.0", "sender ok" },
    reply_rcpt = { 250, "2.1.5", "recipient ok" },
    reply_tls_go = { 220, "2.0.0", "begin TLS" },
    reply_bye = { 221, "2.0.0", "goodbye" },
    reply_vrfy = { 252, "2.0.0", "not verified here, but mail to it is tried" },
    reply_help = { 214, "2.0.0", "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP QUIT "
	"VRFY HELP (RFC 5321, 3030)" },
    reply_chunk = { 250, "2.0.0", "chunk received" },
    reply_auth_done = { 235, "2.7.0", "logged in" };

const struct smtp_reply
    reply_idle = { 421, "4.4.2", "nothing heard for too long, closing" },
    reply_slow = { 421, "4.4.2", "message comes in too slowly, closing" },
    reply_old = { 421, "4.7.0", "this session has lasted long enough, connect "
	"again" },
    reply_commands = { 421, "4.7.0", "too many commands that lead nowhere, "
	"closing" },
    reply_errors = { 421, "4.7.0", "too many errors in this session, closing" },
    reply_stopping = { 421, "4.3.2", "service is stopping, try again" },
    reply_tls_away = { 454, "4.7.0", "TLS is not available now, try again "
	"later" },
    reply_busy = { 421, "4.3.2", "too many connections, try again later" },
    reply_overload = { 421, "4.3.2", "overloaded, try again in some minutes" },
    reply_memory = { 452, "4.3.1", "too many messages at a time, try again "
	"later" },
    reply_client_connections = { 421, "4.7.0", "too many connections from your "
	"address at a time, try again later" },
    reply_client_stress = { 421, "4.3.2", "busy, and your address has several "
	"connections, try again later" },
    reply_client_connects = { 421, "4.7.0", "your address connects too often, "
	"try again later" },
    reply_client_errors = { 421, "4.7.0", "too many errors from your address, "
	"try again later" },
    reply_client_messages = { 450, "4.7.0", "too many messages from your "
	"address, try again later" },
    reply_client_rcpts = { 450, "4.7.0", "too many recipients from your "
	"address, try again later" },
    reply_mails = { 421, "4.7.0", "enough messages for one session, connect "
	"again" },
    reply_rcpts = { 452, "4.5.3", "too many recipients, send the rest in a "
	"message of its own" },
    reply_queue = { 451, "4.3.0", "the queue is not available, try again "
	"later" },
    reply_tables = { 451, "4.3.0", "the tables cannot be asked now, try "
	"again later" },
    reply_auth_away = { 454, "4.7.0", "logins cannot be checked now, try again "
	"later" },
    reply_auth_barred = { 454, "4.7.0", "too many failed logins with this name "
	"or from your network, try again in 15 minutes" },
    reply_auth_tries = { 421, "4.7.0", "too many failed logins in this session, "
	"closing" },
    reply_space = { 452, "4.3.1", "message cannot be written, try again "
	"later" };

const struct smtp_reply
    reply_line_end = { 500, "5.5.2", "lines end with CRLF; a bare CR or a bare "
	"LF is refused" },
    reply_line_nul = { 501, "5.5.2", "NUL byte in a command, send it "
	"without" },
    reply_line_long = { 500, "5.5.2", "line too long: 2,048 bytes at "
	"most, 12,288 of AUTH" },
    reply_unknown = { 500, "5.5.2", "command not known, HELP lists "
	"them" },
    reply_disabled = { 502, "5.5.1", "command not offered, see the "
	"answer to EHLO" },
    reply_tls_early = { 554, "5.5.1", "nothing may follow STARTTLS before its "
	"answer, closing" },
    reply_tls_twice = { 503, "5.5.1", "TLS is in use already, go on "
	"without STARTTLS" },
    reply_sequence = { 503, "5.5.1", "command out of order: MAIL, RCPT, "
	"then DATA or BDAT" },
    reply_greet_first = { 503, "5.5.1", "say EHLO or HELO first" },
    reply_argument_needed = { 501, "5.5.4", "command needs an argument "
	"(RFC 5321 4.1.1)" },
    reply_argument_none = { 501, "5.5.4", "command takes no argument "
	"(RFC 5321 4.1.1)" },
    reply_argument = { 501, "5.5.4", "argument not understood "
	"(RFC 5321 4.1.1)" },
    reply_param_unknown = { 555, "5.5.4", "parameter not offered, see the "
	"answer to EHLO" },
    reply_param_twice = { 501, "5.5.4", "parameter given twice, once is "
	"enough" },
    reply_param_value = { 501, "5.5.4", "parameter's value not "
	"understood, see the RFC of its extension" },
    reply_bad_sender = { 501, "5.1.7", "sender address is not valid "
	"(RFC 5321 4.1.2)" },
    reply_bad_rcpt = { 501, "5.1.3", "recipient address is not valid "
	"(RFC 5321 4.1.2)" },
    reply_early = { 554, "5.5.1", "you spoke before the greeting "
	"(RFC 5321 4.3.1), closing" },
    reply_utf8 = { 553, "5.6.7", "address is not ASCII, which needs SMTPUTF8 "
	"at MAIL (RFC 6531)" },
    reply_auth_twice = { 503, "5.5.1", "logged in already, connect anew "
	"to be somebody else" },
    reply_auth_mechanism = { 504, "5.5.4", "mechanism not offered, PLAIN and "
	"LOGIN are" },
    reply_auth_syntax = { 501, "5.5.2", "response not understood (RFC 4954, "
	"4616)" },
    reply_auth_long = { 500, "5.5.6", "response is longer than any may be" },
    reply_auth_cancelled = { 501, "5.7.0", "login cancelled, as asked for" },
    reply_bad_chunk = { 501, "5.5.4", "size of the chunk not understood "
	"(RFC 3030: BDAT SIZE [LAST]), closing" };

const struct smtp_reply
    reply_relay = { 550, "5.7.1", "relay access denied: this client may not "
	"send there through us" },
    reply_routing = { 550, "5.7.1", "an address with a route in it (%, ! or @) "
	"is not taken from strangers" },
    reply_unknown_rcpt = { 550, "5.1.1", "there is no such recipient "
	"here, check the address" },
    reply_not_owner = { 553, "5.7.1", "this login may not send as that "
	"address, use one of its own" },
    reply_auth_needed = { 530, "5.7.0", "log in first (AUTH): this port is "
	"for people of this server" },
    reply_auth_clear = { 538, "5.7.11", "passwords are taken only after "
	"STARTTLS" },
    reply_auth_failed = { 535, "5.7.8", "name or password is wrong" },
    reply_no_mailbox = { 550, "5.1.1", "no such mailbox here, check the "
	"address" },
    reply_too_big = { 552, "5.3.4", "message is larger than we accept, "
	"the answer to EHLO says how large (SIZE)" },
    reply_header_big = { 552, "5.3.4", "message header is larger than "
	"1 MiB or 2,000 lines" },
    reply_line_huge = { 554, "5.6.0", "message has a line longer than "
	"65,536 bytes" },
    reply_loop = { 554, "5.4.6", "too many Received fields, the message is "
	"going in circles" },
    reply_bare = { 550, "5.5.2", "bare CR or LF in message, lines end with "
	"CRLF" },
    reply_nul = { 550, "5.5.2", "NUL byte in message, encode it "
	"(base64)" };
/* clang-format on */

void
reply_add(struct buf *out, const struct smtp_reply *r)
{
	buf_printf(out, "%d %s %s\r\n", r->code, r->status, r->text);
}
