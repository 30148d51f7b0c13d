/* SPDX-License-Identifier: ISC */
/* tests/unit/test_flight.c - however many ask, one question goes out. */
#include "resolve/flight.h"

#include <stdio.h>

#include "tests/unit/check.h"

enum { ASKERS = 5 };

struct asker {
	struct wait wait;
	int number;
	bool leaves; /* takes the next one along when it hears */
	bool again;  /* asks anew when it hears */
};

static const struct key mx = { "a.test", DNS_MX };
static struct flights *flights;
static struct asker askers[ASKERS];
static char heard[64];
static uint32_t heard_ttl;

static void
on_done(struct wait *w, const struct answer *a, uint32_t ttl)
{
	struct asker *self = (struct asker *)w;
	bool fresh;

	check_int("kind", a->kind, ANSWER_NONE);
	assert_null(w->flight);
	snprintf(heard + strlen(heard), sizeof(heard) - strlen(heard), "%d ",
	    self->number);
	heard_ttl = ttl;
	if (self->leaves)
		flight_leave(&self[1].wait);
	if (self->again) {
		self->again = false;
		flight_join(flights, mx, w, &fresh);
		check_int("a new flight", fresh, true);
	}
}

static int
setup(void **state)
{
	(void)state;
	flights = flights_new(1);
	heard[0] = '\0';
	memset(askers, 0, sizeof(askers));
	for (int i = 0; i < ASKERS; i++) {
		askers[i].number = i;
		askers[i].wait.done = on_done;
	}
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	flights_free(flights);
	return 0;
}

static struct flight *
join_all(void)
{
	struct flight *f = NULL;
	bool fresh;

	for (int i = 0; i < ASKERS; i++) {
		f = flight_join(flights, mx, &askers[i].wait, &fresh);
		check_int("fresh", fresh, i == 0);
	}
	check_int("one flight", flights_count(flights), 1);
	return f;
}

static void
land(struct flight *f)
{
	struct answer *a = answer_new(ANSWER_NONE, 0);

	flight_land(flights, f, a, 60);
	answer_free(a);
}

static void
test_shared(void **state)
{
	struct flight *f = join_all();

	(void)state;
	check_str("key", flight_key(f).name, "a.test");
	check_int("key", flight_key(f).type, DNS_MX);
	land(f);
	check_str("all, in order", heard, "0 1 2 3 4 ");
	check_int("ttl", heard_ttl, 60);
	check_int("none left", flights_count(flights), 0);
}

static void
test_others_apart(void **state)
{
	const struct key a = { "a.test", DNS_A }, other = { "b.test", DNS_MX };
	struct flight *f;
	bool fresh;

	(void)state;
	f = flight_join(flights, mx, &askers[0].wait, &fresh);
	flight_join(flights, a, &askers[1].wait, &fresh);
	check_int("another type", fresh, true);
	flight_join(flights, other, &askers[2].wait, &fresh);
	check_int("another name", fresh, true);
	land(f);
	check_str("only its own", heard, "0 ");
	check_int("the others fly", flights_count(flights), 2);
}

static void
test_leave(void **state)
{
	struct flight *f = join_all();

	(void)state;
	flight_leave(&askers[2].wait);
	flight_leave(&askers[2].wait);
	askers[0].leaves = true;
	land(f);
	check_str("those who stayed", heard, "0 3 4 ");
}

static void
test_nobody_waits(void **state)
{
	struct flight *f = join_all();
	bool fresh;

	(void)state;
	for (int i = 0; i < ASKERS; i++)
		flight_leave(&askers[i].wait);
	check_int("goes on", flights_count(flights), 1);
	check_int("and is joined",
	    flight_join(flights, mx, &askers[0].wait, &fresh) == f, true);
	check_int("fresh", fresh, false);
	land(f);
	check_str("heard", heard, "0 ");
}

static void
test_asks_again(void **state)
{
	struct flight *f = join_all();

	(void)state;
	askers[1].again = true;
	land(f);
	check_str("each once", heard, "0 1 2 3 4 ");
	check_int("one more flies", flights_count(flights), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shared, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_others_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_leave, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_nobody_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_asks_again, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
