/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_tls.h - a client's connection goes to the process of TLS.
 *
 * smtpd opens a conversation with MSG_TLS_SERVE, which brings the client's
 * TCP connection: smtpd has it no more, whatever comes.  When the handshake is
 * done tls answers with MSG_TLS_OPEN and one end of a pair of sockets, which
 * carries the clear text.  MSG_TLS_END is the last word in any case: how the
 * client's stream ended, or why there was none.
 */
#ifndef COMMON_IPC_MSG_TLS_H
#define COMMON_IPC_MSG_TLS_H

#include "common/ipc/msg_control.h"
#include "common/mail/tlsa.h"

enum { MSG_PROTOCOL_MAX = 15, MSG_CIPHER_MAX = 63 };

enum tls_end {
	TLS_END_CLOSED = 1, /* the client said that it was all (close_notify) */
	TLS_END_CUT = 2,    /* the connection ended without that */
	TLS_END_ERROR = 3,  /* what came was not TLS as it must be */
	TLS_END_LATE = 4,   /* the handshake took too long */
	TLS_END_FULL = 5,   /* no room for one more */
	TLS_END_OURS = 6    /* smtpd or deliver closed its end */
};

/* Clients that smtpd turns away, which one process of tls serves at a time, and
 * which take nothing of the room of the others. */
enum { TLS_TURNED_AWAY = 128 };

struct msg_tls_serve {
	uint16_t listener;   /* whose certificates */
	uint8_t turned_away; /* it is only to hear why */
};

struct msg_tls_open {
	char protocol[MSG_PROTOCOL_MAX + 1]; /* "TLSv1.3" */
	char cipher[MSG_CIPHER_MAX + 1];
	char name[MSG_DOMAIN_MAX + 1]; /* that the client asked for, "" none */
};

/*
 * deliver opens the same with MSG_TLS_CONNECT and its connection to a server:
 * it has it no more, and there is no way back to clear text.
 */
enum tls_verify {
	TLS_VERIFY_NO = 0,   /* any certificate will do */
	TLS_VERIFY_NAME = 1, /* one for the name, from an authority */
	TLS_VERIFY_DANE = 2  /* one that a TLSA record knows */
};

struct msg_tls_connect {
	uint8_t verify;                /* enum tls_verify */
	char name[MSG_DOMAIN_MAX + 1]; /* to ask for and to verify; "" none */
	/* other names that it may have, where a record of usage 2 vouches */
	char host[MSG_DOMAIN_MAX + 1];
	char domain[MSG_DOMAIN_MAX + 1];
	char records[TLSA_TEXT_MAX + 1]; /* TLS_VERIFY_DANE; else "" */
};

struct msg_tls_end {
	uint8_t how;
	char text[MSG_TEXT_MAX + 1];
};

extern const struct ipc_type msg_tls_serve, msg_tls_connect, msg_tls_open,
    msg_tls_end;

#endif
