/* SPDX-License-Identifier: ISC */
/* resolve/serve.c - what our own processes may ask, and the answers. */
#include "resolve/serve.h"

#include "common/base/alloc.h"
#include "common/base/log.h"
#include "common/mail/domain.h"
#include "resolve/host.h"
#include "resolve/inquire.h"

#include <stddef.h>
#include <string.h>

enum { JOB_WAITS = 2 };

/* One question of a peer until its answer. */
struct job {
	struct channel *channel;
	struct conv *conv;
	struct wait waits[JOB_WAITS];
	struct host *host; /* QUESTION_HOST only */
};

static struct job *
job_new(struct channel *ch, struct conv *conv)
{
	struct job *j = mem_zero(1, sizeof(*j));

	j->channel = ch;
	j->conv = conv;
	conv->object = j;
	return j;
}

static void
job_free(struct job *j)
{
	for (size_t i = 0; i < JOB_WAITS; i++)
		flight_leave(&j->waits[i]);
	mem_free(j->host);
	mem_free(j);
}

static void
job_end(struct job *j, const struct msg_answer_end *end)
{
	channel_send(j->channel, j->conv, &msg_answer_end, end, -1);
	j->conv->object = NULL;
	conv_end(j->channel, j->conv);
	job_free(j);
}

static void
send_mx(struct job *j, const struct answer_record *r)
{
	struct msg_answer_mx m = { .preference = r->preference };

	view_copy(view_of(r->host), m.host, sizeof(m.host));
	channel_send(j->channel, j->conv, &msg_answer_mx, &m, -1);
}

static void
on_mx_done(struct wait *w, const struct answer *a, uint32_t ttl)
{
	struct job *j = (struct job *)((char *)w - offsetof(struct job, waits));
	struct msg_answer_end end = { 0 };

	for (size_t i = 0; i < a->count; i++)
		send_mx(j, &a->records[i]);
	end.kind = (uint8_t)a->kind;
	end.secure = a->secure;
	end.ttl = ttl;
	if (a->text != NULL)
		view_copy(view_of(a->text), end.text, sizeof(end.text));
	job_end(j, &end);
}

static void
mx_begin(struct job *j, const char *name)
{
	struct key k = { name, DNS_MX };

	j->waits[0].done = on_mx_done;
	inquire(k, &j->waits[0]);
}

static void
send_ip(struct job *j, const struct ip *ip)
{
	struct msg_answer_addr m = { .family = ip->family };

	memcpy(m.bytes, ip->bytes, sizeof(m.bytes));
	channel_send(j->channel, j->conv, &msg_answer_addr, &m, -1);
}

static void
host_answer(struct job *j)
{
	struct ip ips[ANSWER_ADDR_MAX];
	struct msg_answer_end end;
	size_t n = host_ips(j->host, ips);

	for (size_t i = 0; i < n; i++)
		send_ip(j, &ips[i]);
	host_end(j->host, &end);
	job_end(j, &end);
}

static void
host_part_done(struct job *j, enum host_family family, const struct answer *a,
    uint32_t ttl)
{
	if (host_take(j->host, family, a, ttl))
		host_answer(j);
}

static void
on_six_done(struct wait *w, const struct answer *a, uint32_t ttl)
{
	struct job *j =
	    (struct job *)((char *)w - offsetof(struct job, waits[HOST_SIX]));

	host_part_done(j, HOST_SIX, a, ttl);
}

static void
on_four_done(struct wait *w, const struct answer *a, uint32_t ttl)
{
	struct job *j =
	    (struct job *)((char *)w - offsetof(struct job, waits[HOST_FOUR]));

	host_part_done(j, HOST_FOUR, a, ttl);
}

static void
host_begin(struct job *j, const char *name)
{
	struct key six = { name, DNS_AAAA }, four = { name, DNS_A };

	j->host = mem_zero(1, sizeof(*j->host));
	j->waits[HOST_SIX].done = on_six_done;
	j->waits[HOST_FOUR].done = on_four_done;
	inquire(six, &j->waits[HOST_SIX]);
	/* not before both are known is the job over, so it is still there */
	inquire(four, &j->waits[HOST_FOUR]);
}

static const struct {
	enum question_kind kind;
	void (*begin)(struct job *, const char *name);
} kinds[] = {
	{ QUESTION_MX, mx_begin },
	{ QUESTION_HOST, host_begin },
};

static void
log_question(const struct msg_question *q)
{
	if (!log_debugs())
		return;
	log_begin("question");
	log_word("kind", q->kind == QUESTION_MX ? "mx" : "host");
	log_text("name", q->name);
	log_end();
}

static bool
on_question(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_question *q = msg;
	const struct msg_answer_end malformed = { .kind = ANSWER_MALFORMED };
	char name[DOMAIN_MAX + 1];
	size_t i = 0;

	(void)fd;
	while (i < nitems(kinds) && (uint8_t)kinds[i].kind != q->kind)
		i++;
	if (i == nitems(kinds))
		return false;
	log_question(q);
	/* an IP address is no name: domain_valid() refuses it */
	if (domain_normalise(view_of(q->name), name) &&
	    domain_valid(view_of(name)))
		kinds[i].begin(job_new(ch, conv), name);
	else
		job_end(job_new(ch, conv), &malformed);
	return true;
}

/* The asker is gone: nobody waits for this any more. */
static void
on_conv_lost(struct channel *ch, struct conv *conv)
{
	(void)ch;
	if (conv->object != NULL)
		job_free(conv->object);
}

static const struct channel_rule deliver_rules[] = {
	{ &msg_question, on_question, CONV_NEW, 0 },
};

const struct peer_def serve_peers[SERVE_PEERS] = {
	{
	    .kind = PEER_DELIVER,
	    .rules = deliver_rules,
	    .nrules = nitems(deliver_rules),
	    .conv_lost = on_conv_lost,
	},
};

void
serve_start(void)
{
	inquire_start(process_base(), process_conf());
}
