/* SPDX-License-Identifier: ISC */
/* smtpd/sasl.h - what a client says to log in: PLAIN (RFC 4616) and LOGIN.
 *
 * Takes one line of base64 after another and ends with a name and a password.
 * Pure; the bytes are a stranger's.  Name and password are bytes as they came,
 * UTF-8 without SASLprep (RFC 4013): what is asked for and what is in the file
 * must be the same bytes.
 */
#ifndef SMTPD_SASL_H
#define SMTPD_SASL_H

#include "common/base/view.h"
#include "common/mail/passwords.h"

enum {
	SASL_LINE_MAX = 12288, /* RFC 4954 4: with the CRLF */
	SASL_DECODED_MAX = SASL_LINE_MAX / 4 * 3
};

enum sasl_mechanism { SASL_PLAIN, SASL_LOGIN };

enum sasl_step {
	SASL_MORE,    /* another line: sasl_prompt() */
	SASL_WHOLE,   /* name and password are there */
	SASL_BROKEN,  /* not base64, or not of the mechanism's form */
	SASL_HOPELESS /* of the form, and nobody's: another's name, too long */
};

struct sasl {
	enum sasl_mechanism mechanism;
	bool named; /* LOGIN: the name was taken */
	char name[PASSWORDS_NAME + 1];
	char password[PASSWORDS_PASSWORD + 1];
};

/* False: not a mechanism of ours. */
bool sasl_begin(struct sasl *, struct view mechanism);
/* Stands behind "334 ": what the next line is to be, in base64. */
const char *sasl_prompt(const struct sasl *);
enum sasl_step sasl_take(struct sasl *, struct view line);
/* Nothing of it is left in memory. */
void sasl_wipe(struct sasl *);

#endif
