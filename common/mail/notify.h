/* SPDX-License-Identifier: ISC */
/* common/mail/notify.h - what a sender asks to be told (RFC 3461 section 4).
 *
 * The parameters RET and ENVID of MAIL, NOTIFY and ORCPT of RCPT: read once,
 * at the door, into values without any encoding, and written anew for the
 * next server.  Texts are printable ASCII whatever came in.
 */
#ifndef COMMON_MAIL_NOTIFY_H
#define COMMON_MAIL_NOTIFY_H

#include "common/base/buf.h"

/* Limits of the encoded values (4.2, 4.4); decoding makes none longer. */
enum { ENVID_MAX = 100, ORCPT_MAX = 500 };

/* Bits; none: nothing was asked, which means failure and delay. */
enum notify {
	NOTIFY_NEVER = 1 << 0,
	NOTIFY_SUCCESS = 1 << 1,
	NOTIFY_FAILURE = 1 << 2,
	NOTIFY_DELAY = 1 << 3
};

enum ret { RET_NONE, RET_FULL, RET_HDRS };

/* Values as they stand behind the "="; false: malformed, nothing is set. */
bool notify_parse(struct view, uint8_t *);
bool ret_parse(struct view, uint8_t *);
bool envid_parse(struct view, char out[ENVID_MAX + 1]);
bool orcpt_parse(struct view, char out[ORCPT_MAX + 1]); /* "type;address" */

/* Could it have come from the parsers above? "" is no ORCPT, and sound. */
bool notify_sound(uint8_t);
bool ret_sound(uint8_t);
bool envid_sound(const char *);
bool orcpt_sound(const char *);

/* " RET=... ENVID=..." and " NOTIFY=... ORCPT=...", as far as there is any. */
void notify_print_mail(uint8_t ret, const char *envid, struct buf *);
void notify_print_rcpt(uint8_t notify, const char *orcpt, struct buf *);

/* Is this one of those to be told of? */
bool notify_wants(uint8_t asked, enum notify);
/* Of one recipient named twice: what either asked for. */
uint8_t notify_both(uint8_t, uint8_t);

#endif
