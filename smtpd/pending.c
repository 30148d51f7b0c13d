/* SPDX-License-Identifier: ISC */
/* smtpd/pending.c - commands whose answer stands in a table.
 *
 * Must not know how the question is carried.
 */
#include "smtpd/pending.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "smtpd/limits.h"

#include <stdio.h>
#include <string.h>

struct pending_rcpt {
	struct mailbox rcpt;
	const struct smtp_reply *wrong;
	bool ask;
	uint8_t notify;
	char orcpt[ORCPT_MAX + 1];
};

struct pending {
	bool sender; /* it is MAIL that waits, alone */
	size_t n, asks;
	struct pending_rcpt *rcpts;
};

void
pending_free(struct pending *p)
{
	if (p != NULL)
		mem_free(p->rcpts);
	mem_free(p);
}

bool
pending_any(const struct session *s)
{
	return s->mail != NULL && s->mail->pending != NULL;
}

static struct pending *
pending_of(struct session *s)
{
	if (s->mail->pending == NULL)
		s->mail->pending = mem_zero(1, sizeof(struct pending));
	return s->mail->pending;
}

/* A line that cmd_rcpt() will get, and nothing before it answers. */
static bool
is_rcpt_line(struct view in)
{
	size_t end = view_find(in, '\n');
	struct view line = view_make(in.data, end);

	return end < in.len && end > 6 && end < COMMAND_MAX &&
	       view_starts_nocase(line, "RCPT ") && line.data[5] > ' ' &&
	       view_find(line, '\0') == line.len &&
	       view_find(line, '\r') == line.len - 1;
}

bool
pending_takes(const struct session *s, struct view in)
{
	const struct pending *p = s->mail->pending;
	const struct service *sv = s->service;

	return !p->sender && p->n < PENDING_MAX && is_rcpt_line(in) &&
	       s->mail->nrcpts + p->n < conf_number(sv->conf, KEY_RECIPIENTS) &&
	       (s->trusted || sv->max_commands == 0 ||
		   s->commands < sv->max_commands);
}

void
pending_add(struct session *s, const struct mailbox *rcpt,
    const struct smtp_reply *wrong, bool ask)
{
	struct pending *p = pending_of(s);
	struct pending_rcpt *r;

	/* room for 1, 2, 4, 8 ... */
	if ((p->n & (p->n - 1)) == 0)
		p->rcpts = mem_grow(
		    p->rcpts, p->n == 0 ? 1 : p->n * 2, sizeof(*p->rcpts));
	r = &p->rcpts[p->n++];
	r->rcpt = *rcpt;
	r->wrong = wrong;
	r->ask = wrong == NULL && ask;
	p->asks += r->ask;
	r->notify = s->mail->notify;
	memcpy(r->orcpt, s->mail->orcpt, sizeof(r->orcpt));
}

bool
pending_wants_sender(const struct session *s)
{
	return s->client.login != NULL && !s->mail->null_sender &&
	       conf_text(s->service->conf, KEY_SENDERS)[0] != '\0';
}

void
pending_add_sender(struct session *s)
{
	struct pending *p = pending_of(s);

	p->sender = true;
	p->asks = 1;
}

size_t
pending_count(const struct session *s)
{
	return pending_any(s) ? s->mail->pending->asks : 0;
}

void
pending_question(const struct session *s, size_t n, struct pending_question *q)
{
	const struct pending *p = s->mail->pending;

	memset(q, 0, sizeof(*q));
	q->kind = p->sender ? WHETHER_SENDER : WHETHER_RCPT;
	q->login = p->sender ? s->client.login : "";
	if (p->sender) {
		q->address = s->mail->sender;
		return;
	}
	for (size_t i = 0; i < p->n; i++)
		if (p->rcpts[i].ask && n-- == 0) {
			q->address = p->rcpts[i].rcpt;
			return;
		}
	panic("no such question");
}

void
rcpt_decide(struct session *s, const struct mailbox *rcpt,
    const struct smtp_reply *wrong)
{
	if (wrong != NULL) {
		session_refuse(s, wrong);
		return;
	}
	session_add_rcpt(s, rcpt);
	limits_note(s->service, s->counted, CENSUS_RCPTS);
	s->phase = AT_RCPT;
	session_say(s, &reply_rcpt);
}

static const struct smtp_reply *
reply_for(enum whether_answer answer, const struct smtp_reply *no)
{
	switch (answer) {
	case WHETHER_YES:
		return NULL;
	case WHETHER_NO:
		return no;
	case WHETHER_LATER:
		break;
	}
	return &reply_tables;
}

static void
answer_sender(struct session *s, enum whether_answer answer)
{
	const struct smtp_reply *wrong = reply_for(answer, &reply_not_owner);
	char text[ADDRESS_MAX + 1], argument[ADDRESS_MAX + 16];

	snprintf(argument, sizeof(argument), "FROM:<%s>",
	    mailbox_print(&s->mail->sender, text));
	s->command = "MAIL";
	s->argument = view_of(argument);
	if (wrong == NULL) {
		session_say(s, &reply_sender);
	} else {
		session_mail_end(s);
		session_refuse(s, wrong);
	}
	s->command = NULL;
}

static void
answer_rcpt(struct session *s, const struct pending_rcpt *r,
    const struct smtp_reply *wrong)
{
	char text[ADDRESS_MAX + 1], argument[ADDRESS_MAX + 16];

	snprintf(argument, sizeof(argument), "TO:<%s>",
	    mailbox_print(&r->rcpt, text));
	s->command = "RCPT";
	s->argument = view_of(argument);
	s->mail->notify = r->notify;
	memcpy(s->mail->orcpt, r->orcpt, sizeof(s->mail->orcpt));
	rcpt_decide(s, &r->rcpt, wrong);
	s->command = NULL;
}

void
pending_answered(
    struct session *s, const enum whether_answer *answers, struct buf *out)
{
	struct pending *p = s->mail->pending;
	size_t asked = 0;

	s->out = out;
	s->mail->pending = NULL;
	if (p->sender)
		answer_sender(s, answers[0]);
	/* too many errors end the transaction, and all that follows */
	for (size_t i = 0; i < p->n && s->mail != NULL; i++) {
		const struct pending_rcpt *r = &p->rcpts[i];

		answer_rcpt(s, r,
		    r->ask ? reply_for(answers[asked++], &reply_unknown_rcpt)
			   : r->wrong);
	}
	pending_free(p);
}
