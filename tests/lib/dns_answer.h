/* SPDX-License-Identifier: ISC */
/* tests/lib/dns_answer.h - from a question's bytes to an answer's bytes. */
#ifndef TESTS_LIB_DNS_ANSWER_H
#define TESTS_LIB_DNS_ANSWER_H

#include "tests/lib/dns_zone.h"

#include "common/base/view.h"

struct dns_answer {
	uint8_t *data; /* NULL: say nothing; else the caller's to free() */
	size_t len;
	const struct dns_rule *rule;
	char name[LDNS_MAX_DOMAINLEN + 1]; /* as asked, no dot at the end */
	char type[32];
	uint16_t id;
};

/* False when the bytes are not one question. */
bool dns_answer_make(const struct dns_zone *, struct view question, bool udp,
    struct dns_answer *);

#endif
