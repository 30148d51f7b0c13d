/* SPDX-License-Identifier: ISC */
/* common/ipc/field.h - a message is a C struct and a table of its fields.
 *
 * The table gives encoding, decoding, limits, the debug print, the fuzz
 * target and the round-trip test.  On the wire: fields in table order,
 * integers little-endian, text as a 16-bit length and its bytes.  Decoding
 * takes bytes from a process that may be hostile: what does not fit exactly
 * is refused, text never holds a NUL byte.
 */
#ifndef COMMON_IPC_FIELD_H
#define COMMON_IPC_FIELD_H

#include "common/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ipc_kind {
	IPC_U8,   /* uint8_t */
	IPC_U16,  /* uint16_t */
	IPC_U32,  /* uint32_t */
	IPC_U64,  /* uint64_t */
	IPC_I64,  /* int64_t */
	IPC_TEXT, /* char [max + 1], NUL-terminated in memory */
	IPC_BYTES /* uint8_t [max], always whole */
};

struct ipc_field {
	const char *name;
	enum ipc_kind kind;
	size_t offset; /* in the struct */
	size_t max;    /* IPC_TEXT: most bytes without NUL; IPC_BYTES: size */
};

enum {
	IPC_PAYLOAD_MAX = 16384, /* bytes of one encoded message */
	IPC_FIELDS_MAX = 48,     /* of one message */
	IPC_STRUCT_MAX = 20480   /* bytes of the largest message struct */
};

struct ipc_type {
	uint16_t number; /* on the wire; see ipc/types.h */
	const char *name;
	size_t size; /* of the struct */
	const struct ipc_field *fields;
	size_t nfields;
	bool fd;       /* exactly one descriptor comes with it */
	size_t credit; /* a type that opens conversations: most at once */
};

/* Appends the encoding; out fails if it and 8 bytes do not fit. */
void ipc_encode(const struct ipc_type *, const void *msg, struct buf *out);
/* Fills *out (t->size bytes); false if the bytes are not exactly one *t. */
bool ipc_decode(const struct ipc_type *, struct view, void *out);
/* "commit id=... sender=..." for the debug log and for tests. */
void ipc_print(const struct ipc_type *, const void *msg, struct buf *out);

#endif
