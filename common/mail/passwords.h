/* SPDX-License-Identifier: ISC */
/* common/mail/passwords.h - a file of logins: lines `name:hash`.
 *
 * Lines that are empty or begin with "#" say nothing.  A name is 1 to 255
 * bytes of UTF-8 without control characters, blanks at its ends and colons; a
 * hash is one of crypt(5) that a thief of the file cannot turn round at once:
 * yescrypt, bcrypt, SHA-512.  One line that is not so makes the file unsound:
 * whoever was in it must not find that some of it counts.
 *
 * Pure; the text is our own, and still judged as a stranger's.
 */
#ifndef COMMON_MAIL_PASSWORDS_H
#define COMMON_MAIL_PASSWORDS_H

#include "common/base/view.h"

enum {
	PASSWORDS_MAX = 64 << 20, /* bytes of a file */
	PASSWORDS_NAME = 255,     /* bytes of a name */
	PASSWORDS_HASH = 255,     /* and of a hash */
	PASSWORDS_PASSWORD = 500, /* and of a password: crypt(3) takes 511 */
	PASSWORDS_ERROR = 160,
	PASSWORDS_BCRYPT_COST = 16, /* beyond: minutes for one login */
	PASSWORDS_ROUNDS = 5000000
};

struct password {
	struct view name, hash; /* of the text that was read */
};

struct passwords {
	struct password *of; /* in the order of names */
	size_t n;
	/* One whose kind and cost are those of the most; NULL: empty. */
	const char *model;
};

/*
 * Reads the text, which is lent and must outlive it; each hash in it gets a
 * NUL behind it, in place of its line end, and so the text ends with one more
 * byte that may be written.  False: *line and error say what is wrong.
 */
bool passwords_read(struct passwords *, char *text, size_t len, unsigned *line,
    char error[PASSWORDS_ERROR]);
void passwords_clear(struct passwords *);
const char *passwords_find(const struct passwords *, struct view name);

bool passwords_name_valid(struct view);
/* NULL, or what is wrong with it. */
const char *passwords_hash_wrong(struct view);

#endif
