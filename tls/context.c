/* SPDX-License-Identifier: ISC */
/* tls/context.c - the contexts of libtls that a set of key pairs makes. */
#include "tls/context.h"

#include "common/base/alloc.h"

#include <stdio.h>
#include <string.h>
#include <tls.h>

/* RFC 9325 4.2: forward secrecy and authenticated encryption.  (The suites of
 * TLS 1.3 have both and need no list.) */
static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

/* What the clients of one listener get, or of all that have none of theirs. */
struct group {
	uint16_t listener;
	struct tls *rsa;    /* for everybody */
	struct tls *ecdsa;  /* NULL: nothing to choose */
	unsigned int needs; /* what a client must check to get ecdsa */
};

struct contexts {
	size_t references;
	struct group groups[KEYPAIRS_MAX];
	size_t n;
};

/* The pairs of one group, in the order of the configuration. */
struct pairs {
	const struct keypair *of[KEYPAIRS_MAX];
	size_t n;
};

static bool
is_ecdsa(const struct keypair *k)
{
	return k->ecdsa != 0;
}

/*
 * What a client gets that asks for no name of ours: the first certificate of
 * the configuration, or its sibling for the same name.
 */
static const struct keypair *
first_of(const struct pairs *p, bool ecdsa)
{
	const struct keypair *first = p->of[0];

	for (size_t i = 0; i < p->n; i++)
		if (is_ecdsa(p->of[i]) == ecdsa &&
		    keypair_covers(p->of[i], first))
			return p->of[i];
	return first;
}

static bool
add(struct tls_config *c, const struct keypair *k, bool first)
{
	const uint8_t *cert = (const uint8_t *)k->certificate.data;
	const uint8_t *key = (const uint8_t *)k->key.data;

	if (first)
		return tls_config_set_keypair_mem(
			   c, cert, k->certificate.len, key, k->key.len) == 0;
	return tls_config_add_keypair_mem(
		   c, cert, k->certificate.len, key, k->key.len) == 0;
}

/*
 * libtls looks for a name among all but the first pair, in order: so the
 * first comes twice, and the kind that is preferred before the other.
 */
static bool
add_all(struct tls_config *c, const struct pairs *p, bool ecdsa)
{
	if (!add(c, first_of(p, ecdsa), true))
		return false;
	if (p->n == 1)
		return true;
	for (size_t i = 0; i < p->n; i++)
		if (is_ecdsa(p->of[i]) == ecdsa && !add(c, p->of[i], false))
			return false;
	for (size_t i = 0; i < p->n; i++)
		if (is_ecdsa(p->of[i]) != ecdsa && !add(c, p->of[i], false))
			return false;
	return true;
}

static bool
configure(
    struct tls_config *c, const struct pairs *p, bool ecdsa, const char *floor)
{
	const uint32_t protocols =
	    strcmp(floor, "1.3") == 0
		? TLS_PROTOCOL_TLSv1_3
		: TLS_PROTOCOL_TLSv1_2 | TLS_PROTOCOL_TLSv1_3;

	return tls_config_set_protocols(c, protocols) == 0 &&
	       tls_config_set_ciphers(c, ciphers) == 0 && add_all(c, p, ecdsa);
}

static struct tls *
context_make(const struct pairs *p, bool ecdsa, const char *floor,
    struct msg_secrets_read *why)
{
	struct tls_config *config = tls_config_new();
	struct tls *ctx = tls_server();
	const char *error = "no memory";
	bool fine = false;

	if (config != NULL && ctx != NULL) {
		fine = configure(config, p, ecdsa, floor);
		error = tls_config_error(config);
	}
	if (fine) {
		fine = tls_configure(ctx, config) == 0;
		error = tls_error(ctx);
		tls_config_clear_keys(config); /* ctx has them in use */
	}
	if (!fine) {
		why->line = p->of[0]->line;
		snprintf(why->text, sizeof(why->text), "%.300s: %.200s",
		    p->of[0]->paths[0], error == NULL ? "refused" : error);
		tls_free(ctx);
		ctx = NULL;
	}
	tls_config_free(config);
	return ctx;
}

static bool
group_make(struct group *g, const struct pairs *p, const char *floor,
    struct msg_secrets_read *why)
{
	size_t necdsa = 0;

	for (size_t i = 0; i < p->n; i++) {
		g->needs |= p->of[i]->ecdsa;
		necdsa += is_ecdsa(p->of[i]);
	}
	g->rsa = context_make(p, false, floor, why);
	if (g->rsa == NULL)
		return false;
	if (necdsa == 0 || necdsa == p->n)
		return true;
	g->ecdsa = context_make(p, true, floor, why);
	return g->ecdsa != NULL;
}

static const struct group *
group_find(const struct contexts *c, uint16_t listener)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->groups[i].listener == listener)
			return &c->groups[i];
	return NULL;
}

static void
pairs_of(struct pairs *p, const struct keypair *all, size_t n, uint16_t which)
{
	p->n = 0;
	for (size_t i = 0; i < n; i++)
		if (all[i].listener == which)
			p->of[p->n++] = &all[i];
}

struct contexts *
contexts_new(const struct keypair *all, size_t n, const char *floor,
    struct msg_secrets_read *why)
{
	struct contexts *c = mem_zero(1, sizeof(*c));
	struct pairs p;

	c->references = 1;
	for (size_t i = 0; i < n; i++) {
		struct group *g = &c->groups[c->n];

		if (group_find(c, all[i].listener) != NULL)
			continue;
		g->listener = all[i].listener;
		c->n++;
		pairs_of(&p, all, n, all[i].listener);
		if (!group_make(g, &p, floor, why)) {
			contexts_drop(c);
			return NULL;
		}
	}
	return c;
}

void
contexts_hold(struct contexts *c)
{
	c->references++;
}

void
contexts_drop(struct contexts *c)
{
	if (c == NULL || --c->references > 0)
		return;
	for (size_t i = 0; i < c->n; i++) {
		tls_free(c->groups[i].rsa);
		tls_free(c->groups[i].ecdsa);
	}
	mem_free(c);
}

static const struct group *
group_of(const struct contexts *c, uint16_t listener)
{
	const struct group *own = group_find(c, listener);

	return own != NULL ? own : group_find(c, SECRET_ANY_LISTENER);
}

bool
contexts_choose(const struct contexts *c, uint16_t listener)
{
	const struct group *g = group_of(c, listener);

	return g != NULL && g->ecdsa != NULL;
}

struct tls *
contexts_pick(const struct contexts *c, uint16_t listener, unsigned int ecdsa)
{
	const struct group *g = group_of(c, listener);

	if (g == NULL)
		return NULL;
	return g->ecdsa != NULL && (ecdsa & g->needs) == g->needs ? g->ecdsa
								  : g->rsa;
}
