/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_message.c - every message between processes (ipc/field.h).
 *
 * The first byte is the number of a type, the rest its payload.  A payload
 * that is taken has one meaning and one spelling: encoding gives it back.
 */
#include "tests/fuzz/fuzz.h"

#include "tests/lib/message_types.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static _Alignas(16) char message[IPC_STRUCT_MAX];
	struct view in = fuzz_view(data, len);
	const struct ipc_type *t = message_type(fuzz_byte(&in));
	struct buf out;

	if (t == NULL || !ipc_decode(t, in, message))
		return 0;
	buf_init(&out, IPC_PAYLOAD_MAX);
	ipc_encode(t, message, &out);
	must(buf_ok(&out), "a message fits a frame");
	must(view_eq(buf_view(&out), in), "encoding gives the same bytes");
	buf_clear(&out);
	ipc_print(t, message, &out);
	buf_free(&out);
	return 0;
}
