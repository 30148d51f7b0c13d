/* SPDX-License-Identifier: ISC */
/* tests/unit/test_master.c - what posternd decides without the system: which
 * programs a configuration needs, whom it asks for names.
 */
#include "master/children.h"
#include "master/machine.h"

#include "tests/unit/check.h"

#include <string.h>

static const struct {
	const char *conf;
	size_t strangers, resolve, tls;
} needs[] = {
	{ "", 0, 1, 0 },
	{ "listen on any port 25\nworkers smtpd 3", 3, 1, 0 },
	{ "listen on any port 25\nworkers smtpd 1\nworkers tls 3", 1, 1, 0 },
	{ "tls certificate /c key /k\nworkers tls 3", 0, 1, 0 },
	{ "listen on any port 25\nworkers smtpd 1\n"
	  "tls certificate /c key /k\nworkers tls 3",
	    1, 1, 3 },
	{ "listen on any port 25 certificate /c key /k\nworkers smtpd 1\n"
	  "workers tls 2",
	    1, 1, 2 },
	{ "route any to mx", 0, 1, 0 },
	{ "route any to host mail.example", 0, 1, 0 },
	{ "route any to host 192.0.2.1", 0, 0, 0 },
	{ "route any to host \"[IPv6:::1]\"", 0, 0, 0 },
	{ "route any to lmtp /run/lmtp", 0, 0, 0 },
	{ "route any to lmtp host store.example", 0, 1, 0 },
	{ "route domain a.example to host 192.0.2.1", 0, 1, 0 },
	{ "route domain a.example to host 192.0.2.1\n"
	  "route any to host 192.0.2.2",
	    0, 0, 0 },
	{ "route domain a.example to mx\nroute any to host 192.0.2.2", 0, 1,
	    0 },
	/* what stands behind the first "any" never matches */
	{ "route any to host 192.0.2.2\nroute any to mx", 0, 0, 0 },
};

static const struct program *
program_of(const char *label)
{
	for (size_t i = 0; i < nprograms; i++)
		if (strcmp(programs[i].label, label) == 0)
			return &programs[i];
	fail_msg("no program %s", label);
	return NULL;
}

static void
test_needed_programs(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(needs); i++) {
		struct conf_error error = { 0 };
		struct conf c;

		conf_init(&c);
		check_int(needs[i].conf,
		    conf_parse(&c, view_of(needs[i].conf), &error), true);
		check_int(needs[i].conf, program_of("smtpd")->count(&c),
		    needs[i].strangers);
		check_int(needs[i].conf, program_of("resolve")->count(&c),
		    needs[i].resolve);
		check_int(
		    needs[i].conf, program_of("tls")->count(&c), needs[i].tls);
		check_int(needs[i].conf, program_of("queue")->count(&c), 1);
		check_int(needs[i].conf, program_of("report")->count(&c), 1);
		check_int(
		    needs[i].conf, program_of("smtpd-local")->count(&c), 1);
		conf_clear(&c);
	}
}

static void
test_wires(void **state)
{
	static const struct {
		const char *a, *b;
		bool wired;
	} pairs[] = {
		{ "smtpd", "queue", true },
		{ "smtpd-local", "queue", true },
		{ "deliver", "queue", true },
		{ "resolve", "deliver", true },
		{ "resolve", "smtpd", true },
		{ "resolve", "smtpd-login", true },
		{ "resolve", "smtpd-local", false },
		{ "report", "queue", true },
		{ "queue", "history", true },
		{ "report", "history", false },
		{ "smtpd", "tls", true },
		{ "smtpd-local", "tls", false },
		{ "tls", "queue", false },
		{ "tls", "deliver", false },
		{ "tls", "tls", false },
		{ "smtpd", "deliver", false },
		{ "smtpd", "smtpd-local", false },
		{ "report", "smtpd", false },
		{ "resolve", "queue", false },
	};

	(void)state;
	for (size_t i = 0; i < nitems(pairs); i++) {
		const struct program *a = program_of(pairs[i].a),
				     *b = program_of(pairs[i].b);

		check_int(pairs[i].a, programs_are_wired(a, b), pairs[i].wired);
		check_int(pairs[i].b, programs_are_wired(b, a), pairs[i].wired);
	}
}

static const struct {
	const char *text, *first;
	size_t n;
} resolv_confs[] = {
	{ "", "", 0 },
	{ "nameserver 192.0.2.1\n", "192.0.2.1", 1 },
	{ "# c\nsearch x\n nameserver\t2001:db8::1 ; c\n", "2001:db8::1", 1 },
	{ "nameserver x\nnameserver fe80::1%eth0\nnameserver 192.0.2.2",
	    "192.0.2.2", 1 },
	{ "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n"
	  "nameserver 192.0.2.4\n",
	    "192.0.2.1", 3 },
	{ "nameserver", "", 0 },
	{ "nameservers 192.0.2.1", "", 0 },
};

static void
test_resolv_conf(void **state)
{
	char text[IP_TEXT];

	(void)state;
	for (size_t i = 0; i < nitems(resolv_confs); i++) {
		struct conf c;

		conf_init(&c);
		machine_resolvers(&c, view_of(resolv_confs[i].text));
		check_int(
		    resolv_confs[i].text, c.nresolvers, resolv_confs[i].n);
		if (c.nresolvers > 0) {
			check_str(resolv_confs[i].text,
			    ip_print(&c.resolvers[0].ip, text),
			    resolv_confs[i].first);
			check_int(
			    resolv_confs[i].text, c.resolvers[0].port, 53);
		}
		conf_clear(&c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_needed_programs),
		cmocka_unit_test(test_wires),
		cmocka_unit_test(test_resolv_conf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
