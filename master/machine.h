/* SPDX-License-Identifier: ISC */
/* master/machine.h - defaults that depend on the machine: host name, number
 * of cores, resolvers of /etc/resolv.conf.
 */
#ifndef MASTER_MACHINE_H
#define MASTER_MACHINE_H

#include "common/conf/conf.h"
#include "master/trouble.h"

/* Fills in what the configuration leaves open. */
bool machine_complete(struct conf *, struct trouble *);
/* The nameserver lines of a resolv.conf(5), at most three are taken. */
void machine_resolvers(struct conf *, struct view text);

#endif
