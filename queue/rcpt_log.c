/* SPDX-License-Identifier: ISC */
/* queue/rcpt_log.c - the log line of what became of a recipient; the same for
 * history.
 */
#include "queue/rcpt_log.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/ip.h"
#include "common/base/log.h"
#include "queue/events.h"

#include <string.h>

/* Events that history is told, too. */
static const struct {
	const char *event;
	enum past_kind kind;
} past[] = {
	{ "delivered", PAST_DELIVERED },
	{ "deferred", PAST_DEFERRED },
	{ "bounced", PAST_BOUNCED },
	{ "expanded", PAST_EXPANDED },
};

static void
tell_history(const char *event, const struct group *g, const struct rcpt *r,
    const struct status *st, const struct msg_job_done *done)
{
	for (size_t i = 0; i < nitems(past); i++)
		if (strcmp(past[i].event, event) == 0)
			events_rcpt(past[i].kind, g, r, st, done);
}

void
rcpt_log(const char *event, const struct group *g, const struct rcpt *r,
    const struct status *st, const struct msg_job_done *done)
{
	char code[STATUS_CODE_TEXT], text[IP_TEXT];
	struct ip ip = { 0 };

	log_begin(event);
	log_id("id", g->message->id);
	log_text("rcpt", r->address);
	if (r->original != NULL)
		log_text("orig", r->original);
	if (done != NULL && done->host[0] != '\0')
		log_text("host", done->host);
	if (done != NULL && done->family != 0) {
		ip.family = done->family;
		memcpy(ip.bytes, done->address, sizeof(ip.bytes));
		ip_print(&ip, text);
		log_word("addr", text);
	}
	if (done != NULL && done->tls[0] != '\0')
		log_text("tls", done->tls);
	log_i64("delay", clock_wall_ms() - g->message->received);
	log_u64("smtp", (uint64_t)st->smtp);
	log_word("status", status_code(st, code));
	log_text("text", st->text);
	log_end();
	tell_history(event, g, r, st, done);
}
