/* SPDX-License-Identifier: ISC */
/* common/ipc/field.c - encodes and decodes structs by the table of fields. */
#include "common/ipc/field.h"

#include "common/base/fatal.h"

#include <inttypes.h>
#include <string.h>
#include <sys/endian.h>

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

/* Of the text of each field, and of the whole encoding. */
struct lengths {
	size_t text[IPC_FIELDS_MAX];
	size_t all;
};

static void
measure(const struct ipc_type *t, const char *msg, struct lengths *len)
{
	len->all = 0;
	if (t->nfields > IPC_FIELDS_MAX)
		panic("%zu fields of %s", t->nfields, t->name);
	for (size_t i = 0; i < t->nfields; i++) {
		const struct ipc_field *f = &t->fields[i];

		if (f->kind != IPC_TEXT) {
			len->all += f->kind == IPC_BYTES
					? f->max
					: integer_size(f->kind);
			continue;
		}
		len->text[i] = strnlen(msg + f->offset, f->max + 1);
		if (len->text[i] > f->max)
			panic("field %s is not terminated", f->name);
		len->all += 2 + len->text[i];
	}
}

/* Whole words are stored; what follows the integer is written over later. */
static char *
put_integer(char *out, uint64_t n, size_t size)
{
	n = htole64(n);
	memcpy(out, &n, sizeof(n));
	return out + size;
}

static char *
put_bytes(char *out, const char *p, size_t len)
{
	memcpy(out, p, len);
	return out + len;
}

/* The room is found once, not for each field: every message of every process
 * comes through here. */
void
ipc_encode(const struct ipc_type *t, const void *msg, struct buf *out)
{
	struct lengths len;
	char *to;

	measure(t, msg, &len);
	to = buf_room(out, len.all + sizeof(uint64_t));
	if (to == NULL)
		return;
	for (size_t i = 0; i < t->nfields; i++) {
		const struct ipc_field *f = &t->fields[i];
		const char *p = (const char *)msg + f->offset;
		size_t size = integer_size(f->kind);

		if (size > 0) {
			to = put_integer(to, integer_load(p, size), size);
		} else if (f->kind == IPC_TEXT) {
			to = put_integer(to, len.text[i], 2);
			to = put_bytes(to, p, len.text[i]);
		} else {
			to = put_bytes(to, p, f->max);
		}
	}
	buf_commit(out, len.all);
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
