/* SPDX-License-Identifier: ISC */
/* smtpd/door.h - a listening socket that we were handed.
 *
 * Accepts many clients a turn.  Without a descriptor left it rests for a
 * moment: the clients wait in the backlog, none is turned away ungreeted.
 */
#ifndef SMTPD_DOOR_H
#define SMTPD_DOOR_H

#include "common/conf/conf.h"
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

struct listening;
struct worker;

enum { DOORS_MAX = 64, DOOR_ACCEPTS = 64, DOOR_REST_MS = 100 };

struct door {
	struct worker *worker;
	int fd;
	uint16_t number; /* of the listener in the configuration */
	uint16_t port;   /* 0: the submission socket */
	enum listener_auth auth;
	bool local;      /* a UNIX socket */
	bool offers_tls; /* STARTTLS */
	bool speaks_tls; /* from the first byte */
	bool trouble;    /* was logged */
	struct event acceptable, rested;
};

void door_open(struct door *, struct worker *, const struct listening *);
void door_close(struct door *);
/* Tells the log how many more were turned away in this second. */
void doors_second(struct worker *);

#endif
