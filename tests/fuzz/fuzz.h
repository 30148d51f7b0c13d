/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz.h - what a fuzz target is made of.
 *
 * A target is one function over any bytes, without I/O and without memory of
 * the last call.  It ends the process by must() when a promise of the code
 * under test is broken; what a sanitizer sees comes on top.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "common/base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Called by libFuzzer or replay.c, by this name; always gives 0. */
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* The promise in words: it is what a finding shows. */
static inline void
must(bool kept, const char *promise)
{
	if (kept)
		return;
	fprintf(stderr, "broken promise: %s\n", promise);
	abort();
}

static inline struct view
fuzz_view(const uint8_t *data, size_t len)
{
	return view_make((const char *)data, len);
}

/* Takes the first byte, 0 when there is none. */
static inline uint8_t
fuzz_byte(struct view *v)
{
	uint8_t byte = v->len > 0 ? (uint8_t)v->data[0] : 0;

	*v = view_skip(*v, 1);
	return byte;
}

/* Sizes of pieces to cut an input into: 1..16, another series each seed. */
static inline size_t
fuzz_piece(uint32_t *seed, size_t left)
{
	size_t n;

	*seed = *seed * 1103515245 + 12345;
	n = (*seed >> 16) % 16 + 1;
	return n < left ? n : left;
}

/* Every byte is printable ASCII or a space. */
static inline bool
fuzz_printable(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.data[i] < ' ' || v.data[i] > '~')
			return false;
	return true;
}

#endif
