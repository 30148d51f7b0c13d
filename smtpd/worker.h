/* SPDX-License-Identifier: ISC */
/* smtpd/worker.h - one smtpd process: what its parts share. */
#ifndef SMTPD_WORKER_H
#define SMTPD_WORKER_H

#include "smtpd/door.h"
#include "smtpd/farewell.h"
#include "smtpd/overload.h"
#include "smtpd/roster.h"
#include "smtpd/service.h"
#include "smtpd/session.h"
#include "smtpd/stock.h"

#include <event2/event_struct.h>

struct channel;
struct event_base;

enum {
	INPUT_MAX = 65536,              /* read from a client at a time */
	INPUT_HEAD = 12288 + 2048,      /* the start of a line, before it */
	OUTPUT_MAX = SESSION_OUT + 8192 /* replies of one turn */
};

struct worker {
	struct event_base *base;
	struct service service;
	struct roster roster;
	struct overload overload;
	struct census census;
	size_t turned_away; /* since the log was told */
	size_t untold;      /* of these; without a word */
	size_t unserved;    /* welcome, but nobody takes them for TLS */
	struct farewells farewells;
	uint64_t max_clients;
	struct stock stock;
	struct channel *queue; /* NULL while there is none */
	size_t unasked;        /* questions that lookup has not got */
	size_t files_out;      /* taken from the stock, not yet given away */
	struct door doors[DOORS_MAX];
	size_t ndoors;
	struct event second; /* once a second while there is something to do */
	struct event pauses; /* while somebody is in such a place */
	struct event handover; /* clients are to be given to tls */
	size_t tls_next;       /* which tls process gets the next */
	bool stopping;
	int64_t stop_ms; /* since then */
	struct buf out;  /* replies, while a client is served */
	char input[INPUT_HEAD + INPUT_MAX];
};

#endif
