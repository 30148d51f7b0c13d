/* SPDX-License-Identifier: ISC */
/* queue/bounce.c - what a notification needs to know. */
#include "queue/bounce.h"

#include "common/base/alloc.h"
#include "common/mail/dsn.h"

struct bounce {
	char *hostname, *sender;
	uint64_t id;
	int64_t arrival, now;
	struct dsn_recipient *recipients; /* texts are ours */
	size_t n;
};

struct bounce *
bounce_new(const struct message *m, const char *hostname, int64_t now)
{
	struct bounce *b = mem_zero(1, sizeof(*b));

	b->hostname = mem_copy_string(hostname);
	b->sender = mem_copy_string(m->sender);
	b->id = m->id;
	b->arrival = m->received;
	b->now = now;
	return b;
}

/* The structs of dsn.h lend const texts; these are copies of our own. */
static void
text_free(const char *text)
{
	mem_free((void *)(uintptr_t)text);
}

void
bounce_free(struct bounce *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->n; i++) {
		text_free(b->recipients[i].address);
		text_free(b->recipients[i].original);
		text_free(b->recipients[i].remote_mta);
	}
	mem_free(b->recipients);
	mem_free(b->hostname);
	mem_free(b->sender);
	mem_free(b);
}

void
bounce_add(struct bounce *b, const struct rcpt *r, const struct status *st,
    const char *remote_host)
{
	struct dsn_recipient *d;
	struct buf original;

	b->recipients =
	    mem_grow(b->recipients, b->n + 1, sizeof(*b->recipients));
	d = &b->recipients[b->n++];
	buf_init(&original, MSG_ADDRESS_MAX + 16);
	if (r->original != NULL)
		buf_printf(&original, "rfc822;%s", r->original);
	d->address = mem_copy_string(r->address);
	d->original = mem_copy_string(buf_string(&original));
	d->remote_mta = mem_copy_string(remote_host);
	d->status = *st;
	buf_free(&original);
}

void
bounce_write(
    const struct bounce *b, uint64_t id, struct view header, struct buf *out)
{
	struct dsn dsn = { .kind = DSN_FAILED };

	dsn.hostname = b->hostname;
	dsn.sender = b->sender;
	dsn.id = b->id;
	dsn.boundary = id;
	dsn.arrival_ms = b->arrival;
	dsn.now_ms = b->now;
	dsn.recipients = b->recipients;
	dsn.nrecipients = b->n;
	dsn.header = header;
	dsn_write(&dsn, out);
}
