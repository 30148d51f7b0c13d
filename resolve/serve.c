/* SPDX-License-Identifier: ISC */
/* resolve/serve.c - what our own processes may ask, and the answers. */
#include "resolve/serve.h"

#include "common/base/alloc.h"
#include "common/base/log.h"
#include "common/mail/domain.h"
#include "resolve/host.h"
#include "resolve/inquire.h"
#include "resolve/name.h"
#include "resolve/transport.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { JOB_WAITS = 2 };

/* One question of a peer until its answer. */
struct job {
	struct channel *channel;
	struct conv *conv;
	struct wait waits[JOB_WAITS];
	struct host *host; /* QUESTION_HOST only; name too */
	char name[DOMAIN_MAX + 1];
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
job_end(struct job *j, struct msg_answer_end *end)
{
	end->validates = transport_validates();
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
end_with(struct job *j, const struct answer *a, uint32_t ttl)
{
	struct msg_answer_end end = { 0 };

	end.kind = (uint8_t)a->kind;
	end.secure = a->secure ? SECURE_ALL : SECURE_NO;
	end.ttl = ttl;
	if (a->alias != NULL)
		view_copy(view_of(a->alias), end.alias, sizeof(end.alias));
	if (a->text != NULL)
		view_copy(view_of(a->text), end.text, sizeof(end.text));
	job_end(j, &end);
}

static void
on_mx_done(struct wait *w, const struct answer *a, uint32_t ttl)
{
	struct job *j = (struct job *)((char *)w - offsetof(struct job, waits));

	for (size_t i = 0; i < a->count; i++)
		send_mx(j, &a->records[i]);
	end_with(j, a, ttl);
}

static void
mx_begin(struct job *j, const struct msg_question *q, const char *name)
{
	struct key k = { name, DNS_MX };

	(void)q;
	j->waits[0].done = on_mx_done;
	inquire(DESK_MAIL, k, &j->waits[0]);
}

static void
send_ip(struct job *j, const struct ip *ip)
{
	struct msg_answer_addr m = { .family = ip->family };

	memcpy(m.bytes, ip->bytes, sizeof(m.bytes));
	channel_send(j->channel, j->conv, &msg_answer_addr, &m, -1);
}

static void
host_tell(struct job *j, enum answer_secure secure)
{
	struct ip ips[ANSWER_ADDR_MAX];
	struct msg_answer_end end;
	size_t n = host_ips(j->host, ips);

	for (size_t i = 0; i < n; i++)
		send_ip(j, &ips[i]);
	host_end(j->host, &end);
	end.secure = (uint8_t)secure;
	job_end(j, &end);
}

static void
on_alias_done(struct wait *w, const struct answer *a, uint32_t ttl)
{
	struct job *j = (struct job *)((char *)w - offsetof(struct job, waits));

	(void)ttl;
	host_tell(
	    j, a->kind == ANSWER_FOUND && a->secure ? SECURE_FIRST : SECURE_NO);
}

/*
 * RFC 7672 2.2.2: a name that leads by a secure CNAME to where nothing is
 * secure may have TLSA records of its own, so that CNAME is asked for.
 */
static void
host_answer(struct job *j)
{
	struct key k = { j->name, DNS_CNAME };
	struct msg_answer_end end;

	host_end(j->host, &end);
	if (end.secure != SECURE_NO || end.alias[0] == '\0' ||
	    end.kind != ANSWER_FOUND || !transport_validates()) {
		host_tell(j, (enum answer_secure)end.secure);
		return;
	}
	j->waits[0].done = on_alias_done;
	inquire(DESK_MAIL, k, &j->waits[0]);
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
host_begin(struct job *j, const struct msg_question *q, const char *name)
{
	struct key six = { name, DNS_AAAA }, four = { name, DNS_A };

	(void)q;
	j->host = mem_zero(1, sizeof(*j->host));
	view_copy(view_of(name), j->name, sizeof(j->name));
	j->waits[HOST_SIX].done = on_six_done;
	j->waits[HOST_FOUR].done = on_four_done;
	inquire(DESK_MAIL, six, &j->waits[HOST_SIX]);
	/* not before both are known is the job over, so it is still there */
	inquire(DESK_MAIL, four, &j->waits[HOST_FOUR]);
}

static void
send_tlsa(struct job *j, const struct answer *a)
{
	const char *lines[ANSWER_TLSA_MAX];
	struct msg_answer_tlsa m;

	for (size_t i = 0; i < a->count; i++)
		lines[i] = a->records[i].host;
	tlsa_join(lines, a->count, m.records);
	channel_send(j->channel, j->conv, &msg_answer_tlsa, &m, -1);
}

static void
on_tlsa_done(struct wait *w, const struct answer *a, uint32_t ttl)
{
	struct job *j = (struct job *)((char *)w - offsetof(struct job, waits));

	if (a->kind == ANSWER_FOUND)
		send_tlsa(j, a);
	end_with(j, a, ttl);
}

/* RFC 7672 2.2.3: _25._tcp before the name. */
static void
tlsa_begin(struct job *j, const struct msg_question *q, const char *name)
{
	struct msg_answer_end none = { .kind = ANSWER_NONE };
	char full[DOMAIN_MAX + sizeof("_65535._tcp.")];
	struct key k = { full, DNS_TLSA };

	snprintf(full, sizeof(full), "_%u._tcp.%s", q->port, name);
	j->waits[0].done = on_tlsa_done;
	if (strlen(full) > DOMAIN_MAX)
		job_end(j, &none); /* there can be no such name */
	else
		inquire(DESK_MAIL, k, &j->waits[0]);
}

static const struct {
	enum question_kind kind;
	const char *word;
	void (*begin)(
	    struct job *, const struct msg_question *, const char *name);
} kinds[] = {
	{ QUESTION_MX, "mx", mx_begin },
	{ QUESTION_HOST, "host", host_begin },
	{ QUESTION_TLSA, "tlsa", tlsa_begin },
};

static void
log_question(const struct msg_question *q, const char *kind)
{
	if (!log_debugs())
		return;
	log_begin("question");
	log_word("kind", kind);
	log_text("name", q->name);
	log_end();
}

static bool
on_question(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_question *q = msg;
	struct msg_answer_end malformed = { .kind = ANSWER_MALFORMED };
	char name[DOMAIN_MAX + 1];
	size_t i = 0;

	(void)fd;
	while (i < nitems(kinds) && (uint8_t)kinds[i].kind != q->kind)
		i++;
	if (i == nitems(kinds) || (q->kind == QUESTION_TLSA) != (q->port != 0))
		return false;
	log_question(q, kinds[i].word);
	/* an IP address is no name: domain_valid() refuses it */
	if (domain_normalise(view_of(q->name), name) &&
	    domain_valid(view_of(name)))
		kinds[i].begin(job_new(ch, conv), q, name);
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
	{
	    .kind = PEER_SMTPD,
	    .rules = name_rules,
	    .nrules = NAME_RULES,
	    .conv_lost = name_lost,
	},
};

void
serve_start(void)
{
	inquire_start(process_base(), process_conf());
}
