/* SPDX-License-Identifier: ISC */
/* tls/dane.c - is a server's certificate one that its TLSA records know?
 *
 * Must never let an authority of ours, nor one that no record names, vouch for
 * anybody here.
 */
#include "tls/dane.h"

#include "common/base/alloc.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { CHAIN_MAX = 16, DATA_MAX = TLSA_TEXT_MAX / 2 };

struct chain {
	size_t n;
	X509 *of[CHAIN_MAX];
};

static void
chain_clear(struct chain *c)
{
	for (size_t i = 0; i < c->n; i++)
		X509_free(c->of[i]);
	c->n = 0;
}

static void
chain_read(struct chain *c, struct view pem)
{
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	X509 *x;

	c->n = 0;
	while (bio != NULL && c->n < CHAIN_MAX &&
	       (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		c->of[c->n++] = x;
	BIO_free(bio);
	ERR_clear_error(); /* the end of the text is one */
}

/* What the record speaks of, in DER; to be freed. */
static int
selected(X509 *x, uint8_t selector, uint8_t **der)
{
	*der = NULL;
	return selector == TLSA_CERT
		   ? i2d_X509(x, der)
		   : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), der);
}

static bool
data_match(const struct tlsa *t, const uint8_t *der, size_t len)
{
	uint8_t want[DATA_MAX], digest[EVP_MAX_MD_SIZE];
	const EVP_MD *md =
	    t->matching == TLSA_SHA256 ? EVP_sha256() : EVP_sha512();
	unsigned int n = 0;
	size_t nwant;

	if (!tlsa_bytes(t->data, want, sizeof(want), &nwant))
		return false;
	if (t->matching == TLSA_FULL)
		return nwant == len && memcmp(want, der, len) == 0;
	return EVP_Digest(der, len, digest, &n, md, NULL) == 1 && n == nwant &&
	       memcmp(want, digest, n) == 0;
}

static bool
is_meant(const struct tlsa *t, X509 *x)
{
	uint8_t *der;
	int len = selected(x, t->selector, &der);
	bool match = len > 0 && data_match(t, der, (size_t)len);

	OPENSSL_free(der);
	return match;
}

/* A certificate that stands in the record itself need not be sent. */
static bool
add_from_record(const struct tlsa *t, X509_STORE *store)
{
	uint8_t der[DATA_MAX];
	const uint8_t *at = der;
	size_t len;
	X509 *x = NULL;
	bool added;

	if (t->selector == TLSA_CERT && t->matching == TLSA_FULL &&
	    tlsa_bytes(t->data, der, sizeof(der), &len))
		x = d2i_X509(NULL, &at, (long)len);
	added = x != NULL && X509_STORE_add_cert(store, x) == 1;
	X509_free(x);
	return added;
}

/* The authorities that records of usage 2 name.  The server's own certificate
 * is none. */
static bool
add_anchors(const struct tlsa_set *s, const struct chain *c, X509_STORE *store)
{
	bool any = false;

	for (size_t i = 0; i < s->n; i++) {
		if (s->of[i].usage != TLSA_TA)
			continue;
		any = add_from_record(&s->of[i], store) || any;
		for (size_t j = 1; j < c->n; j++)
			if (is_meant(&s->of[i], c->of[j]))
				any =
				    X509_STORE_add_cert(store, c->of[j]) == 1 ||
				    any;
	}
	return any;
}

static bool
add_names(X509_VERIFY_PARAM *p, const struct msg_tls_connect *m)
{
	const char *const names[] = { m->name, m->host, m->domain };
	bool any = false;

	X509_VERIFY_PARAM_set_hostflags(
	    p, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	for (size_t i = 0; i < nitems(names); i++)
		if (names[i][0] != '\0' && names[i][0] != '[')
			any =
			    X509_VERIFY_PARAM_add1_host(p, names[i], 0) == 1 ||
			    any;
	return any;
}

static bool
follows(const struct msg_tls_connect *m, X509 *leaf, X509_STORE *store,
    STACK_OF(X509) * sent, const char **why)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *p;
	bool fine = false;

	*why = "no memory";
	if (ctx == NULL || X509_STORE_CTX_init(ctx, store, leaf, sent) != 1)
		goto out;
	p = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_PARTIAL_CHAIN);
	if (X509_VERIFY_PARAM_set_purpose(p, X509_PURPOSE_SSL_SERVER) != 1 ||
	    !add_names(p, m))
		goto out;
	fine = X509_verify_cert(ctx) == 1;
	*why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx));
out:
	X509_STORE_CTX_free(ctx);
	return fine;
}

static bool
is_vouched_for(const struct msg_tls_connect *m, const struct tlsa_set *s,
    const struct chain *c, const char **why)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *sent = sk_X509_new_null();
	bool fine = false;

	*why = "no TLSA record matches its certificate";
	for (size_t i = 1; i < c->n && sent != NULL; i++)
		(void)sk_X509_push(sent, c->of[i]);
	if (store != NULL && sent != NULL && add_anchors(s, c, store))
		fine = follows(m, c->of[0], store, sent, why);
	sk_X509_free(sent);
	X509_STORE_free(store);
	ERR_clear_error();
	return fine;
}

bool
dane_verify(const struct msg_tls_connect *m, struct view pem, const char **why)
{
	struct tlsa_set set;
	struct chain chain;
	bool fine = false;

	*why = "no usable TLSA record";
	if (!tlsa_read(m->records, &set) || set.n == 0)
		return false;
	chain_read(&chain, pem);
	*why = "no certificate that can be read";
	for (size_t i = 0; i < set.n && chain.n > 0 && !fine; i++)
		fine = set.of[i].usage == TLSA_EE &&
		       is_meant(&set.of[i], chain.of[0]);
	if (!fine && chain.n > 0)
		fine = is_vouched_for(m, &set, &chain, why);
	chain_clear(&chain);
	return fine;
}
