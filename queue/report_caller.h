/* SPDX-License-Identifier: ISC */
/* queue/report_caller.h - who is at the other end of the control socket. */
#ifndef QUEUE_REPORT_CALLER_H
#define QUEUE_REPORT_CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CALLER_GROUPS = 64 };

struct caller {
	uint32_t uid;
	uint32_t groups[CALLER_GROUPS]; /* the primary one first */
	size_t ngroups;
};

/* As the kernel tells, at the time of connect(); false when it does not. */
bool caller_read(int fd, struct caller *);
/*
 * May see and touch everybody's mail: root, the uid that the suite runs as
 * (own), and members of the operators' group (0: there is none).
 */
bool caller_is_operator(
    const struct caller *, uint32_t own, uint32_t operators);

#endif
