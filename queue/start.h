/* SPDX-License-Identifier: ISC */
/* queue/start.h - when a new queue may begin to try what it found.
 *
 * Only after every smtpd has asked for the fate of what its former queue left
 * unanswered, and every deliver worker has said what it still holds past the
 * final dot; or after START_SECONDS.
 */
#ifndef QUEUE_START_H
#define QUEUE_START_H

enum { START_SECONDS = 5 };

void start_begin(void);
/* Something of the above has changed. */
void start_check(void);

#endif
