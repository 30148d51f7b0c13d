/* SPDX-License-Identifier: ISC */
/* tests/lib/chat.c - scripted dialogues, read from files. */
#include "tests/lib/chat.h"

#include "common/base/alloc.h"

#include <stdio.h>
#include <string.h>

enum { CHAT_BYTES_MAX = 16 * 1024 * 1024, CHAT_LINE_MAX = 4096 };

/* clang-format off */
static const struct {
	const char *word;
	enum chat_kind kind;
} kinds[] = {
	{ "conf", CHAT_CONF },
	{ "class", CHAT_CLASS },
	{ "client", CHAT_CLIENT },
	{ "queue", CHAT_QUEUE },
	{ "intake", CHAT_INTAKE },
	{ "stock", CHAT_STOCK },
	{ "C:", CHAT_SEND },
	{ "C+", CHAT_SEND },
	{ "S:", CHAT_EXPECT },
	{ "S*", CHAT_EXPECT_UP_TO },
	{ "stored", CHAT_STORED },
	{ "|", CHAT_BODY },
	{ "closed", CHAT_CLOSED },
};
/* clang-format on */

static int
hex(char c)
{
	const char *digits = "0123456789abcdef";
	const char *p = c == '\0' ? NULL : strchr(digits, ascii_lower(c));

	return p == NULL ? -1 : (int)(p - digits);
}

/* The byte behind a backslash; the view moves past it. */
static bool
escape(struct view *v, struct buf *out)
{
	const char *names = "rnt0\\", *values = "\r\n\t\0\\", *p;
	char byte;

	if (v->len >= 3 && v->data[0] == 'x' && hex(v->data[1]) != -1 &&
	    hex(v->data[2]) != -1) {
		byte = (char)(hex(v->data[1]) * 16 + hex(v->data[2]));
		*v = view_skip(*v, 3);
	} else if (v->len > 0 && v->data[0] != '\0' &&
		   (p = strchr(names, v->data[0])) != NULL) {
		byte = values[p - names];
		*v = view_skip(*v, 1);
	} else {
		return false;
	}
	buf_add(out, view_make(&byte, 1));
	return true;
}

/* "TEXT*N}" of a repetition; the text itself may hold escapes. */
static bool
repeat(struct view *v, struct buf *out)
{
	size_t close = view_find(*v, '}');
	struct view inside = view_make(v->data, close), piece;
	size_t star = inside.len, before = out->len, n;
	uint64_t times;

	while (star > 0 && inside.data[star - 1] != '*')
		star--;
	if (close == v->len || star == 0 ||
	    !view_u64(view_skip(inside, star), &times))
		return false;
	piece = view_make(inside.data, star - 1);
	*v = view_skip(*v, close + 1);
	while (piece.len > 0) {
		char c = piece.data[0];

		piece = view_skip(piece, 1);
		if (c != '\\')
			buf_add(out, view_make(&c, 1));
		else if (!escape(&piece, out))
			return false;
	}
	n = out->len - before;
	if (times == 0)
		out->len = before;
	while (times-- > 1 && buf_room(out, n) != NULL)
		buf_add(out, view_make(out->data + before, n));
	return true;
}

static bool
decode(struct view v, struct buf *out)
{
	while (v.len > 0) {
		char c = v.data[0];

		v = view_skip(v, 1);
		if (c == '\\') {
			if (!escape(&v, out))
				return false;
		} else if (c == '{') {
			if (!repeat(&v, out))
				return false;
		} else {
			buf_add(out, view_make(&c, 1));
		}
	}
	return buf_ok(out);
}

static void
step_add(struct chat *chat, enum chat_kind kind, unsigned int line,
    const struct buf *text)
{
	struct chat_step *s;

	chat->steps =
	    mem_grow(chat->steps, chat->nsteps + 1, sizeof(chat->steps[0]));
	s = &chat->steps[chat->nsteps++];
	s->kind = kind;
	s->line = line;
	s->len = text->len;
	s->text = mem_alloc(text->len + 1);
	if (text->len > 0)
		memcpy(s->text, text->data, text->len);
	s->text[text->len] = '\0';
}

static bool
step_parse(struct chat *chat, struct view line, unsigned int number)
{
	struct view word = view_word(&line);
	struct buf text;
	bool fine = true;

	if (word.len == 0 || word.data[0] == '#')
		return true;
	line = view_skip(line, 1); /* the blank behind the word */
	for (size_t i = 0; i < nitems(kinds); i++) {
		if (!view_is(word, kinds[i].word))
			continue;
		buf_init(&text, CHAT_BYTES_MAX);
		if (kinds[i].kind == CHAT_SEND)
			fine = decode(line, &text);
		else
			buf_add(&text, kinds[i].kind == CHAT_BODY
					   ? line
					   : view_trim(line));
		if (fine && view_is(word, "C:"))
			buf_add_string(&text, "\r\n");
		if (fine)
			step_add(chat, kinds[i].kind, number, &text);
		buf_free(&text);
		return fine;
	}
	return false;
}

bool
chat_read(struct chat *chat, const char *path, unsigned int *line)
{
	static char text[CHAT_LINE_MAX];
	FILE *f = fopen(path, "r");
	bool fine = true;

	memset(chat, 0, sizeof(*chat));
	*line = 0;
	if (f == NULL)
		return false;
	while (fine && fgets(text, sizeof(text), f) != NULL) {
		size_t n = strcspn(text, "\n");

		++*line;
		fine = step_parse(chat, view_make(text, n), *line);
	}
	fclose(f);
	return fine;
}

void
chat_free(struct chat *chat)
{
	for (size_t i = 0; i < chat->nsteps; i++)
		mem_free(chat->steps[i].text);
	mem_free(chat->steps);
	memset(chat, 0, sizeof(*chat));
}

bool
chat_match(struct view pattern, struct view text)
{
	while (pattern.len > 0 && pattern.data[0] != '*') {
		if (text.len == 0 || text.data[0] != pattern.data[0])
			return false;
		pattern = view_skip(pattern, 1);
		text = view_skip(text, 1);
	}
	if (pattern.len == 0)
		return text.len == 0;
	pattern = view_skip(pattern, 1);
	for (size_t i = 0; i <= text.len; i++)
		if (chat_match(pattern, view_skip(text, i)))
			return true;
	return false;
}
