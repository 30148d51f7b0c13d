/* SPDX-License-Identifier: ISC */
/* common/mail/table.h - a table of keys with values, as it stands in memory,
 * and the plain text files of recipients and of senders.
 *
 * Keys are folded to lower case (ASCII), so that a look-up of an address asks
 * without regard to case.  A table is read whole or not at all: one wrong line
 * refuses it, with its number.
 */
#ifndef COMMON_MAIL_TABLE_H
#define COMMON_MAIL_TABLE_H

#include "common/mail/mailbox.h"

enum { TABLE_FILE_MAX = 64 * 1024 * 1024, TABLE_ERROR = 256 };

struct table_value {
	struct table_value *next; /* in the order of the file */
	unsigned int line;
	int kind; /* the owner's */
	char text[];
};

struct table_entry {
	struct table_entry *next; /* in its bucket */
	struct table_value *values;
	struct table_value **last;
	unsigned int line;
	unsigned int seen; /* the owner's, 0 at first */
	char key[];
};

struct table;

/* What is wrong with a file: "FILE:LINE: TEXT". */
struct table_error {
	unsigned int line;
	char text[TABLE_ERROR];
};

struct table *table_new(void);
void table_free(struct table *); /* NULL is welcome */
size_t table_count(const struct table *);
/* NULL: there is one of that key; *line says where. */
struct table_entry *table_add(
    struct table *, struct view key, unsigned int line, unsigned int *first);
void table_value_add(
    struct table_entry *, struct view text, int kind, unsigned int line);
struct table_entry *table_find(const struct table *, struct view key);
/* A number that no round had before: for who marks entries as seen. */
unsigned int table_round(struct table *);
/* Calls for each entry, in no order. */
void table_each(
    const struct table *, void (*)(struct table_entry *, void *), void *);

void table_error(struct table_error *, unsigned int line, const char *, ...)
    __attribute__((__format__(printf, 3, 4)));

/*
 * Recipients of a domain: an address or a local part a line, empty lines and
 * lines that begin with "#" left out.  NULL: refused, and *e says why.
 */
struct table *recipients_parse(
    struct view text, const char *domain, struct table_error *e);
/* One of them, as it may stand in the configuration too. */
bool recipients_add(struct table *, const char *domain, struct view word,
    unsigned int line, struct table_error *);
bool recipients_has(const struct table *, const struct mailbox *);

/* Who may send as whom: "ADDRESS LOGIN [LOGIN ...]" or "@DOMAIN LOGIN ..." */
struct table *senders_parse(struct view text, struct table_error *e);
/* The address itself decides if it is there, else its domain. */
bool senders_allow(
    const struct table *, const struct mailbox *, struct view login);

#endif
