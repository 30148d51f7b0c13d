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

/*
 * So many of something in so many seconds, in one number, so that it passes
 * where other values do: "500 per hour".  None in any time: no limit.
 */
struct number_rate {
	uint32_t count, seconds;
};

uint64_t number_pack_rate(const struct number_rate *);
struct number_rate number_unpack_rate(uint64_t);
/* The word behind "per": second, minute, hour, day; 0: it is none. */
uint32_t number_period(struct view word);
const char *number_print_period(uint32_t seconds); /* NULL: it has no word */

#endif
