/* SPDX-License-Identifier: ISC */
/* tests/sim/sim.c - histories of a queue, by seed.
 *
 * usage: sim [-v] [-n histories] [-s first-seed] [-d folder]
 * SEED=n in the environment: that one only, told as it goes.
 */
#include "tests/sim/sim.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "queue/events.h"
#include "queue/intake.h"
#include "queue/outcome.h"
#include "queue/start.h"
#include "queue/store.h"
#include "queue/window.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

enum { START = 1000000000, LIVES = 12, LIFE_EVENTS = 200000 };

struct sim *sim;
static bool verbose;

uint64_t
sim_random(void)
{
	uint64_t z = sim->random += 0x9e3779b97f4a7c15ULL; /* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

int64_t
sim_between(int64_t low, int64_t high)
{
	return low + (int64_t)(sim_random() % (uint64_t)(high - low + 1));
}

bool
sim_chance(unsigned int percent)
{
	return sim_random() % 100 < percent;
}

void
sim_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sim->trouble, sizeof(sim->trouble), fmt, ap);
	va_end(ap);
	if (verbose)
		fprintf(stderr, "%12.3f  ** %s\n",
		    (double)(sim->now - START) / 1000, sim->trouble);
	log_flush();
	_exit(1);
}

void
sim_say(const char *fmt, ...)
{
	va_list ap;

	if (!verbose)
		return;
	log_flush();
	fprintf(stderr, "%12.3f  -- ", (double)(sim->now - START) / 1000);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
}

/* --- one life of queue: a process */

/* As turn() of queue/main.c. */
static void
turn(void)
{
	if (store_has_commit())
		outcome_flush();
	events_turn();
	store_turn();
	log_flush();
}

static struct {
	int64_t batch, answers; /* when the store does that; 0: nothing to do */
	int64_t ends;
	int64_t compared;
} life;

static void
store_go(void)
{
	if (life.answers != 0 && life.answers <= sim->now) {
		life.answers = 0;
		store_answers();
		turn();
	}
	if (life.batch == 0 || life.batch > sim->now || life.answers != 0)
		return;
	life.batch = 0;
	if (!store_batch())
		return;
	/* what was told before was gathered for 20 ms at most; what a failing
	 * disk refused is tried again after 5 s (queue/outcome.c) */
	sim->durable = sim->now - RESULTS_MS - 1 -
		       (sim->disk_failed ? 5 * SECOND + RESULTS_MS : 0);
	life.answers = sim->now + sim_between(0, 3);
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
next_event(void)
{
	int64_t next = least(fake_timer_next(), peers_next());

	if (life.answers != 0)
		next = least(next, life.answers);
	else if (life.batch != 0)
		next = least(next, life.batch);
	if (!sim->final)
		next = least(next, life.ends);
	return next < sim->now ? sim->now : next;
}

static void
advance(void)
{
	sim->now = next_event();
	clock_set_for_test(sim->now);
	model_look();
	if (fake_timer_next() <= sim->now) {
		fake_timer_fire();
		turn();
	}
	store_go();
	peers_go();
	turn();
	/* the store begins soon after something was handed over */
	if (life.batch == 0 && store_waits())
		life.batch = sim->now + sim_between(0, 2);
}

static void
begin(void)
{
	sim->begun = sim->now;
	clock_set_for_test(sim->now);
	store_prepare();
	window_init();
	outcome_init();
	peers_begin();
	intake_start();
	start_begin();
	start_check();
	turn();
}

/* Its last wishes are carried out: nothing is in doubt after that. */
static void
end_well(void)
{
	outcome_flush();
	turn();
	while (store_batch())
		store_answers();
	sim->durable = sim->now;
	_exit(0);
}

static void
life_run(bool first)
{
	bool well = sim_chance(20);
	int64_t limit = sim->now + 6 * (int64_t)DAY;

	if (!first)
		model_compare(true);
	fake_init();
	fair_begin();
	begin();
	sim->durable = sim->now - 1;
	life.compared = sim->now + HOUR;
	life.ends = sim->now + (sim_chance(30) ? sim_between(0, 10 * SECOND)
					       : sim_between(0, DAY));
	if (!sim->final && sim_chance(40))
		fake_syncs = (int)sim_between(1, 300);
	if (!sim->final && sim->crowded && sim_chance(50))
		fake_error = (int)sim_between(1, 300);
	for (int n = 0; n < LIFE_EVENTS; n++) {
		if (!sim->final && sim->now >= life.ends) {
			if (well)
				end_well();
			_exit(0);
		}
		advance();
		if (!sim->final || sim->now < life.compared)
			continue;
		life.compared = sim->now + HOUR;
		if (model_all_done()) {
			end_well();
		}
		if (sim->now > limit)
			sim_fail("there is no end to it");
	}
	sim_fail("more than %d events in %lld s", LIFE_EVENTS,
	    (long long)(sim->now - sim->begun) / 1000);
}

/* --- a history: lives one after another */

/* In a process of its own; false: it has found something. */
static bool
in_child(void (*run)(bool), bool arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		run(arg);
		_exit(0);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid) {
		snprintf(sim->trouble, sizeof(sim->trouble), "fork: %s",
		    strerror(errno));
		return false;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	/* it stops when it cannot know what is on the disk */
	if (sim->disk_failed && WIFEXITED(status) &&
	    WEXITSTATUS(status) == EX_OSERR) {
		sim_say("queue has ended itself");
		return true;
	}
	if (sim->trouble[0] == '\0')
		snprintf(sim->trouble, sizeof(sim->trouble),
		    "queue ended with status %#x", (unsigned int)status);
	return false;
}

static void
last_look(bool unused)
{
	(void)unused;
	model_compare(false);
	for (int i = 0; i < sim->nletters; i++)
		for (int k = 0; k < sim->letters[i].nrcpts; k++)
			if (sim->letters[i].state == ACCEPTED &&
			    sim->letters[i].rcpts[k].state == TO_TRY &&
			    !sim->letters[i].rcpts[k].held)
				sim_fail("%s has come to no end",
				    sim->letters[i].rcpts[k].address);
}

static void
world_new(uint64_t seed)
{
	memset(sim, 0, sizeof(*sim));
	sim->seed = sim->random = seed;
	sim->now = START;
	sim->crowded = seed % 4 == 1;
	for (int i = 0; i < DOMAINS; i++) {
		struct domain *d = &sim->domains[i];

		snprintf(d->name, ADDRESS, "d%d.example", i);
		/* the first two live at one host */
		snprintf(d->host, ADDRESS, "mx%d.example", i < 2 ? 0 : i);
		d->changes = sim->now + sim_between(0, 3 * HOUR);
	}
}

static void
fair_weather(void)
{
	sim->final = true;
	for (int i = 0; i < DOMAINS; i++) {
		sim->domains[i].weather = FINE;
		sim->domains[i].changes = INT64_MAX;
	}
	sim_say("fair weather from now on");
}

static bool
history(uint64_t seed)
{
	int lives;

	world_new(seed);
	lives = (int)sim_between(1, LIVES);
	for (sim->lives = 0; sim->lives <= lives; sim->lives++) {
		if (sim->lives == lives)
			fair_weather();
		sim_say("a queue begins");
		if (!in_child(life_run, sim->lives == 0))
			return false;
		peers_queue_lost();
		sim->count.restarts++;
		sim->now += sim_chance(70) ? sim_between(0, 5 * SECOND)
					   : sim_between(0, 8 * HOUR);
	}
	return in_child(last_look, false);
}

/* --- all of them */

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	(void)st;
	(void)flag;
	(void)f;
	return remove(path);
}

static void
folder_empty(const char *folder)
{
	if ((nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) == -1 &&
		errno != ENOENT) ||
	    mkdir(folder, 0700) == -1 || chdir(folder) == -1 ||
	    mkdir("mess", 0700) == -1)
		fatal("%s: %m", folder);
}

static void
print_counts(uint64_t histories, const struct sim *all)
{
	printf("{\"histories\": %llu, \"restarts\": %llu, \"jobs\": %llu, "
	       "\"delivered\": %llu, \"deferred\": %llu, "
	       "\"unreachable\": %llu, \"probes\": %llu, \"failed\": %llu, "
	       "\"expired\": %llu, \"removed\": %llu, "
	       "\"returned\": %llu, \"notices\": %llu, "
	       "\"suspended\": %llu, \"lost_workers\": %llu, "
	       "\"floods\": %llu, \"waits\": %llu, "
	       "\"disk_errors\": %llu}\n",
	    (unsigned long long)histories,
	    (unsigned long long)all->count.restarts,
	    (unsigned long long)all->count.jobs,
	    (unsigned long long)all->count.delivered,
	    (unsigned long long)all->count.deferred,
	    (unsigned long long)all->count.unreachable,
	    (unsigned long long)all->count.probes,
	    (unsigned long long)all->count.failed,
	    (unsigned long long)all->count.expired,
	    (unsigned long long)all->count.removed,
	    (unsigned long long)all->count.returned,
	    (unsigned long long)all->count.notices,
	    (unsigned long long)all->count.suspended,
	    (unsigned long long)all->count.lost_workers,
	    (unsigned long long)all->count.floods,
	    (unsigned long long)all->count.waits,
	    (unsigned long long)all->count.disk_errors);
}

static void
count_up(struct sim *all)
{
	uint64_t *to = (uint64_t *)&all->count;
	const uint64_t *from = (const uint64_t *)&sim->count;

	for (size_t i = 0; i < sizeof(sim->count) / sizeof(*to); i++)
		to[i] += from[i];
}

static int
run(uint64_t first, uint64_t n, const char *folder)
{
	static struct sim all;

	for (uint64_t seed = first; seed < first + n; seed++) {
		folder_empty(folder);
		if (!history(seed)) {
			printf("SEED=%llu life %d: %s\n",
			    (unsigned long long)seed, sim->lives, sim->trouble);
			return 1;
		}
		count_up(&all);
		if (isatty(STDERR_FILENO) && !verbose)
			fprintf(stderr, "\r%llu of %llu ",
			    (unsigned long long)(seed - first + 1),
			    (unsigned long long)n);
	}
	if (isatty(STDERR_FILENO) && !verbose)
		fprintf(stderr, "\r");
	print_counts(n, &all);
	return 0;
}

int
main(int argc, char *argv[])
{
	const char *seed = getenv("SEED"), *folder = "build/sim.spool";
	static char here[4096], path[4096];
	uint64_t first = 1, n = 100;
	int option;

	while ((option = getopt(argc, argv, "vn:s:d:")) != -1)
		switch (option) {
		case 'v':
			verbose = true;
			break;
		case 'n':
			n = strtoull(optarg, NULL, 10);
			break;
		case 's':
			first = strtoull(optarg, NULL, 10);
			break;
		case 'd':
			folder = optarg;
			break;
		default:
			return 64;
		}
	if (folder[0] != '/' && getcwd(here, sizeof(here)) != NULL) {
		snprintf(path, sizeof(path), "%.3000s/%.900s", here, folder);
		folder = path;
	}
	if (seed != NULL) {
		first = strtoull(seed, NULL, 10);
		n = 1;
		verbose = true;
	}
	sim = mmap(NULL, sizeof(*sim), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sim == MAP_FAILED)
		fatal("mmap: %m");
	log_open(verbose ? dup(STDERR_FILENO) : open("/dev/null", O_WRONLY),
	    "queue");
	log_set_stamp(false);
	return run(first, n, folder);
}
