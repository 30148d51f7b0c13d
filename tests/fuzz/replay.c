/* SPDX-License-Identifier: ISC */
/* tests/fuzz/replay.c - calls a fuzz target with the files that are named.
 *
 * The main of a target where libFuzzer is not: with any compiler the corpora
 * are tests.  No file at all is a failure, as a forgotten corpus would be.
 */
#include "tests/fuzz/fuzz.h"

#include "common/base/alloc.h"

enum { FILE_BYTES_MAX = 1024 * 1024 };

/* The bytes are of exact size, so that a sanitizer sees one read too far. */
static void
replay(const struct buf *b)
{
	uint8_t *copy = mem_alloc(b->len + 1);

	for (size_t i = 0; i < b->len; i++)
		copy[i] = (uint8_t)b->data[i];
	copy = mem_grow(copy, b->len > 0 ? b->len : 1, 1);
	LLVMFuzzerTestOneInput(copy, b->len);
	mem_free(copy);
}

static bool
read_file(const char *path, struct buf *b)
{
	FILE *f = fopen(path, "rb");
	char piece[4096];
	size_t n;

	if (f == NULL)
		return false;
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(b, view_make(piece, n));
	fclose(f);
	return buf_ok(b);
}

int
main(int argc, char *argv[])
{
	struct buf b;

	for (int i = 1; i < argc; i++) {
		printf("%s\n", argv[i]);
		fflush(stdout);
		buf_init(&b, FILE_BYTES_MAX);
		if (!read_file(argv[i], &b)) {
			fprintf(stderr, "%s: cannot be read\n", argv[i]);
			return 1;
		}
		replay(&b);
		buf_free(&b);
	}
	return argc > 1 ? 0 : 1;
}
