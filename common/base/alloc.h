/* SPDX-License-Identifier: ISC */
/* common/base/alloc.h - allocation that ends the process instead of failing.
 *
 * A mail program that runs out of memory cannot answer properly anyway; it
 * exits, posternd starts it again, and what was acknowledged is on disk.
 * Sizes are checked for overflow.  Everything is the caller's to mem_free().
 */
#ifndef COMMON_BASE_ALLOC_H
#define COMMON_BASE_ALLOC_H

#include <stddef.h>

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

void *mem_alloc(size_t);                           /* not cleared */
void *mem_zero(size_t count, size_t size);         /* cleared */
void *mem_grow(void *, size_t count, size_t size); /* as reallocarray */
char *mem_copy_string(const char *);
void mem_free(void *); /* NULL is welcome */

#endif
