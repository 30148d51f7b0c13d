/* SPDX-License-Identifier: ISC */
/* common/mail/esmtp.h - the parameters behind the path of MAIL and RCPT.
 *
 * Only the shape is judged (RFC 5321 4.1.2, esmtp-param); what SIZE or BODY
 * mean, and whether a parameter came twice, is the extension's matter.
 */
#ifndef COMMON_MAIL_ESMTP_H
#define COMMON_MAIL_ESMTP_H

#include "common/base/view.h"

enum esmtp {
	ESMTP_END,   /* nothing is left; spaces at the end are tolerated */
	ESMTP_PARAM, /* keyword and value are set, *rest is behind them */
	ESMTP_BAD
};

/*
 * Takes one parameter.  *rest begins right behind the path, so with a space
 * or at its end.  value is empty when !*has_value ("KEY" without "=").
 */
enum esmtp esmtp_next(struct view *rest, struct view *keyword,
    struct view *value, bool *has_value);

#endif
