/* SPDX-License-Identifier: ISC */
/* queue/allowance.c - whether a sender may give us one more message.
 *
 * Who it is comes from the kernel (uid) by way of the class that its worker's
 * channel has.
 */
#include "queue/allowance.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "queue/quota.h"

#include <inttypes.h>
#include <stdio.h>

static struct quotas *quotas;

/* Root's own programs are as trusted as we are. */
static bool
has_quota(const struct peer *p, const struct msg_commit *m)
{
	return p->class_ == CLASS_LOCAL && m->uid != 0;
}

/* Which counts, and where its limit is set. */
static const struct {
	enum conf_key key;
	const char *what;
} quota_rows[QUOTA_KINDS] = {
	[QUOTA_MESSAGES] = { KEY_LOCAL_MESSAGES, "messages" },
	[QUOTA_RECIPIENTS] = { KEY_LOCAL_RECIPIENTS, "recipients" },
};

static struct number_rate
quota_rate(size_t kind)
{
	return number_unpack_rate(
	    conf_number(process_conf(), quota_rows[kind].key));
}

static char *
quota_text(const char *who, enum quota_kind kind)
{
	struct number_rate r = quota_rate(kind);
	char text[MSG_TEXT_MAX + 1];

	snprintf(text, sizeof(text),
	    "%s may send %" PRIu32 " %s per %s: try again later", who, r.count,
	    quota_rows[kind].what, number_print_period(r.seconds));
	return mem_copy_string(text);
}

static void
log_quota(const char *who, const char *text)
{
	log_begin("quota");
	log_word("who", who);
	log_text("text", text);
	log_end();
}

char *
allowance_over(const struct peer *p, const struct msg_commit *m)
{
	struct quota_limits limits;
	enum quota_kind over;
	char who[32], *text;

	if (!has_quota(p, m))
		return NULL;
	if (quotas == NULL)
		quotas = quotas_new();
	for (size_t i = 0; i < QUOTA_KINDS; i++)
		limits.rate[i] = quota_rate(i);
	snprintf(who, sizeof(who), "uid %" PRIu32, m->uid);
	over = quota_take(quotas, who, &limits, m->nrcpts, clock_wall_ms());
	if (over == QUOTA_KINDS)
		return NULL;
	text = quota_text(who, over);
	log_quota(who, text);
	return text;
}
