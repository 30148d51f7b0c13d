/* SPDX-License-Identifier: ISC */
/* common/conf/nearest.c - the known word that was probably meant.
 *
 * The distance is the number of letters to insert, delete, change or swap
 * with their neighbour; more than a third of the word is another word.
 */
#include "common/conf/nearest.h"

#include <string.h>

enum { WORD_MAX = 32 };

static size_t
min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

static bool
swapped(struct view a, struct view b, size_t i, size_t j)
{
	return i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] &&
	       a.data[i - 2] == b.data[j - 1];
}

static size_t
distance(struct view a, struct view b)
{
	size_t d[WORD_MAX + 1][WORD_MAX + 1];

	for (size_t i = 0; i <= a.len; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= b.len; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		for (size_t j = 1; j <= b.len; j++) {
			size_t change = ascii_lower(a.data[i - 1]) !=
					ascii_lower(b.data[j - 1]);

			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1,
			    d[i - 1][j - 1] + change);
			if (swapped(a, b, i, j) && d[i - 2][j - 2] < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[a.len][b.len];
}

void
nearest_init(struct nearest *n, struct view wanted)
{
	n->wanted = wanted;
	n->best = view_make("", 0);
	n->distance = wanted.len / 3 + 1;
}

void
nearest_try(struct nearest *n, struct view known)
{
	size_t d;

	if (n->wanted.len > WORD_MAX || known.len > WORD_MAX)
		return;
	d = distance(n->wanted, known);
	if (d > n->distance || (d == n->distance && n->best.len > 0))
		return;
	n->best = known;
	n->distance = d;
}
