/* SPDX-License-Identifier: ISC */
/* tests/lib/dns_zone.c - what the tests' name server knows, and its tricks. */
#include "tests/lib/dns_zone.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/base/view.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { DNS_LINE = 4096, DNS_CNAMES = 8 };

static const struct {
	const char *word;
	enum dns_trick trick;
} tricks[] = {
	{ "nxdomain", DNS_NXDOMAIN },
	{ "servfail", DNS_SERVFAIL },
	{ "refused", DNS_REFUSED },
	{ "timeout", DNS_TIMEOUT },
	{ "truncate", DNS_TRUNCATE },
	{ "delay", DNS_DELAY },
	{ "wrongid", DNS_WRONG_ID },
	{ "wrongsource", DNS_WRONG_SOURCE },
	{ "wrongquestion", DNS_WRONG_QUESTION },
	{ "lame", DNS_LAME },
	{ "garbage", DNS_GARBAGE },
};

static const struct dns_rule honest = { .trick = DNS_HONEST };

void
dns_zone_init(struct dns_zone *z)
{
	memset(z, 0, sizeof(*z));
	z->records = ldns_rr_list_new();
	z->ttl = 300;
	z->negative_ttl = 60;
}

void
dns_zone_free(struct dns_zone *z)
{
	ldns_rr_list_deep_free(z->records);
	for (size_t i = 0; i < z->nrules; i++)
		ldns_rdf_deep_free(z->rules[i].name);
	mem_free(z->rules);
}

void
dns_zone_add(struct dns_zone *z, const char *line)
{
	ldns_status status;
	ldns_rr *rr;

	status = ldns_rr_new_frm_str(&rr, line, z->ttl, NULL, NULL);
	if (status != LDNS_STATUS_OK)
		fatal_code(EX_USAGE, "bad record: %s: %s", line,
		    ldns_get_errorstr_by_id(status));
	ldns_rr_list_push_rr(z->records, rr);
}

static bool
trick_of(struct view word, enum dns_trick *out)
{
	for (size_t i = 0; i < nitems(tricks); i++) {
		if (view_is_nocase(word, tricks[i].word)) {
			*out = tricks[i].trick;
			return true;
		}
	}
	return false;
}

void
dns_zone_add_rule(struct dns_zone *z, const char *line)
{
	struct view rest = view_of(line);
	struct dns_rule rule = { .delay_ms = 0 };
	char name[LDNS_MAX_DOMAINLEN + 1];
	uint64_t ms = 0;

	if (!view_copy(view_word(&rest), name, sizeof(name)) ||
	    !trick_of(view_word(&rest), &rule.trick))
		fatal_code(EX_USAGE, "bad behaviour: %s", line);
	rest = view_trim(rest);
	if (rule.trick == DNS_DELAY && !view_u64(rest, &ms))
		fatal_code(EX_USAGE, "delay of how many ms: %s", line);
	rule.delay_ms = (uint32_t)ms;
	rule.name = ldns_dname_new_frm_str(name);
	if (rule.name == NULL)
		fatal_code(EX_USAGE, "bad name: %s", line);
	z->rules = mem_grow(z->rules, z->nrules + 1, sizeof(z->rules[0]));
	z->rules[z->nrules++] = rule;
}

void
dns_zone_load(struct dns_zone *z, const char *path)
{
	char line[DNS_LINE];
	FILE *f = fopen(path, "re");

	if (f == NULL)
		fatal("%s: %m", path);
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "#\n")] = '\0';
		if (line[0] == '!')
			dns_zone_add_rule(z, line + 1);
		else if (line[strspn(line, " \t")] != '\0')
			dns_zone_add(z, line);
	}
	fclose(f);
}

/* True when pattern is "*.X" and the name stands below X. */
static bool
is_wildcard_for(const ldns_rdf *pattern, const ldns_rdf *name)
{
	ldns_rdf *above;
	bool below;

	if (!ldns_dname_is_wildcard(pattern))
		return false;
	above = ldns_dname_left_chop(pattern);
	below = ldns_dname_is_subdomain(name, above);
	ldns_rdf_deep_free(above);
	return below;
}

const struct dns_rule *
dns_zone_rule(const struct dns_zone *z, const ldns_rdf *name)
{
	for (size_t i = 0; i < z->nrules; i++)
		if (ldns_dname_compare(z->rules[i].name, name) == 0)
			return &z->rules[i];
	for (size_t i = 0; i < z->nrules; i++)
		if (is_wildcard_for(z->rules[i].name, name))
			return &z->rules[i];
	return &honest;
}

static const ldns_rdf *
owner_at(const struct dns_zone *z, size_t i)
{
	return ldns_rr_owner(ldns_rr_list_rr(z->records, i));
}

/*
 * The owner whose records speak for the name: itself, also when it only has
 * names below it (RFC 4592, 2.2.2), else the longest wildcard, else NULL.
 */
static const ldns_rdf *
source_of(const struct dns_zone *z, const ldns_rdf *name)
{
	const ldns_rdf *best = NULL;

	for (size_t i = 0; i < ldns_rr_list_rr_count(z->records); i++) {
		const ldns_rdf *owner = owner_at(z, i);

		if (ldns_dname_compare(owner, name) == 0 ||
		    ldns_dname_is_subdomain(owner, name))
			return name;
		if (is_wildcard_for(owner, name) &&
		    (best == NULL ||
			ldns_rdf_size(owner) > ldns_rdf_size(best)))
			best = owner;
	}
	return best;
}

static ldns_rr *
copy_for(const ldns_rr *rr, const ldns_rdf *name)
{
	ldns_rr *copy = ldns_rr_clone(rr);

	ldns_rdf_deep_free(ldns_rr_owner(copy));
	ldns_rr_set_owner(copy, ldns_rdf_clone(name));
	return copy;
}

/* Adds the records of one owner and type; the last of them, or NULL. */
static const ldns_rr *
take(const struct dns_zone *z, const ldns_rdf *source, const ldns_rdf *name,
    ldns_rr_type type, ldns_rr_list *answer)
{
	const ldns_rr *found = NULL;

	for (size_t i = 0; i < ldns_rr_list_rr_count(z->records); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(z->records, i);

		if (ldns_dname_compare(ldns_rr_owner(rr), source) != 0 ||
		    (ldns_rr_get_type(rr) != type && type != LDNS_RR_TYPE_ANY))
			continue;
		ldns_rr_list_push_rr(answer, copy_for(rr, name));
		found = rr;
	}
	return found;
}

bool
dns_zone_find(const struct dns_zone *z, const ldns_rdf *name, ldns_rr_type type,
    ldns_rr_list *answer)
{
	for (int i = 0; i < DNS_CNAMES; i++) {
		const ldns_rdf *source = source_of(z, name);
		const ldns_rr *alias;

		if (source == NULL)
			return false;
		if (take(z, source, name, type, answer) != NULL)
			return true;
		alias = take(z, source, name, LDNS_RR_TYPE_CNAME, answer);
		if (alias == NULL)
			return true;
		name = ldns_rr_rdf(alias, 0);
	}
	return true;
}
