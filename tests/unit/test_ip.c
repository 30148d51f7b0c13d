/* SPDX-License-Identifier: ISC */
/* tests/unit/test_ip.c - addresses and networks have one reading only. */
#include "common/base/ip.h"

#include <netinet/in.h>

#include "tests/unit/check.h"

static const struct {
	const char *text;
	int family; /* 0: refused */
	const char *print;
	bool loopback, unspecified;
} addresses[] = {
	{ "192.0.2.1", 4, "192.0.2.1", false, false },
	{ "127.0.0.1", 4, "127.0.0.1", true, false },
	{ "127.255.0.9", 4, "127.255.0.9", true, false },
	{ "0.0.0.0", 4, "0.0.0.0", false, true },
	{ "0.1.2.3", 4, "0.1.2.3", false, true },
	{ "255.255.255.255", 4, "255.255.255.255", false, false },
	{ "::1", 6, "::1", true, false },
	{ "::", 6, "::", false, true },
	{ "2001:DB8::A", 6, "2001:db8::a", false, false },
	{ "::ffff:127.0.0.1", 4, "127.0.0.1", true, false },
	{ "::FFFF:7f00:1", 4, "127.0.0.1", true, false },
	{ "0:0:0:0:0:ffff:0.0.0.0", 4, "0.0.0.0", false, true },
	{ "", 0, "unknown", false, false },
	{ "1.2.3", 0, "unknown", false, false },
	{ "1.2.3.4.5", 0, "unknown", false, false },
	{ "1.2.3.256", 0, "unknown", false, false },
	{ "01.2.3.4", 0, "unknown", false, false },
	{ "0x7f.0.0.1", 0, "unknown", false, false },
	{ "2130706433", 0, "unknown", false, false },
	{ " 1.2.3.4", 0, "unknown", false, false },
	{ "1.2.3.4 ", 0, "unknown", false, false },
	{ "[::1]", 0, "unknown", false, false },
	{ "fe80::1%eth0", 0, "unknown", false, false },
	{ "1::2::3", 0, "unknown", false, false },
	{ "1:2:3:4:5:6:7:8:9", 0, "unknown", false, false },
	{ "0000000000000000000000000000000000000000000000000001::", 0,
	    "unknown", false, false },
	{ "localhost", 0, "unknown", false, false },
};

static void
test_addresses(void **state)
{
	char text[IP_TEXT];
	struct ip ip;

	(void)state;
	for (size_t i = 0; i < nitems(addresses); i++) {
		const char *t = addresses[i].text;

		check_int(
		    t, ip_parse(view_of(t), &ip), addresses[i].family != 0);
		check_int(t, ip.family, addresses[i].family);
		check_str(t, ip_print(&ip, text), addresses[i].print);
		check_int(t, ip_is_loopback(&ip), addresses[i].loopback);
		check_int(t, ip_is_unspecified(&ip), addresses[i].unspecified);
	}
	check_int(
	    "NUL inside", ip_parse(view_make("1.2.3.4\0", 8), &ip), false);
}

static const struct {
	const char *network;
	int bits; /* -1: refused */
	const char *inside;
	const char *outside;
} networks[] = {
	{ "10.0.0.0/8", 8, "10.255.0.1", "11.0.0.0" },
	{ "10.0.0.0/8", 8, "::ffff:10.1.2.3", "::a00:1" },
	{ "192.0.2.7", 32, "192.0.2.7", "192.0.2.6" },
	{ "192.0.2.8/29", 29, "192.0.2.15", "192.0.2.16" },
	{ "192.0.2.8/29", 29, "192.0.2.8", "192.0.2.7" },
	{ "0.0.0.0/0", 0, "255.1.2.3", "::1" },
	{ "::/0", 0, "2001:db8::1", "1.2.3.4" },
	{ "2001:db8::/33", 33, "2001:db8:7fff::1", "2001:db8:8000::1" },
	{ "::1", 128, "::1", "::2" },
	{ "::ffff:10.0.0.0/104", 8, "10.9.9.9", "11.0.0.1" },
	{ "10.0.0.1/8", -1, NULL, NULL },
	{ "10.0.0.0/33", -1, NULL, NULL },
	{ "10.0.0.0/", -1, NULL, NULL },
	{ "10.0.0.0/08", -1, NULL, NULL },
	{ "10.0.0.0/-1", -1, NULL, NULL },
	{ "10.0.0.0/8/8", -1, NULL, NULL },
	{ "10.0.0.0/255.0.0.0", -1, NULL, NULL },
	{ "10.0.0.0/18446744073709551624", -1, NULL, NULL },
	{ "10.0.0.0/256", -1, NULL, NULL },
	{ "10.0.0.0 /8", -1, NULL, NULL },
	{ "10/8", -1, NULL, NULL },
	{ "::/129", -1, NULL, NULL },
	{ "2001:db8::1/64", -1, NULL, NULL },
	{ "::ffff:0.0.0.0/8", -1, NULL, NULL },
	{ "", -1, NULL, NULL },
	{ "/8", -1, NULL, NULL },
};

static void
test_networks(void **state)
{
	struct network net;
	struct ip ip;

	(void)state;
	for (size_t i = 0; i < nitems(networks); i++) {
		const char *t = networks[i].network;
		bool ok = network_parse(view_of(t), &net);

		check_int(t, ok, networks[i].bits >= 0);
		if (!ok)
			continue;
		check_int(t, net.bits, networks[i].bits);
		assert_true(ip_parse(view_of(networks[i].inside), &ip));
		check_int(networks[i].inside, network_has(&net, &ip), true);
		assert_true(ip_parse(view_of(networks[i].outside), &ip));
		check_int(networks[i].outside, network_has(&net, &ip), false);
	}
}

static void
test_unset_is_in_no_network(void **state)
{
	struct network net;
	struct ip unset = { 0 };

	(void)state;
	assert_true(network_parse(view_of("0.0.0.0/0"), &net));
	assert_false(network_has(&net, &unset));
	memset(&net, 0, sizeof(net));
	assert_false(network_has(&net, &unset));
	assert_false(ip_is_loopback(&unset));
}

static void
test_sockaddr(void **state)
{
	static const char *const texts[] = { "192.0.2.1", "2001:db8::25" };
	struct sockaddr_storage ss;
	struct ip in, out;
	socklen_t len;
	uint16_t port;

	(void)state;
	for (size_t i = 0; i < nitems(texts); i++) {
		assert_true(ip_parse(view_of(texts[i]), &in));
		ip_to_sockaddr(&in, 2525, &ss, &len);
		assert_true(
		    ip_from_sockaddr((struct sockaddr *)&ss, &out, &port));
		check_int(texts[i], ip_eq(&in, &out), true);
		check_int(texts[i], port, 2525);
	}
	check_int("length", len, sizeof(struct sockaddr_in6));
	ss.ss_family = AF_UNIX;
	assert_false(ip_from_sockaddr((struct sockaddr *)&ss, &out, &port));
	check_int("family", out.family, 0);
}

/* A dual-stack listener sees IPv4 clients as ::ffff:a.b.c.d. */
static void
test_sockaddr_mapped(void **state)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_scope_id = 3 };
	char text[IP_TEXT];
	struct ip ip;
	uint16_t port;

	(void)state;
	memcpy(
	    &in6.sin6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\x01\x02\x03", 16);
	assert_true(ip_from_sockaddr((struct sockaddr *)&in6, &ip, &port));
	check_str("mapped", ip_print(&ip, text), "10.1.2.3");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_unset_is_in_no_network),
		cmocka_unit_test(test_sockaddr),
		cmocka_unit_test(test_sockaddr_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
