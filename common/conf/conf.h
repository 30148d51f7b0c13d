/* SPDX-License-Identifier: ISC */
/* common/conf/conf.h - the configuration as typed values.
 *
 * posternd parses the file into a struct conf (conf_parse), and each child
 * gets a copy over its channel (common/run/confpass.h).  Scalar settings are
 * rows of the table in keys.c: name, type, default, limits, help, and which
 * programs are told.  Lists are arrays here.  Nothing here does I/O.
 */
#ifndef COMMON_CONF_CONF_H
#define COMMON_CONF_CONF_H

#include "common/base/buf.h"
#include "common/base/ip.h"
#include "common/mail/accept.h"
#include "common/mail/hopname.h"

#include <stddef.h>

enum conf_key {
	KEY_HOSTNAME,
	KEY_SPOOL,
	KEY_RUNTIME,          /* folder of the sockets `submit` and `control` */
	KEY_SANDBOX,          /* 1 on, 0 off */
	KEY_LOG,              /* "stderr", "syslog" or the path of a file */
	KEY_POSTMASTER,       /* address, "" none */
	KEY_MESSAGE_SIZE,     /* bytes */
	KEY_RECIPIENTS,       /* per message */
	KEY_SESSIONS,         /* per smtpd worker */
	KEY_IDLE_TIMEOUT,     /* seconds, server side */
	KEY_SESSION_LIFE,     /* seconds */
	KEY_DATA_RATE,        /* bytes a second of a message, 0: any */
	KEY_HOPS,             /* Received fields */
	KEY_SESSION_ERRORS,   /* of one session; 0: any */
	KEY_SOFT_ERRORS,      /* those that are answered at once */
	KEY_GREETING_DELAY,   /* seconds, for strangers; 0: none */
	KEY_SESSION_JUNK,     /* commands between messages; 0: any */
	KEY_SESSION_COMMANDS, /* in all; 0: any */
	KEY_SESSION_MESSAGES, /* of one session */
	KEY_CLIENT_CONNECTIONS,      /* of one address at a time; 0: any */
	KEY_CLIENT_CONNECTS,         /* rate, of one address; see limits.h */
	KEY_CLIENT_MESSAGES,         /* rate */
	KEY_CLIENT_RCPTS,            /* rate */
	KEY_CLIENT_ERRORS,           /* rate */
	KEY_DESTINATION_CONNECTIONS, /* per destination, and per address */
	KEY_TOTAL_CONNECTIONS,       /* outgoing, all workers */
	KEY_EXPIRE,                  /* seconds until a message is given up */
	KEY_EXPIRE_BOUNCE,           /* seconds, for the null sender */
	KEY_WARN,          /* seconds until a sender hears of delay; 0 never */
	KEY_BOUNCE_SIZE,   /* bytes of a message that goes back whole */
	KEY_WORKERS_SMTPD, /* 0: number of cores */
	KEY_WORKERS_DELIVER,  /* 0: number of cores */
	KEY_SPACE_FREE,       /* bytes that must stay free on the spool */
	KEY_DISK_DELAY,       /* a batch as old as this stops new mail */
	KEY_SESSION_MEMORY,   /* of all sessions of a worker */
	KEY_HISTORY,          /* 1 on, 0 off */
	KEY_HISTORY_KEEP,     /* seconds */
	KEY_HISTORY_SIZE,     /* bytes */
	KEY_HIDE_LOGINS,      /* 1 on, 0 off */
	KEY_AUTH_MESSAGES,    /* rate, of one login */
	KEY_AUTH_RECIPIENTS,  /* rate */
	KEY_LOCAL_MESSAGES,   /* rate, of one uid; conf_rate_of() */
	KEY_LOCAL_RECIPIENTS, /* rate */
	KEY_WORKERS_TLS,      /* 0: number of cores */
	KEY_TLS_SESSIONS,     /* per tls worker */
	KEY_TLS_HANDSHAKE,    /* seconds */
	KEY_TLS_PROTOCOLS,    /* "1.2" or "1.3": the oldest that is spoken */
	KEY_TLS_CA,           /* file of those whose certificates we believe */
	KEY_PASSWORDS,        /* file of the logins */
	KEY_ALIASES,          /* file of aliases(5), "" none */
	KEY_DANE,             /* bool */
	KEY_SENDERS,          /* file: whose addresses are whose, "" none */
	KEY_CONNECTION_MESSAGES, /* sent over one, then it is closed */
	KEY_CONNECTION_AGE,      /* seconds, likewise */
	KEY_DELIVERY_RATE,       /* bytes a second, at least; 0: any */
	KEY_DELIVERY_TIME,       /* seconds that one message may take */
	KEY_COUNT
};

enum {
	CONF_TEXT_MAX = 511,
	CONF_LISTENERS_MAX = 32, /* "any" makes two sockets of one */
	CONF_RESOLVERS_MAX = 8,
	CONF_TABLES_MAX = 1000,
	CONF_CERTIFICATES_MAX = 64,
	CONF_SOURCES_MAX = 100,
	CONF_LOGINS_MAX = 32, /* each has a process of its own */
	CONF_EVERY_LISTENER = 0xffff,
	CONF_LIST_MAX = 20000 /* entries of the other lists */
};

struct conf_value {
	uint64_t number;
	char text[CONF_TEXT_MAX + 1];
};

/* Do people log in there? */
enum listener_auth {
	AUTH_NEVER,
	AUTH_TLS,  /* inside of TLS only */
	AUTH_CLEAR /* in clear text too */
};

struct conf_listener {
	bool any; /* all addresses: one IPv6 and one IPv4 socket */
	struct ip ip;
	uint16_t port;
	bool tls; /* from the first byte */
	enum listener_auth auth;
};

/* A certificate with its chain, and its key: files that posternd opens. */
struct conf_certificate {
	uint16_t listener; /* its place, or CONF_EVERY_LISTENER */
	uint32_t line;     /* of the statement */
	char certificate[CONF_TEXT_MAX + 1];
	char key[CONF_TEXT_MAX + 1];
};

struct conf_resolver {
	struct ip ip;
	uint16_t port;
	/* names that show that it validates; "": the root, if it is here */
	char signed_name[DOMAIN_MAX + 1];
	char bogus_name[DOMAIN_MAX + 1];
};

/* So many transactions with a destination or host in so many seconds. */
struct conf_rate {
	char name[HOPNAME_MAX + 1]; /* of a whole hop, or for any to it */
	uint32_t count;             /* at most 1,000 a second */
	uint32_t seconds;           /* 1, 60, 3600 */
	uint32_t line;              /* of the statement */
};

/* Who there is in a domain: those of a file, or those that are named. */
struct conf_recipients {
	char domain[DOMAIN_MAX + 1];
	uint32_t line;                /* of the statement */
	char path[CONF_TEXT_MAX + 1]; /* "": named */
};

struct conf_recipient {
	uint32_t table;               /* its place among those */
	char text[CONF_TEXT_MAX + 1]; /* an address or a local part */
};

struct conf {
	struct conf_value values[KEY_COUNT];
	struct conf_listener *listeners;
	size_t nlisteners;
	struct accept_rule *accepts;
	size_t naccepts;
	struct route *routes;
	size_t nroutes;
	struct route_login *logins; /* of routes */
	size_t nlogins;
	struct route_source *sources;
	size_t nsources;
	struct conf_resolver *resolvers; /* none: those of resolv.conf */
	size_t nresolvers;
	struct network *mx_allow;
	size_t nmx_allow;
	struct conf_rate *rates;
	size_t nrates;
	struct network *exempt; /* no limits on clients */
	size_t nexempt;
	struct network *bare_ends; /* whose bare CR and LF are mended */
	size_t nbare_ends;
	char (*locals)[DOMAIN_MAX + 1]; /* beside the hostname */
	size_t nlocals;
	struct conf_recipients *recipients;
	size_t nrecipients;
	struct conf_recipient *named; /* in the order of their tables */
	size_t nnamed;
	struct conf_certificate *certificates;
	size_t ncertificates;
};

/* What is wrong with a configuration, for "FILE:LINE: TEXT". */
struct conf_error {
	unsigned int line;
	char text[CONF_TEXT_MAX + 1]; /* names the offending word */
};

/* Every setting at its default.  The hostname is "" until posternd fills in
 * the system's own (master/machine.c). */
void conf_init(struct conf *);
void conf_clear(struct conf *);
/* Reads the whole text.  False: *error says where and what. */
bool conf_parse(struct conf *, struct view text, struct conf_error *);

uint64_t conf_number(const struct conf *, enum conf_key);
const char *conf_text(const struct conf *, enum conf_key); /* lent */

/* Checked against the setting's row; false, and unchanged, if it does not fit
 */
bool conf_set(struct conf *, enum conf_key, const struct conf_value *);
/* The effective configuration, in the language that conf_parse() reads. */
void conf_print(const struct conf *, struct buf *);
/* One of its routes, as a line of it. */
void conf_print_route(const struct conf *, const struct route *, struct buf *);

/* Appending to the lists: for the parser and for confpass.  Every value is
 * checked; false, and unchanged, if it is not sound or the list is full. */
bool conf_add_listener(struct conf *, const struct conf_listener *);
bool conf_add_accept(struct conf *, const struct accept_rule *);
bool conf_add_route(struct conf *, const struct route *);
bool conf_add_source(struct conf *, const struct route_source *);
/* The place of the source of that name, from 1; 0: there is none. */
uint16_t conf_source_of(const struct conf *, const char *name);
bool conf_add_login(struct conf *, const struct route_login *);
bool conf_add_resolver(struct conf *, const struct conf_resolver *);
bool conf_add_mx_allow(struct conf *, const struct network *);
bool conf_add_rate(struct conf *, const struct conf_rate *);
bool conf_add_exempt(struct conf *, const struct network *);
bool conf_add_bare_ends(struct conf *, const struct network *);
bool conf_add_local(struct conf *, const char *domain);
bool conf_add_recipients(struct conf *, const struct conf_recipients *);
bool conf_add_recipient(struct conf *, const struct conf_recipient *);
bool conf_add_certificate(struct conf *, const struct conf_certificate *);

/* Is there a certificate for the listener in that place? */
bool conf_has_certificate(const struct conf *, size_t listener);

/* Does a table say who there is in that domain? Its place, or nrecipients. */
size_t conf_recipients_of(const struct conf *, const char *domain);
/* Is there any table at all? */
bool conf_has_tables(const struct conf *);
/* Does a route ask for certificates that an authority vouches for? */
bool conf_verifies(const struct conf *);
/* Is there a listener where people log in, or one where they do not? */
bool conf_has_listeners(const struct conf *, bool logins);

/* The view of it that routing takes; lent, lives as long as the conf. */
struct routing conf_routing(const struct conf *);

#endif
