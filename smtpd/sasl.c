/* SPDX-License-Identifier: ISC */
/* smtpd/sasl.c - what a client says to log in: PLAIN (RFC 4616) and LOGIN. */
#include "smtpd/sasl.h"

#include "common/base/base64.h"

#include <string.h>

bool
sasl_begin(struct sasl *s, struct view mechanism)
{
	memset(s, 0, sizeof(*s));
	if (view_is_nocase(mechanism, "PLAIN"))
		s->mechanism = SASL_PLAIN;
	else if (view_is_nocase(mechanism, "LOGIN"))
		s->mechanism = SASL_LOGIN;
	else
		return false;
	return true;
}

const char *
sasl_prompt(const struct sasl *s)
{
	switch (s->mechanism) {
	case SASL_PLAIN:
		break;
	case SASL_LOGIN:
		/* "Username:", "Password:": clients compare them */
		return s->named ? "UGFzc3dvcmQ6" : "VXNlcm5hbWU6";
	}
	return "";
}

/* Fits, and without a NUL, which would cut it for crypt(3). */
static bool
take_text(struct view v, char *out, size_t size)
{
	return v.len > 0 && view_find(v, '\0') == v.len &&
	       view_copy(v, out, size);
}

static bool
take_name(struct sasl *s, struct view v)
{
	return passwords_name_valid(v) &&
	       take_text(v, s->name, sizeof(s->name));
}

/* authzid NUL authcid NUL passwd; the first may be empty, or the second. */
static enum sasl_step
take_plain(struct sasl *s, struct view v)
{
	size_t n = view_find(v, '\0');
	struct view authzid = view_make(v.data, n), authcid;

	if (n == v.len)
		return SASL_BROKEN;
	v = view_skip(v, n + 1);
	n = view_find(v, '\0');
	if (n == v.len)
		return SASL_BROKEN;
	authcid = view_make(v.data, n);
	v = view_skip(v, n + 1);
	if (v.len == 0 || authcid.len == 0 || view_find(v, '\0') != v.len)
		return SASL_BROKEN;
	if ((authzid.len > 0 && !view_eq(authzid, authcid)) ||
	    !take_name(s, authcid) ||
	    !take_text(v, s->password, sizeof(s->password)))
		return SASL_HOPELESS;
	return SASL_WHOLE;
}

static enum sasl_step
take_login(struct sasl *s, struct view v)
{
	if (v.len == 0)
		return SASL_BROKEN;
	if (s->named)
		return take_text(v, s->password, sizeof(s->password))
			   ? SASL_WHOLE
			   : SASL_HOPELESS;
	/* nobody's name: said when the password has come as well */
	if (!take_name(s, v))
		s->name[0] = '\0';
	s->named = true;
	return SASL_MORE;
}

static enum sasl_step
take(struct sasl *s, struct view decoded)
{
	enum sasl_step step;

	switch (s->mechanism) {
	case SASL_PLAIN:
		return take_plain(s, decoded);
	case SASL_LOGIN:
		break;
	}
	step = take_login(s, decoded);
	return step == SASL_WHOLE && s->name[0] == '\0' ? SASL_HOPELESS : step;
}

enum sasl_step
sasl_take(struct sasl *s, struct view line)
{
	char decoded[SASL_DECODED_MAX];
	enum sasl_step step = SASL_BROKEN;
	size_t len;

	if (base64_decode(line, decoded, sizeof(decoded), &len))
		step = take(s, view_make(decoded, len));
	explicit_bzero(decoded, sizeof(decoded));
	return step;
}

void
sasl_wipe(struct sasl *s)
{
	explicit_bzero(s, sizeof(*s));
}
