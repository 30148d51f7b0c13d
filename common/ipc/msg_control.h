/* SPDX-License-Identifier: ISC */
/* common/ipc/msg_control.h - what posternd and its children say.
 *
 * posternd -> child, before it confines itself: MSG_BOOT, the child's part of
 * the configuration, its listening sockets and channels, MSG_BOOT_END.
 * child -> posternd: MSG_READY once confined; MSG_BROKEN when a peer broke
 * the rules; MSG_SECRETS_READ when it has read a set of secrets.  Later
 * posternd -> child: MSG_PEER (a new end for a peer that was started again),
 * MSG_LOG, MSG_FILE (it has changed), and a new set of secrets.  End of file
 * tells the child to stop.
 */
#ifndef COMMON_IPC_MSG_CONTROL_H
#define COMMON_IPC_MSG_CONTROL_H

#include "common/ipc/field.h"

enum {
	MSG_PATH_MAX = 1023,
	MSG_NAME_MAX = 63,
	MSG_TEXT_MAX = 511, /* of a setting, a reply, a reason */
	MSG_DOMAIN_MAX = 255,
	MSG_HOP_MAX = MSG_DOMAIN_MAX + 31, /* with transport and port */
	MSG_ADDRESS_MAX = 511, /* a mailbox as printed, quoted parts and all */
	MSG_IP_BYTES = 16
};

/* Programs that have channels to one another. */
enum peer_kind {
	PEER_SMTPD = 1,
	PEER_QUEUE = 2,
	PEER_DELIVER = 3,
	PEER_RESOLVE = 4,
	PEER_REPORT = 5,
	PEER_HISTORY = 6,
	PEER_TLS = 7,    /* the side that holds keys */
	PEER_READER = 8, /* answers postern sql */
	PEER_AUTH = 9,   /* holds hashes of passwords */
	PEER_LOOKUP = 10 /* knows the tables */
};

/* Classes of processes of one kind; queue takes that of an smtpd worker from
 * the channel. */
enum peer_class {
	CLASS_STRANGER = 1, /* smtpd: from the network */
	CLASS_LOGIN = 2,    /* people log in; of deliver: we do */
	CLASS_LOCAL = 3,    /* the submission socket */
	CLASS_CLIENT = 4    /* tls: for deliver; has no keys */
};

struct msg_boot {
	uint16_t kind;      /* enum peer_kind: whom the child is */
	uint16_t class_;    /* enum peer_class, smtpd only */
	uint32_t index;     /* which of several workers */
	uint32_t uid, gid;  /* to become; ignored unless root */
	uint32_t operators; /* report: gid of the group postern, 0 none */
	uint8_t confine;    /* 0: the configuration says "sandbox off" */
	uint8_t debug;
	uint8_t stamp; /* 1: the log wants time and name in each line */
	char root[MSG_PATH_MAX + 1]; /* chroot to here (spool or empty) */
};

/* One scalar setting: index of the row in common/conf/keys.c. */
struct msg_setting {
	uint16_t key;
	uint64_t number;
	char text[MSG_TEXT_MAX + 1];
};

/* A listening socket, or the submission or control socket; with descriptor. */
struct msg_listener {
	uint16_t number; /* of the listener in the configuration */
	uint16_t port;   /* 0 of a UNIX socket */
	uint8_t local;   /* a UNIX socket */
	uint8_t tls;     /* enum listener_tls */
	uint8_t auth;    /* enum listener_auth of conf.h */
};

/* What is spoken on a listener. */
enum listener_tls {
	LISTENER_CLEAR = 0,    /* no certificate for it */
	LISTENER_STARTTLS = 1, /* clear text, and TLS when asked for */
	LISTENER_IMPLICIT = 2  /* TLS from the first byte, RFC 8314 */
};

struct msg_accept {
	uint8_t reject, who, family, bits, tls, has_sender, has_domain;
	uint16_t port;
	uint8_t bytes[MSG_IP_BYTES];
	char login[MSG_DOMAIN_MAX + 1];
	char sender[MSG_DOMAIN_MAX + 1];
	char domain[MSG_DOMAIN_MAX + 1];
};

struct msg_route {
	uint8_t match, from, transport;
	uint8_t tls, immediate; /* of struct route */
	uint16_t port, login, source;
	uint32_t line;
	char domain[MSG_DOMAIN_MAX + 1];
	char whose[MSG_DOMAIN_MAX + 1];
	char host[MSG_DOMAIN_MAX + 1];
};

/* Of struct route_source, likewise; family 0: no address. */
struct msg_route_source {
	uint8_t family4, family6;
	uint8_t bytes4[MSG_IP_BYTES], bytes6[MSG_IP_BYTES];
	char name[MSG_NAME_MAX + 1];
	char helo[MSG_DOMAIN_MAX + 1];
};

/* Of struct route_login, for MSG_ROUTE; in order. */
struct msg_route_login {
	uint16_t port;
	uint8_t secret; /* enum route_secret */
	uint8_t cleartext;
	char user[MSG_DOMAIN_MAX + 1];
	char host[MSG_DOMAIN_MAX + 1];
};

/* No more transactions with a destination than so many in so many seconds. */
struct msg_rate {
	uint32_t count, seconds;
	char name[MSG_HOP_MAX + 1];
};

struct msg_resolver {
	uint8_t family;
	uint8_t bytes[MSG_IP_BYTES];
	uint16_t port;
	char signed_name[MSG_DOMAIN_MAX + 1]; /* to prove itself by, or "" */
	char bogus_name[MSG_DOMAIN_MAX + 1];
};

/* Also of MSG_BARE_ENDS and MSG_EXEMPT. */
struct msg_mx_allow {
	uint8_t family, bits;
	uint8_t bytes[MSG_IP_BYTES];
};

/* The table of clients (common/base/census.h); with descriptor. */
struct msg_census {
	uint16_t column; /* the child's own */
};

/* A domain that is ours, beside the hostname. */
struct msg_local {
	char domain[MSG_DOMAIN_MAX + 1];
};

/* A table of those in a domain: a file, or the MSG_RECIPIENT that name it. */
struct msg_recipients {
	uint32_t line;
	char domain[MSG_DOMAIN_MAX + 1];
	char path[MSG_TEXT_MAX + 1]; /* "": named */
};

struct msg_recipient {
	uint32_t table;
	char text[MSG_TEXT_MAX + 1];
};

/* A channel end to a peer; with descriptor. */
struct msg_peer {
	uint16_t kind, class_;
	uint32_t index;
	uint32_t life; /* how often it was started: says which process */
};

/* The peer that broke the rules: posternd ends it and starts it again. */
struct msg_broken {
	uint16_t kind, class_;
	uint32_t index;
	uint32_t life; /* of MSG_PEER: a later process is innocent */
	char why[MSG_TEXT_MAX + 1];
};

enum secret_kind {
	SECRET_CERTIFICATE = 1, /* and its chain; the next is its key */
	SECRET_KEY = 2
};

enum { SECRET_ANY_LISTENER = 0xffff };

/*
 * A file that posternd opened and never reads, to be read from its beginning;
 * with descriptor.  A set ends with MSG_SECRETS_END and replaces the one
 * before.
 */
struct msg_secret {
	uint16_t kind;
	uint16_t listener; /* number of MSG_LISTENER, or SECRET_ANY_LISTENER */
	uint32_t line;     /* of the statement that names it */
	char path[MSG_TEXT_MAX + 1]; /* for what is said of it */
};

/* The set was read; with a text it is not taken, and the old one stays. */
struct msg_secrets_read {
	uint32_t line;
	char text[MSG_TEXT_MAX + 1];
};

/* What a file is to its reader. */
enum file_kind {
	FILE_PASSWORDS = 1, /* auth */
	FILE_ALIASES = 2,   /* this and below: lookup */
	FILE_SENDERS = 3,
	FILE_RECIPIENTS = 4, /* number: of MSG_RECIPIENTS, from 0 */
	FILE_LOGIN = 5       /* deliver; number: of MSG_ROUTE_LOGIN, from 0 */
};

/*
 * A file that posternd opened and never reads, to be read from its beginning;
 * with descriptor.  It comes again whenever it changes.
 */
struct msg_file {
	uint16_t kind;   /* enum file_kind */
	uint16_t number; /* which of that kind */
	uint32_t line;   /* of the statement that names it, 0: a setting */
	char path[MSG_TEXT_MAX + 1]; /* for what is said of it */
};

/*
 * deliver: a connection to the UNIX socket of a route, please.  By its number:
 * no path ever comes from there.
 */
struct msg_hop_want {
	uint32_t ticket; /* stands in the answer */
	uint16_t route;  /* its place among MSG_ROUTE, from 1 */
};

struct msg_hop_socket { /* with descriptor */
	uint32_t ticket;
};

struct msg_hop_none {
	uint32_t ticket;
	char text[MSG_TEXT_MAX + 1];
};

struct msg_log { /* with descriptor */
	uint8_t stamp;
};

/* A file was read; with a text it is not taken, and what was had before stays.
 * The line is one of that file, 0: none. */
struct msg_file_read {
	uint16_t kind, number; /* as it came */
	uint32_t line;
	char text[MSG_TEXT_MAX + 1];
};

extern const struct ipc_type msg_boot, msg_setting, msg_listener, msg_accept,
    msg_route, msg_route_login, msg_route_source, msg_resolver, msg_mx_allow,
    msg_bare_ends, msg_exempt, msg_local, msg_recipients, msg_recipient,
    msg_census, msg_rate, msg_peer, msg_boot_end, msg_ready, msg_broken,
    msg_log, msg_secret, msg_secrets_end, msg_secrets_read, msg_file,
    msg_file_read, msg_hop_want, msg_hop_socket, msg_hop_none;

#endif
