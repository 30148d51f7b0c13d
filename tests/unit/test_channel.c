/* SPDX-License-Identifier: ISC */
/* tests/unit/test_channel.c - frames, credits, descriptors, rule breakers. */
#include "common/ipc/channel.h"

#include "common/base/alloc.h"
#include "common/ipc/conv.h"
#include "common/ipc/msg_intake.h"

#include "tests/unit/check.h"

#include <event2/event.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASKED = CONV_A };

static struct {
	struct event_base *base;
	struct channel *ours, *theirs;
	int closed, lost, fates, stocks, answers;
	const char *why;
	int fd;
	uint64_t last_id;
} t;

static bool
on_fate(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_fate *m = msg;
	struct msg_fate_is yes = { 1 };

	(void)fd;
	t.fates++;
	t.last_id = m->id;
	if (m->id == 99)
		return false;
	if (m->id < 1000) /* the others stay open */
		channel_send(ch, conv, &msg_fate_is, &yes, -1);
	if (m->id < 1000)
		conv_end(ch, conv);
	return true;
}

static bool
on_stock(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)ch;
	(void)conv;
	(void)msg;
	t.stocks++;
	t.fd = fd;
	return true;
}

static bool
on_fate_is(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)ch;
	(void)conv;
	(void)fd;
	t.answers += ((const struct msg_fate_is *)msg)->stored;
	return true;
}

static void
on_lost(struct channel *ch, struct conv *conv)
{
	(void)ch;
	(void)conv;
	t.lost++;
}

static void
on_closed(struct channel *ch, const char *why)
{
	t.closed++;
	if (why != NULL)
		t.why = why;
	if (ch == t.theirs)
		t.theirs = NULL;
	else
		t.ours = NULL;
}

static const struct channel_rule server_rules[] = {
	{ &msg_fate, on_fate, CONV_NEW, ASKED },
	{ &msg_stock, on_stock, CONV_NONE, 0 },
};
static const struct channel_rule client_rules[] = {
	{ &msg_fate_is, on_fate_is, ASKED, CONV_END },
};
static const struct channel_def server = { .rules = server_rules,
	.nrules = nitems(server_rules),
	.conv_lost = on_lost,
	.closed = on_closed };
static const struct channel_def client = { .rules = client_rules,
	.nrules = nitems(client_rules),
	.conv_lost = on_lost,
	.closed = on_closed };

static int
set_up_type(int type)
{
	int fds[2];

	memset(&t, 0, sizeof(t));
	t.fd = -1;
	t.base = event_base_new();
	assert_int_equal(socketpair(AF_UNIX, type, 0, fds), 0);
	t.ours = channel_new(t.base, fds[0], &client, NULL);
	t.theirs = channel_new(t.base, fds[1], &server, NULL);
	return 0;
}

static int
set_up(void **state)
{
	(void)state;
	return set_up_type(SOCK_SEQPACKET);
}

static int
set_up_stream(void **state)
{
	(void)state;
	return set_up_type(SOCK_STREAM);
}

static int
tear_down(void **state)
{
	(void)state;
	if (t.ours != NULL)
		channel_free(t.ours);
	if (t.theirs != NULL)
		channel_free(t.theirs);
	event_base_free(t.base);
	return 0;
}

static void
turns(int n)
{
	while (n-- > 0) {
		channels_flush();
		event_base_loop(t.base, EVLOOP_NONBLOCK);
	}
}

static void
ask(uint64_t id)
{
	const struct msg_fate m = { 1, id };

	channel_open(t.ours, &msg_fate, &m, -1, ASKED, NULL);
}

static void
test_question_and_answer(void **state)
{
	(void)state;
	for (uint64_t id = 1; id <= 500; id++)
		if (id != 99)
			ask(id);
	turns(80);
	assert_int_equal(t.fates, 499);
	assert_int_equal(t.answers, 499);
	assert_int_equal(t.closed, 0);
	assert_true(channel_may_open(t.ours, &msg_fate));
}

static void
test_credit_is_counted_at_both_ends(void **state)
{
	size_t n = 0;

	(void)state;
	while (channel_may_open(t.ours, &msg_fate)) {
		ask(1000 + n);
		n++;
	}
	assert_int_equal(n, msg_fate.credit);
	turns(80);
	assert_int_equal(t.fates, (int)msg_fate.credit);
	assert_int_equal(t.closed, 0);
}

static void
test_one_conversation_too_many(void **state)
{
	struct ipc_type greedy = msg_fate;
	const struct msg_fate m = { 1, 5000 };

	(void)state;
	greedy.credit = msg_fate.credit + 1;
	for (size_t i = 0; i < greedy.credit; i++)
		channel_open(t.ours, &greedy, &m, -1, ASKED, NULL);
	turns(80);
	assert_string_equal(t.why, "conversation refused");
	assert_null(t.theirs);
	assert_int_equal(t.lost, 2 * (int)msg_fate.credit + 1);
}

static void
test_descriptor_travels(void **state)
{
	const struct msg_stock m = { 1, 2 };
	char text[3] = "";
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	channel_send(t.ours, NULL, &msg_stock, &m, fds[1]);
	turns(3);
	assert_int_equal(t.stocks, 1);
	assert_int_not_equal(t.fd, -1);
	assert_int_equal(write(t.fd, "hi", 2), 2);
	assert_int_equal(read(fds[0], text, 2), 2);
	assert_string_equal(text, "hi");
	assert_true((fcntl(t.fd, F_GETFD) & FD_CLOEXEC) != 0);
	close(t.fd);
	close(fds[0]);
}

static void
test_handler_says_no(void **state)
{
	(void)state;
	ask(99);
	turns(3);
	assert_null(t.theirs);
	assert_int_equal(t.lost, 2); /* one at each end */
}

/* What no honest peer sends: raw packets, and what ends the channel. */
static const struct {
	const char *name, *bytes;
	size_t len;
	const char *why;
} hostile[] = {
	{ "version", "\x02\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0", 16,
	    "malformed frame" },
	{ "unknown type", "\x01\0\xff\x7f\0\0\0\0\0\0\0\0\0\0\0\0", 16,
	    "unknown message" },
	{ "huge length", "\x01\0\x26\0\xff\xff\xff\xff\x01\0\0\0\0\0\0\0", 16,
	    "malformed frame" },
	{ "short payload", "\x01\x02\x26\0\x01\0\0\0\x01\0\0\0\0\0\0\0x", 17,
	    "malformed message" },
	{ "missing descriptor",
	    "\x01\0\x20\0\x10\0\0\0\0\0\0\0\0\0\0\0"
	    "0123456789abcdef",
	    32, "descriptor missing or too many" },
	{ "a descriptor that is only claimed",
	    "\x01\x03\x26\0\x10\0\0\0\x01\0\0\0\0\0\0\0"
	    "0123456789abcdef",
	    32, "descriptor missing or too many" },
	{ "question without conversation",
	    "\x01\x02\x26\0\x10\0\0\0\0\0\0\0\0\0\0\0"
	    "0123456789abcdef",
	    32, "message out of place" },
};

static void
test_hostile_frames(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(hostile); i++) {
		set_up_type(SOCK_SEQPACKET);
		assert_int_equal(
		    write(channel_fd(t.ours), hostile[i].bytes, hostile[i].len),
		    (int)hostile[i].len);
		turns(3);
		check_int(hostile[i].name, t.theirs == NULL, true);
		check_str(hostile[i].name, t.why == NULL ? "" : t.why,
		    hostile[i].why);
		tear_down(state);
	}
}

static void
test_end_of_file(void **state)
{
	(void)state;
	ask(2000);
	turns(2);
	channel_free(t.ours);
	t.ours = NULL;
	turns(2);
	assert_int_equal(t.closed, 1);
	assert_null(t.why);
	assert_int_equal(t.lost, 1);
}

static void
test_unread_ends_it(void **state)
{
	const struct msg_fate m = { 1, 1 };

	(void)state;
	channel_pause(t.theirs, true);
	for (int i = 0; i < 60000 && t.ours != NULL; i++) {
		channel_send(t.ours, NULL, &msg_fate, &m, -1);
		if (i % 1000 == 0)
			turns(1);
	}
	assert_null(t.ours);
	assert_string_equal(t.why, "leaves too much unread");
}

/* Each kind of question in turn takes no place for ever; too many kinds at
 * once are refused. */
static void
test_types_in_turn(void **state)
{
	struct ipc_type types[CONV_TYPES + 1] = { { 0 } };
	struct conv_table table = { 0 };
	struct conv *convs[CONV_TYPES];

	(void)state;
	for (size_t i = 0; i < 3 * nitems(types); i++) {
		struct ipc_type *type = &types[i % nitems(types)];

		type->credit = 1;
		convs[0] = conv_add(&table, false, i + 1, type);
		assert_non_null(convs[0]);
		assert_null(conv_add(&table, false, 1000, type));
		conv_remove(&table, convs[0]);
		mem_free(convs[0]);
	}
	for (size_t i = 0; i < CONV_TYPES; i++) {
		convs[i] = conv_add(&table, false, i + 1, &types[i]);
		assert_non_null(convs[i]);
	}
	assert_null(conv_add(&table, false, 1000, &types[CONV_TYPES]));
	assert_null(conv_add(&table, true, 0, &types[CONV_TYPES]));
	for (size_t i = 0; i < CONV_TYPES; i++) {
		assert_int_equal(conv_count(&table, false, &types[i]), 1);
		conv_remove(&table, convs[i]);
		mem_free(convs[i]);
	}
	assert_null(conv_any(&table));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_question_and_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_question_and_answer, set_up_stream, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_credit_is_counted_at_both_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_one_conversation_too_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_descriptor_travels, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_descriptor_travels, set_up_stream, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_handler_says_no, set_up, tear_down),
		cmocka_unit_test(test_hostile_frames),
		cmocka_unit_test_setup_teardown(
		    test_end_of_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_unread_ends_it, set_up, tear_down),
		cmocka_unit_test(test_types_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
