/* SPDX-License-Identifier: ISC */
/* tls/connect.c - the client's side: connections to next hops.
 *
 * Must never take a certificate for verified that was not asked to be, nor let
 * the library look for authorities by itself.
 */
#include "tls/connect.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "common/run/process.h"

#include <string.h>
#include <time.h>
#include <tls.h>

static struct {
	struct tls_config *any;    /* whoever it is */
	struct tls_config *dane;   /* judged by us */
	struct tls_config *verify; /* NULL: no authorities */
} self;

static const char strong[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

/*
 * Who need not be verified may also have older suites: the other way to him is
 * clear text.  RFC 9325 4.2 for the rest.
 */
static struct tls_config *
config_new(const char *ciphers)
{
	const char *floor = conf_text(process_conf(), KEY_TLS_PROTOCOLS);
	const uint32_t protocols =
	    strcmp(floor, "1.3") == 0
		? TLS_PROTOCOL_TLSv1_3
		: TLS_PROTOCOL_TLSv1_2 | TLS_PROTOCOL_TLSv1_3;
	struct tls_config *c = tls_config_new();

	if (c == NULL || tls_config_set_protocols(c, protocols) == -1 ||
	    tls_config_set_ciphers(c, ciphers) == -1)
		fatal("libtls has no configuration for clients");
	return c;
}

/* Does libtls make anything of them? */
static bool
is_usable(struct tls_config *c)
{
	struct tls *t = tls_client();
	bool fine = t != NULL && tls_configure(t, c) == 0;

	tls_free(t);
	return fine;
}

static struct tls_config *
accepting(const char *suites)
{
	struct tls_config *c = config_new(suites);

	tls_config_insecure_noverifycert(c);
	tls_config_insecure_noverifyname(c);
	if (!is_usable(c))
		fatal("libtls takes no configuration for clients");
	return c;
}

static struct tls_config *
verifying(const char *ca_path)
{
	struct tls_config *c = config_new(strong);
	size_t len = 0;
	uint8_t *pem = tls_load_file(ca_path, &len, NULL);

	if (pem != NULL && len > 0 && tls_config_set_ca_mem(c, pem, len) == 0 &&
	    is_usable(c)) {
		tls_unload_file(pem, len);
		return c;
	}
	log_warn("no authorities in %s: no next hop can be verified", ca_path);
	if (pem != NULL)
		tls_unload_file(pem, len);
	tls_config_free(c);
	return NULL;
}

void
connect_prepare(const char *ca_path)
{
	tzset(); /* or the check of dates would open a file */
	self.any = accepting("compat");
	self.dane = accepting(strong);
	if (conf_verifies(process_conf()))
		self.verify = verifying(ca_path);
}

static struct tls_config *
config_of(const struct msg_tls_connect *m)
{
	switch ((enum tls_verify)m->verify) {
	case TLS_VERIFY_NO:
		return self.any;
	case TLS_VERIFY_NAME:
		return self.verify;
	case TLS_VERIFY_DANE:
		return self.dane;
	}
	return NULL;
}

void
connect_begin(struct stream *s, const struct msg_tls_connect *m)
{
	struct tls_config *config = config_of(m);
	const char *name = m->name[0] == '\0' ? NULL : m->name;

	if (config == NULL || (m->verify != TLS_VERIFY_NO && name == NULL)) {
		stream_fail(s, TLS_END_ERROR,
		    config == NULL ? "no authorities to verify it by"
				   : "no name to verify it by");
		return;
	}
	if (m->verify == TLS_VERIFY_DANE) {
		s->dane = mem_alloc(sizeof(*s->dane));
		*s->dane = *m;
	}
	s->tls = tls_client();
	if (s->tls == NULL || tls_configure(s->tls, config) == -1 ||
	    tls_connect_cbs(s->tls, stream_pull, stream_push, s, name) == -1) {
		stream_fail(s, TLS_END_FULL,
		    s->tls == NULL ? "no memory" : tls_error(s->tls));
		return;
	}
	accept_step(s);
}
