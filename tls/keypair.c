/* SPDX-License-Identifier: ISC */
/* tls/keypair.c - a certificate with its chain, and its private key.
 *
 * libtls says only "failed" and knows nothing of names; so libcrypto is asked,
 * here and nowhere else.
 */
#include "tls/keypair.h"

#include "common/base/alloc.h"
#include "tls/hello.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES = 256 * 1024, CERTIFICATE = 0, KEY = 1, CURVE_NAME = 64 };

static const struct {
	const char *group;
	enum hello_ecdsa is;
} curves[] = {
	{ "prime256v1", HELLO_P256 },
	{ "secp384r1", HELLO_P384 },
	{ "secp521r1", HELLO_P521 },
};

static bool
complain(char why[MSG_TEXT_MAX + 1], const char *path, const char *text)
{
	snprintf(why, MSG_TEXT_MAX + 1, "%.400s: %s", path, text);
	return false;
}

/*
 * From the beginning, as the descriptor's position is shared; into memory that
 * never moves, so that no copy stays behind.
 */
static bool
read_file(int fd, struct buf *out)
{
	struct stat st;
	size_t size;
	char *room;
	ssize_t n;

	if (fstat(fd, &st) == -1 || st.st_size <= 0 || st.st_size > FILE_BYTES)
		return false;
	size = (size_t)st.st_size;
	buf_init(out, size);
	room = buf_room(out, size);
	while (out->len < size) {
		n = pread(
		    fd, room + out->len, size - out->len, (off_t)out->len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		buf_commit(out, (size_t)n);
	}
	return true;
}

/* A key with a pass phrase would ask for it on a terminal. */
static int
no_phrase(char *buf, int size, int rwflag, void *u)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)u;
	return -1;
}

static EVP_PKEY *
parse_key(const struct buf *pem)
{
	BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
	EVP_PKEY *key = NULL;

	if (bio != NULL)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_phrase, NULL);
	BIO_free(bio);
	return key;
}

static X509 *
parse_certificate(const struct buf *pem)
{
	BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
	X509 *x = NULL;

	if (bio != NULL)
		x = PEM_read_bio_X509(bio, NULL, no_phrase, NULL);
	BIO_free(bio);
	return x;
}

static unsigned int
curve_of(const EVP_PKEY *key)
{
	char name[CURVE_NAME];
	size_t len;

	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
	    EVP_PKEY_get_group_name(key, name, sizeof(name), &len) != 1)
		return 0;
	for (size_t i = 0; i < nitems(curves); i++)
		if (strcmp(name, curves[i].group) == 0)
			return curves[i].is;
	return 0;
}

/* Does the key belong to the certificate? */
static bool
check(struct keypair *k, char why[MSG_TEXT_MAX + 1])
{
	EVP_PKEY *key = parse_key(&k->key);
	bool fine = true;

	k->x509 = parse_certificate(&k->certificate);
	if (k->x509 == NULL)
		fine = complain(
		    why, k->paths[CERTIFICATE], "no certificate in PEM form");
	else if (key == NULL)
		fine = complain(why, k->paths[KEY],
		    "no private key in PEM form without a pass phrase");
	else if (X509_check_private_key(k->x509, key) != 1)
		fine = complain(why, k->paths[KEY],
		    "this key does not belong to the certificate");
	else
		k->ecdsa = curve_of(key);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return fine;
}

bool
keypair_read(struct keypair *k, char why[MSG_TEXT_MAX + 1])
{
	struct buf *const files[] = { &k->certificate, &k->key };

	for (size_t i = 0; i < nitems(files); i++)
		if (!read_file(k->fds[i], files[i]))
			return complain(why, k->paths[i],
			    "empty, too large, or cannot be read");
	return check(k, why);
}

void
keypair_clear(struct keypair *k)
{
	for (size_t i = 0; i < nitems(k->fds); i++)
		if (k->fds[i] != -1)
			close(k->fds[i]);
	if (k->key.data != NULL)
		explicit_bzero(k->key.data, k->key.size);
	buf_free(&k->key);
	buf_free(&k->certificate);
	X509_free(k->x509);
	memset(k, 0, sizeof(*k));
	k->fds[CERTIFICATE] = k->fds[KEY] = -1;
}

/* The first host that it names, to be compared; false: none. */
static bool
first_name(X509 *x, char name[MSG_DOMAIN_MAX + 1])
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);

		found = n->type == GEN_DNS &&
			view_copy(view_make((const char *)ASN1_STRING_get0_data(
						n->d.dNSName),
				      (size_t)ASN1_STRING_length(n->d.dNSName)),
			    name, MSG_DOMAIN_MAX + 1);
	}
	GENERAL_NAMES_free(names);
	return found || X509_NAME_get_text_by_NID(X509_get_subject_name(x),
			    NID_commonName, name, MSG_DOMAIN_MAX + 1) > 0;
}

bool
keypair_covers(const struct keypair *k, const struct keypair *other)
{
	char name[MSG_DOMAIN_MAX + 1];
	char *host = name;
	bool yes;

	if (!first_name(other->x509, name))
		return false;
	if (strncmp(name, "*.", 2) == 0)
		host = name + 1; /* ".example.org": any name below it */
	yes = X509_check_host(k->x509, host, 0, 0, NULL) == 1;
	ERR_clear_error();
	return yes;
}
