/* SPDX-License-Identifier: ISC */
/* common/base/clock.c - the only reader of clocks. */
#include "common/base/clock.h"

#include <time.h>

static int64_t test_time = -1;

static int64_t
read_clock(clockid_t id)
{
	struct timespec ts;

	if (test_time >= 0)
		return test_time;
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_wall_ms(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t
clock_mono_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void
clock_set_for_test(int64_t ms)
{
	test_time = ms;
}
