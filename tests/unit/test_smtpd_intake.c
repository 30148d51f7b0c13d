/* SPDX-License-Identifier: ISC */
/* tests/unit/test_smtpd_intake.c - clients between a socket and a queue.
 *
 * The worker's parts run on a loop with a queue of the test's own at the
 * other end of a real channel, which may answer late, wrongly, or die.
 */
#include "tests/unit/check.h"

#include "common/ipc/msg_intake.h"
#include "smtpd/intake.h"
#include "smtpd/worker.h"

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TURNS = 40, TEXT_MAX = 65536, MANY = 9900 };

/* The worker, a client of it, and the queue. */
struct rig {
	struct event_base *base;
	struct conf conf;
	struct worker *worker;
	struct peer peer; /* owner of the worker's end */
	struct channel *queue;
	int client;
	char said[TEXT_MAX]; /* to the client */

	bool gives;     /* files as they are wished for */
	bool read_only; /* and cannot be written */
	int body;       /* the first one */
	uint64_t next;  /* id of the next file */
	size_t given, wanted;
	struct conv *commit, *fate;
	struct msg_commit envelope;
	size_t nrcpts;
	bool in_order;
	uint64_t abandoned; /* the last, and how many */
	size_t nabandoned;
	bool fate_after_want; /* the wish came first, which it may not */
	bool queue_lost;
};

static void
note_rcpt(struct rig *r, const struct msg_commit_rcpt *m)
{
	char want[64];

	snprintf(want, sizeof(want), "r%zu@example.org", r->nrcpts++);
	if (strcmp(want, m->address) != 0)
		r->in_order = false;
}

/* Whatever the worker says to the queue. */
static bool
on_frame(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct ipc_type *type = channel_message(ch);
	struct rig *r = channel_owner(ch);

	(void)fd;
	if (type == &msg_stock_want) {
		r->wanted = ((const struct msg_stock_want *)msg)->count;
	} else if (type == &msg_abandon) {
		r->abandoned = ((const struct msg_abandon *)msg)->id;
		r->nabandoned++;
	} else if (type == &msg_commit) {
		r->commit = conv;
		r->envelope = *(const struct msg_commit *)msg;
		r->nrcpts = 0;
		r->in_order = true;
	} else if (type == &msg_commit_rcpt) {
		note_rcpt(r, msg);
	} else if (type == &msg_fate) {
		r->fate = conv;
		r->fate_after_want = r->wanted != 0;
	}
	return true;
}

static const struct channel_rule queue_rules[] = {
	{ &msg_stock_want, on_frame, CONV_NONE, 0 },
	{ &msg_abandon, on_frame, CONV_NONE, 0 },
	{ &msg_commit, on_frame, CONV_NEW, CONV_A },
	{ &msg_commit_rcpt, on_frame, CONV_A, 0 },
	{ &msg_fate, on_frame, CONV_NEW, CONV_B },
};

static void
on_queue_closed(struct channel *ch, const char *why)
{
	struct rig *r = channel_owner(ch);

	(void)why;
	r->queue = NULL;
}

static void
on_worker_closed(struct channel *ch, const char *why)
{
	struct peer *p = channel_owner(ch);
	struct rig *r = (struct rig *)((char *)p - offsetof(struct rig, peer));

	(void)why;
	r->queue_lost = true;
	intake_lost(p->data);
}

static const struct channel_def queue_def = {
	.rules = queue_rules,
	.nrules = nitems(queue_rules),
	.closed = on_queue_closed,
};

static const struct channel_def worker_def = {
	.rules = intake_rules,
	.nrules = INTAKE_RULES,
	.closed = on_worker_closed,
};

/* A new queue, as posternd would wire it. */
static void
queue_begin(struct rig *r)
{
	int fd[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd), 0);
	r->wanted = r->given = r->nabandoned = 0;
	r->fate = r->commit = NULL;
	r->queue = channel_new(r->base, fd[0], &queue_def, r);
	intake_attached(
	    r->worker, channel_new(r->base, fd[1], &worker_def, &r->peer));
}

static void
give(struct rig *r)
{
	struct msg_stock m = { .instance = 1, .id = r->next++ };
	int fd = r->read_only ? open("/dev/null", O_RDONLY | O_CLOEXEC)
			      : memfd_create("body", MFD_CLOEXEC);

	assert_int_not_equal(fd, -1);
	if (r->body == -1)
		r->body = dup(fd);
	channel_send(r->queue, NULL, &msg_stock, &m, fd);
	r->given++;
}

static void
listen_to_replies(struct rig *r)
{
	size_t len = strlen(r->said);
	ssize_t n = read(r->client, r->said + len, TEXT_MAX - len - 1);

	if (n > 0)
		r->said[len + (size_t)n] = '\0';
}

/* The loop, until nothing moves any more. */
static void
turn(struct rig *r)
{
	for (int i = 0; i < TURNS; i++) {
		while (r->gives && r->queue != NULL && r->given < r->wanted)
			give(r);
		intake_turn(r->worker);
		channels_flush();
		event_base_loop(r->base, EVLOOP_NONBLOCK);
		listen_to_replies(r);
	}
}

static void
queue_dies(struct rig *r)
{
	channel_free(r->queue);
	r->queue = NULL;
	turn(r);
}

static void
say(struct rig *r, const char *text)
{
	size_t len = strlen(text);

	r->said[0] = '\0';
	while (len > 0) {
		ssize_t n = write(r->client, text, len);

		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
		turn(r);
	}
}

static void
client_begin(struct rig *r)
{
	const struct accept_client who = { .ip = { 4, { 127, 0, 0, 1 } } };
	const struct door door = { .worker = r->worker };
	int fd[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	r->client = fd[0];
	client_new(&door, fd[1], &who, UINT32_MAX, 0);
}

static struct rig *
rig_begin(void)
{
	struct rig *r = mem_zero(1, sizeof(*r));
	struct conf_error error;

	r->base = event_base_new();
	r->gives = true;
	r->body = -1;
	r->next = 1;
	conf_init(&r->conf);
	assert_true(conf_parse(&r->conf,
	    view_of("hostname \"mx.test\"\nlimit recipients 10000\n"), &error));
	r->worker = mem_zero(1, sizeof(*r->worker));
	r->worker->base = r->base;
	r->worker->stock.max = STOCK_MAX;
	r->worker->max_clients = 100;
	service_init(&r->worker->service, &r->conf, false);
	roster_init(&r->worker->roster);
	buf_init(&r->worker->out, OUTPUT_MAX);
	r->peer.data = r->worker;
	client_begin(r);
	return r;
}

static void
rig_end(struct rig *r)
{
	close(r->client);
	turn(r);
	check_int("no client is left", r->worker->roster.nclients, 0);
	check_int("no file is out", r->worker->files_out, 0);
	if (r->queue != NULL)
		queue_dies(r);
	close(r->body);
	buf_free(&r->worker->out);
	mem_free(r->worker);
	conf_clear(&r->conf);
	event_base_free(r->base);
	mem_free(r);
}

static const char start[] = "EHLO x\r\nMAIL FROM:<a@client.example>\r\n"
			    "RCPT TO:<r0@example.org>\r\nDATA\r\n";

static void
say_mail(struct rig *r)
{
	say(r, start);
	say(r, "text\r\n.\r\n");
}

/* More than a body is gathered before it is written. */
static void
say_much(struct rig *r)
{
	for (int i = 0; i < 1000; i++)
		say(r, "a line of some length, over and over, many a time\r\n");
}

static void
answer(struct rig *r, uint16_t smtp, uint16_t subject, uint16_t detail,
    const char *text)
{
	struct msg_committed m = {
		.smtp = smtp, .subject = subject, .detail = detail
	};

	view_copy(view_of(text), m.text, sizeof(m.text));
	channel_send(r->queue, r->commit, &msg_committed, &m, -1);
	conv_end(r->queue, r->commit);
	r->said[0] = '\0';
	turn(r);
}

static void
check_file(struct rig *r, const char *end)
{
	char text[4096] = "";

	assert_true(pread(r->body, text, sizeof(text) - 1, 0) > 0);
	check_int("trace header", strncmp(text, "Received: ", 10), 0);
	check_str("end", strstr(text, end) == NULL ? text : end, end);
}

static void
test_accepted(void **state)
{
	struct rig *r = *state;

	queue_begin(r);
	say(r, start);
	check_int("354", strstr(r->said, "\r\n354 ") != NULL, true);
	say(r, "Subject: x\r\nMessage-ID: <1@x>\r\n\r\n..text\r\n.\r\n");
	check_str("nothing before the queue's word", r->said, "");
	check_int("id", r->envelope.id, 1);
	check_int("instance", r->envelope.instance, 1);
	check_int("rcpts", r->envelope.nrcpts, 1);
	check_int("sent", r->nrcpts, 1);
	check_int("in order", r->in_order, true);
	check_str("sender", r->envelope.sender, "a@client.example");
	check_str("helo", r->envelope.helo, "x");
	check_str("message id", r->envelope.message_id, "<1@x>");
	check_int("family", r->envelope.client_family, 4);
	check_int("flags", r->envelope.flags, ENVELOPE_ESMTP);
	check_file(r, "\r\nSubject: x\r\nMessage-ID: <1@x>\r\n\r\n.text\r\n");
	answer(r, 250, 0, 0, "");
	check_str("250", r->said, "250 2.0.0 queued as 1\r\n");
}

static const struct {
	uint16_t smtp, subject, detail;
	const char *text, *want;
} answers[] = {
	{ 452, 3, 1, "disk full", "452 4.3.1 disk full\r\n" },
	{ 554, 6, 0, "no", "554 5.6.0 no\r\n" },
	{ 451, 3, 0, "a\r\n250 b", "451 4.3.0 a??250 b\r\n" },
};

static void
test_refused(void **state)
{
	struct rig *r = *state;

	queue_begin(r);
	for (size_t i = 0; i < nitems(answers); i++) {
		say_mail(r);
		answer(r, answers[i].smtp, answers[i].subject,
		    answers[i].detail, answers[i].text);
		check_str("reply", r->said, answers[i].want);
	}
}

/* What is no answer ends the channel; the message's fate is asked. */
static void
test_nonsense(void **state)
{
	struct rig *r = *state;

	queue_begin(r);
	say_mail(r);
	answer(r, 354, 0, 0, "go on");
	check_int("ended", r->queue_lost, true);
	check_str("nothing was said", r->said, "");
	client_refused(
	    roster_first(&r->worker->roster, PLACE_FATE), &reply_queue);
}

static void
test_waits_for_file(void **state)
{
	struct rig *r = *state;

	r->gives = false;
	queue_begin(r);
	say(r, start);
	check_int("wish", r->wanted >= STOCK_MIN, true);
	check_int("no 354", strstr(r->said, "\r\n354 ") == NULL, true);
	check_int("waits", roster_first(&r->worker->roster, PLACE_FILE) != NULL,
	    true);
	give(r);
	r->said[0] = '\0';
	turn(r);
	check_int("354", strncmp(r->said, "354 ", 4), 0);
}

static void
fate(struct rig *r, bool stored, const char *want)
{
	const struct msg_fate_is m = { .stored = stored };

	queue_begin(r);
	turn(r);
	assert_non_null(r->fate);
	check_int("asked before all else", r->fate_after_want, false);
	channel_send(r->queue, r->fate, &msg_fate_is, &m, -1);
	conv_end(r->queue, r->fate);
	turn(r);
	check_str("reply", r->said, want);
}

static void
test_fate(void **state)
{
	struct rig *r = *state;

	queue_begin(r);
	say_mail(r);
	queue_dies(r);
	check_str("not yet", r->said, "");
	fate(r, true, "250 2.0.0 queued as 1\r\n");
	say_mail(r);
	queue_dies(r);
	fate(r, false,
	    "451 4.3.0 the queue is not available, try again "
	    "later\r\n");
}

/* The second queue dies too, before it could tell. */
static void
test_fate_twice(void **state)
{
	struct rig *r = *state;

	queue_begin(r);
	say_mail(r);
	for (int i = 0; i < 2; i++) {
		queue_dies(r);
		queue_begin(r);
		turn(r);
		assert_non_null(r->fate);
	}
	queue_dies(r);
	fate(r, true, "250 2.0.0 queued as 1\r\n");
}

static void
test_queue_dies_in_body(void **state)
{
	struct rig *r = *state;

	queue_begin(r);
	say(r, start);
	say(r, "half\r\n");
	queue_dies(r);
	queue_begin(r);
	say(r, "other half\r\n.\r\n");
	check_int("451", strncmp(r->said, "451 4.3.0 ", 10), 0);
	check_int("no file of the old queue", r->nabandoned, 0);
	assert_null(r->commit);
}

static void
test_client_leaves(void **state)
{
	struct rig *r = *state;

	queue_begin(r);
	say(r, start);
	close(r->client);
	turn(r);
	check_int("an unwritten file is used again", r->nabandoned, 0);
	client_begin(r);
	say(r, start);
	say(r, "text\r\nmore\nand a bare LF\r\n.\r\n");
	check_int("550", strncmp(r->said, "550 5.5.2 ", 10), 0);
	check_int("also then", r->nabandoned, 0);
	say(r, start);
	say_much(r);
	close(r->client);
	turn(r);
	check_int("a written one is not", r->nabandoned, 1);
	check_int("the same in all three", r->abandoned, 1);
	client_begin(r);
}

/* Its answer finds nobody; the message is queue's. */
static void
test_client_leaves_after_dot(void **state)
{
	struct rig *r = *state;

	queue_begin(r);
	say(r, start);
	say(r, "text\r\n.\r\nNOOP\r\n");
	assert_non_null(r->commit);
	client_close(
	    roster_first(&r->worker->roster, PLACE_ANSWER), &reply_stopping);
	answer(r, 250, 0, 0, "");
	check_int("kept", r->nabandoned, 0);
	check_int("channel fine", r->queue_lost, false);
}

/* A list that does not fit the channel goes in pieces. */
static void
test_many_rcpts(void **state)
{
	struct rig *r = *state;
	char line[64];

	queue_begin(r);
	say(r, "EHLO x\r\nMAIL FROM:<>\r\n");
	for (int i = 0; i < MANY; i++) {
		snprintf(
		    line, sizeof(line), "RCPT TO:<r%d@example.org>\r\n", i);
		say(r, line);
	}
	say(r, "DATA\r\n");
	channel_pause(r->queue, true);
	say(r, "text\r\n.\r\n");
	check_int("held back",
	    roster_first(&r->worker->roster, PLACE_OUTBOX) != NULL, true);
	channel_pause(r->queue, false);
	turn(r);
	check_int("all", r->nrcpts, MANY);
	check_int("in order", r->in_order, true);
	check_int("null sender", r->envelope.null_sender, 1);
	answer(r, 250, 0, 0, "");
	check_str("250", r->said, "250 2.0.0 queued as 1\r\n");
}

/* The file cannot be written: told at the end, the session goes on. */
static void
test_write_error(void **state)
{
	struct rig *r = *state;

	r->read_only = true;
	queue_begin(r);
	say_mail(r);
	check_int("451", strncmp(r->said, "451 4.3.0 ", 10), 0);
	check_int("given up", r->nabandoned, 1);
	assert_null(r->commit);
	say(r, start);
	say_much(r);
	check_int("given up at once", r->nabandoned, 2);
	say(r, ".\r\n");
	check_int("451", strncmp(r->said, "451 4.3.0 ", 10), 0);
	assert_null(r->commit);
	say(r, "NOOP\r\n");
	check_str("goes on", r->said, "250 2.0.0 ok\r\n");
}

static void
test_intake_state(void **state)
{
	struct rig *r = *state;
	struct msg_intake_state m = { .smtp = 452, .subject = 3, .detail = 1 };

	queue_begin(r);
	view_copy(view_of("disk nearly full"), m.text, sizeof(m.text));
	channel_send(r->queue, NULL, &msg_intake_state, &m, -1);
	turn(r);
	say(r, "EHLO x\r\n");
	say(r, "MAIL FROM:<>\r\n");
	check_str("452", r->said, "452 4.3.1 disk nearly full\r\n");
	m.smtp = 0;
	channel_send(r->queue, NULL, &msg_intake_state, &m, -1);
	turn(r);
	say(r, "MAIL FROM:<>\r\n");
	check_str("250", r->said, "250 2.1.0 sender ok\r\n");
}

static int
set_up(void **state)
{
	*state = rig_begin();
	return 0;
}

static int
tear_down(void **state)
{
	rig_end(*state);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_accepted),
		TEST(test_refused),
		TEST(test_nonsense),
		TEST(test_waits_for_file),
		TEST(test_fate),
		TEST(test_fate_twice),
		TEST(test_queue_dies_in_body),
		TEST(test_client_leaves),
		TEST(test_client_leaves_after_dot),
		TEST(test_many_rcpts),
		TEST(test_write_error),
		TEST(test_intake_state),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
