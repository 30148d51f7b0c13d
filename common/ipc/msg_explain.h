/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_explain.h - what would become of mail for an address.
 *
 * A tool asks postern-report (MSG_ASK_EXPLAIN), which asks queue (MSG_EXPLAIN).
 * queue says who is meant (MSG_EXPLAIN_NAME for each, where aliases have
 * something to say), by which route (MSG_EXPLAIN_ROUTE) and how things stand
 * with that destination (MSG_EXPLAIN_STATE, MSG_EXPLAIN_RATE), and gives a
 * deliver worker a job without a message (MSG_PROBE).  The worker answers as
 * it would act: MSG_EXPLAIN_WAY, MSG_EXPLAIN_HOST for each exchanger,
 * MSG_EXPLAIN_SERVER for each address in the order in which they would be
 * tried, MSG_EXPLAIN_TLSA for each record of the one before; where it was to
 * connect MSG_EXPLAIN_SESSION for each that it tried; MSG_EXPLAIN_END.
 * What it says goes through queue and report, each of which judges it by
 * queue/explain_sound.h, as MSG_EXPLAIN_END of theirs ends the whole.
 */
#ifndef COMMON_IPC_MSG_EXPLAIN_H
#define COMMON_IPC_MSG_EXPLAIN_H

#include "common/ipc/msg_job.h"

enum { MSG_RULE_MAX = 2047, MSG_OFFERS_MAX = 1023 };

/* How long each may take; who asks waits longer than who is asked. */
enum {
	PROBE_FIND_SECONDS = 45,
	PROBE_CONNECT_SECONDS = 90,
	EXPLAIN_NAMES_SECONDS = 10,
	EXPLAIN_MARGIN_SECONDS = 5
};

/* At most so many of a kind in one answer. */
enum {
	EXPLAIN_NAMES_MAX = 100,
	EXPLAIN_RATES_MAX = 2,
	EXPLAIN_HOSTS_MAX = 20,
	EXPLAIN_SERVERS_MAX = 10,
	EXPLAIN_TLSAS_MAX = 32, /* of each server */
	/* each address once, and once more in clear text */
	EXPLAIN_SESSIONS_MAX = 20
};

struct msg_ask_explain { /* opens */
	uint8_t connect; /* up to EHLO and TLS */
	char address[MSG_ADDRESS_MAX + 1];
	char sender[MSG_ADDRESS_MAX + 1]; /* ""; whose mail it is */
	char login[MSG_DOMAIN_MAX + 1];
};

struct msg_explain { /* opens; report to queue */
	uint8_t operator_;
	struct msg_ask_explain ask;
};

struct msg_probe { /* opens; queue to deliver */
	uint8_t connect;
	uint8_t transport;
	uint16_t port;
	char host[MSG_HOST_MAX + 1]; /* next hop */
};

struct msg_explain_name {
	char address[MSG_ADDRESS_MAX + 1];
};

struct msg_explain_route {
	uint8_t verdict;   /* enum route_verdict */
	uint8_t transport; /* this and below for ROUTE_TO only */
	uint16_t port;
	uint8_t login; /* there is one */
	uint32_t line; /* of the route; 0: none matched */
	char address[MSG_ADDRESS_MAX + 1];
	char host[MSG_HOST_MAX + 1];
	char user[MSG_DOMAIN_MAX + 1]; /* of the login; for operators */
	char rule[MSG_RULE_MAX + 1];   /* the route, without its login */
};

/* Of the destination.  Times are wall clock, ms; 0: none. */
struct msg_explain_state {
	uint8_t known;   /* something was ever sent there, or is to be */
	uint8_t counted; /* counts and texts of others' mail: operators */
	uint32_t failures;
	uint32_t window, open; /* deliveries at a time: may be, are */
	uint64_t waiting;
	int64_t not_before; /* its clock */
	int64_t next_try;   /* of what waits */
	int64_t suspended;  /* until then */
	uint32_t server_window, server_open;
	char server[MSG_HOST_MAX + 1]; /* the host by which it was reached */
	char reason[MSG_TEXT_MAX + 1]; /* of the suspension */
	char error[MSG_TEXT_MAX + 1];
};

struct msg_explain_rate {
	uint32_t count, seconds;
	char name[MSG_HOP_MAX + 1];
};

enum probe_login {
	PROBE_NO_LOGIN,
	PROBE_PASSWORD,
	PROBE_NO_PASSWORD, /* its file has none */
	PROBE_TOKEN,
	PROBE_NO_TOKEN
};

struct msg_explain_way {
	uint8_t tls; /* enum route_tls, of the route */
	uint8_t immediate;
	uint32_t line;     /* of the route that asks for it; 0: none does */
	uint8_t dane;      /* TLSA records count */
	uint8_t login;     /* enum probe_login */
	int64_t expires;   /* of a token: wall clock, ms; 0: not known */
	uint8_t mx;        /* enum answer_kind; 0: it was not asked */
	uint8_t implicit;  /* no exchanger: the domain itself */
	uint8_t secure;    /* enum answer_secure, of that answer */
	uint8_t validates; /* somebody who is asked does */
	uint8_t family4, family6; /* our addresses; 0: the system chooses */
	uint8_t bytes4[MSG_IP_BYTES], bytes6[MSG_IP_BYTES];
	char source[MSG_NAME_MAX + 1]; /* the name of these */
	char helo[MSG_DOMAIN_MAX + 1];
};

struct msg_explain_host {
	uint16_t preference;
	uint8_t answer;  /* enum answer_kind; 0: was not asked for */
	uint8_t secure;  /* enum answer_secure */
	uint8_t ours;    /* we are that */
	uint8_t refused; /* had an address that may not be used */
	char host[MSG_HOST_MAX + 1];
	char alias[MSG_HOST_MAX + 1]; /* where CNAMEs led */
};

enum probe_dane {
	PROBE_DANE_OFF,      /* the setting or the policy */
	PROBE_DANE_INSECURE, /* the way to it is not validated */
	PROBE_DANE_NONE,     /* no records */
	PROBE_DANE_USABLE,
	PROBE_DANE_UNUSABLE,
	PROBE_DANE_TROUBLE /* text says why */
};

struct msg_explain_server {
	uint8_t family; /* 0: host is the path of a UNIX socket */
	uint8_t bytes[MSG_IP_BYTES];
	uint16_t port;
	uint8_t secure; /* enum answer_secure, of the address */
	uint8_t tls;    /* enum route_tls, with what DANE asks */
	uint8_t clear;  /* TLS has failed there lately: without */
	uint8_t dane;   /* enum probe_dane */
	char host[MSG_HOST_MAX + 1];
	char name[MSG_HOST_MAX + 1]; /* in its certificate; of its records */
	char text[MSG_TEXT_MAX + 1];
};

struct msg_explain_tlsa {
	uint8_t usage, selector, matching;
	char data[MSG_DOMAIN_MAX + 1]; /* hexadecimal; the beginning */
	char flaw[MSG_NAME_MAX + 1];   /* why it does not count; "" it does */
};

struct msg_explain_session {
	uint8_t family;
	uint8_t bytes[MSG_IP_BYTES];
	uint16_t port;
	uint8_t verdict; /* enum verdict: done, it would take MAIL */
	uint16_t smtp, subject, detail;
	char host[MSG_HOST_MAX + 1];
	char tls[MSG_TLS_MAX + 1]; /* protocol, cipher, verified how */
	char text[MSG_TEXT_MAX + 1];
	char greeting[MSG_TEXT_MAX + 1];
	char clear[MSG_OFFERS_MAX + 1];  /* offered in clear text, by lines */
	char offers[MSG_OFFERS_MAX + 1]; /* with TLS */
};

struct msg_explain_end { /* ends */
	uint16_t code;   /* exit code of sysexits(3): no answer */
	uint32_t names;  /* who is meant, in all; 0: nobody looked */
	uint8_t verdict; /* enum verdict: may mail go there? */
	uint16_t smtp, subject, detail;
	char text[MSG_TEXT_MAX + 1];
};

extern const struct ipc_type msg_ask_explain, msg_explain, msg_probe,
    msg_explain_name, msg_explain_route, msg_explain_state, msg_explain_rate,
    msg_explain_way, msg_explain_host, msg_explain_server, msg_explain_tlsa,
    msg_explain_session, msg_explain_end;

#endif
