/* SPDX-License-Identifier: ISC */
/* tests/lib/fnv.c - the checksum in the tests' messages: 64-bit FNV-1a. */
#include "tests/lib/fnv.h"

#define FNV_PRIME UINT64_C(0x100000001b3)

uint64_t
fnv_add(uint64_t sum, struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		sum = (sum ^ (unsigned char)v.data[i]) * FNV_PRIME;
	return sum;
}
