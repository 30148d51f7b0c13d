/* SPDX-License-Identifier: ISC */
/* tests/lib/letter.c - writes the tests' messages. */
#include "tests/lib/letter.h"

#include "tests/lib/fnv.h"

#include "common/base/alloc.h"

#include <stdio.h>
#include <string.h>

enum {
	LETTER_POOL = 64,
	LETTER_POOL_BYTES = 8 << 20,
	LETTER_BODY_MAX = 1 << 28,
	LETTER_LINE_MAX = 998,
	LETTER_TYPICAL = 76
};

struct letter_body {
	struct buf stuffed; /* all but the last line */
	uint64_t sum;       /* of that, before stuffing */
};

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* How long the next line is, without its CRLF. */
static size_t
line_length(uint64_t r)
{
	switch (r % 16) {
	case 0:
		return 0;
	case 1:
		return 1;
	case 2:
		return r / 16 % LETTER_LINE_MAX + 1;
	default:
		return r / 16 % LETTER_TYPICAL + 1;
	}
}

/* Bytes of one line: printable, with blanks at the ends too. */
static size_t
make_line(char *line, size_t room, uint64_t *random)
{
	size_t len = line_length(next_random(random));
	uint64_t r = next_random(random);

	if (len + 2 > room)
		len = room - 2;
	for (size_t i = 0; i < len; i++)
		line[i] = (char)(' ' + (r + i * (r % 89 + 1)) % 95);
	if (len > 0 && r % 8 == 0)
		line[0] = '.';
	if (len > 1 && r % 32 == 0)
		line[1] = '.';
	memcpy(line + len, "\r\n", 2);
	return len + 2;
}

static void
make_body(struct letter_body *b, size_t bytes, uint64_t *random)
{
	char line[LETTER_LINE_MAX + 2];
	size_t len, room;

	buf_init(&b->stuffed, LETTER_BODY_MAX);
	b->sum = FNV_START;
	while (bytes >= 2) {
		/* no line may leave a single byte behind it */
		room = bytes > sizeof(line) ? sizeof(line) : bytes;
		len = make_line(line, room, random);
		if (bytes - len == 1)
			len = make_line(line, 2, random);
		bytes -= len;
		b->sum = fnv_add(b->sum, view_make(line, len));
		if (line[0] == '.')
			buf_add_string(&b->stuffed, ".");
		buf_add(&b->stuffed, view_make(line, len));
	}
}

void
letters_init(struct letters *l, size_t body_bytes, const char *sample_id)
{
	size_t last = strlen(sample_id) + 2;
	uint64_t random = 0x9e3779b97f4a7c15;

	memset(l, 0, sizeof(*l));
	body_bytes = body_bytes > last ? body_bytes - last : 0;
	l->npool = body_bytes * LETTER_POOL > LETTER_POOL_BYTES
		       ? LETTER_POOL_BYTES / body_bytes + 1
		       : LETTER_POOL;
	l->pool = mem_zero(l->npool, sizeof(l->pool[0]));
	for (size_t i = 0; i < l->npool; i++)
		make_body(&l->pool[i], body_bytes, &random);
}

void
letters_free(struct letters *l)
{
	for (size_t i = 0; i < l->npool; i++)
		buf_free(&l->pool[i].stuffed);
	mem_free(l->pool);
	memset(l, 0, sizeof(*l));
}

static void
renew_date(struct letters *l)
{
	time_t now = time(NULL);
	struct tm tm;

	if (now == l->date_of)
		return;
	l->date_of = now;
	gmtime_r(&now, &tm);
	strftime(l->date, sizeof(l->date), "%a, %d %b %Y %H:%M:%S +0000", &tm);
}

static void
add_field(struct buf *out, const char *name, struct view value)
{
	buf_add_string(out, name);
	buf_add(out, value);
	buf_add_string(out, "\r\n");
}

static void
add_sum(struct buf *out, uint64_t sum)
{
	char hex[16];

	for (size_t i = 0; i < sizeof(hex); i++)
		hex[i] = "0123456789abcdef"[sum >> (60 - 4 * i) & 15];
	add_field(out, "X-Postern-Sum: ", view_make(hex, sizeof(hex)));
}

/* An id begins with a letter or digit, never with a dot: see client.c. */
void
letters_write(struct letters *l, const struct letter *letter, struct buf *out)
{
	const struct letter_body *b = &l->pool[letter->number % l->npool];
	struct view id = view_of(letter->id);
	uint64_t sum;

	renew_date(l);
	sum = fnv_add(fnv_add(b->sum, id), view_of("\r\n"));
	add_field(out, "X-Postern-Id: ", id);
	add_sum(out, sum);
	add_field(out, "From: ", view_of(letter->from));
	add_field(out, "To: ", letter->to);
	add_field(out, "Date: ", view_of(l->date));
	buf_add_string(out, "Message-ID: <");
	buf_add(out, id);
	buf_add_string(out, "@client.example>\r\n");
	add_field(out, "Subject: message ", id);
	buf_add_string(out, "\r\n");
	buf_add(out, buf_view(&b->stuffed));
	buf_add(out, id);
	buf_add_string(out, "\r\n.\r\n");
}
