/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_bdat.c - chunks (RFC 3030): what is a command, what is text?
 *
 * The input is a script: a byte that says what the client does, for a chunk
 * its length, and its bytes.  From it come what a client would send, and by a
 * model that counts and knows no parser the codes of the replies and the
 * texts of the messages.  Both must agree, however the stream is cut.
 */
#include "tests/fuzz/fuzz.h"

#include "tests/lib/rig.h"

#include <string.h>

enum { MESSAGE_MAX = 2048, TEXT_MAX = 16384 };

static const char conf_of_rig[] = "hostname mx.test\n"
				  "limit message size 2048\n"
				  "limit hops 1000\n"
				  "limit session errors 0\n"
				  "limit session soft errors 0\n"
				  "limit session junk 0\n"
				  "limit session messages 1000000\n"
				  "accept from any for any\n";

/* Whether a transaction is open, and a recipient was taken. */
enum at { READY, MAIL, RCPT, CHUNKS };

struct model {
	enum at at;
	struct buf text;   /* of the message under way */
	struct buf stream; /* what the client sends */
	struct buf codes;  /* of the replies to it: first digits */
	struct buf stored; /* as the rig tells it */
};

static void
say(struct model *m, const char *line, char code)
{
	buf_add_string(&m->stream, line);
	buf_add(&m->codes, view_make(&code, 1));
}

/* Bare line ends and NUL; a CR at the end may still get its LF. */
static bool
is_spoiled(struct view v, bool last)
{
	for (size_t i = 0; i < v.len; i++) {
		bool cr_before = i > 0 && v.data[i - 1] == '\r';
		bool at_end = i + 1 == v.len;

		if (v.data[i] == '\0' || (v.data[i] == '\n' && !cr_before))
			return true;
		if (v.data[i] == '\r' &&
		    (at_end ? last : v.data[i + 1] != '\n'))
			return true;
	}
	return false;
}

static void
store(struct model *m)
{
	struct view v;

	if (m->text.len > 0 && m->text.data[m->text.len - 1] != '\n')
		buf_add_string(&m->text, "\r\n");
	buf_add_string(&m->stored, "stored <a@b.test> <c@d.test>\n");
	/* a line that would go on with our trace header is parted from it */
	if (m->text.len > 0 &&
	    (m->text.data[0] == ' ' || m->text.data[0] == '\t'))
		buf_add_string(&m->stored, "| \n");
	for (v = buf_view(&m->text); v.len > 0;) {
		size_t end = view_find(v, '\n');

		buf_add_string(&m->stored, "| ");
		buf_add(&m->stored, view_make(v.data, end - 1));
		buf_add_string(&m->stored, "\n");
		v = view_skip(v, end + 1);
	}
}

static void
end_message(struct model *m)
{
	buf_clear(&m->text);
	m->at = READY;
}

/* The code that the chunk gets. */
static char
chunk(struct model *m, struct view bytes, bool last)
{
	size_t size;

	if (m->at != RCPT && m->at != CHUNKS)
		return '5';
	m->at = CHUNKS;
	buf_add(&m->text, bytes);
	size = m->text.len;
	if (last && size > 0 && m->text.data[size - 1] != '\n')
		size += 2;
	if (is_spoiled(buf_view(&m->text), last) || size > MESSAGE_MAX) {
		end_message(m);
		return '5';
	}
	if (last) {
		store(m);
		end_message(m);
	}
	return '2';
}

static void
say_chunk(struct model *m, struct view *script, bool last)
{
	size_t n = fuzz_byte(script);
	struct view bytes;
	char code;

	if (n >= 250)
		n = (n - 249) * 300;
	bytes = view_make(script->data, n < script->len ? n : script->len);
	*script = view_skip(*script, bytes.len);
	buf_printf(
	    &m->stream, "BDAT %zu%s\r\n", bytes.len, last ? " LAST" : "");
	buf_add(&m->stream, bytes);
	code = chunk(m, bytes, last);
	buf_add(&m->codes, view_make(&code, 1));
}

static void
say_mail(struct model *m)
{
	say(m, "MAIL FROM:<a@b.test>\r\n", m->at == READY ? '2' : '5');
	if (m->at == READY)
		m->at = MAIL;
}

static void
say_rcpt(struct model *m)
{
	say(m, "RCPT TO:<c@d.test>\r\n", m->at == MAIL ? '2' : '5');
	if (m->at == MAIL)
		m->at = RCPT;
}

static void
say_next(struct model *m, struct view *script)
{
	switch (fuzz_byte(script) % 8) {
	case 0:
	case 1:
		say_chunk(m, script, false);
		break;
	case 2:
		say_chunk(m, script, true);
		break;
	case 3:
		say(m, "RSET\r\n", '2');
		end_message(m);
		break;
	case 4:
		say(m, "NOOP\r\n", '2');
		break;
	case 5:
		/* RFC 3030 2: not between chunks; and never here before RCPT */
		if (m->at == RCPT)
			say_chunk(m, script, true);
		else
			say(m, "DATA\r\n", '5');
		break;
	case 6:
		say_mail(m);
		break;
	default:
		if (m->at == READY)
			say_mail(m);
		if (m->at == MAIL)
			say_rcpt(m);
		break;
	}
}

static void
model_run(struct model *m, struct view script)
{
	memset(m, 0, sizeof(*m));
	buf_init(&m->text, 4 * TEXT_MAX);
	buf_init(&m->stream, RIG_BYTES);
	buf_init(&m->codes, RIG_BYTES);
	buf_init(&m->stored, RIG_BYTES);
	say(m, "EHLO c.test\r\n", '2');
	while (script.len > 0)
		say_next(m, &script);
	must(buf_ok(&m->text) && buf_ok(&m->stream), "the model has room");
}

static void
model_end(struct model *m)
{
	buf_free(&m->text);
	buf_free(&m->stream);
	buf_free(&m->codes);
	buf_free(&m->stored);
}

static void
check_codes(struct view out, struct view codes)
{
	while (out.len > 0) {
		size_t end = view_find(out, '\n');

		must(end < out.len && end > 4, "a reply is a line");
		if (out.data[3] == ' ') {
			must(codes.len > 0, "no more replies than commands");
			must(codes.data[0] == out.data[0],
			    "each has the reply that it must have");
			codes = view_skip(codes, 1);
		}
		out = view_skip(out, end + 1);
	}
	must(codes.len == 0, "every command has its reply");
}

static void
check_session(const struct model *m, uint32_t seed)
{
	struct accept_client client = { .local_socket = false };
	struct view in = buf_view(&m->stream);
	struct conf_error error;
	struct rig h;

	memset(&h, 0, sizeof(h));
	conf_init(&h.conf);
	must(conf_parse(&h.conf, view_of(conf_of_rig), &error), "it reads");
	service_init(&h.service, &h.conf, false);
	ip_parse(view_of("192.0.2.1"), &client.ip);
	status_done(&h.commit, 250, 0, 0, "stored");
	rig_begin(&h, &client);
	buf_clear(&h.out);
	while (in.len > 0 && !h.closed) {
		size_t n = seed == 0 ? in.len : fuzz_piece(&seed, in.len);

		rig_feed(&h, view_make(in.data, n));
		in = view_skip(in, n);
	}
	must(!h.closed, "nothing here ends a session");
	check_codes(buf_view(&h.out), buf_view(&m->codes));
	must(view_eq(buf_view(&h.stored), buf_view(&m->stored)),
	    "the messages are those of the model");
	rig_end(&h);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct view script = fuzz_view(data, len);
	uint32_t seed = (uint32_t)fuzz_byte(&script) + 1;
	struct model m;

	if (script.len > TEXT_MAX)
		return 0;
	model_run(&m, script);
	check_session(&m, 0);
	check_session(&m, seed);
	model_end(&m);
	return 0;
}
