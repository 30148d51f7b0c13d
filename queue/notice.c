/* SPDX-License-Identifier: ISC */
/* queue/notice.c - what a sender is told of his recipients. */
#include "queue/notice.h"

#include "common/base/alloc.h"
#include "common/mail/notify.h"
#include "common/run/process.h"
#include "queue/admit.h"
#include "queue/rcpt_log.h"

int64_t
notice_expires(const struct message *m)
{
	enum conf_key key =
	    m->sender[0] == '\0' ? KEY_EXPIRE_BOUNCE : KEY_EXPIRE;

	return m->received + (int64_t)conf_number(process_conf(), key) * 1000;
}

static struct bounce *
bounce_for(struct store_result *r, const struct group *g, int64_t now)
{
	if (g->message->sender[0] == '\0')
		return NULL;
	if (r->bounce == NULL)
		r->bounce = bounce_new(
		    g->message, conf_text(process_conf(), KEY_HOSTNAME), now);
	return r->bounce;
}

void
notice_failed(struct store_result *r, struct group *g, struct rcpt *rcpt,
    const struct status *st, const struct msg_job_done *done, int64_t now)
{
	struct bounce *b = bounce_for(r, g, now);

	rcpt_log("bounced", g, rcpt, st, done);
	if (b != NULL)
		bounce_add(b, rcpt, st, done == NULL ? "" : done->host);
	else
		rcpt_log("double-bounce", g, rcpt, st, done);
}

/* The notification is a message of ours, from the null sender. */
void
notice_finish(struct store_result *r, int64_t now)
{
	struct message *m;
	struct rcpt_new to = { .notify = NOTIFY_NEVER };

	if (r->bounce == NULL)
		return;
	m = message_new();
	m->received = now;
	m->class_ = CLASS_LOCAL;
	m->sender = mem_copy_string("");
	m->client = mem_copy_string("");
	m->helo = mem_copy_string("");
	m->message_id = mem_copy_string("");
	r->notice = mem_zero(1, sizeof(*r->notice));
	r->notice->message = m;
	to.address = r->message->sender;
	admit_rcpt(r->notice, &to);
	admit_begin(r->notice);
}
