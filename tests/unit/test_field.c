/* SPDX-License-Identifier: ISC */
/* tests/unit/test_field.c - every message type: there and back, and damaged.
 *
 * tests/lib/message_types.c names all types; each is filled with a pattern by
 * its own table of fields, so a new type needs one row there and nothing else.
 */
#include "common/ipc/field.h"

#include "common/ipc/msg_intake.h"
#include "common/ipc/msg_job.h"

#include "tests/lib/message_types.h"
#include "tests/unit/check.h"

static const struct ipc_type *const *const types = message_types;

static size_t
bytes_of(const struct ipc_field *f)
{
	switch (f->kind) {
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
		return f->max; /* without the NUL */
	case IPC_BYTES:
		return f->max;
	}
	return 0;
}

/* Every field at its largest, with bytes that differ. */
static void
fill(const struct ipc_type *t, char *msg)
{
	memset(msg, 0, t->size);
	for (size_t i = 0; i < t->nfields; i++)
		for (size_t k = 0; k < bytes_of(&t->fields[i]); k++)
			msg[t->fields[i].offset + k] =
			    (char)('A' + (i + k) % 50);
}

static void
test_round_trip(void **state)
{
	static _Alignas(16) char in[IPC_STRUCT_MAX], out[IPC_STRUCT_MAX];
	struct buf wire;

	(void)state;
	for (size_t i = 0; types[i] != NULL; i++) {
		fill(types[i], in);
		buf_init(&wire, IPC_PAYLOAD_MAX);
		ipc_encode(types[i], in, &wire);
		check_int(types[i]->name, buf_ok(&wire), true);
		check_int(types[i]->name,
		    ipc_decode(types[i], buf_view(&wire), out), true);
		if (types[i]->size > 0)
			assert_memory_equal(in, out, types[i]->size);
		buf_free(&wire);
	}
}

static void
test_no_other_length_is_taken(void **state)
{
	static _Alignas(16) char in[IPC_STRUCT_MAX], out[IPC_STRUCT_MAX];
	struct buf wire;

	(void)state;
	for (size_t i = 0; types[i] != NULL; i++) {
		fill(types[i], in);
		buf_init(&wire, IPC_PAYLOAD_MAX + 1);
		ipc_encode(types[i], in, &wire);
		for (size_t n = 0; n < wire.len; n++)
			check_int(types[i]->name,
			    ipc_decode(types[i], view_make(wire.data, n), out),
			    false);
		buf_add_string(&wire, "x");
		check_int(types[i]->name,
		    ipc_decode(types[i], buf_view(&wire), out), false);
		buf_free(&wire);
	}
}

static void
test_numbers_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; types[i] != NULL; i++)
		for (size_t k = 0; k < i; k++)
			check_int(types[i]->name,
			    types[i]->number == types[k]->number, false);
}

static void
test_text_holds_no_nul(void **state)
{
	/* one text of three bytes, the middle one NUL */
	static const char wire[] = { 0, 0, 0, 0, 3, 0, 'a', 0, 'b' };
	struct msg_job_rcpt m;

	(void)state;
	assert_false(
	    ipc_decode(&msg_job_rcpt, view_make(wire, sizeof(wire)), &m));
}

static void
test_print(void **state)
{
	const struct msg_fate m = { 7, 12 };
	struct buf out;

	(void)state;
	buf_init(&out, 200);
	ipc_print(&msg_fate, &m, &out);
	check_str("fate", buf_string(&out), "fate instance=7 id=12");
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_no_other_length_is_taken),
		cmocka_unit_test(test_numbers_are_unique),
		cmocka_unit_test(test_text_holds_no_nul),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
