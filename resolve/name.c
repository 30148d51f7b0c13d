/* SPDX-License-Identifier: ISC */
/* resolve/name.c - what smtpd may ask: the names of its clients. */
#include "resolve/name.h"

#include "common/base/alloc.h"
#include "common/base/log.h"
#include "resolve/inquire.h"
#include "resolve/reverse.h"

#include <stddef.h>
#include <string.h>

/* One question until its answer. */
struct job {
	struct channel *channel;
	struct conv *conv;
	struct wait wait;
	struct reverse reverse;
};

static void
job_end(struct job *j)
{
	struct msg_name_is m = { .kind = (uint8_t)j->reverse.kind };

	if (j->reverse.name != NULL)
		view_copy(view_of(j->reverse.name), m.name, sizeof(m.name));
	channel_send(j->channel, j->conv, &msg_name_is, &m, -1);
	j->conv->object = NULL;
	conv_end(j->channel, j->conv);
	mem_free(j);
}

static struct job *
job_of(struct wait *w)
{
	return (struct job *)((char *)w - offsetof(struct job, wait));
}

static void on_ips(struct wait *, const struct answer *, uint32_t ttl);

/* Names that are known are answered within the call: three deep at most. */
static void
go_on(struct job *j)
{
	struct key k = { .type = (uint16_t)reverse_type(&j->reverse.ip) };

	k.name = reverse_next(&j->reverse);
	if (k.name == NULL) {
		job_end(j);
		return;
	}
	j->wait.done = on_ips;
	inquire(DESK_CLIENTS, k, &j->wait);
}

static void
on_ips(struct wait *w, const struct answer *a, uint32_t ttl)
{
	struct job *j = job_of(w);

	(void)ttl;
	reverse_take_ips(&j->reverse, a);
	go_on(j);
}

static void
on_names(struct wait *w, const struct answer *a, uint32_t ttl)
{
	struct job *j = job_of(w);

	(void)ttl;
	reverse_take_names(&j->reverse, a);
	go_on(j);
}

static void
log_question(const char *name)
{
	if (!log_debugs())
		return;
	log_begin("question");
	log_word("kind", "ptr");
	log_text("name", name);
	log_end();
}

static bool
on_name_of(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_name_of *m = msg;
	char name[REVERSE_NAME];
	struct key k = { name, DNS_PTR };
	struct job *j;

	(void)fd;
	if (m->family != 4 && m->family != 6)
		return false;
	j = mem_zero(1, sizeof(*j));
	j->channel = ch;
	j->conv = conv;
	conv->object = j;
	j->reverse.ip.family = m->family;
	memcpy(j->reverse.ip.bytes, m->bytes, sizeof(m->bytes));
	reverse_name(&j->reverse.ip, name);
	log_question(name);
	j->wait.done = on_names;
	inquire(DESK_CLIENTS, k, &j->wait);
	return true;
}

void
name_lost(struct channel *ch, struct conv *conv)
{
	struct job *j = conv->object;

	(void)ch;
	if (j == NULL)
		return;
	flight_leave(&j->wait);
	mem_free(j);
}

const struct channel_rule name_rules[NAME_RULES] = {
	{ &msg_name_of, on_name_of, CONV_NEW, 0 },
};
