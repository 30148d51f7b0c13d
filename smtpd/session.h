/* SPDX-License-Identifier: ISC */
/* smtpd/session.h - one client's SMTP session, as a machine without I/O.
 *
 * The driver feeds what it read and writes what comes out; the session says
 * what it needs in between.  No socket, no clock, no channel: the same bytes
 * give the same replies however they are cut (RFC 2920 included).
 */
#ifndef SMTPD_SESSION_H
#define SMTPD_SESSION_H

#include "common/mail/notify.h"
#include "smtpd/body.h"
#include "smtpd/lines.h"
#include "smtpd/service.h"

/* Bits, so that a command can name the phases in which it may come. */
enum phase {
	AT_START = 1 << 0, /* greeted by us, not yet by the client */
	AT_READY = 1 << 1, /* between transactions */
	AT_MAIL = 1 << 2,  /* a sender */
	AT_RCPT = 1 << 3,  /* and a recipient */
	AT_ANY = AT_START | AT_READY | AT_MAIL | AT_RCPT, /* commands */
	AT_OPENING = 1 << 4,  /* DATA or BDAT came, there is no file yet */
	AT_BODY = 1 << 5,     /* the message comes in */
	AT_COMMIT = 1 << 6,   /* it is whole, its fate is not known */
	AT_END = 1 << 7,      /* nothing more is heard */
	AT_STARTTLS = 1 << 8, /* it was said and is not answered yet */
	AT_SECURING = 1 << 9, /* answered: only TLS is heard from here on */
	AT_CHUNKS = 1 << 10,  /* between two BDAT of one message */
	AT_CHUNK = 1 << 11,   /* a piece of it, of known length, comes in */
	AT_SKIP = 1 << 12,    /* a chunk that is refused, but must be read */
	AT_AUTH = 1 << 13,    /* AUTH waits for a response */
	AT_AUTHING = 1 << 14, /* and for the verdict */
	AT_COMMAND = AT_ANY | AT_CHUNKS
};

enum want {
	WANT_INPUT,  /* the rest of *in is the start of a line: keep it */
	WANT_WRITE,  /* enough replies for one write; feed again after it */
	WANT_FILE,   /* for the body: session_opened() */
	WANT_STORE,  /* write session_body(), then session_stored() */
	WANT_COMMIT, /* store session_body(), commit; then session_committed()
		      */
	WANT_DROP,   /* the body was refused, its file is free; feed again */
	WANT_PAUSE,  /* what is in out is written a moment later; feed again */
	WANT_LOOKUP, /* ask about what is pending: pending_answered() */
	WANT_AUTH,   /* is session.sasl right? session_authed() */
	WANT_TLS,    /* write what is in out, then TLS: session_secured() */
	WANT_CLOSE   /* write what is in out, then close */
};

enum { SESSION_OUT = 16384 }; /* bytes of replies that make a WANT_WRITE */

/* A recipient as it stands in mail.rcpts; views of that. */
struct rcpt_entry {
	struct view address, orcpt; /* each with a NUL behind it */
	uint8_t notify;
};

struct pending;

/* The transaction. */
struct mail {
	struct mailbox sender;
	bool null_sender;
	bool eight_bit; /* BODY=8BITMIME */
	bool utf8;      /* SMTPUTF8 */
	uint8_t ret;    /* enum ret; RFC 3461, so below */
	char envid[ENVID_MAX + 1];
	uint8_t notify; /* of the RCPT that runs, NOTIFY_* */
	char orcpt[ORCPT_MAX + 1];
	struct mailbox first; /* recipient */
	struct buf rcpts;     /* see rcpt_next() */
	uint32_t nrcpts;
	struct pending *pending; /* ours; NULL: all was answered */
	bool chunked;            /* by BDAT, not DATA */
	uint64_t id;             /* of the body's file */
	struct body_sink body;
};

/* What was agreed on, as tls says. */
struct tls_facts {
	char protocol[16], cipher[64];
};

struct session {
	const struct service *service;
	enum phase phase;
	bool esmtp; /* said EHLO, not HELO */
	struct accept_client client;
	bool trusted;            /* a machine of ours: accept_trusts() */
	uint64_t counted;        /* the key of its limits; 0: it has none */
	uint32_t uid;            /* local class: by the kernel */
	bool tls_offered;        /* there is a certificate for its listener */
	struct tls_facts *tls;   /* ours; NULL: clear text */
	enum listener_auth auth; /* where people log in */
	struct sasl *sasl;       /* ours; while AUTH runs */
	char *login;             /* ours; NULL: has not logged in */
	unsigned int tries;      /* to log in, that failed */
	bool secret;             /* what was fed last held some of a password */
	struct lines lines;
	char *helo; /* ours; NULL before EHLO */
	char *name; /* ours; of its address, by DNS; NULL: not known */
	unsigned int errors, mails;
	unsigned int commands, junk; /* junk: since the last message */
	struct mail *mail;           /* NULL outside of a transaction */
	uint64_t chunk;              /* bytes of it that have not come */
	bool last;                   /* no other will follow */
	bool pause;                  /* a stranger errs often: WANT_PAUSE */
	bool drop;         /* the message ended between chunks: WANT_DROP */
	enum phase resume; /* AT_SKIP: where it came */
	const struct smtp_reply *refusal; /* AT_SKIP: what is said then */
	struct buf *out;                  /* lent, while something runs */
	const char *command;
	struct view argument; /* of the command that runs */
};

void session_begin(
    struct session *, const struct service *, const struct accept_client *);
void session_end(struct session *);
/*
 * TLS is there, all that follows comes through it.  What was learned before is
 * forgotten (RFC 3207 4.2): it may have come from somebody on the way.
 */
void session_secured(struct session *, const struct tls_facts *);
/* What its address is called, and that leads back to it. */
void session_named(struct session *, const char *name);
/* The greeting, to be sent before anything is read. */
void session_greet(struct session *, struct buf *out);

/* It spoke before we did: a word instead of the greeting. */
void session_early(struct session *, struct buf *out);

enum want session_feed(struct session *, struct view *in, struct buf *out);
void session_opened(
    struct session *, uint64_t id, int64_t wall_ms, struct buf *out);
/* Instead of session_opened() or session_committed(): the message's reply. */
void session_refuse_data(
    struct session *, const struct smtp_reply *, struct buf *out);
struct buf *session_body(struct session *); /* what is to be written */
void session_stored(struct session *);
/* What was written is lost, or cannot be written: answered at the end. */
void session_fail_body(struct session *, const struct smtp_reply *);
/* A verdict of done: stored, 250. */
void session_committed(
    struct session *, const struct status *, struct buf *out);
/* Its bytes come in. */
bool session_in_body(const struct session *);
/* No transaction's message is under way: may be ended at once. */
bool session_between(const struct session *);
/* One last reply, in any phase. */
void session_close(
    struct session *, const struct smtp_reply *, struct buf *out);

/* For commands and extensions. */
void session_say(struct session *, const struct smtp_reply *);
void session_refuse(struct session *, const struct smtp_reply *);
void session_refuse_status(struct session *, const struct status *);
void session_hang_up(struct session *); /* without a word */
/* One more command, or line that is none; false: it was the last. */
bool session_count(struct session *, bool junk);
void session_helo(struct session *, struct view name, bool esmtp);
/* Adds a recipient with the NOTIFY and ORCPT that came with it. */
void session_add_rcpt(struct session *, const struct mailbox *);
/* Takes one off the front of what mail.rcpts holds; false: none is left. */
bool rcpt_next(struct view *rest, struct rcpt_entry *);
/* BDAT: so many bytes follow, and are read in any case. */
void session_chunk(struct session *, uint64_t size, bool last);
/* Starts the transaction; the mail is the session's, cleared. */
void session_mail_begin(struct session *);
void session_mail_end(struct session *); /* NULL mail is welcome */

#endif
