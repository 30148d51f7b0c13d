/* SPDX-License-Identifier: ISC */
/* queue/bounce.c - what a notification needs to know. */
#include "queue/bounce.h"

#include "common/base/alloc.h"
#include "common/mail/notify.h"

struct bounce {
	char *hostname, *to, *envid;
	bool postmaster, hdrs;
	uint64_t id, size, whole_max;
	int64_t arrival, now, until;
	struct dsn_recipient *recipients; /* texts are ours */
	size_t n;
	char *subject, *paragraphs[ALERT_PARAGRAPHS]; /* of an alert */
};

struct bounce *
bounce_new(const struct message *m, const struct bounce_terms *t)
{
	struct bounce *b = mem_zero(1, sizeof(*b));

	b->hostname = mem_copy_string(t->hostname);
	b->to = mem_copy_string(t->to);
	b->envid = mem_copy_string(m->envid);
	b->postmaster = t->postmaster;
	b->hdrs = m->ret == RET_HDRS;
	b->id = m->id;
	b->size = m->size;
	b->whole_max = t->whole_max;
	b->arrival = m->received;
	b->now = t->now;
	b->until = t->until;
	return b;
}

struct bounce *
bounce_alert(const struct alert *a, int64_t now)
{
	struct bounce *b = mem_zero(1, sizeof(*b));

	b->hostname = mem_copy_string(a->hostname);
	b->to = mem_copy_string(a->to);
	b->envid = mem_copy_string("");
	b->postmaster = true;
	b->now = now;
	b->subject = mem_copy_string(a->subject);
	for (size_t i = 0; i < ALERT_PARAGRAPHS && a->paragraphs[i] != NULL;
	     i++)
		b->paragraphs[i] = mem_copy_string(a->paragraphs[i]);
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
	for (size_t i = 0; i < ALERT_PARAGRAPHS; i++)
		mem_free(b->paragraphs[i]);
	mem_free(b->subject);
	mem_free(b->hostname);
	mem_free(b->to);
	mem_free(b->envid);
	mem_free(b);
}

/* What it was called when it came: by the sender, else by whoever sent it
 * here. */
static char *
original_of(const struct rcpt *r)
{
	struct buf text;
	char *copy;

	if (r->orcpt != NULL)
		return mem_copy_string(r->orcpt);
	buf_init(&text, MSG_ADDRESS_MAX + 16);
	if (r->original != NULL)
		buf_printf(&text, "rfc822;%s", r->original);
	copy = mem_copy_string(buf_string(&text));
	buf_free(&text);
	return copy;
}

void
bounce_add(struct bounce *b, enum dsn_action action, const struct rcpt *r,
    const struct status *st, const char *remote_host)
{
	struct dsn_recipient *d;

	/* room for 1, 2, 4, 8 ... */
	if ((b->n & (b->n - 1)) == 0)
		b->recipients = mem_grow(b->recipients,
		    b->n == 0 ? 1 : b->n * 2, sizeof(*b->recipients));
	d = &b->recipients[b->n++];
	d->action = action;
	d->address = mem_copy_string(r->address);
	d->original = original_of(r);
	d->remote_mta = mem_copy_string(remote_host);
	d->status = *st;
}

size_t
bounce_count(const struct bounce *b, enum dsn_action action)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->recipients[i].action == action;
	return n;
}

const char *
bounce_to(const struct bounce *b)
{
	return b->to;
}

bool
bounce_to_postmaster(const struct bounce *b)
{
	return b->postmaster;
}

/* RFC 3461 4.3: without a failure the header is enough. */
static bool
wants_whole(const struct bounce *b)
{
	return !b->hdrs && b->size <= b->whole_max &&
	       b->size <= BOUNCE_WHOLE_MAX && bounce_count(b, DSN_FAILED) > 0;
}

size_t
bounce_wants(const struct bounce *b)
{
	if (wants_whole(b) || b->size < BOUNCE_HEADER_MAX)
		return (size_t)b->size;
	return BOUNCE_HEADER_MAX;
}

static void
write_alert(const struct bounce *b, uint64_t id, struct buf *out)
{
	struct alert a = {
		.hostname = b->hostname, .to = b->to, .subject = b->subject
	};

	for (size_t i = 0; i < ALERT_PARAGRAPHS; i++)
		a.paragraphs[i] = b->paragraphs[i];
	alert_write(&a, id, b->now, out);
}

bool
bounce_write(
    const struct bounce *b, uint64_t id, struct view content, struct buf *out)
{
	const struct dsn dsn = {
		.hostname = b->hostname,
		.to = b->to,
		.postmaster = b->postmaster,
		.envelope_id = b->envid,
		.id = b->id,
		.own_id = id,
		.arrival_ms = b->arrival,
		.now_ms = b->now,
		.until_ms = b->until,
		.recipients = b->recipients,
		.nrecipients = b->n,
		.content = content,
		.whole = wants_whole(b) && content.len == b->size,
	};

	if (b->subject == NULL)
		return dsn_write(&dsn, out);
	write_alert(b, id, out);
	return false;
}
