/* SPDX-License-Identifier: ISC */
/* deliver/own.h - the addresses of this machine. */
#ifndef DELIVER_OWN_H
#define DELIVER_OWN_H

#include "common/base/ip.h"

#include <stddef.h>

/* Those of its interfaces, without loopback; how many.  Unconfined. */
size_t own_addresses(struct ip *out, size_t max);

#endif
