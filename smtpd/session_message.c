/* SPDX-License-Identifier: ISC */
/* smtpd/session_message.c - the message of a transaction: its bytes, by DATA or
 * in chunks, the trace on top of it, and what became of it.
 *
 * Must not know sockets, clocks or channels.
 */
#include "smtpd/session_message.h"

#include "common/base/id.h"
#include "smtpd/limits.h"

static void
refuse_message(struct session *s, const struct smtp_reply *why)
{
	bool chunked = s->mail == NULL || s->mail->chunked;

	session_mail_end(s);
	s->command = chunked ? "BDAT" : "DATA";
	s->argument = view_of("");
	session_refuse(s, why);
	s->command = NULL;
}

static enum want
body_over(struct session *s)
{
	const struct smtp_reply *wrong = body_verdict(&s->mail->body);

	if (wrong == NULL) {
		s->phase = AT_COMMIT;
		return WANT_COMMIT;
	}
	refuse_message(s, wrong);
	return WANT_DROP;
}

static void
skip_chunk(struct session *s, const struct smtp_reply *why, enum phase resume)
{
	s->refusal = why;
	s->resume = resume;
	s->phase = AT_SKIP;
}

void
session_chunk(struct session *s, uint64_t size, bool last)
{
	s->chunk = size;
	s->last = last;
	if (s->phase == AT_CHUNKS) {
		s->phase = AT_CHUNK;
	} else if (s->phase == AT_RCPT && s->esmtp) {
		s->mail->chunked = true;
		s->phase = AT_OPENING;
	} else {
		skip_chunk(s,
		    s->phase == AT_START ? &reply_greet_first : &reply_sequence,
		    s->phase);
	}
}

/* The bytes of the chunk at the front of in. */
static struct view
chunk_part(const struct session *s, struct view in)
{
	return view_make(
	    in.data, in.len > s->chunk ? (size_t)s->chunk : in.len);
}

/* RFC 3030 2: refused chunks are read, then answered. */
bool
message_skip(struct session *s, struct view *in)
{
	struct view piece = chunk_part(s, *in);

	*in = view_skip(*in, piece.len);
	s->chunk -= piece.len;
	if (s->chunk > 0)
		return false;
	s->phase = s->resume;
	s->command = "BDAT";
	s->argument = view_of("");
	session_refuse(s, s->refusal);
	s->command = NULL;
	return true;
}

/* What is wrong is said at the end of the chunk that brought it. */
static bool
chunk_over(struct session *s, enum want *want)
{
	const struct smtp_reply *wrong;

	if (s->last) {
		body_end(&s->mail->body);
		*want = body_over(s);
		return true;
	}
	wrong = body_trouble(&s->mail->body);
	if (wrong != NULL) {
		refuse_message(s, wrong);
		*want = WANT_DROP;
		return true;
	}
	s->phase = AT_CHUNKS;
	session_say(s, &reply_chunk);
	return false;
}

bool
message_chunk(struct session *s, struct view *in, enum want *want)
{
	struct view piece = chunk_part(s, *in);
	size_t before = piece.len;
	enum body_step step = body_feed(&s->mail->body, &piece);

	*in = view_skip(*in, before - piece.len);
	s->chunk -= before - piece.len;
	if (step == BODY_HUNGRY && s->chunk == 0)
		return chunk_over(s, want);
	*want = step == BODY_FULL ? WANT_STORE : WANT_INPUT;
	return true;
}

enum want
message_body(struct session *s, struct view *in)
{
	switch (body_feed(&s->mail->body, in)) {
	case BODY_HUNGRY:
		return WANT_INPUT;
	case BODY_FULL:
		return WANT_STORE;
	case BODY_OVER:
		break;
	}
	return body_over(s);
}

static void
trace(struct session *s, int64_t wall_ms)
{
	struct received r = {
		.local = s->service->local,
		.uid = s->uid,
		.helo = s->helo,
		.rdns = s->name,
		.ip = s->client.ip,
		.esmtp = s->esmtp,
		.auth = s->login != NULL,
		.hidden = s->login != NULL &&
			  conf_number(s->service->conf, KEY_HIDE_LOGINS) != 0,
		.protocol = s->tls == NULL ? NULL : s->tls->protocol,
		.cipher = s->tls == NULL ? NULL : s->tls->cipher,
		.utf8 = s->mail->utf8,
		.hostname = conf_text(s->service->conf, KEY_HOSTNAME),
		.id = s->mail->id,
		.rcpt = s->mail->nrcpts == 1 ? &s->mail->first : NULL,
		.wall_ms = wall_ms,
	};

	body_trace(&s->mail->body, &r);
}

/* What people's programs leave out is added; of a relay nothing is changed. */
static void
complete(struct session *s, int64_t wall_ms)
{
	const struct complete_facts facts = {
		.hostname = conf_text(s->service->conf, KEY_HOSTNAME),
		.sender = s->mail->null_sender ? NULL : &s->mail->sender,
		.id = s->mail->id,
		.wall_ms = wall_ms,
	};

	if (s->service->local || s->login != NULL)
		body_complete(&s->mail->body, &facts);
}

/* Old devices of the own network, by name (postern.conf). */
static bool
is_mended(const struct session *s)
{
	const struct conf *c = s->service->conf;

	for (size_t i = 0; i < c->nbare_ends; i++)
		if (!s->client.local_socket &&
		    network_has(&c->bare_ends[i], &s->client.ip))
			return true;
	return false;
}

void
session_opened(struct session *s, uint64_t id, int64_t wall_ms, struct buf *out)
{
	const struct body_limits limits = {
		.size = conf_number(s->service->conf, KEY_MESSAGE_SIZE),
		.hops = conf_number(s->service->conf, KEY_HOPS),
		.chunked = s->mail->chunked,
		.mend = is_mended(s),
	};

	s->mail->id = id;
	body_begin(&s->mail->body, &limits);
	trace(s, wall_ms);
	complete(s, wall_ms);
	if (s->mail->chunked) {
		s->phase = AT_CHUNK;
		return;
	}
	s->phase = AT_BODY;
	buf_add_string(out, "354 send the message, end with a dot alone on a "
			    "line\r\n");
}

void
session_refuse_data(
    struct session *s, const struct smtp_reply *why, struct buf *out)
{
	s->out = out;
	if (s->phase == AT_OPENING && s->mail->chunked) {
		session_mail_end(s);
		skip_chunk(s, why, AT_READY);
		return;
	}
	refuse_message(s, why);
}

struct buf *
session_body(struct session *s)
{
	return &s->mail->body.out;
}

void
session_stored(struct session *s)
{
	body_written(&s->mail->body);
}

void
session_fail_body(struct session *s, const struct smtp_reply *why)
{
	body_fail(&s->mail->body, why);
}

void
session_committed(struct session *s, const struct status *st, struct buf *out)
{
	char id[ID_TEXT];

	s->out = out;
	s->command = s->mail->chunked ? "BDAT" : "DATA";
	id_print(s->mail->id, id);
	session_mail_end(s);
	if (st->verdict == VERDICT_DONE) {
		s->mails++;
		limits_note(s->service, s->counted, CENSUS_MESSAGES);
		s->junk = 0;
		buf_printf(out, "250 2.0.0 queued as %s\r\n", id);
	} else {
		s->argument = view_of("");
		session_refuse_status(s, st);
	}
	s->command = NULL;
}
