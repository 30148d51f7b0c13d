/* SPDX-License-Identifier: ISC */
/* tests/unit/test_question.c - what the DNS may send, and what it may not.
 *
 * Packets are built by hand here, so that each can be wrong in its own way.
 */
#include "resolve/question.h"

#include "resolve/scan.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/dns_packet.h"
#include "tests/unit/check.h"

enum { ID = 0x1234 };

static const char asked_name[] = "1.2.0.192.in-addr.arpa";
static struct question asked;
static struct dns_packet packet;
static struct question_read got;

static void
ask(const char *name, enum dns_type type)
{
	assert_true(question_make(&asked, name, type, 0));
	question_set_id(&asked, ID);
}

/* The beginning of an honest answer to what was asked. */
static void
begin(unsigned int flags)
{
	dns_packet_begin(
	    &packet, ID, flags, asked.bytes + SCAN_HEADER, asked.section);
}

/* A record up to its data. */
static void
head(enum dns_packet_section section, const char *owner, unsigned int type,
    size_t size)
{
	dns_packet_count(&packet, section);
	dns_packet_name(&packet, owner);
	dns_packet_fields(&packet, type, 60, size);
}

static enum reading
reads(void)
{
	/* of exact size, so that a sanitizer sees each byte read too far */
	char *copy = mem_alloc(packet.len + 1);
	enum reading r;

	memcpy(copy, packet.bytes, packet.len);
	r = question_read(&asked, view_make(copy, packet.len), &got);
	mem_free(copy);
	return r;
}

static void
done(void)
{
	if (got.answer != NULL)
		answer_free(got.answer);
	got.answer = NULL;
}

static void
check_broken(const char *label, const char *why)
{
	check_int(label, reads(), READING_BROKEN);
	check_str(label, got.why, why);
}

/* The answer's records in one line, "10 mx.test 192.0.2.1 ". */
static void
check_answer(
    const char *label, enum answer_kind kind, uint32_t ttl, const char *records)
{
	char text[2048] = "", ip[IP_TEXT];
	size_t at = 0;

	check_int(label, reads(), READING_ANSWER);
	check_int(label, got.answer->kind, kind);
	check_int(label, got.answer->ttl, ttl);
	for (size_t i = 0; i < got.answer->count; i++) {
		const struct answer_record *r = &got.answer->records[i];

		at += (size_t)(r->host != NULL
				   ? snprintf(text + at, sizeof(text) - at,
					 "%u %s ", r->preference, r->host)
				   : snprintf(text + at, sizeof(text) - at,
					 "%s ", ip_print(&r->ip, ip)));
	}
	check_str(label, text, records);
	done();
}

static void
test_make(void **state)
{
	static const uint8_t all[32] = { 0xff, 0xff, 0xff, 0xff };
	static const uint8_t none[32] = { 0 };
	static const char want[] = "\x12\x34\x01\x20\0\1\0\0\0\0\0\1"
				   "\1m\7example\0\0\17\0\1"
				   "\0\0\x29\4\xd0\0\0\0\0\0\0";

	(void)state;
	ask("m.example", DNS_MX);
	check_int("length", asked.len, sizeof(want) - 1);
	assert_memory_equal(asked.bytes, want, sizeof(want) - 1);
	question_mix(&asked, all);
	assert_memory_equal(asked.bytes + SCAN_HEADER, "\1M\7EXAMPLE", 11);
	question_mix(&asked, none);
	assert_memory_equal(asked.bytes, want, sizeof(want) - 1);
	assert_true(question_make(&asked, "m.example", DNS_MX, QUESTION_PLAIN));
	check_int("without EDNS", asked.len, sizeof(want) - 1 - 11);
}

static void
test_cannot_be_asked(void **state)
{
	char label[80], name[300] = "";

	(void)state;
	memset(label, 'a', sizeof(label));
	label[64] = '\0';
	assert_false(question_make(&asked, label, DNS_A, 0));
	for (int i = 0; i < 26; i++)
		strlcat(name, "abcdefghi.", sizeof(name));
	assert_false(question_make(&asked, name, DNS_A, 0));
}

static void
test_found(void **state)
{
	(void)state;
	ask("a.test", DNS_MX);
	begin(DNS_PACKET_RESPONSE);
	dns_packet_mx(&packet, "a.test", 300, 20, "Mx2.Test");
	dns_packet_mx(&packet, "A.TEST", 200, 10, "mx1.test");
	dns_packet_mx(&packet, "b.test", 1, 5, "other.test");
	check_answer("mx", ANSWER_FOUND, 200, "20 mx2.test 10 mx1.test ");

	ask("a.test", DNS_A);
	begin(DNS_PACKET_RESPONSE);
	dns_packet_a(&packet, "a.test", 0x80000001, 0xc0000201);
	dns_packet_a(&packet, "a.test", 60, 0xc0000202);
	check_answer("a", ANSWER_FOUND, 0, "192.0.2.1 192.0.2.2 ");

	ask("a.test", DNS_AAAA);
	begin(DNS_PACKET_RESPONSE);
	head(DNS_PACKET_ANSWER, "a.test", DNS_AAAA, 16);
	dns_packet_u32(&packet, 0x20010db8);
	dns_packet_u32(&packet, 0);
	dns_packet_u32(&packet, 0);
	dns_packet_u32(&packet, 1);
	check_answer("aaaa", ANSWER_FOUND, 60, "2001:db8::1 ");
}

static void
test_useless_exchangers(void **state)
{
	(void)state;
	ask("a.test", DNS_MX);
	begin(DNS_PACKET_RESPONSE);
	dns_packet_mx(&packet, "a.test", 300, 0, "");
	check_answer("null MX", ANSWER_FOUND, 300, "0  ");

	begin(DNS_PACKET_RESPONSE);
	dns_packet_mx(&packet, "a.test", 300, 1, "192.0.2.1");
	dns_packet_mx(&packet, "a.test", 300, 2, "not/a/host.test");
	dns_packet_mx(&packet, "a.test", 300, 3, "new\nline.test");
	check_answer("no host names", ANSWER_FOUND, 300, "");

	begin(DNS_PACKET_RESPONSE);
	head(DNS_PACKET_ANSWER, "a.test", DNS_MX, 2 + 9);
	dns_packet_u16(&packet, 1);
	dns_packet_u8(&packet, 7);
	dns_packet_raw(&packet, "ev.test", 7);
	dns_packet_u8(&packet, 0);
	check_answer("dot within a label", ANSWER_FOUND, 60, "");
}

static void
add_ptr(const char *host)
{
	head(DNS_PACKET_ANSWER, asked_name, DNS_PTR, strlen(host) + 2);
	dns_packet_name(&packet, host);
}

static void
test_pointers(void **state)
{
	(void)state;
	ask(asked_name, DNS_PTR);
	begin(DNS_PACKET_RESPONSE);
	add_ptr("B.test");
	add_ptr("a.test");
	check_answer("in order", ANSWER_FOUND, 60, "0 b.test 0 a.test ");

	begin(DNS_PACKET_RESPONSE);
	add_ptr("not/a/host.test");
	add_ptr("new\nline.test");
	add_ptr("b\xc3\xbc.test");
	add_ptr("192.0.2.1");
	head(DNS_PACKET_ANSWER, asked_name, DNS_PTR, 1);
	dns_packet_name(&packet, "");
	head(DNS_PACKET_ANSWER, asked_name, DNS_PTR, 9);
	dns_packet_u8(&packet, 7);
	dns_packet_raw(&packet, "ev.test", 7);
	dns_packet_u8(&packet, 0);
	check_answer("no host names", ANSWER_FOUND, 60, "");
	add_ptr("a.test");
	check_answer("but one", ANSWER_FOUND, 60, "0 a.test ");

	begin(DNS_PACKET_RESPONSE);
	head(DNS_PACKET_ANSWER, asked_name, DNS_PTR, 0);
	check_broken("no data", "malformed data");
}

/* RFC 2317: a slash in a name that is only asked for. */
static void
test_pointer_aliases(void **state)
{
	static const char there[] = "1.0/25.2.0.192.in-addr.arpa";

	(void)state;
	ask(asked_name, DNS_PTR);
	begin(DNS_PACKET_RESPONSE);
	dns_packet_cname(&packet, asked_name, 40, there);
	check_int("alias", reads(), READING_ALIAS);
	check_str("alias", got.alias, there);
	head(DNS_PACKET_ANSWER, there, DNS_PTR, 8);
	dns_packet_name(&packet, "a.test");
	check_int("in the packet", reads(), READING_ANSWER);
	assert_null(got.answer->alias);
	done();
	check_answer("in the packet", ANSWER_FOUND, 40, "0 a.test ");

	begin(DNS_PACKET_RESPONSE);
	dns_packet_cname(&packet, asked_name, 40, "a\nb.test");
	check_broken("odd", "CNAME to what is no host name");
	begin(DNS_PACKET_RESPONSE);
	dns_packet_cname(&packet, asked_name, 40, "");
	check_broken("the root", "CNAME to what is no host name");
	assert_true(question_make(&asked, there, DNS_PTR, 0));
}

static void
test_validated(void **state)
{
	(void)state;
	ask("a.test", DNS_A);
	begin(DNS_PACKET_RESPONSE | DNS_PACKET_AD);
	dns_packet_a(&packet, "a.test", 60, 1);
	check_int("AD", reads(), READING_ANSWER);
	check_int("AD", got.answer->secure, true);
	done();
	begin(DNS_PACKET_RESPONSE);
	dns_packet_a(&packet, "a.test", 60, 1);
	check_int("no AD", reads(), READING_ANSWER);
	check_int("no AD", got.answer->secure, false);
	done();
}

static void
test_nothing(void **state)
{
	(void)state;
	ask("a.test", DNS_MX);
	begin(DNS_PACKET_RESPONSE);
	dns_packet_soa(&packet, 600, 60);
	check_answer("none", ANSWER_NONE, 60, "");
	begin(DNS_PACKET_RESPONSE | 3);
	dns_packet_soa(&packet, 60, 600);
	check_answer("no name", ANSWER_NO_NAME, 60, "");
	begin(DNS_PACKET_RESPONSE);
	check_answer("none, no SOA", ANSWER_NONE, 0, "");
	begin(DNS_PACKET_RESPONSE | 3);
	check_answer("no name, no SOA", ANSWER_NO_NAME, 0, "");
	begin((DNS_PACKET_RESPONSE & ~DNS_PACKET_RA) | DNS_PACKET_AA);
	check_answer("authoritative", ANSWER_NONE, 0, "");
}

static void
test_lame(void **state)
{
	(void)state;
	ask("a.test", DNS_MX);
	begin(DNS_PACKET_RESPONSE);
	head(DNS_PACKET_AUTHORITY, "", DNS_NS, 9);
	dns_packet_name(&packet, "ns.test");
	check_broken("referral", "lame server");
	begin(DNS_PACKET_RESPONSE & ~DNS_PACKET_RA);
	check_broken("neither recursive nor authoritative", "lame server");
	/* a SOA says that the server knows what it speaks of */
	begin(DNS_PACKET_RESPONSE & ~DNS_PACKET_RA);
	head(DNS_PACKET_AUTHORITY, "", DNS_NS, 9);
	dns_packet_name(&packet, "ns.test");
	dns_packet_soa(&packet, 600, 60);
	check_answer("SOA and NS", ANSWER_NONE, 60, "");
}

static void
test_cnames(void **state)
{
	(void)state;
	ask("a.test", DNS_MX);
	begin(DNS_PACKET_RESPONSE);
	/* in any order, any case; the least time counts */
	dns_packet_mx(&packet, "c.test", 300, 10, "mx.test");
	dns_packet_cname(&packet, "B.test", 30, "c.TEST");
	dns_packet_cname(&packet, "a.test", 400, "b.test");
	check_answer("chain", ANSWER_FOUND, 30, "10 mx.test ");

	begin(DNS_PACKET_RESPONSE);
	dns_packet_cname(&packet, "a.test", 20, "b.test");
	dns_packet_soa(&packet, 600, 60);
	check_answer("to nothing", ANSWER_NONE, 20, "");
	begin(DNS_PACKET_RESPONSE | 3);
	dns_packet_cname(&packet, "a.test", 200, "b.test");
	dns_packet_soa(&packet, 600, 60);
	check_answer("to no name", ANSWER_NO_NAME, 60, "");
}

static void
test_alias(void **state)
{
	(void)state;
	ask("a.test", DNS_A);
	begin(DNS_PACKET_RESPONSE);
	dns_packet_cname(&packet, "a.test", 40, "b.test");
	dns_packet_cname(&packet, "b.test", 50, "Far.Example");
	check_int("alias", reads(), READING_ALIAS);
	check_str("alias", got.alias, "far.example");
	check_int("alias", got.alias_ttl, 40);
	check_int("alias", got.cnames, 2);
	begin(DNS_PACKET_RESPONSE);
	dns_packet_cname(&packet, "a.test", 40, "");
	check_broken("the root", "CNAME to what is no host name");
	begin(DNS_PACKET_RESPONSE);
	dns_packet_cname(&packet, "a.test", 40, "1/2.example");
	check_broken("odd", "CNAME to what is no host name");
}

static void
chain(int n)
{
	char from[16], to[16];

	ask("h0.test", DNS_A);
	begin(DNS_PACKET_RESPONSE);
	for (int i = 0; i < n; i++) {
		snprintf(from, sizeof(from), "h%d.test", i);
		snprintf(to, sizeof(to), "h%d.test", i + 1);
		dns_packet_cname(&packet, from, 60, to);
	}
	dns_packet_a(&packet, to, 60, 0xc0000201);
}

static void
test_cname_loops(void **state)
{
	(void)state;
	chain(QUESTION_CNAMES);
	check_answer("most", ANSWER_FOUND, 60, "192.0.2.1 ");
	chain(QUESTION_CNAMES + 1);
	check_broken("one too many", "too many CNAMEs");
	ask("a.test", DNS_A);
	begin(DNS_PACKET_RESPONSE);
	dns_packet_cname(&packet, "a.test", 60, "a.test");
	check_broken("itself", "too many CNAMEs");
	begin(DNS_PACKET_RESPONSE);
	dns_packet_cname(&packet, "a.test", 60, "b.test");
	dns_packet_cname(&packet, "b.test", 60, "a.test");
	check_broken("two", "too many CNAMEs");
}

static void
test_foreign(void **state)
{
	(void)state;
	ask("a.test", DNS_A);
	for (size_t n = 0; n < SCAN_HEADER + asked.section; n++) {
		begin(DNS_PACKET_RESPONSE);
		packet.len = n;
		check_int("cut short", reads(), READING_FOREIGN);
	}
	for (size_t i = 0; i < SCAN_HEADER + asked.section; i++) {
		/* AA to AD, the rcode and the counts may be what they are */
		bool free_to_be = i == 3 || (i > 5 && i < 12);

		begin(DNS_PACKET_RESPONSE);
		packet.bytes[i] ^= i == 2 ? 0x80 : 0x20;
		if (!free_to_be)
			check_int("changed", reads(), READING_FOREIGN);
		done();
	}
	begin(DNS_PACKET_RESPONSE & ~0x8000);
	check_int("a question", reads(), READING_FOREIGN);
	begin(DNS_PACKET_RESPONSE | 2 << 11);
	check_int("another opcode", reads(), READING_FOREIGN);
	begin(DNS_PACKET_RESPONSE);
	packet.bytes[5] = 2;
	check_int("two questions", reads(), READING_FOREIGN);
	packet.bytes[5] = 0;
	check_int("no question", reads(), READING_FOREIGN);
}

static void
test_case_is_compared(void **state)
{
	static const uint8_t bits[32] = { 0x55, 0x2a };

	(void)state;
	ask("a.test", DNS_A);
	question_mix(&asked, bits);
	begin(DNS_PACKET_RESPONSE);
	dns_packet_a(&packet, "a.test", 60, 0xc0000201);
	check_answer("as asked", ANSWER_FOUND, 60, "192.0.2.1 ");
	packet.bytes[SCAN_HEADER + 1] ^= 0x20;
	check_int("another case", reads(), READING_FOREIGN);
}

static const struct {
	unsigned int rcode;
	enum reading reading;
	const char *why;
} rcodes[] = {
	{ 1, READING_NO_EDNS, "" },
	{ 2, READING_BROKEN, "SERVFAIL" },
	{ 4, READING_NO_EDNS, "" },
	{ 5, READING_BROKEN, "REFUSED" },
	{ 9, READING_BROKEN, "rcode 9" },
};

static void
test_rcodes(void **state)
{
	(void)state;
	ask("a.test", DNS_A);
	for (size_t i = 0; i < nitems(rcodes); i++) {
		begin(DNS_PACKET_RESPONSE | rcodes[i].rcode);
		check_int(rcodes[i].why, reads(), rcodes[i].reading);
		check_str("why", got.why, rcodes[i].why);
	}
	begin(DNS_PACKET_RESPONSE);
	dns_packet_count(&packet, DNS_PACKET_ADDITIONAL);
	dns_packet_name(&packet, "");
	dns_packet_fields(&packet, 41, 1U << 24, 0);
	check_int("BADVERS", reads(), READING_NO_EDNS);
	begin(DNS_PACKET_RESPONSE | DNS_PACKET_TC);
	dns_packet_a(&packet, "a.test", 60, 1);
	check_int("TC", reads(), READING_TRUNCATED);
}

static void
test_cut_anywhere(void **state)
{
	size_t whole;

	(void)state;
	ask("a.test", DNS_MX);
	begin(DNS_PACKET_RESPONSE);
	dns_packet_cname(&packet, "a.test", 60, "b.test");
	dns_packet_mx(&packet, "b.test", 60, 10, "mx.test");
	dns_packet_soa(&packet, 60, 60);
	head(DNS_PACKET_ADDITIONAL, "", 41, 0);
	whole = packet.len;
	for (packet.len = SCAN_HEADER + asked.section; packet.len < whole;
	     packet.len++)
		check_int("cut", reads(), READING_BROKEN);
	check_answer("whole", ANSWER_FOUND, 60, "10 mx.test ");
}

static void
test_thousands(void **state)
{
	char host[32];

	(void)state;
	ask("a.test", DNS_MX);
	begin(DNS_PACKET_RESPONSE);
	for (unsigned int i = 0; i < 2000; i++) {
		snprintf(host, sizeof(host), "h%u.test", i);
		dns_packet_mx(&packet, "a.test", 60, i, host);
	}
	check_int("mx", reads(), READING_ANSWER);
	check_int("mx", got.answer->count, ANSWER_MX_MAX);
	check_str("mx", got.answer->records[19].host, "h19.test");
	done();

	ask("a.test", DNS_A);
	begin(DNS_PACKET_RESPONSE);
	for (uint32_t i = 0; i < 2500; i++)
		dns_packet_a(&packet, "a.test", 60, i);
	check_int("a", reads(), READING_ANSWER);
	check_int("a", got.answer->count, ANSWER_ADDR_MAX);
	done();

	ask(asked_name, DNS_PTR);
	begin(DNS_PACKET_RESPONSE);
	for (unsigned int i = 0; i < 1000; i++) {
		snprintf(host, sizeof(host), "h%03u.test", i);
		add_ptr(host);
	}
	check_answer(
	    "ptr", ANSWER_FOUND, 60, "0 h000.test 0 h001.test 0 h002.test ");
}

static void
test_other_class(void **state)
{
	(void)state;
	ask("a.test", DNS_A);
	begin(DNS_PACKET_RESPONSE);
	dns_packet_a(&packet, "a.test", 60, 1);
	packet.bytes[packet.len - 4 - 2 - 4 - 1] = 3; /* CHAOS */
	check_answer("ignored", ANSWER_NONE, 0, "");
}

/* Good packets with a few bytes changed: whatever is said, it ends well. */
static void
test_noise(void **state)
{
	uint32_t random = 1;
	size_t from;

	(void)state;
	ask("a.test", DNS_MX);
	from = SCAN_HEADER + asked.section;
	for (int i = 0; i < 20000; i++) {
		begin(DNS_PACKET_RESPONSE);
		dns_packet_cname(&packet, "a.test", 60, "b.test");
		dns_packet_mx(&packet, "b.test", 60, 10, "mx.test");
		dns_packet_mx(&packet, "b.test", 60, 10, "mx2.test");
		dns_packet_soa(&packet, 60, 60);
		for (int n = 0; n < 3; n++) {
			random = random * 1664525 + 1013904223;
			packet.bytes[from +
				     (random >> 16) % (packet.len - from)] =
			    (uint8_t)(random >> 8);
		}
		assert_int_not_equal(reads(), READING_FOREIGN);
		done();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_cannot_be_asked),
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_useless_exchangers),
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_pointer_aliases),
		cmocka_unit_test(test_validated),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_lame),
		cmocka_unit_test(test_cnames),
		cmocka_unit_test(test_alias),
		cmocka_unit_test(test_cname_loops),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_case_is_compared),
		cmocka_unit_test(test_rcodes),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_thousands),
		cmocka_unit_test(test_other_class),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
