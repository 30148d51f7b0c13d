/* SPDX-License-Identifier: ISC */
/* queue/allowance.c - whether a sender may give us one more message.
 *
 * Who it is comes from the kernel (uid) or from postern-auth (login), by way of
 * the class that its worker's channel has.
 */
#include "queue/allowance.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "queue/quota.h"

#include <inttypes.h>
#include <stdio.h>

static struct quotas *quotas;

/* Who is counted together, and where the limits are set. */
struct allowance {
	char who[MSG_DOMAIN_MAX + 16];
	const char *name; /* in words that a reply can bear */
	const enum conf_key *keys;
};

static const enum conf_key local_keys[QUOTA_KINDS] = {
	[QUOTA_MESSAGES] = KEY_LOCAL_MESSAGES,
	[QUOTA_RECIPIENTS] = KEY_LOCAL_RECIPIENTS,
};
static const enum conf_key login_keys[QUOTA_KINDS] = {
	[QUOTA_MESSAGES] = KEY_AUTH_MESSAGES,
	[QUOTA_RECIPIENTS] = KEY_AUTH_RECIPIENTS,
};
static const char *const whats[QUOTA_KINDS] = {
	[QUOTA_MESSAGES] = "messages",
	[QUOTA_RECIPIENTS] = "recipients",
};

/* False: nobody counts.  Root's own programs are as trusted as we are. */
static bool
allowance_of(
    const struct peer *p, const struct msg_commit *m, struct allowance *a)
{
	if (m->login[0] != '\0') {
		snprintf(a->who, sizeof(a->who), "login %s", m->login);
		a->name = "this login";
		a->keys = login_keys;
		return true;
	}
	snprintf(a->who, sizeof(a->who), "uid %" PRIu32, m->uid);
	a->name = a->who;
	a->keys = local_keys;
	return p->class_ == CLASS_LOCAL && m->uid != 0;
}

static struct number_rate
rate_of(const struct allowance *a, size_t kind)
{
	return number_unpack_rate(conf_number(process_conf(), a->keys[kind]));
}

static char *
quota_text(const struct allowance *a, enum quota_kind kind)
{
	struct number_rate r = rate_of(a, kind);
	char text[MSG_TEXT_MAX + 1];

	snprintf(text, sizeof(text),
	    "%s may send %" PRIu32 " %s per %s: try again later", a->name,
	    r.count, whats[kind], number_print_period(r.seconds));
	return mem_copy_string(text);
}

static void
log_quota(const char *who, const char *text)
{
	log_begin("quota");
	log_text("who", who);
	log_text("text", text);
	log_end();
}

char *
allowance_over(const struct peer *p, const struct msg_commit *m)
{
	struct quota_limits limits;
	struct allowance a;
	enum quota_kind over;
	char *text;

	if (!allowance_of(p, m, &a))
		return NULL;
	if (quotas == NULL)
		quotas = quotas_new();
	for (size_t i = 0; i < QUOTA_KINDS; i++)
		limits.rate[i] = rate_of(&a, i);
	over = quota_take(quotas, a.who, &limits, m->nrcpts, clock_wall_ms());
	if (over == QUOTA_KINDS)
		return NULL;
	text = quota_text(&a, over);
	log_quota(a.who, text);
	return text;
}
