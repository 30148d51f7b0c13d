/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_dns.c - what the DNS answers (resolve/question.h).
 *
 * The first byte chooses the type asked for, and whether the rest is a whole
 * packet, or what follows id and question of an answer that is ours.
 */
#include "tests/fuzz/fuzz.h"

#include "common/mail/domain.h"
#include "resolve/question.h"
#include "resolve/scan.h"

#include <string.h>

enum { PACKET_MAX = 65535, WHOLE = 1 << 2, POINTER = 1 << 3 };

/* One line of common/mail/tlsa.h. */
static void
check_line(const char *line)
{
	char text[TLSA_TEXT_MAX + 1];
	struct tlsa_set set;

	tlsa_join(&line, 1, text);
	must(line[0] != '\0' && strlen(line) <= TLSA_TEXT_MAX,
	    "a record is bounded");
	must(tlsa_read(text, &set), "a record can be read again");
}

static void
check_answer(const struct answer *a, enum dns_type type)
{
	size_t most = type == DNS_MX    ? ANSWER_MX_MAX
		      : type == DNS_PTR ? ANSWER_PTR_MAX
					: ANSWER_ADDR_MAX;

	must(a->count <= most, "not too many records");
	must(a->kind == ANSWER_FOUND || a->count == 0, "no records with a no");
	for (size_t i = 0; i < a->count; i++) {
		const struct answer_record *r = &a->records[i];

		if (type == DNS_TLSA)
			check_line(r->host);
		else if (type == DNS_PTR)
			must(r->host != NULL && domain_valid(view_of(r->host)),
			    "a client has a name");
		else if (type == DNS_MX)
			must(r->host != NULL &&
				 (r->host[0] == '\0' ||
				     domain_valid(view_of(r->host))),
			    "a host is a name");
		else
			must(r->ip.family == (type == DNS_A ? 4 : 6) ||
				 type == DNS_AAAA,
			    "an address of the kind that was asked for");
	}
}

static void
check_reading(const struct question *q, struct view packet)
{
	struct question_read got;

	memset(&got, 0, sizeof(got));
	switch (question_read(q, packet, &got)) {
	case READING_ANSWER:
		must(got.answer != NULL, "an answer is there");
		check_answer(got.answer, (enum dns_type)q->type);
		answer_free(got.answer);
		break;
	case READING_ALIAS:
		must(got.cnames > 0 && got.cnames <= QUESTION_CNAMES,
		    "an alias is bounded");
		must(
		    got.alias[0] != '\0' && strlen(got.alias) <= MSG_DOMAIN_MAX,
		    "an alias is a name");
		break;
	case READING_BROKEN:
		must(got.why[0] != '\0' && fuzz_printable(view_of(got.why)),
		    "it says why");
		must(fuzz_printable(view_of(got.extended.text)) &&
			 (got.extended.there || !got.extended.text[0]),
		    "what else it says can be shown");
		break;
	case READING_FOREIGN:
	case READING_TRUNCATED:
	case READING_NO_EDNS:
		break;
	}
}

/* Flags and counts as they come; id and question are ours. */
static void
make_ours(const struct question *q, struct view in, struct buf *packet)
{
	char head[SCAN_HEADER] = { 0 };
	size_t n = in.len < SCAN_HEADER - 2 ? in.len : SCAN_HEADER - 2;

	memcpy(head, q->bytes, 2);
	memcpy(head + 2, in.data, n);
	buf_add(packet, view_make(head, sizeof(head)));
	buf_add(packet,
	    view_make((const char *)q->bytes + SCAN_HEADER, q->section));
	buf_add(packet, view_skip(in, n));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const enum dns_type types[] = { DNS_MX, DNS_A, DNS_AAAA,
		DNS_TLSA };
	struct view in = fuzz_view(data, len);
	uint8_t choice = fuzz_byte(&in);
	enum dns_type type =
	    (choice & POINTER) != 0 ? DNS_PTR : types[choice & 3];
	struct question q;
	struct buf packet;

	must(question_make(&q, "a.test", type, 0), "it can be asked");
	question_set_id(&q, 0x1234);
	buf_init(&packet, PACKET_MAX);
	if ((choice & WHOLE) != 0)
		buf_add(&packet, in);
	else
		make_ours(&q, in, &packet);
	if (buf_ok(&packet) && packet.len > 0) {
		char *exact = malloc(packet.len);

		memcpy(exact, packet.data, packet.len);
		check_reading(&q, view_make(exact, packet.len));
		free(exact);
	}
	buf_free(&packet);
	return 0;
}
