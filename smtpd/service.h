/* SPDX-License-Identifier: ISC */
/* smtpd/service.h - what all sessions of a worker share; lent to each. */
#ifndef SMTPD_SERVICE_H
#define SMTPD_SERVICE_H

#include "common/base/census.h"
#include "common/conf/conf.h"
#include "common/mail/status.h"

struct session;

/* What was refused, for the log. */
struct refusal {
	const char *command;
	struct view argument;
	int code;
	const char *status; /* "5.7.1" */
	const char *text;
};

struct service {
	const struct conf *conf;
	struct routing routing;
	bool local;               /* the submission socket */
	struct census *census;    /* lent; NULL: clients are not counted */
	int64_t now_ms;           /* monotonic, of this turn */
	unsigned int level;       /* of overload: smtpd/overload.h */
	bool no_memory;           /* for messages: 452 */
	bool strangers;           /* of the class that serves port 25 */
	unsigned int max_errors;  /* of one session; 0: no limit */
	unsigned int soft_errors; /* so many are answered at once */
	unsigned int max_mails;
	unsigned int max_junk;     /* commands between messages; 0: no limit */
	unsigned int max_commands; /* in all; 0: no limit */
	bool tls_up; /* there is a process to which clients can be given */
	/* New bodies are welcome: VERDICT_DONE; else the answer to MAIL. */
	struct status intake;
	/* MAIL, RCPT or a body was refused.  May be NULL. */
	void (*refused)(const struct session *, const struct refusal *);
};

/* The configuration is lent, and outlives the service. */
void service_init(struct service *, const struct conf *, bool local);

#endif
