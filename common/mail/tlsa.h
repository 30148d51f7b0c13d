/* SPDX-License-Identifier: ISC */
/* common/mail/tlsa.h - TLSA records: what they say, and which count.
 *
 * Pure; needs no library of certificates.  As text a set of records is a line
 * for each, "3 1 1 c0ffee..." as in a zone file, in order, without an empty
 * one.  Mail goes by usages 2 and 3 alone (RFC 7672 3.1): what else there is,
 * or has parameters or a length that are unknown, is unusable.
 */
#ifndef COMMON_MAIL_TLSA_H
#define COMMON_MAIL_TLSA_H

#include "common/base/buf.h"

enum {
	TLSA_TEXT_MAX = 12000, /* bytes of a set */
	TLSA_SET_MAX = 32      /* records of a set that are looked at */
};

enum tlsa_usage { TLSA_TA = 2, TLSA_EE = 3 }; /* RFC 7218 */
enum tlsa_selector { TLSA_CERT = 0, TLSA_SPKI = 1 };
enum tlsa_matching { TLSA_FULL = 0, TLSA_SHA256 = 1, TLSA_SHA512 = 2 };

struct tlsa {
	uint8_t usage, selector, matching;
	struct view data; /* hexadecimal, lower case; in the text */
};

struct tlsa_set {
	size_t n;
	struct tlsa of[TLSA_SET_MAX];
};

/* Appends one record, as it came from the DNS (RFC 6698 2.1), as a line
 * without its end.  False: it is cut short, or out has no room. */
bool tlsa_print(struct view rdata, struct buf *out);
/* Brings lines into order and makes a text of those that fit, each once. */
void tlsa_join(const char **lines, size_t n, char text[TLSA_TEXT_MAX + 1]);
/* All that is usable in a text, and of one usage and selector only what has
 * the strongest digest, or all that is whole (RFC 7671 9).  Lends the text.
 * False: it is no such text. */
bool tlsa_read(const char *text, struct tlsa_set *);
/* The next record, cut off the front; false: there is none. */
bool tlsa_next(struct view *rest, struct tlsa *);
/* NULL, or why mail has no use for it. */
const char *tlsa_flaw(const struct tlsa *);
/* The bytes of hexadecimal text; false if it is none or they do not fit. */
bool tlsa_bytes(struct view hex, uint8_t *out, size_t size, size_t *len);

#endif
