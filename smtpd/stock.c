/* SPDX-License-Identifier: ISC */
/* smtpd/stock.c - body files that queue has made ready for us. */
#include "smtpd/stock.h"

#include <string.h>
#include <unistd.h>

bool
stock_put(struct stock *st, const struct body_file *f)
{
	if (st->n == STOCK_MAX)
		return false;
	st->files[(st->first + st->n++) % STOCK_MAX] = *f;
	return true;
}

bool
stock_give_back(struct stock *st, const struct body_file *f)
{
	if (st->n == STOCK_MAX || f->dirty)
		return false;
	st->first = (st->first + STOCK_MAX - 1) % STOCK_MAX;
	st->files[st->first] = *f;
	st->n++;
	return true;
}

bool
stock_pick(struct stock *st, struct body_file *f)
{
	if (st->n == 0) {
		memset(f, 0, sizeof(*f));
		f->fd = -1;
		return false;
	}
	*f = st->files[st->first];
	st->first = (st->first + 1) % STOCK_MAX;
	st->n--;
	return true;
}

void
stock_drop(struct stock *st)
{
	struct body_file f;

	while (stock_pick(st, &f))
		close(f.fd);
	st->wished = 0;
}

/*
 * Twice what is in use: while those are being stored, as many more may begin
 * before queue has made new ones.
 */
static uint32_t
ideal(const struct stock *st, size_t in_use)
{
	size_t level = STOCK_MIN + 2 * in_use;

	level = (level + STOCK_STEP - 1) / STOCK_STEP * STOCK_STEP;
	return level > st->max ? st->max : (uint32_t)level;
}

bool
stock_wish(struct stock *st, size_t in_use, bool calm, uint32_t *wish)
{
	uint32_t level = ideal(st, in_use);

	*wish = st->wished;
	if (level > st->wished)
		*wish = level;
	else if (calm && level < st->wished)
		*wish = st->wished - level < STOCK_STEP
			    ? level
			    : st->wished - STOCK_STEP;
	if (*wish == st->wished)
		return false;
	st->wished = *wish;
	return true;
}
