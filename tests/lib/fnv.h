/* SPDX-License-Identifier: ISC */
/* tests/lib/fnv.h - the checksum in the tests' messages: 64-bit FNV-1a.
 *
 * It finds accidents (a byte changed, lost, doubled, a body under another's
 * header), not forgeries.  The sum of two pieces is the sum of the whole.
 */
#ifndef TESTS_LIB_FNV_H
#define TESTS_LIB_FNV_H

#include "common/base/view.h"

#define FNV_START UINT64_C(0xcbf29ce484222325)

uint64_t fnv_add(uint64_t sum, struct view);

#endif
