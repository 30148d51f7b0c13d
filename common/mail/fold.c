/* SPDX-License-Identifier: ISC */
/* common/mail/fold.c - writes words into lines of less than 78 bytes. */
#include "common/mail/fold.h"

#include <string.h>

enum { LINE_LENGTH = 77 };

static void
add(struct fold *f, const char *s)
{
	buf_add_string(f->out, s);
	f->column += strlen(s);
}

void
fold_begin(
    struct fold *f, struct buf *out, const char *first, const char *indent)
{
	f->out = out;
	f->indent = indent;
	f->column = f->words = 0;
	add(f, first);
}

void
fold_break(struct fold *f)
{
	buf_add_string(f->out, "\r\n");
	f->column = f->words = 0;
	add(f, f->indent);
}

/* Behind an indentation no space is wanted, behind "Name:" one is. */
static bool
wants_space(const struct fold *f)
{
	return f->words > 0 || (f->column > 0 && f->out->len > 0 &&
				   f->out->data[f->out->len - 1] == ':');
}

void
fold_word(struct fold *f, struct view word)
{
	char *room;

	if (f->words > 0 && f->column + 1 + word.len > LINE_LENGTH)
		fold_break(f);
	if (wants_space(f))
		add(f, " ");
	room = buf_room(f->out, word.len);
	if (room == NULL)
		return;
	for (size_t i = 0; i < word.len; i++) {
		char c = word.data[i];

		room[i] = c >= ' ' && c < 0x7f ? c : '?';
	}
	buf_commit(f->out, word.len);
	f->column += word.len;
	f->words++;
}

void
fold_text(struct fold *f, const char *text)
{
	struct view rest = view_of(text);
	struct view word;

	for (;;) {
		word = view_word(&rest);
		if (word.len == 0)
			break;
		fold_word(f, word);
	}
}

void
fold_end(struct fold *f)
{
	buf_add_string(f->out, "\r\n");
	f->column = f->words = 0;
}
