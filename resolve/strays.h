/* SPDX-License-Identifier: ISC */
/* resolve/strays.h - datagrams that nobody asked for, told now and then. */
#ifndef RESOLVE_STRAYS_H
#define RESOLVE_STRAYS_H

#include <stdint.h>

/* n: how many there have been so far. */
void strays_log(uint64_t n);

#endif
