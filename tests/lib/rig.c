/* SPDX-License-Identifier: ISC */
/* tests/lib/rig.c - a driver with a queue in it, around the pure session. */
#include "tests/lib/rig.h"

#include "smtpd/pending.h"
#include <string.h>

void
rig_begin(struct rig *h, const struct accept_client *client)
{
	session_begin(&h->session, &h->service, client);
	h->session.uid = 1000;
	if (h->conf.nlisteners > 0)
		h->session.auth = h->conf.listeners[0].auth;
	h->session.tls_offered = conf_has_certificate(&h->conf, 0);
	h->service.tls_up = h->session.tls_offered;
	if (h->verdict == 0)
		h->verdict = AUTH_NO;
	buf_init(&h->held, RIG_BYTES);
	buf_init(&h->out, RIG_BYTES);
	buf_init(&h->file, RIG_BYTES);
	buf_init(&h->stored, RIG_BYTES);
	session_greet(&h->session, &h->out);
}

void
rig_end(struct rig *h)
{
	session_end(&h->session);
	buf_free(&h->held);
	buf_free(&h->out);
	buf_free(&h->file);
	buf_free(&h->stored);
	conf_clear(&h->conf);
}

/* The body below the trace header, which is all lines up to the date. */
static struct view
below_trace(struct view v)
{
	size_t end;

	do {
		end = view_find(v, '\n');
		v = view_skip(v, end + 1);
	} while (v.len > 0 && (v.data[0] == ' ' || v.data[0] == '\t'));
	return v;
}

static void
store(struct rig *h)
{
	const struct mail *m = h->session.mail;
	struct view body = below_trace(buf_view(&h->file)),
		    rcpts = buf_view(&m->rcpts);
	char sender[ADDRESS_MAX + 1], orcpt[ORCPT_MAX + 1];
	struct rcpt_entry r;

	if (!view_starts_nocase(buf_view(&h->file), "Received: "))
		h->untraced = true;
	buf_printf(
	    &h->stored, "stored <%s>", mailbox_print(&m->sender, sender));
	notify_print_mail(m->ret, m->envid, &h->stored);
	while (rcpt_next(&rcpts, &r)) {
		buf_printf(&h->stored, " <%s>", r.address.data);
		view_copy(r.orcpt, orcpt, sizeof(orcpt));
		notify_print_rcpt(r.notify, orcpt, &h->stored);
	}
	buf_add_string(&h->stored, "\n");
	while (body.len > 0) {
		size_t end = view_find(body, '\n');

		buf_add_string(&h->stored, "| ");
		buf_add(&h->stored, view_make(body.data, end - 1));
		buf_add_string(&h->stored, "\n");
		body = view_skip(body, end + 1);
	}
}

static void
write_body(struct rig *h)
{
	buf_add(&h->file, buf_view(session_body(&h->session)));
	session_stored(&h->session);
}

static void
commit(struct rig *h)
{
	write_body(h);
	if (h->commit.verdict == VERDICT_DONE)
		store(h);
	buf_clear(&h->file);
	session_committed(&h->session, &h->commit, &h->out);
}

/* The tables of tests: who begins with "no" is not in them, "later" cannot be
 * told; a login owns what begins with its name. */
static void
look_up(struct rig *h)
{
	enum whether_answer answers[PENDING_MAX];
	struct pending_question q;

	for (size_t i = 0; i < pending_count(&h->session); i++) {
		struct view local;

		pending_question(&h->session, i, &q);
		local = view_of(q.address.local);
		answers[i] = WHETHER_YES;
		if (view_starts_nocase(local, "later"))
			answers[i] = WHETHER_LATER;
		else if (q.kind == WHETHER_SENDER
			     ? !view_starts_nocase(local, q.login)
			     : view_starts_nocase(local, "no"))
			answers[i] = WHETHER_NO;
	}
	pending_answered(&h->session, answers, &h->out);
}

/* What the driver would do.  False: it waits for more input, or has closed. */
static bool
rig_step(struct rig *h, struct view *in)
{
	static const struct tls_facts facts = { "TLSv1.3", "TLS_TEST" };
	struct buf piece;
	enum want want;

	buf_init(&piece, RIG_BYTES);
	want = session_feed(&h->session, in, &piece);
	buf_add(&h->out, buf_view(&piece));
	buf_free(&piece);
	switch (want) {
	case WANT_INPUT:
		return false;
	case WANT_WRITE:
	case WANT_PAUSE:
		return true;
	case WANT_AUTH:
		session_authed(&h->session,
		    strcmp(h->session.sasl->password, "secret") == 0
			? AUTH_YES
			: h->verdict,
		    &h->out);
		return true;
	case WANT_FILE:
		if (h->no_stock)
			session_refuse_data(&h->session, &reply_queue, &h->out);
		else
			session_opened(&h->session, ++h->id, 0, &h->out);
		return true;
	case WANT_STORE:
		write_body(h);
		return true;
	case WANT_COMMIT:
		commit(h);
		return true;
	case WANT_DROP:
		buf_clear(&h->file);
		return true;
	case WANT_LOOKUP:
		look_up(h);
		return true;
	case WANT_TLS:
		session_secured(&h->session, &facts);
		return true;
	case WANT_CLOSE:
		h->closed = true;
		return false;
	}
	return false;
}

void
rig_feed(struct rig *h, struct view bytes)
{
	struct view in;

	buf_add(&h->held, bytes);
	in = buf_view(&h->held);
	while (!h->closed && rig_step(h, &in))
		continue;
	buf_drop(&h->held, h->held.len - in.len);
}
