/* SPDX-License-Identifier: ISC */
/* common/ipc/field.c - encodes and decodes structs by the table of fields. */
#include "common/ipc/field.h"

#include "common/base/fatal.h"

#include <inttypes.h>
#include <string.h>

/* Bytes of an integer kind on the wire and in memory; 0 for the others. */
static size_t
integer_size(enum ipc_kind kind)
{
	switch (kind) {
	case IPC_U8:
		return 1;
	case IPC_U16:
		return 2;
	case IPC_U32:
		return 4;
	case IPC_U64:
	case IPC_I64:
		return 8;
	case IPC_TEXT:
	case IPC_BYTES:
		return 0;
	}
	return 0;
}

static uint64_t
integer_load(const char *p, size_t size)
{
	uint16_t n16;
	uint32_t n32;
	uint64_t n64;

	switch (size) {
	case 1:
		return *(const uint8_t *)p;
	case 2:
		memcpy(&n16, p, sizeof(n16));
		return n16;
	case 4:
		memcpy(&n32, p, sizeof(n32));
		return n32;
	default:
		memcpy(&n64, p, sizeof(n64));
		return n64;
	}
}

static void
integer_store(char *p, size_t size, uint64_t n)
{
	uint8_t n8 = (uint8_t)n;
	uint16_t n16 = (uint16_t)n;
	uint32_t n32 = (uint32_t)n;

	switch (size) {
	case 1:
		memcpy(p, &n8, sizeof(n8));
		break;
	case 2:
		memcpy(p, &n16, sizeof(n16));
		break;
	case 4:
		memcpy(p, &n32, sizeof(n32));
		break;
	default:
		memcpy(p, &n, sizeof(n));
		break;
	}
}

static void
put_integer(struct buf *out, uint64_t n, size_t size)
{
	char bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(n >> (8 * i));
	buf_add(out, view_make(bytes, size));
}

static bool
get_integer(struct view *in, size_t size, uint64_t *n)
{
	*n = 0;
	if (in->len < size)
		return false;
	for (size_t i = 0; i < size; i++)
		*n |= (uint64_t)(unsigned char)in->data[i] << (8 * i);
	*in = view_skip(*in, size);
	return true;
}

static void
put_text(const struct ipc_field *f, const char *p, struct buf *out)
{
	size_t len = strnlen(p, f->max + 1);

	if (len > f->max)
		panic("field %s is not terminated", f->name);
	put_integer(out, len, 2);
	buf_add(out, view_make(p, len));
}

void
ipc_encode(const struct ipc_type *t, const void *msg, struct buf *out)
{
	for (size_t i = 0; i < t->nfields; i++) {
		const struct ipc_field *f = &t->fields[i];
		const char *p = (const char *)msg + f->offset;
		size_t size = integer_size(f->kind);

		if (size > 0)
			put_integer(out, integer_load(p, size), size);
		else if (f->kind == IPC_TEXT)
			put_text(f, p, out);
		else
			buf_add(out, view_make(p, f->max));
	}
}

static bool
get_text(const struct ipc_field *f, struct view *in, char *p)
{
	struct view text;
	uint64_t len;

	if (!get_integer(in, 2, &len) || len > f->max || len > in->len)
		return false;
	text = view_make(in->data, (size_t)len);
	*in = view_skip(*in, (size_t)len);
	return view_copy(text, p, f->max + 1);
}

static bool
field_get(const struct ipc_field *f, struct view *in, char *p)
{
	size_t size = integer_size(f->kind);
	uint64_t n;

	if (size > 0) {
		if (!get_integer(in, size, &n))
			return false;
		integer_store(p, size, n);
		return true;
	}
	if (f->kind == IPC_TEXT)
		return get_text(f, in, p);
	if (in->len < f->max)
		return false;
	memcpy(p, in->data, f->max);
	*in = view_skip(*in, f->max);
	return true;
}

bool
ipc_decode(const struct ipc_type *t, struct view in, void *out)
{
	memset(out, 0, t->size);
	for (size_t i = 0; i < t->nfields; i++) {
		const struct ipc_field *f = &t->fields[i];

		if (!field_get(f, &in, (char *)out + f->offset))
			return false;
	}
	return in.len == 0;
}

void
ipc_print(const struct ipc_type *t, const void *msg, struct buf *out)
{
	buf_add_string(out, t->name);
	for (size_t i = 0; i < t->nfields; i++) {
		const struct ipc_field *f = &t->fields[i];
		const char *p = (const char *)msg + f->offset;
		size_t size = integer_size(f->kind);

		buf_printf(out, " %s=", f->name);
		if (f->kind == IPC_I64)
			buf_printf(
			    out, "%" PRId64, (int64_t)integer_load(p, size));
		else if (size > 0)
			buf_printf(out, "%" PRIu64, integer_load(p, size));
		else if (f->kind == IPC_TEXT)
			buf_printf(out, "\"%s\"", p);
		else
			buf_printf(out, "(%zu bytes)", f->max);
	}
}
