/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_job.h - how queue has messages delivered.
 *
 * A job is one message, one destination, some recipients, one read-only
 * descriptor of the body (read with pread: the offset is shared), one token.
 * queue opens it with MSG_JOB, MSG_JOB_RCPT follows once per recipient; the
 * worker answers MSG_RESULT for recipients that differ and MSG_JOB_DONE,
 * whose status counts for every recipient without a MSG_RESULT.
 *
 * The token is MAC(key in the spool; message, group, attempt, worker).  When
 * the channel is lost, a worker aborts each job whose final dot it has not
 * sent and finishes the others.  A new queue opens MSG_HELD_ASK; the worker
 * answers MSG_HELD for each of those and MSG_HELD_END, and when one is
 * finished it opens MSG_LATE, followed by one MSG_RESULT for every recipient
 * and MSG_JOB_DONE.
 *
 * When a job's first final dot has gone out the worker says MSG_DOT, once: if
 * it is lost after that, some of the recipients may have the message.
 *
 * The worker of a login says MSG_RENEWED when it has got its password or token,
 * and when that has changed: what waits for another may be tried soon.
 *
 * A worker that was told to stop says MSG_RETIRE: it gets no more jobs, and
 * those that end with its channel were given back, not lost by a mishap.
 */
#ifndef COMMON_IPC_MSG_JOB_H
#define COMMON_IPC_MSG_JOB_H

#include "common/ipc/msg_control.h"
#include "common/mail/notify.h"

enum { MSG_TOKEN_BYTES = 16, MSG_HOST_MAX = 255, MSG_TLS_MAX = 95 };

/* How far an attempt came: decides whose clock a failure moves. */
enum job_stage {
	STAGE_ROUTE = 1,   /* no address found, or DNS trouble */
	STAGE_CONNECT = 2, /* no connection, greeting or EHLO refused */
	STAGE_MAIL = 3,    /* MAIL was answered: the message's own trouble */
	STAGE_DATA = 4,    /* lost or refused between DATA and the final dot */
	STAGE_DOT = 5      /* the final dot was sent */
};

/* What is wrong with our login at the server: the postmaster is told. */
enum job_login { JOB_LOGIN_FINE, JOB_LOGIN_REFUSED, JOB_LOGIN_EXPIRED };

/* What identifies a job across restarts of queue. */
struct job_key {
	uint64_t message;
	uint32_t group;
	uint32_t attempt;
	uint32_t worker;
	uint8_t token[MSG_TOKEN_BYTES];
};

struct msg_job { /* opens; with descriptor */
	struct job_key key;
	uint64_t size;  /* read exactly so many bytes */
	uint32_t flags; /* ENVELOPE_* of msg_intake.h */
	uint32_t nrcpts;
	uint8_t ret;       /* enum ret of common/mail/notify.h */
	uint8_t transport; /* enum transport of common/mail/route.h */
	uint16_t port;
	char host[MSG_HOST_MAX + 1];      /* next hop: domain (MX) or host */
	char sender[MSG_ADDRESS_MAX + 1]; /* "" is the null sender */
	char envid[ENVID_MAX + 1];        /* decoded; "" none */
};

struct msg_job_rcpt {
	uint32_t n;     /* the recipient's number within the group */
	uint8_t notify; /* NOTIFY_* */
	char address[MSG_ADDRESS_MAX + 1];
	char orcpt[ORCPT_MAX + 1]; /* "type;address", decoded; "" none */
};

struct msg_result {
	uint32_t rcpt;   /* its number, as in MSG_JOB_RCPT */
	uint8_t verdict; /* 2 done, 4 later, 5 never */
	uint16_t smtp, subject, detail;
	char text[MSG_TEXT_MAX + 1];
};

/* Ends.  For every recipient that had no MSG_RESULT. */
struct msg_job_done {
	uint8_t verdict;
	uint8_t stage; /* enum job_stage: how far the session came */
	uint8_t login; /* enum job_login */
	uint8_t dsn;   /* the server took over to tell the sender (RFC 3461) */
	uint16_t smtp, subject, detail;
	uint8_t family; /* of the server last tried; 0: none was */
	uint8_t address[MSG_IP_BYTES];
	char host[MSG_HOST_MAX + 1]; /* its name, "" if none */
	char tls[MSG_TLS_MAX + 1];   /* protocol, cipher, verified how; "" */
	char text[MSG_TEXT_MAX + 1];
};

struct msg_dot {        /* who may have taken the message */
	uint8_t family; /* 0: a UNIX socket */
	uint8_t address[MSG_IP_BYTES];
	char host[MSG_HOST_MAX + 1]; /* its name, "" if none */
};

struct msg_held { /* in a MSG_HELD_ASK conversation */
	struct job_key key;
};

struct msg_late { /* opens */
	struct job_key key;
	uint32_t nrcpts;
};

extern const struct ipc_type msg_job, msg_job_rcpt, msg_result, msg_dot,
    msg_job_done, msg_held_ask, msg_held, msg_held_end, msg_late, msg_retire,
    msg_renewed;

#endif
