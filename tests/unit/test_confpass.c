/* SPDX-License-Identifier: ISC */
/* tests/unit/test_confpass.c - each program gets its part of the configuration
 * and nothing else, and believes no frame that is not sound.
 */
#include "common/run/confpass.h"

#include "common/ipc/types.h"

#include "tests/unit/check.h"

#include <event2/event.h>
#include <stdio.h>
#include <sys/socket.h>

static const char text[] = "hostname a.example\n"
			   "postmaster \"p@a.example\"\n"
			   "limit message size 1M\nexpire 2d\n"
			   "limit connections 7\nspool \"/s\"\n"
			   "listen on ::1 port 25\n"
			   "accept from 10.0.0.0/8\n"
			   "accept from any for domain b.example\n"
			   "accept from auth \"who\" on port 25 without tls "
			   "sender domain c.example for domain d.example\n"
			   "route domain c.example to host 192.0.2.1 port 26\n"
			   "route any to mx tls required\n"
			   "resolver ::1 port 5353\n"
			   "mx addresses allow 127.0.0.0/8\n"
			   "tls certificate /c key /k\n";

/* What a program's own copy prints, without what is at its default. */
static const struct {
	enum peer_kind kind;
	const char *lists;
	uint64_t message_size, expire, connections;
} readers[] = {
	{ PEER_SMTPD,
	    "accept from 10.0.0.0/8 for any\n"
	    "accept from any for domain b.example\n"
	    "accept from auth \"who\" on port 25 without tls "
	    "sender domain c.example for domain d.example\n"
	    "route domain c.example to host \"[192.0.2.1]\" port 26\n"
	    "route any to mx tls required\n",
	    1 << 20, 5 * 86400, 100 },
	{ PEER_QUEUE,
	    "route domain c.example to host \"[192.0.2.1]\" port 26\n"
	    "route any to mx tls required\n",
	    1 << 20, 2 * 86400, 7 },
	{ PEER_DELIVER,
	    "route domain c.example to host \"[192.0.2.1]\" port 26\n"
	    "route any to mx tls required\n"
	    "mx addresses allow 127.0.0.0/8\n",
	    50 << 20, 5 * 86400, 7 },
	{ PEER_RESOLVE, "resolver ::1 port 5353\n", 50 << 20, 5 * 86400, 100 },
	{ PEER_REPORT, "", 50 << 20, 2 * 86400, 100 },
};

static struct conf taken;
static bool all_sound;

static bool
on_frame(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)conv;
	(void)fd;
	all_sound =
	    all_sound && confpass_take(&taken, channel_message(ch), msg);
	return true;
}

static void
on_closed(struct channel *ch, const char *why)
{
	(void)ch;
	check_str("why", why == NULL ? "" : why, "");
}

static const struct channel_rule rules[] = {
	{ &msg_setting, on_frame, CONV_NONE, 0 },
	{ &msg_accept, on_frame, CONV_NONE, 0 },
	{ &msg_route, on_frame, CONV_NONE, 0 },
	{ &msg_resolver, on_frame, CONV_NONE, 0 },
	{ &msg_mx_allow, on_frame, CONV_NONE, 0 },
	{ &msg_bare_ends, on_frame, CONV_NONE, 0 },
	{ &msg_rate, on_frame, CONV_NONE, 0 },
};

static const struct channel_def def = {
	.rules = rules, .nrules = nitems(rules), .closed = on_closed
};

/* Sends as posternd does, and reads on the other side, until all is there. */
static void
pass(const struct conf *c, enum peer_kind kind)
{
	struct event_base *base = event_base_new();
	struct channel *from, *to;
	size_t next = 0;
	int ends[2];
	bool done;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	from = channel_new(base, ends[0], &def, NULL);
	to = channel_new(base, ends[1], &def, NULL);
	conf_init(&taken);
	all_sound = true;
	do {
		done = confpass_send(from, c, kind, &next);
		channels_flush();
		while (event_base_loop(base, EVLOOP_NONBLOCK) == 0 &&
		       event_base_get_num_events(
			   base, EVENT_BASE_COUNT_ACTIVE) > 0)
			;
	} while (!done);
	channel_free(from);
	event_base_loop(base, EVLOOP_NONBLOCK);
	(void)to;
	event_base_free(base);
	assert_true(all_sound);
}

static void
test_each_gets_its_part(void **state)
{
	struct conf_error error;
	struct conf c;

	(void)state;
	conf_init(&c);
	assert_true(conf_parse(&c, view_of(text), &error));
	for (size_t i = 0; i < nitems(readers); i++) {
		struct conf settings = { 0 };
		struct buf head, out;
		char label[16];

		snprintf(label, sizeof(label), "kind %u", readers[i].kind);
		pass(&c, readers[i].kind);
		buf_init(&head, 65536);
		buf_init(&out, 65536);
		memcpy(settings.values, taken.values, sizeof(taken.values));
		conf_print(&settings, &head);
		conf_print(&taken, &out);
		buf_drop(&out, head.len);
		check_str(label, buf_string(&out), readers[i].lists);
		check_str(label, conf_text(&taken, KEY_HOSTNAME), "a.example");
		check_str(label, conf_text(&taken, KEY_SPOOL), POSTERN_SPOOL);
		check_int(label, conf_number(&taken, KEY_MESSAGE_SIZE),
		    readers[i].message_size);
		check_int(
		    label, conf_number(&taken, KEY_EXPIRE), readers[i].expire);
		check_int(label, conf_number(&taken, KEY_TOTAL_CONNECTIONS),
		    readers[i].connections);
		buf_free(&head);
		buf_free(&out);
		conf_clear(&taken);
	}
	conf_clear(&c);
}

/* More than the channel takes at once. */
static void
test_long_lists(void **state)
{
	struct route r = { .match = ROUTE_DOMAIN, .transport = TRANSPORT_MX };
	struct conf c;

	(void)state;
	conf_init(&c);
	for (int i = 0; i < CONF_LIST_MAX; i++) {
		snprintf(r.domain, sizeof(r.domain), "d%d.example", i);
		assert_true(conf_add_route(&c, &r));
	}
	pass(&c, PEER_QUEUE);
	assert_int_equal(taken.nroutes, CONF_LIST_MAX);
	assert_memory_equal(
	    taken.routes, c.routes, CONF_LIST_MAX * sizeof(c.routes[0]));
	conf_clear(&taken);
	conf_clear(&c);
}

static const struct {
	const char *label;
	const struct ipc_type *type;
	union {
		struct msg_setting setting;
		struct msg_accept accept;
		struct msg_route route;
		struct msg_resolver resolver;
		struct msg_mx_allow mx_allow;
	} msg;
} unsound[] = {
	{ "no such key", &msg_setting, { .setting = { .key = KEY_COUNT } } },
	{ "not a domain", &msg_setting,
	    { .setting = { .key = KEY_HOSTNAME, .text = "a b" } } },
	{ "not normalised", &msg_setting,
	    { .setting = { .key = KEY_HOSTNAME, .text = "A.example" } } },
	{ "text with a number", &msg_setting,
	    { .setting = { .key = KEY_HOSTNAME, .number = 1, .text = "a" } } },
	{ "number with a text", &msg_setting,
	    { .setting = { .key = KEY_HOPS, .number = 9, .text = "a" } } },
	{ "too small", &msg_setting,
	    { .setting = { .key = KEY_RECIPIENTS, .number = 0 } } },
	{ "too large", &msg_setting,
	    { .setting = { .key = KEY_SANDBOX, .number = 2 } } },
	{ "not an address", &msg_setting,
	    { .setting = { .key = KEY_POSTMASTER, .text = "a@" } } },
	{ "who 0", &msg_accept, { .accept = { .who = 0 } } },
	{ "who 9", &msg_accept, { .accept = { .who = 9 } } },
	{ "no family", &msg_accept, { .accept = { .who = ACCEPT_NETWORK } } },
	{ "family 5", &msg_accept,
	    { .accept = { .who = ACCEPT_NETWORK, .family = 5 } } },
	{ "33 bits", &msg_accept,
	    { .accept = { .who = ACCEPT_NETWORK, .family = 4, .bits = 33 } } },
	{ "bits beyond the mask", &msg_accept,
	    { .accept = { .who = ACCEPT_NETWORK,
		  .family = 4,
		  .bits = 8,
		  .bytes = { 10, 0, 0, 1 } } } },
	{ "mapped address", &msg_accept,
	    { .accept = { .who = ACCEPT_NETWORK,
		  .family = 6,
		  .bits = 128,
		  .bytes = { [10] = 0xff, 0xff, 1, 2, 3, 4 } } } },
	{ "tls 3", &msg_accept, { .accept = { .who = ACCEPT_ANY, .tls = 3 } } },
	{ "login of anybody", &msg_accept,
	    { .accept = { .who = ACCEPT_ANY, .login = "a" } } },
	{ "control character", &msg_accept,
	    { .accept = { .who = ACCEPT_AUTH, .login = "a\nb" } } },
	{ "no sender", &msg_accept,
	    { .accept = { .who = ACCEPT_ANY, .has_sender = 1 } } },
	{ "no domain", &msg_accept,
	    { .accept = { .who = ACCEPT_ANY, .has_domain = 1 } } },
	{ "match 0", &msg_route,
	    { .route = { .match = 0, .transport = TRANSPORT_MX } } },
	{ "transport 3", &msg_route,
	    { .route = { .match = ROUTE_ANY, .transport = 3 } } },
	{ "any with a domain", &msg_route,
	    { .route = { .match = ROUTE_ANY,
		  .transport = TRANSPORT_MX,
		  .domain = "a" } } },
	{ "domain without one", &msg_route,
	    { .route = { .match = ROUTE_DOMAIN, .transport = TRANSPORT_MX } } },
	{ "mx with a host", &msg_route,
	    { .route = { .match = ROUTE_ANY,
		  .transport = TRANSPORT_MX,
		  .host = "a" } } },
	{ "host without one", &msg_route,
	    { .route = { .match = ROUTE_ANY, .transport = TRANSPORT_HOST } } },
	{ "host that is none", &msg_route,
	    { .route = { .match = ROUTE_ANY,
		  .transport = TRANSPORT_HOST,
		  .host = "[1.2.3]" } } },
	{ "LMTP to port 25", &msg_route,
	    { .route = { .match = ROUTE_ANY,
		  .transport = TRANSPORT_LMTP,
		  .port = 25,
		  .host = "a" } } },
	{ "socket with a port", &msg_route,
	    { .route = { .match = ROUTE_ANY,
		  .transport = TRANSPORT_LMTP,
		  .port = 24,
		  .host = "/a" } } },
	{ "socket that is a list", &msg_route,
	    { .route = { .match = ROUTE_ANY,
		  .transport = TRANSPORT_LMTP,
		  .host = "/a,/b" } } },
	{ "socket by TLS", &msg_route,
	    { .route = { .match = ROUTE_ANY,
		  .transport = TRANSPORT_LMTP,
		  .tls = ROUTE_TLS_REQUIRED,
		  .host = "/a" } } },
	{ "SMTP to a socket", &msg_route,
	    { .route = { .match = ROUTE_ANY,
		  .transport = TRANSPORT_HOST,
		  .host = "/a" } } },
	{ "resolver without an address", &msg_resolver,
	    { .resolver = { .port = 53 } } },
	{ "resolver without a port", &msg_resolver,
	    { .resolver = { .family = 4, .bytes = { 127, 0, 0, 1 } } } },
	{ "network without a family", &msg_mx_allow,
	    { .mx_allow = { .bits = 8 } } },
	{ "network with 129 bits", &msg_mx_allow,
	    { .mx_allow = { .family = 6, .bits = 129 } } },
	{ "no configuration", &msg_ready, { .setting = { .key = 0 } } },
};

static void
test_unsound(void **state)
{
	struct conf c;

	(void)state;
	conf_init(&c);
	for (size_t i = 0; i < nitems(unsound); i++)
		check_int(unsound[i].label,
		    confpass_take(&c, unsound[i].type, &unsound[i].msg), false);
	assert_int_equal(c.naccepts + c.nroutes + c.nresolvers + c.nmx_allow +
			     c.nbare_ends + c.nexempt,
	    0);
	conf_clear(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_gets_its_part),
		cmocka_unit_test(test_long_lists),
		cmocka_unit_test(test_unsound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
