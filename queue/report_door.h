/* SPDX-License-Identifier: ISC */
/* queue/report_door.h - the control socket's listeners. */
#ifndef QUEUE_REPORT_DOOR_H
#define QUEUE_REPORT_DOOR_H

/*
 * enter() takes the descriptor of each who comes.  Out of descriptors, shut()
 * is called and nobody comes in until door_again().
 */
void door_open(void (*enter)(int fd), void (*shut)(void));
void door_again(void);

#endif
