/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_reply.c - replies of a server (common/mail/reply.h).
 *
 * The input is what a server says.  It is heard as a whole and in pieces, and
 * must be the same replies; how far each goes, and by which code, is also
 * found by a model that reads lines as RFC 5321 4.2 writes them and nothing
 * more.
 */
#include "tests/fuzz/fuzz.h"

#include "common/mail/reply.h"

#include <ctype.h>
#include <string.h>

/* Enough for a reply of more lines than any may have. */
enum { REPLIES_MAX = 32, LEFT_MAX = 4096 };

/* All replies of an input; the last may be unfinished. */
struct said {
	struct reply replies[REPLIES_MAX];
	enum reply_state states[REPLIES_MAX];
	size_t n;
};

struct model {
	int code;
	size_t lines;
};

static enum reply_state
model_line(struct model *m, struct view line)
{
	const char *p = line.data;
	int code = 0;

	for (size_t i = 0; i < 3 && i < line.len && isdigit((uint8_t)p[i]); i++)
		code = 10 * code + (p[i] - '0') + (i == 0 ? 10000 : 0);
	code = code >= 1000000 ? code - 1000000 : 0; /* of three digits */
	if (code < 200 || code > 599)
		return REPLY_BAD;
	if (line.len > 3 && p[3] != ' ' && p[3] != '-')
		return REPLY_BAD;
	if (m->lines == REPLY_LINES_MAX || (m->lines > 0 && code != m->code))
		return REPLY_BAD;
	m->code = code;
	m->lines++;
	return line.len > 3 && p[3] == '-' ? REPLY_MORE : REPLY_DONE;
}

static void
check_reply(const struct reply *r)
{
	must(memchr(r->text, '\0', sizeof(r->text)) != NULL, "a text ends");
	must(fuzz_printable(view_of(r->text)), "a text is one line");
	must((r->subject < 0) == (r->detail < 0), "an enhanced code is whole");
	must(r->subject >= -1 && r->subject <= 999 && r->detail >= -1 &&
		 r->detail <= 999,
	    "an enhanced code is bounded");
	must(r->subject < 0 || r->code / 100 != 3, "no such class");
}

/* As one line, it is read as it was. */
static void
check_again(const struct reply *r)
{
	char line[REPLY_TEXT + 32];
	struct reply again;

	if (r->subject < 0)
		return;
	snprintf(line, sizeof(line), "%d %d.%d.%d %s", r->code, r->code / 100,
	    r->subject, r->detail, r->text);
	reply_begin(&again);
	must(reply_line(&again, view_of(line)) == REPLY_DONE, "it is a reply");
	must(again.code == r->code && again.subject == r->subject &&
		 again.detail == r->detail && strcmp(again.text, r->text) == 0,
	    "printed and read again, the same");
}

static void
check_bad(struct reply *r, struct view line)
{
	struct reply before = *r;

	must(r->bad, "bad says so");
	must(reply_line(r, line) == REPLY_BAD &&
		 reply_line(r, view_of("250 fine")) == REPLY_BAD,
	    "bad stays bad");
	must(strcmp(before.text, r->text) == 0, "and says nothing more");
}

/* False: enough of them. */
static bool
hear(struct said *s, struct model *m, struct view line)
{
	struct reply *r = &s->replies[s->n];
	enum reply_state state = reply_line(r, line);

	must(memchr(line.data, '\n', line.len) == NULL, "one line");
	must(state == model_line(m, line), "as the model has it");
	s->states[s->n] = state;
	check_reply(r);
	if (state == REPLY_MORE)
		return true;
	if (state == REPLY_DONE) {
		must(r->code == m->code && r->lines == m->lines,
		    "code and lines as the model has them");
		check_again(r);
	} else {
		check_bad(r, line);
	}
	if (++s->n == REPLIES_MAX)
		return false;
	reply_begin(&s->replies[s->n]);
	*m = (struct model){ 0 };
	return true;
}

/* As deliver hears it: pieces of these sizes, what is left is kept. */
static void
listen(struct said *s, struct view in, uint32_t seed)
{
	struct buf left;
	struct model m = { 0 };
	struct view all, line;
	bool more = true;

	memset(s, 0, sizeof(*s));
	reply_begin(&s->replies[0]);
	buf_init(&left, LEFT_MAX);
	while (in.len > 0 && more) {
		size_t n = seed == 0 ? in.len : fuzz_piece(&seed, in.len);

		buf_add(&left, view_make(in.data, n));
		in = view_skip(in, n);
		all = buf_view(&left);
		while (more && reply_cut(&all, &line))
			more = hear(s, &m, line);
		buf_drop(&left, left.len - all.len);
	}
	buf_free(&left);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct said whole, pieces;
	struct view in = fuzz_view(data, len < LEFT_MAX ? len : LEFT_MAX - 1);

	listen(&whole, in, 0);
	for (uint32_t seed = 1; seed <= 3; seed++) {
		listen(&pieces, in, seed);
		must(whole.n == pieces.n, "as many replies in pieces");
		must(memcmp(&whole, &pieces, sizeof(whole)) == 0,
		    "the same replies in pieces");
	}
	return 0;
}
