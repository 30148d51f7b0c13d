/* SPDX-License-Identifier: ISC */
/* common/conf/number.h - sizes and times as people write them.
 *
 * A size is bytes, or has a suffix k, M or G (powers of 1024); a time must
 * have one of s, m, h, d.  What is printed reads back as the same number.
 */
#ifndef COMMON_CONF_NUMBER_H
#define COMMON_CONF_NUMBER_H

#include "common/base/view.h"

enum { NUMBER_TEXT = 24 };

/* False when the view is not exactly one size, or too large for 64 bits. */
bool number_parse_size(struct view, uint64_t *);
bool number_parse_time(struct view, uint64_t *);
/* Fill out and return it. */
const char *number_print_size(uint64_t, char out[NUMBER_TEXT]);
const char *number_print_time(uint64_t, char out[NUMBER_TEXT]);

#endif
