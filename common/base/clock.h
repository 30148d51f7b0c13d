/* SPDX-License-Identifier: ISC */
/* common/base/clock.h - the only reader of clocks; tests replace it. */
#ifndef COMMON_BASE_CLOCK_H
#define COMMON_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since 1970, may step. For what is stored and shown. */
int64_t clock_wall_ms(void);
/* Milliseconds from some start, never steps back. For time-outs. */
int64_t clock_mono_ms(void);
/* Tests: both clocks stand at this time until set again; -1 frees them. */
void clock_set_for_test(int64_t ms);

#endif
