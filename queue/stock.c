/* SPDX-License-Identifier: ISC */
/* queue/stock.c - body files that smtpd workers are writing, or will. */
#include "queue/stock.h"

#include "common/base/alloc.h"
#include "common/base/log.h"
#include "common/ipc/msg_intake.h"
#include "queue/store.h"

#include <string.h>
#include <unistd.h>

enum { BUCKETS = 1024 };

struct item {
	uint64_t id;
	int fd; /* read-only */
	struct peer *peer;
	struct item *next;
};

/* How much each worker wants and has; workers are few. */
struct shelf {
	struct peer *peer;
	size_t want, have, asked;
	struct shelf *next;
};

static struct {
	struct item *bucket[BUCKETS];
	struct shelf *shelves;
} stock;

static struct shelf *
shelf_of(struct peer *p)
{
	struct shelf *s = stock.shelves;

	while (s != NULL && s->peer != p)
		s = s->next;
	if (s != NULL)
		return s;
	s = mem_zero(1, sizeof(*s));
	s->peer = p;
	s->next = stock.shelves;
	stock.shelves = s;
	return s;
}

static void
item_add(struct peer *p, uint64_t id, int fd)
{
	struct item **b = &stock.bucket[id % BUCKETS];
	struct item *i = mem_alloc(sizeof(*i));

	i->id = id;
	i->fd = fd;
	i->peer = p;
	i->next = *b;
	*b = i;
	shelf_of(p)->have++;
}

static void
give(struct peer *p, uint64_t id, int wfd)
{
	struct msg_stock m = { .instance = store_instance(), .id = id };

	channel_send(p->channel, NULL, &msg_stock, &m, wfd);
}

static void
discard(uint64_t id)
{
	struct store_op *op = store_op_new(STORE_DISCARD, store_op_free, NULL);

	op->u.discard = id;
	store_submit(op);
}

static void
on_made(struct store_op *op)
{
	struct store_stock *s = op->u.stock;
	struct peer *p = op->owner;

	shelf_of(p)->asked = 0;
	for (size_t i = 0; i < s->count; i++) {
		if (p->channel != NULL) {
			item_add(p, s->items[i].id, s->items[i].rfd);
			give(p, s->items[i].id, s->items[i].wfd);
		} else {
			close(s->items[i].rfd);
			close(s->items[i].wfd);
			discard(s->items[i].id);
		}
	}
	if (op->failed)
		log_warn("cannot make body files: %s", strerror(op->error));
	else if (p->channel != NULL)
		stock_fill();
	store_op_free(op);
}

static void
fill(struct shelf *s)
{
	struct store_op *op;
	size_t lacks;

	/* a quarter may be missing before the store is troubled */
	if (s->asked > 0 || s->peer->channel == NULL ||
	    s->have + s->want / 4 >= s->want)
		return;
	lacks = s->want - s->have;
	if (lacks > STORE_STOCK_MAX)
		lacks = STORE_STOCK_MAX;
	s->asked = lacks;
	op = store_op_new(STORE_STOCK, on_made, s->peer);
	op->u.stock->count = lacks;
	store_submit(op);
}

void
stock_fill(void)
{
	for (struct shelf *s = stock.shelves; s != NULL; s = s->next)
		fill(s);
}

void
stock_want(struct peer *p, size_t count)
{
	struct shelf *s = shelf_of(p);

	s->want = count;
	fill(s);
}

int
stock_take(struct peer *p, uint64_t id)
{
	struct item **at = &stock.bucket[id % BUCKETS], *i;
	int fd;

	while ((i = *at) != NULL && i->id != id)
		at = &i->next;
	if (i == NULL || i->peer != p)
		return -1;
	*at = i->next;
	fd = i->fd;
	mem_free(i);
	shelf_of(p)->have--;
	return fd;
}

bool
stock_abandon(struct peer *p, uint64_t id)
{
	int fd = stock_take(p, id);

	if (fd == -1)
		return false;
	close(fd);
	discard(id);
	fill(shelf_of(p));
	return true;
}

void
stock_lost(struct peer *p)
{
	struct item **at, *i;

	for (size_t b = 0; b < BUCKETS; b++) {
		at = &stock.bucket[b];
		while ((i = *at) != NULL) {
			if (i->peer != p) {
				at = &i->next;
				continue;
			}
			*at = i->next;
			close(i->fd);
			discard(i->id);
			mem_free(i);
		}
	}
	shelf_of(p)->have = 0;
	shelf_of(p)->want = 0;
}
