/* SPDX-License-Identifier: ISC */
/* common/base/buf.c - a byte buffer that cannot outgrow its limit. */
#include "common/base/buf.h"

#include "common/base/alloc.h"

#include <stdio.h>
#include <string.h>

enum { BUF_FIRST = 256 };

void
buf_init(struct buf *b, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->max = max;
}

void
buf_free(struct buf *b)
{
	mem_free(b->data);
	buf_init(b, b->max);
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

/* One byte more than asked, so that buf_string() always has its NUL. */
static void
grow(struct buf *b, size_t more)
{
	size_t size = b->size == 0 ? BUF_FIRST : b->size;

	while (size < b->len + more + 1)
		size *= 2;
	if (size != b->size) {
		b->data = mem_grow(b->data, size, 1);
		b->size = size;
	}
}

char *
buf_room(struct buf *b, size_t n)
{
	if (b->failed || n > b->max - b->len) {
		b->failed = true;
		return NULL;
	}
	grow(b, n);
	return b->data + b->len;
}

void
buf_commit(struct buf *b, size_t n)
{
	b->len += n;
}

void
buf_add(struct buf *b, struct view v)
{
	char *room = buf_room(b, v.len);

	if (room == NULL || v.len == 0)
		return;
	memcpy(room, v.data, v.len);
	b->len += v.len;
}

void
buf_add_string(struct buf *b, const char *s)
{
	buf_add(b, view_of(s));
}

/* At once where there is room already, as there mostly is. */
void
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	size_t left = b->failed ? 0 : b->size - b->len;
	va_list again;
	char *room;
	int n;

	va_copy(again, ap);
	n = vsnprintf(left == 0 ? NULL : b->data + b->len, left, fmt, again);
	va_end(again);
	if (n < 0) {
		b->failed = true;
		return;
	}
	room = buf_room(b, (size_t)n);
	if (room == NULL)
		return;
	if ((size_t)n >= left)
		vsnprintf(room, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n >= b->len) {
		b->len = 0;
		return;
	}
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
}

bool
buf_ok(const struct buf *b)
{
	return !b->failed;
}

struct view
buf_view(const struct buf *b)
{
	return view_make(b->data, b->len);
}

const char *
buf_string(struct buf *b)
{
	if (b->data == NULL)
		return "";
	b->data[b->len] = '\0';
	return b->data;
}
