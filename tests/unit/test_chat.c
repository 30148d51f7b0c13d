/* SPDX-License-Identifier: ISC */
/* tests/unit/test_chat.c - the dialogues of tests/chat on the pure session.
 *
 * Each dialogue runs once as written, line by line.  Then all that the client
 * said is sent at once, byte by byte, and cut in two at every place: replies
 * and stored messages must be the same (RFC 2920 3.1: the server must not
 * depend on how the input is cut).
 */
#include "tests/unit/check.h"

#include "common/base/ip.h"
#include "tests/lib/chat.h"
#include "tests/lib/rig.h"

#include <glob.h>
#include <stdio.h>

enum {
	CUTS_MAX = 2000, /* places to cut a long dialogue at */
	CHATS_MIN = 25
};

static const char *place; /* file and line, for failures */

static void
status_read(const char *text, struct status *st)
{
	int smtp, class_, subject, detail, at = 0;

	if (sscanf(text, "%d %d.%d.%d %n", &smtp, &class_, &subject, &detail,
		&at) != 4)
		fail_msg("%s: no status", place);
	if (class_ == 4)
		status_later(st, smtp, subject, detail, "%s", text + at);
	else
		status_never(st, smtp, subject, detail, "%s", text + at);
}

static void
conf_read(struct rig *h, const struct chat *chat)
{
	struct conf_error error;
	struct buf text;

	buf_init(&text, RIG_BYTES);
	buf_add_string(&text, "hostname \"mx.test\"\n");
	for (size_t i = 0; i < chat->nsteps; i++)
		if (chat->steps[i].kind == CHAT_CONF)
			buf_printf(&text, "%s\n", chat->steps[i].text);
	conf_init(&h->conf);
	if (!conf_parse(&h->conf, buf_view(&text), &error))
		fail_msg("%s: conf: %s", place, error.text);
	buf_free(&text);
}

static void
begin(struct rig *h, const struct chat *chat)
{
	struct accept_client client = { 0 };

	memset(h, 0, sizeof(*h));
	conf_read(h, chat);
	service_init(&h->service, &h->conf, false);
	ip_parse(view_of("127.0.0.1"), &client.ip);
	status_done(&h->commit, 250, 0, 0, "stored");
	for (size_t i = 0; i < chat->nsteps; i++) {
		const struct chat_step *s = &chat->steps[i];

		if (s->kind == CHAT_CLASS) {
			service_init(&h->service, &h->conf, true);
			memset(&client, 0, sizeof(client));
			client.local_socket = true;
		} else if (s->kind == CHAT_CLIENT) {
			ip_parse(view_of(s->text), &client.ip);
		} else if (s->kind == CHAT_QUEUE) {
			status_read(s->text, &h->commit);
		} else if (s->kind == CHAT_INTAKE) {
			status_read(s->text, &h->service.intake);
		} else if (s->kind == CHAT_STOCK) {
			h->no_stock = true;
		}
	}
	rig_begin(h, &client);
}

/* The next line of v, without its end. */
static struct view
cut_line(struct view *v, size_t of_end)
{
	size_t end = view_find(*v, '\n');
	struct view line =
	    view_make(v->data, end < of_end ? 0 : end + 1 - of_end);

	*v = view_skip(*v, end + 1);
	return line;
}

static void
expect(struct view *got, size_t of_end, const char *what, const char *want)
{
	struct view line = cut_line(got, of_end);

	if (!chat_match(view_of(want), line))
		fail_msg("%s: %s \"%.*s\", want \"%s\"", place, what,
		    (int)line.len, line.data, want);
}

/* Lines that a later one ends. */
static void
expect_up_to(struct view *got, const char *want)
{
	struct view line;

	do {
		if (got->len == 0)
			fail_msg("%s: no line \"%s\"", place, want);
		line = cut_line(got, 2);
	} while (!chat_match(view_of(want), line));
}

static void
expect_stored(struct view *got, const struct chat_step *s)
{
	char *line = mem_alloc(s->len + 16);

	snprintf(line, s->len + 16, "%s%s",
	    s->kind == CHAT_STORED ? "stored " : "| ", s->text);
	expect(got, 1, "stored", line);
	mem_free(line);
}

/* As written, line by line. */
static void
play(struct rig *h, const struct chat *chat, const char *path)
{
	static char where[256];
	size_t nout = 0, nstored = 0;

	place = where;
	for (size_t i = 0; i < chat->nsteps; i++) {
		const struct chat_step *s = &chat->steps[i];
		struct view out = view_skip(buf_view(&h->out), nout);
		struct view stored = view_skip(buf_view(&h->stored), nstored);

		snprintf(where, sizeof(where), "%s:%u", path, s->line);
		if (s->kind == CHAT_SEND) {
			if (out.len > 0)
				fail_msg("%s: said also \"%.*s\"", place,
				    (int)out.len, out.data);
			rig_feed(h, view_make(s->text, s->len));
		} else if (s->kind == CHAT_EXPECT) {
			expect(&out, 2, "said", s->text);
			nout = h->out.len - out.len;
		} else if (s->kind == CHAT_EXPECT_UP_TO) {
			expect_up_to(&out, s->text);
			nout = h->out.len - out.len;
		} else if (s->kind == CHAT_STORED || s->kind == CHAT_BODY) {
			expect_stored(&stored, s);
			nstored = h->stored.len - stored.len;
		} else if (s->kind == CHAT_CLOSED && !h->closed) {
			fail_msg("%s: not closed", place);
		}
	}
	check_int(place, h->untraced, false);
	if (nout != h->out.len)
		fail_msg("%s: said more: %s", place, h->out.data + nout);
}

static void
all_input(const struct chat *chat, struct buf *input)
{
	buf_init(input, RIG_BYTES);
	for (size_t i = 0; i < chat->nsteps; i++)
		if (chat->steps[i].kind == CHAT_SEND)
			buf_add(input,
			    view_make(chat->steps[i].text, chat->steps[i].len));
}

/* Cut at one place, or (0) after every byte. */
static void
play_cut(const struct chat *chat, struct view input, size_t cut,
    struct rig *reference)
{
	struct rig h;

	begin(&h, chat);
	if (cut > 0) {
		rig_feed(&h, view_make(input.data, cut));
		rig_feed(&h, view_skip(input, cut));
	} else {
		for (size_t i = 0; i < input.len && !h.closed; i++)
			rig_feed(&h, view_make(input.data + i, 1));
	}
	if (!view_eq(buf_view(&h.out), buf_view(&reference->out)))
		fail_msg("%s: cut at %zu of %zu: said \"%s\", whole \"%s\"",
		    place, cut, input.len, buf_string(&h.out),
		    buf_string(&reference->out));
	if (!view_eq(buf_view(&h.stored), buf_view(&reference->stored)))
		fail_msg("%s: cut at %zu: stored \"%s\"", place, cut,
		    buf_string(&h.stored));
	check_int(place, h.closed, reference->closed);
	rig_end(&h);
}

static void
test_one(const char *path)
{
	struct chat chat;
	struct rig h;
	struct buf input;
	unsigned int line;
	size_t step;

	place = path;
	if (!chat_read(&chat, path, &line))
		fail_msg("%s:%u: cannot be read", path, line);
	begin(&h, &chat);
	play(&h, &chat, path);
	all_input(&chat, &input);
	place = path;
	step = input.len / CUTS_MAX + 1;
	for (size_t cut = 0; cut <= input.len; cut += step)
		play_cut(&chat, buf_view(&input), cut, &h);
	buf_free(&input);
	rig_end(&h);
	chat_free(&chat);
}

static void
test_dialogues(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob("tests/chat/*.chat", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= CHATS_MIN);
	for (size_t i = 0; i < found.gl_pathc; i++)
		test_one(found.gl_pathv[i]);
	globfree(&found);
}

int
main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialogues),
	};

	if (argc > 1) { /* one dialogue, for who writes it */
		test_one(argv[1]);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
