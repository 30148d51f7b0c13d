/* SPDX-License-Identifier: ISC */
/* smtpd/driver.c - the worker's start, its clock and its end.
 *
 * Wires the parts together: doors accept clients, clients drive sessions,
 * intake talks with queue.
 */
#include "smtpd/driver.h"

#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "common/mail/date.h"
#include "common/sys/shared.h"
#include "smtpd/asking.h"
#include "smtpd/intake.h"
#include "smtpd/login.h"
#include "smtpd/naming.h"
#include "smtpd/secure.h"
#include "smtpd/worker.h"

#include <event2/event.h>
#include <stddef.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	/* channels, listeners, the loop, and those turned away */
	DESCRIPTORS_OWN = 32 + FAREWELLS,
	STOP_WAIT_MS = 5000, /* for messages that are on their way */
	FILE_WAIT_MS = 10000,
	FATE_WAIT_MS = 60000,
	LEAVE_WAIT_MS = 5000,
	STRESS_IDLE_MS = 30000,
	SECURE_MORE_MS = 30000,
	LOGIN_WAIT_MS = 60000,
	/* Longer than queue takes to give up on a disk, shorter than the ten
	 * minutes that a client waits (RFC 5321 4.5.3.2.6). */
	ANSWER_WAIT_MS = 540000
};

static struct worker worker;

static void
log_refused(const struct session *s, const struct refusal *r)
{
	char ip[IP_TEXT];

	log_begin("refused");
	if (s->client.local_socket)
		log_u64("uid", s->uid);
	else
		log_word("client", ip_print(&s->client.ip, ip));
	log_word("command", r->command);
	if (r->argument.len > 0)
		log_view("argument", r->argument);
	log_u64("code", (uint64_t)r->code);
	log_word("status", r->status);
	log_text("text", r->text);
	log_end();
}

/*
 * A worker without a free descriptor could not take a file from queue, which
 * would look as if queue broke the rules.  So what clients may have is counted
 * beforehand: posternd set the limit by `limit sessions`, but a machine may
 * grant less.
 */
static void
share_descriptors(void)
{
	struct rlimit limit;
	rlim_t files, left;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		fatal("getrlimit: %m");
	files = limit.rlim_cur / 4;
	worker.stock.max = files > STOCK_MAX ? STOCK_MAX : (uint32_t)files;
	left = worker.stock.max + DESCRIPTORS_OWN;
	left = limit.rlim_cur > left ? limit.rlim_cur - left : 0;
	worker.max_clients = conf_number(process_conf(), KEY_SESSIONS);
	if (left >= worker.max_clients)
		return;
	log_warn("descriptors suffice for %llu sessions, not for %llu",
	    (unsigned long long)left, (unsigned long long)worker.max_clients);
	worker.max_clients = left;
}

/* While we still may map what others cannot; then its descriptor goes. */
static void
map_census(void)
{
	struct shared s = process_census();

	if (s.fd == -1)
		return; /* the submission socket has no addresses */
	if (s.column >= CENSUS_COLUMNS)
		fatal("no column %u in the table of clients", s.column);
	worker.census.all = shared_read(s.fd, sizeof(*worker.census.all));
	worker.census.mine = shared_write(s.fd,
	    offsetof(struct census_table, columns) +
		s.column * sizeof(*worker.census.mine),
	    sizeof(*worker.census.mine));
	close(s.fd);
}

void
driver_prepare(void)
{
	map_census();
	date_prepare();
	share_descriptors();
}

static void
time_out_talk(int64_t now)
{
	int64_t limit =
	    1000 * (int64_t)conf_number(worker.service.conf, KEY_IDLE_TIMEOUT);
	struct client *c;

	if (worker.service.level > 0 && limit > STRESS_IDLE_MS)
		limit = STRESS_IDLE_MS;

	while ((c = roster_overdue(&worker.roster, PLACE_TALK, now, limit)) !=
	       NULL)
		client_close(c, &reply_idle);
}

/* Those who wait for queue in vain: 451, and they may go on. */
static void
time_out_queue(enum place place, int64_t now, int64_t limit)
{
	struct client *c;

	while (
	    (c = roster_overdue(&worker.roster, place, now, limit)) != NULL) {
		if (place == PLACE_OUTBOX && c->conv != NULL)
			return; /* half of it is sent: it must become whole */
		client_refused(c, &reply_queue);
	}
}

static void
time_out_lookup(int64_t now)
{
	struct client *c;

	while ((c = roster_overdue(
		    &worker.roster, PLACE_LOOKUP, now, ASKING_WAIT_MS)) != NULL)
		asking_give_up(c);
}

static void
time_out_leave(int64_t now)
{
	struct client *c;

	while ((c = roster_overdue(
		    &worker.roster, PLACE_LEAVE, now, LEAVE_WAIT_MS)) != NULL)
		client_end(c);
}

/* tls has a limit for the handshake, and tells us; should it stand still: */
static void
time_out_secure(int64_t now)
{
	int64_t limit =
	    SECURE_MORE_MS +
	    1000 * (int64_t)conf_number(worker.service.conf, KEY_TLS_HANDSHAKE);
	struct client *c;

	while ((c = roster_overdue(&worker.roster, PLACE_SECURE, now, limit)) !=
	       NULL)
		client_end(c);
}

static void
time_out_login(int64_t now)
{
	struct client *c;

	while ((c = roster_overdue(
		    &worker.roster, PLACE_LOGIN, now, LOGIN_WAIT_MS)) != NULL)
		client_logged_in(c, AUTH_AWAY);
}

static void
close_all(enum place place)
{
	struct client *c;

	while ((c = roster_first(&worker.roster, place)) != NULL)
		client_close(c, &reply_stopping);
}

/* The time to finish is over, and with it every message that is not whole. */
static void
stop_now(void)
{
	for (unsigned int p = 0; p < PLACE_LEAVE; p++)
		close_all((enum place)p);
	process_exit();
}

static void
end_pauses(enum place place, int64_t now, int64_t limit)
{
	struct client *c;

	while ((c = roster_overdue(&worker.roster, place, now, limit)) != NULL)
		client_pause_over(c);
}

static void
on_pauses(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval tick = { 0, PAUSE_TICK_MS * 1000 };
	int64_t now = clock_mono_ms();
	int64_t delay = 1000 * (int64_t)conf_number(
				   worker.service.conf, KEY_GREETING_DELAY);

	(void)fd;
	(void)what;
	(void)arg;
	end_pauses(PLACE_GREET, now, delay);
	end_pauses(PLACE_PAUSE, now, PAUSE_MS);
	if (roster_first(&worker.roster, PLACE_GREET) != NULL ||
	    roster_first(&worker.roster, PLACE_PAUSE) != NULL)
		event_add(&worker.pauses, &tick);
}

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
	int64_t now = clock_mono_ms();

	(void)fd;
	(void)what;
	(void)arg;
	worker.service.now_ms = now;
	overload_judge(&worker);
	time_out_talk(now);
	time_out_queue(PLACE_FILE, now, FILE_WAIT_MS);
	time_out_queue(PLACE_OUTBOX, now, ANSWER_WAIT_MS);
	time_out_queue(PLACE_ANSWER, now, ANSWER_WAIT_MS);
	time_out_queue(PLACE_FATE, now, FATE_WAIT_MS);
	time_out_lookup(now);
	time_out_leave(now);
	time_out_secure(now);
	time_out_login(now);
	intake_second(&worker);
	doors_second(&worker);
	secure_second(&worker);
	if (worker.stopping && now - worker.stop_ms >= STOP_WAIT_MS)
		stop_now();
}

static void
doors_open(void)
{
	struct listening l;

	while (worker.ndoors < DOORS_MAX && process_listener(worker.ndoors, &l))
		door_open(&worker.doors[worker.ndoors++], &worker, &l);
}

void
driver_start(void)
{
	const struct timeval second = { 1, 0 };

	worker.base = process_base();
	service_init(&worker.service, process_conf(),
	    process_boot()->class_ == CLASS_LOCAL);
	worker.service.refused = log_refused;
	worker.service.strangers = process_boot()->class_ == CLASS_STRANGER;
	overload_init(&worker);
	if (worker.census.all != NULL)
		worker.service.census = &worker.census;
	roster_init(&worker.roster);
	buf_init(&worker.out, OUTPUT_MAX);
	event_assign(
	    &worker.second, worker.base, -1, EV_PERSIST, on_second, NULL);
	if (event_add(&worker.second, &second) == -1)
		fatal("no event for the clock");
	event_assign(&worker.pauses, worker.base, -1, 0, on_pauses, NULL);
	secure_init(&worker);
	doors_open();
}

void
driver_turn(void)
{
	intake_turn(&worker);
	asking_turn(&worker);
	if (worker.stopping && worker.roster.nclients == 0 &&
	    worker.roster.nturned_away == 0)
		process_exit();
}

static void
close_idle(void)
{
	struct client *c, *next;

	TAILQ_FOREACH_SAFE (
	    c, &worker.roster.places[PLACE_TALK], neighbours, next)
		if (session_between(&c->session))
			client_close(c, &reply_stopping);
}

/* No new clients; messages that are on their way have a few seconds, and so
 * have handshakes, as those who are in one could not be told. */
void
driver_stop(void)
{
	worker.stopping = true;
	worker.stop_ms = clock_mono_ms();
	for (size_t i = 0; i < worker.ndoors; i++)
		door_close(&worker.doors[i]);
	worker.ndoors = 0;
	close_idle();
	close_all(PLACE_GREET);
	close_all(PLACE_LOGIN);
}

static void
on_attached(struct peer *p)
{
	p->data = &worker;
	intake_attached(&worker, p->channel);
}

static void
on_lost(struct peer *p)
{
	(void)p;
	intake_lost(&worker);
}

static void
on_secure_change(struct peer *p)
{
	(void)p;
	secure_peers_changed(&worker);
}

const struct peer_def driver_peers[DRIVER_PEERS] = {
	{
	    .kind = PEER_QUEUE,
	    .rules = intake_rules,
	    .nrules = INTAKE_RULES,
	    .attached = on_attached,
	    .lost = on_lost,
	},
	{
	    .kind = PEER_TLS,
	    .rules = secure_rules,
	    .nrules = SECURE_RULES,
	    .attached = on_secure_change,
	    .conv_lost = secure_lost,
	    .lost = on_secure_change,
	},
	{
	    .kind = PEER_LOOKUP,
	    .rules = asking_rules,
	    .nrules = ASKING_RULES,
	    .conv_lost = asking_lost,
	},
	{
	    .kind = PEER_AUTH,
	    .rules = login_rules,
	    .nrules = LOGIN_RULES,
	    .conv_lost = login_lost,
	},
	{
	    .kind = PEER_RESOLVE,
	    .rules = naming_rules,
	    .nrules = NAMING_RULES,
	    .conv_lost = naming_lost,
	},
};
