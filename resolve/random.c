/* SPDX-License-Identifier: ISC */
/* resolve/random.c - random bytes that a forger cannot guess. */
#include "resolve/random.h"

#include "common/base/fatal.h"

#include <stdlib.h>
#include <string.h>

static struct {
	uint8_t bytes[RANDOM_MOST * 8];
	size_t left; /* at the front */
} stock;

void
random_bytes(void *out, size_t n)
{
	if (n > RANDOM_MOST)
		panic("%zu random bytes", n);
	if (n > stock.left) {
		arc4random_buf(stock.bytes, sizeof(stock.bytes));
		stock.left = sizeof(stock.bytes);
	}
	stock.left -= n;
	memcpy(out, stock.bytes + stock.left, n);
}

uint16_t
random_u16(void)
{
	uint16_t n;

	random_bytes(&n, sizeof(n));
	return n;
}
