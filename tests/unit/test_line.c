/* SPDX-License-Identifier: ISC */
/* tests/unit/test_line.c - senders take turns within one destination. */
#include "queue/line.h"

#include "common/base/alloc.h"

#include "tests/unit/check.h"

enum { MANY = 32 };

static struct lines lines;
static struct turns turns;
static struct group *groups[MANY];
static size_t ngroups;

static int
set_up(void **state)
{
	(void)state;
	memset(&lines, 0, sizeof(lines));
	TAILQ_INIT(&turns);
	ngroups = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < ngroups; i++) {
		if (groups[i]->in_line)
			line_remove(&turns, groups[i]);
		if (groups[i]->line != NULL)
			line_release(&lines, groups[i]);
		group_free(groups[i]);
	}
	/* nothing is left behind */
	for (size_t i = 0; i < LINE_BUCKETS; i++)
		assert_null(lines.bucket[i]);
	assert_true(TAILQ_EMPTY(&turns));
	return 0;
}

static struct group *
hold(const char *sender)
{
	struct message *m = message_new();
	struct group *g = group_new(m, 1);

	m->sender = mem_copy_string(sender);
	message_release(m);
	line_hold(&lines, g);
	return groups[ngroups++] = g;
}

static struct group *
add(const char *sender)
{
	struct group *g = hold(sender);

	line_add(&turns, g);
	return g;
}

/* The next one, out of the line, as the schedule takes it. */
static struct group *
take(void)
{
	struct group *g = line_next(&turns);

	if (g != NULL)
		line_remove(&turns, g);
	return g;
}

static void
test_who_is_one_sender(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "a@x.example", "a@x.example", true },
		{ "a@x.example", "b@x.example", false },
		{ "a@x.example", "a@y.example", false },
		{ "list+1@x.example", "list+2@x.example", true },
		{ "list+1@x.example", "list@x.example", true },
		{ "list-b=c.example@x.example", "list-d=e.example@x.example",
		    true },
		{ "list=1@x.example", "list+2@x.example", true },
		{ "list+1@x.example", "list+1@y.example", false },
		{ "list+1@x.example", "post+1@x.example", false },
		/* not before the first letter */
		{ "+1@x.example", "+2@x.example", false },
		{ "-a@x.example", "-b@x.example", false },
		/* a domain's hyphen is none of the user's */
		{ "a@x-y.example", "a@x-z.example", false },
		/* a quoted name may hold an @ */
		{ "\"a@b\"@x.example", "\"a@c\"@x.example", false },
		{ "\"a+1@b\"@x.example", "\"a+2@c\"@x.example", true },
		{ "", "", true },
		{ "", "a@x.example", false },
		{ "postmaster", "postmaster", true },
		{ "postmaster", "root", false },
		/* no domain: there is nothing to be cut off before */
		{ "list+1", "list+2", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_int(rows[i].a, line_key(rows[i].a) == line_key(rows[i].b),
		    rows[i].same);
}

static void
test_first_in_first_out(void **state)
{
	struct group *g[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		g[i] = add("a@x.example");
	for (int i = 0; i < 3; i++)
		assert_ptr_equal(take(), g[i]);
	assert_null(take());
}

static void
test_turns(void **state)
{
	static const char want[] = "abcabcaa";
	char sender[] = "a@x.example";

	(void)state;
	for (int i = 0; i < 4; i++)
		add("a@x.example");
	for (int i = 0; i < 2; i++)
		add("b@x.example");
	for (int i = 0; i < 2; i++)
		add("c@x.example");
	for (const char *c = want; *c != '\0'; c++) {
		sender[0] = *c;
		check_str("turn", take()->message->sender, sender);
	}
	assert_null(take());
}

/* Who comes late waits for one group of each, and not for a flood. */
static void
test_late_comer(void **state)
{
	struct group *g;

	(void)state;
	for (int i = 0; i < 10; i++)
		add(i % 2 == 0 ? "flood+1@x.example" : "flood+2@x.example");
	take();
	g = add("single@x.example");
	take();
	assert_ptr_equal(take(), g);
}

/* A group that stays in line after its turn goes on when it is the next. */
static void
test_next_stays(void **state)
{
	struct group *a = add("a@x.example"), *b = add("b@x.example");

	(void)state;
	assert_ptr_equal(line_next(&turns), a);
	assert_ptr_equal(line_next(&turns), b);
	assert_ptr_equal(line_next(&turns), a);
	assert_true(a->in_line);
}

/* Many recipients: to the back after each transaction. */
static void
test_back_of_its_line(void **state)
{
	struct group *a = add("a@x.example"), *b = add("a@x.example");

	(void)state;
	assert_ptr_equal(take(), a);
	line_add(&turns, a);
	assert_ptr_equal(take(), b);
	assert_ptr_equal(take(), a);
}

static void
test_removed_from_the_middle(void **state)
{
	struct group *a = add("a@x.example"), *b = add("b@x.example");
	struct group *c = add("c@x.example");

	(void)state;
	line_remove(&turns, b);
	assert_false(b->in_line);
	assert_ptr_equal(take(), a);
	assert_ptr_equal(take(), c);
	assert_null(take());
	/* and in again: a line without groups has no turn, but is kept */
	line_add(&turns, b);
	assert_ptr_equal(take(), b);
}

/* What is in memory counts, in line or not, for one destination each. */
static void
test_held(void **state)
{
	struct group *a = hold("a+1@x.example"), *b = add("a+2@x.example");
	struct group *c = hold("c@x.example");
	struct line *line = a->line;

	(void)state;
	assert_ptr_equal(line, b->line);
	assert_ptr_not_equal(line, c->line);
	check_int("held", line->nheld, 2);
	take();
	check_int("as before", line->nheld, 2);
	line_release(&lines, b);
	assert_null(b->line);
	check_int("one less", line->nheld, 1);
	c->message->sender[0] = 'a';
	line_release(&lines, c);
	/* another destination: another line */
	c->destination = (struct destination *)(void *)&lines;
	line_hold(&lines, c);
	assert_ptr_not_equal(c->line, line);
	check_int("its own", c->line->nheld, 1);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_who_is_one_sender),
		TEST(test_first_in_first_out),
		TEST(test_turns),
		TEST(test_late_comer),
		TEST(test_next_stays),
		TEST(test_back_of_its_line),
		TEST(test_removed_from_the_middle),
		TEST(test_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
