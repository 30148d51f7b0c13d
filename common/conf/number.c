/* SPDX-License-Identifier: ISC */
/* common/conf/number.c - sizes and times as people write them. */
#include "common/conf/number.h"

#include "common/base/alloc.h"

#include <inttypes.h>
#include <stdio.h>

struct unit {
	char suffix; /* NUL: none */
	uint64_t factor;
};

/* Largest first: the first that divides a number prints it. */
static const struct unit sizes[] = {
	{ 'G', 1024ULL * 1024 * 1024 },
	{ 'M', 1024ULL * 1024 },
	{ 'k', 1024ULL },
	{ '\0', 1 },
};
static const struct unit times[] = {
	{ 'd', 86400 },
	{ 'h', 3600 },
	{ 'm', 60 },
	{ 's', 1 },
};

static bool
parse(struct view v, const struct unit *units, size_t n, uint64_t *out)
{
	char last = v.len > 0 ? v.data[v.len - 1] : '\0';
	uint64_t number;

	for (size_t i = 0; i < n; i++) {
		bool bare = units[i].suffix == '\0';

		if (bare ? !ascii_is_digit(last) : units[i].suffix != last)
			continue;
		if (!view_u64(view_make(v.data, v.len - !bare), &number) ||
		    number > UINT64_MAX / units[i].factor)
			return false;
		*out = number * units[i].factor;
		return true;
	}
	return false;
}

static const char *
print(uint64_t number, const struct unit *units, size_t n, char *out)
{
	size_t i = 0;

	while (i + 1 < n && (number == 0 || number % units[i].factor != 0))
		i++;
	snprintf(out, NUMBER_TEXT, "%" PRIu64 "%.1s", number / units[i].factor,
	    &units[i].suffix);
	return out;
}

bool
number_parse_size(struct view v, uint64_t *out)
{
	return parse(v, sizes, nitems(sizes), out);
}

bool
number_parse_time(struct view v, uint64_t *out)
{
	return parse(v, times, nitems(times), out);
}

const char *
number_print_size(uint64_t number, char out[NUMBER_TEXT])
{
	return print(number, sizes, nitems(sizes), out);
}

const char *
number_print_time(uint64_t number, char out[NUMBER_TEXT])
{
	return print(number, times, nitems(times), out);
}

static const struct {
	const char *word;
	uint32_t seconds;
} periods[] = {
	{ "second", 1 },
	{ "minute", 60 },
	{ "hour", 3600 },
	{ "day", 86400 },
};

uint64_t
number_pack_rate(const struct number_rate *r)
{
	return (uint64_t)r->count << 32 | r->seconds;
}

struct number_rate
number_unpack_rate(uint64_t number)
{
	return (struct number_rate){ .count = (uint32_t)(number >> 32),
		.seconds = (uint32_t)number };
}

uint32_t
number_period(struct view word)
{
	for (size_t i = 0; i < nitems(periods); i++)
		if (view_is(word, periods[i].word))
			return periods[i].seconds;
	return 0;
}

const char *
number_print_period(uint32_t seconds)
{
	for (size_t i = 0; i < nitems(periods); i++)
		if (periods[i].seconds == seconds)
			return periods[i].word;
	return NULL;
}
