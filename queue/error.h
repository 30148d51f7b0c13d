/* SPDX-License-Identifier: ISC */
/* queue/error.h - the last error of what waits, as text and as a status.
 *
 * Rows keep it as people read it: "451 4.7.1 try later" of a message, words
 * alone of a destination.
 */
#ifndef QUEUE_ERROR_H
#define QUEUE_ERROR_H

#include "common/mail/status.h"

/* Later, with the codes that stand in front, or those of a host that does not
 * answer.  NULL: it was never tried. */
void error_status(const char *error, struct status *);

#endif
