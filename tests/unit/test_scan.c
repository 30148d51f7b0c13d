/* SPDX-License-Identifier: ISC */
/* tests/unit/test_scan.c - no packet leads the walk astray. */
#include "resolve/scan.h"

#include "resolve/answer.h"

#include "tests/lib/dns_packet.h"
#include "tests/unit/check.h"

static const char question[] = "\1a\4test\0\0\1\0\1";
static struct dns_packet packet;
static struct scan scanned;

static void
begin(void)
{
	dns_packet_begin(&packet, 1, DNS_PACKET_RESPONSE,
	    (const uint8_t *)question, sizeof(question) - 1);
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

/* "" when the packet is sound. */
static const char *
scan(uint16_t wanted)
{
	/* of exact size, so that a sanitizer sees each byte read too far */
	char *copy = mem_alloc(packet.len);
	struct view v = view_make(copy, packet.len);
	const char *why = "no header";

	memcpy(copy, packet.bytes, packet.len);
	if (scan_header(v, &scanned) && scan_records(v, wanted, &scanned, &why))
		why = "";
	mem_free(copy);
	return why;
}

static void
check_scan(const char *label, const char *why)
{
	check_str(label, scan(DNS_A), why);
}

static void
test_header(void **state)
{
	struct view v = view_make((const char *)packet.bytes, SCAN_HEADER);

	(void)state;
	dns_packet_begin(&packet, 0xabcd, 0xa7b3, (const uint8_t *)"", 0);
	assert_true(scan_header(v, &scanned));
	check_int("id", scanned.id, 0xabcd);
	check_int("QR", scanned.is_response, true);
	check_int("opcode", scanned.opcode, 4);
	check_int("AA", scanned.authoritative, true);
	check_int("TC", scanned.truncated, true);
	check_int("RA", scanned.recursive, true);
	check_int("AD", scanned.validated, true);
	check_int("rcode", scanned.rcode, 3);
	check_int("questions", scanned.nquestion, 1);
	v.len--;
	assert_false(scan_header(v, &scanned));
}

static void
test_kept(void **state)
{
	(void)state;
	begin();
	dns_packet_mx(&packet, "a.test", 60, 1, "b.test");
	dns_packet_a(&packet, "a.test", 60, 1);
	dns_packet_cname(&packet, "a.test", 60, "b.test");
	dns_packet_soa(&packet, 60, 60);
	dns_packet_soa(&packet, 60, 60);
	head(DNS_PACKET_AUTHORITY, "", DNS_NS, 1);
	dns_packet_name(&packet, "");
	head(DNS_PACKET_ADDITIONAL, "a.test", DNS_A, 4);
	dns_packet_u32(&packet, 1);
	head(DNS_PACKET_ADDITIONAL, "", 41, 0);
	check_scan("sound", "");
	check_int("A and CNAME", scanned.count, 2);
	check_int("refers", scanned.refers, true);
	assert_in_range(scanned.soa, scanned.at[1], packet.len);
	check_str("mx", scan(DNS_MX), "");
	check_int("MX and CNAME", scanned.count, 2);
	check_int(
	    "MX first", scanned.at[0], SCAN_HEADER + sizeof(question) - 1);
}

static void
test_signed(void **state)
{
	static const unsigned int types[] = { 250, 24 };
	static const enum dns_packet_section sections[] = { DNS_PACKET_ANSWER,
		DNS_PACKET_AUTHORITY, DNS_PACKET_ADDITIONAL };

	(void)state;
	for (size_t t = 0; t < nitems(types); t++) {
		for (size_t s = 0; s < nitems(sections); s++) {
			begin();
			head(sections[s], "", types[t], 3);
			dns_packet_u8(&packet, 1);
			dns_packet_u16(&packet, 1);
			check_scan("signed", "signed with TSIG or SIG(0)");
		}
	}
}

/* Every way in which the data of a record can have a wrong length. */
static const struct {
	enum dns_type type;
	const char *data;
	size_t len;
} misfits[] = {
	{ DNS_A, "abc", 3 },
	{ DNS_A, "abcde", 5 },
	{ DNS_A, "", 0 },
	{ DNS_AAAA, "abcd", 4 },
	{ DNS_AAAA, "abcdefghijklmnopq", 17 },
	{ DNS_CNAME, "", 0 },
	{ DNS_CNAME, "\1a", 2 },
	{ DNS_CNAME, "\1a\0b", 4 },
	{ DNS_CNAME,
	    "\x40"
	    "a\0",
	    3 },
	{ DNS_CNAME, "\x80\0", 2 },
	{ DNS_CNAME, "\xc0", 1 },
	{ DNS_CNAME, "\xff\xff", 2 },
	{ DNS_MX, "", 0 },
	{ DNS_MX, "\0\1", 2 },
	{ DNS_MX, "\0\1\1a", 4 },
	{ DNS_MX, "\0\1\1a\0\0", 6 },
	{ DNS_SOA, "\0\0", 2 },
	{ DNS_SOA, "\0\0abcdefghijklmnopqrst!", 23 },
	{ DNS_SOA, "\0", 1 },
};

static void
test_misfits(void **state)
{
	static const enum dns_packet_section sections[] = { DNS_PACKET_ANSWER,
		DNS_PACKET_AUTHORITY, DNS_PACKET_ADDITIONAL };

	(void)state;
	for (size_t i = 0; i < nitems(misfits); i++) {
		for (size_t s = 0; s < nitems(sections); s++) {
			begin();
			head(sections[s], "a.test", misfits[i].type,
			    misfits[i].len);
			dns_packet_raw(
			    &packet, misfits[i].data, misfits[i].len);
			check_scan("misfit", "malformed data");
		}
	}
}

static void
test_cut_anywhere(void **state)
{
	size_t whole;

	(void)state;
	begin();
	dns_packet_cname(&packet, "a.test", 60, "b.test");
	dns_packet_mx(&packet, "b.test", 60, 10, "mx.test");
	dns_packet_soa(&packet, 60, 60);
	head(DNS_PACKET_ADDITIONAL, "", 41, 0);
	check_scan("whole", "");
	whole = packet.len;
	for (packet.len = SCAN_HEADER; packet.len < whole; packet.len++)
		assert_string_not_equal(scan(DNS_A), "");
}

static void
rest_of_a(void)
{
	dns_packet_u16(&packet, DNS_A);
	dns_packet_u16(&packet, 1);
	dns_packet_u32(&packet, 60);
	dns_packet_u16(&packet, 4);
	dns_packet_u32(&packet, 0xc0000201);
}

static void
test_pointers(void **state)
{
	(void)state;
	begin();
	dns_packet_count(&packet, DNS_PACKET_ANSWER);
	dns_packet_pointer(&packet, SCAN_HEADER);
	rest_of_a();
	check_scan("honest", "");
	check_int("honest", scanned.count, 1);

	begin();
	dns_packet_count(&packet, DNS_PACKET_ANSWER);
	dns_packet_pointer(&packet, packet.len);
	rest_of_a();
	check_scan("to itself", "malformed record");

	begin();
	dns_packet_count(&packet, DNS_PACKET_ANSWER);
	dns_packet_pointer(&packet, packet.len + 2);
	dns_packet_u16(&packet, 0xc000 | (unsigned int)(packet.len - 2));
	rest_of_a();
	check_scan("forwards", "malformed record");

	begin();
	dns_packet_count(&packet, DNS_PACKET_ANSWER);
	dns_packet_u8(&packet, 1);
	dns_packet_u8(&packet, 'x');
	dns_packet_pointer(&packet, packet.len - 2);
	rest_of_a();
	check_scan("round a label", "malformed record");

	begin();
	dns_packet_count(&packet, DNS_PACKET_ANSWER);
	dns_packet_pointer(&packet, 0x3fff);
	rest_of_a();
	check_scan("outside", "malformed record");

	/* a sound name, but it comes later */
	begin();
	dns_packet_count(&packet, DNS_PACKET_ANSWER);
	dns_packet_pointer(&packet, packet.len + 2 + 14);
	rest_of_a();
	dns_packet_name(&packet, "a.test");
	check_scan("to what follows", "malformed record");
}

/* Each pointer leads to the one before it: one name, thousands of steps. */
static void
test_pointer_chain(void **state)
{
	size_t at;

	(void)state;
	begin();
	head(DNS_PACKET_ANSWER, "x", 99, 8000);
	at = packet.len;
	dns_packet_pointer(&packet, SCAN_HEADER);
	for (int i = 1; i < 4000; i++) {
		dns_packet_pointer(&packet, at);
		at += 2;
	}
	dns_packet_count(&packet, DNS_PACKET_ANSWER);
	dns_packet_pointer(&packet, at);
	rest_of_a();
	check_scan("chain", "malformed record");
}

/* 256 labels of a name that never gets there. */
static void
test_long_name(void **state)
{
	(void)state;
	begin();
	dns_packet_count(&packet, DNS_PACKET_ANSWER);
	for (int i = 0; i < 128; i++)
		dns_packet_u16(&packet, 0x0161);
	dns_packet_u8(&packet, 0);
	rest_of_a();
	check_scan("257 bytes", "malformed record");
}

static void
test_thousands(void **state)
{
	(void)state;
	begin();
	for (uint32_t i = 0; i < 2500; i++)
		dns_packet_a(&packet, "a.test", 60, i);
	check_scan("sound", "");
	check_int("kept", scanned.count, SCAN_RECORDS);
}

static void
test_counts_lie(void **state)
{
	(void)state;
	begin();
	dns_packet_a(&packet, "a.test", 60, 1);
	packet.bytes[DNS_PACKET_ANSWER] = packet.bytes[DNS_PACKET_ANSWER + 1] =
	    0xff;
	check_scan("65535 answers", "malformed record");
	begin();
	dns_packet_a(&packet, "a.test", 60, 1);
	packet.bytes[DNS_PACKET_ADDITIONAL + 1] = 1;
	check_scan("one more", "malformed record");
	begin();
	dns_packet_a(&packet, "a.test", 60, 1);
	packet.len--;
	check_scan("data cut", "malformed record");
}

static void
test_other_class(void **state)
{
	(void)state;
	begin();
	dns_packet_a(&packet, "a.test", 60, 1);
	packet.bytes[packet.len - 4 - 2 - 4 - 1] = 3; /* CHAOS */
	check_scan("sound", "");
	check_int("ignored", scanned.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_signed),
		cmocka_unit_test(test_misfits),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_pointer_chain),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_thousands),
		cmocka_unit_test(test_counts_lie),
		cmocka_unit_test(test_other_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
