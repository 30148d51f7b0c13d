/* SPDX-License-Identifier: ISC */
/* tests/lib/client.c - the work of the recording client, and its figures. */
#include "tests/lib/client.h"

#include "tests/lib/client_session.h"

#include "common/base/alloc.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

struct run {
	struct client *client;
	struct event sweep;
	struct event limit;
	struct event term;
	struct event interrupt;
	bool over;
};

static uint64_t
settled(const struct client *c)
{
	uint64_t n = c->fates[FATE_ACKNOWLEDGED];

	if (c->options.retry)
		return n;
	return n + c->fates[FATE_UNKNOWN] + c->fates[FATE_REFUSED] +
	       c->fates[FATE_FAILED];
}

bool
client_claim(struct client *c)
{
	if (settled(c) + c->claims >= c->options.messages)
		return false;
	c->claims++;
	return true;
}

void
client_draw_id(struct client *c, char id[CLIENT_ID], uint64_t *number)
{
	*number = ++c->drawn;
	snprintf(id, CLIENT_ID, "%s-%06llu", c->options.prefix,
	    (unsigned long long)*number);
}

void
client_settle(struct client *c, enum client_fate fate)
{
	c->claims--;
	c->fates[fate]++;
	c->ended_us = record_now_us();
}

void
client_address(
    const struct client *c, uint64_t number, unsigned int i, struct buf *out)
{
	const struct client_options *o = &c->options;
	uint64_t domain = (number * o->rcpts + i) % o->domains;
	struct view pattern = view_of(o->domain);
	const char *hole = strstr(o->domain, "%u");

	if (hole != NULL)
		pattern.len = (size_t)(hole - o->domain);
	buf_printf(out, "r%u@", i);
	buf_add(out, pattern);
	if (hole != NULL) {
		buf_printf(out, "%llu", (unsigned long long)domain);
		buf_add_string(out, hole + 2);
	}
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct run *r = arg;
	int64_t now = record_now_us();

	(void)fd;
	(void)what;
	for (unsigned int i = 0; i < r->client->options.sessions; i++)
		client_session_check(&r->client->sessions[i], now);
}

static void
on_over(evutil_socket_t fd, short what, void *arg)
{
	struct run *r = arg;

	(void)fd;
	(void)what;
	r->over = true;
}

static void
run_events(struct run *r, unsigned int seconds)
{
	struct event_base *base = r->client->loop.base;
	const struct timeval second = { 1, 0 };
	const struct timeval limit = { seconds, 0 };

	event_assign(&r->sweep, base, -1, EV_PERSIST, on_sweep, r);
	event_add(&r->sweep, &second);
	evtimer_assign(&r->limit, base, on_over, r);
	if (seconds > 0)
		evtimer_add(&r->limit, &limit);
	evsignal_assign(&r->term, base, SIGTERM, on_over, r);
	event_add(&r->term, NULL);
	evsignal_assign(&r->interrupt, base, SIGINT, on_over, r);
	event_add(&r->interrupt, NULL);
}

void
client_run(struct client *c, unsigned int seconds)
{
	const struct client_options *o = &c->options;
	struct run r = { .client = c };

	wire_loop_open(&c->loop);
	c->begun_us = c->ended_us = record_now_us();
	c->sessions = mem_zero(o->sessions, sizeof(c->sessions[0]));
	c->active = o->sessions;
	run_events(&r, seconds);
	for (unsigned int i = 0; i < o->sessions; i++)
		client_session_start(&c->sessions[i], c);
	/* the log goes out once per turn: what was read is soon on disk */
	while (!r.over && c->active > 0) {
		event_base_loop(c->loop.base, EVLOOP_ONCE);
		record_flush(&c->record);
	}
	for (unsigned int i = 0; i < o->sessions; i++)
		client_session_stop(&c->sessions[i]);
	record_flush(&c->record);
	event_del(&r.sweep);
	event_del(&r.limit);
	event_del(&r.term);
	event_del(&r.interrupt);
	wire_loop_close(&c->loop);
}

void
client_json(struct client *c, struct buf *out)
{
	double seconds = (double)(c->ended_us - c->begun_us) / 1e6;
	uint64_t n = c->fates[FATE_ACKNOWLEDGED];

	buf_printf(out, "{\"acknowledged\":%llu,\"unknown\":%llu,",
	    (unsigned long long)n, (unsigned long long)c->fates[FATE_UNKNOWN]);
	buf_printf(out, "\"refused\":%llu,\"failed\":%llu,",
	    (unsigned long long)c->fates[FATE_REFUSED],
	    (unsigned long long)c->fates[FATE_FAILED]);
	buf_printf(out, "\"lost_connections\":%llu,\"seconds\":%.6f,",
	    (unsigned long long)c->lost_connections, seconds);
	buf_printf(
	    out, "\"rate\":%.1f,", seconds > 0 ? (double)n / seconds : 0.0);
	samples_json(&c->dot_us, "dot_us", out);
	buf_add_string(out, ",");
	samples_json(&c->start_us, "start_us", out);
	buf_printf(out, ",\"cpu_seconds\":%.6f}", record_cpu_seconds());
}

void
client_free(struct client *c)
{
	letters_free(&c->letters);
	samples_free(&c->dot_us);
	samples_free(&c->start_us);
	record_close(&c->record);
	mem_free(c->sessions);
}
