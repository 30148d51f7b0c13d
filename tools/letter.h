/* SPDX-License-Identifier: ISC */
/* tools/letter.h - one message from standard input to postern. */
#ifndef TOOLS_LETTER_H
#define TOOLS_LETTER_H

#include "tools/sendmail_args.h"

/*
 * Reads, completes and sends.  Waits a few seconds for a postern that is
 * away or busy.  Exit code of sysexits(3), reason on standard error.
 */
int letter_send(const struct sendmail_args *, int nrcpts, char *rcpts[],
    const char *socket);

#endif
