/* SPDX-License-Identifier: ISC */
/* deliver/login.c - AUTH as a client. */
#include "deliver/login.h"

#include "common/base/alloc.h"
#include "common/base/base64.h"
#include "deliver/greeting.h"

#include <string.h>

enum {
	RESPONSES_MAX = 2,
	COMMAND_MAX = 510, /* RFC 5321 4.5.3.1.4, without CRLF */
	/* of a response before it is encoded: each byte of a name may become
	 * three, and a host and some words stand around */
	RESPONSE_MAX = CREDENTIAL_SECRET_MAX + 4 * LOGIN_MAX + 64,
	PIECE = 16 /* bytes that are enough to know a secret by */
};

_Static_assert(RESPONSE_MAX / 3 * 4 + 8 < LOGIN_LINE_MAX, "responses fit");

struct login_mechanism {
	const char *name;
	enum offer offer;
	enum credential_kind kind;
	bool initial; /* the first response may stand in the command */
	void (*responses[RESPONSES_MAX])(const struct login *, struct buf *);
	/* answers the 334 that says what is wrong; NULL: there is none */
	const char *sorry;
};

static void
encode(struct buf *text, struct buf *out)
{
	base64_encode(buf_view(text), out);
	if (text->data != NULL)
		explicit_bzero(text->data, text->size);
	buf_free(text);
}

static void
say_plain(const struct login *l, struct buf *out)
{
	struct buf text;

	/* RFC 4616 2: no other identity than the one that logs in */
	buf_init(&text, RESPONSE_MAX);
	buf_add(&text, view_make("", 1));
	buf_add_string(&text, l->credential->user);
	buf_add(&text, view_make("", 1));
	buf_add_string(&text, l->credential->secret);
	encode(&text, out);
}

static void
say_user(const struct login *l, struct buf *out)
{
	base64_encode(view_of(l->credential->user), out);
}

static void
say_secret(const struct login *l, struct buf *out)
{
	base64_encode(view_of(l->credential->secret), out);
}

/* saslname of RFC 5801 4 */
static void
add_name(const char *name, struct buf *out)
{
	for (; *name != '\0'; name++)
		if (*name == ',')
			buf_add_string(out, "=2C");
		else if (*name == '=')
			buf_add_string(out, "=3D");
		else
			buf_add(out, view_make(name, 1));
}

static void
say_bearer(const struct login *l, struct buf *out)
{
	struct buf text;

	buf_init(&text, RESPONSE_MAX);
	buf_add_string(&text, "n,a=");
	add_name(l->credential->user, &text);
	buf_add_string(&text, ",\1");
	if (l->host != NULL && l->host[0] != '\0')
		buf_printf(&text, "host=%s\1port=%u\1", l->host, l->port);
	buf_printf(&text, "auth=Bearer %s\1\1", l->credential->secret);
	encode(&text, out);
}

/* It stands in no RFC; as its inventors describe it. */
static void
say_xoauth2(const struct login *l, struct buf *out)
{
	struct buf text;

	buf_init(&text, RESPONSE_MAX);
	buf_printf(&text, "user=%s\1auth=Bearer %s\1\1", l->credential->user,
	    l->credential->secret);
	encode(&text, out);
}

/* The first that fits is taken. */
static const struct login_mechanism mechanisms[] = {
	{ "PLAIN", OFFER_AUTH_PLAIN, CREDENTIAL_PASSWORD, true, { say_plain },
	    NULL },
	{ "LOGIN", OFFER_AUTH_LOGIN, CREDENTIAL_PASSWORD, false,
	    { say_user, say_secret }, NULL },
	/* RFC 7628 3.2.3: ^A */
	{ "OAUTHBEARER", OFFER_AUTH_OAUTHBEARER, CREDENTIAL_TOKEN, true,
	    { say_bearer }, "AQ==" },
	{ "XOAUTH2", OFFER_AUTH_XOAUTH2, CREDENTIAL_TOKEN, true,
	    { say_xoauth2 }, "" },
};

static bool
all_said(const struct login *l)
{
	return l->said == RESPONSES_MAX ||
	       l->mechanism->responses[l->said] == NULL;
}

static void
say_next(struct login *l, struct buf *out)
{
	l->mechanism->responses[l->said++](l, out);
}

/* With its first response, if that fits into the line of a command. */
static void
say_command(struct login *l, struct buf *out)
{
	struct buf line;

	buf_init(&line, LOGIN_LINE_MAX);
	buf_printf(&line, "AUTH %s", l->mechanism->name);
	if (l->mechanism->initial) {
		buf_add_string(&line, " ");
		say_next(l, &line);
	}
	if (buf_view(&line).len > COMMAND_MAX) {
		buf_clear(&line);
		buf_printf(&line, "AUTH %s", l->mechanism->name);
		l->said = 0;
	}
	buf_add(out, buf_view(&line));
	buf_add_string(out, "\r\n");
	buf_free(&line);
}

bool
login_begin(struct login *l, unsigned int offers, struct buf *out)
{
	for (size_t i = 0; i < nitems(mechanisms); i++) {
		if ((offers & mechanisms[i].offer) == 0 ||
		    mechanisms[i].kind != l->credential->kind)
			continue;
		l->mechanism = &mechanisms[i];
		l->said = 0;
		l->sorry = false;
		l->why[0] = '\0';
		say_command(l, out);
		return true;
	}
	return false;
}

enum login_step
login_heard(struct login *l, const struct reply *r, struct buf *out)
{
	if (r->code / 100 == 2 && all_said(l) && !l->sorry) {
		l->done = true;
		return LOGIN_DONE;
	}
	if (r->code != 334)
		return LOGIN_REFUSED;
	if (!all_said(l)) {
		say_next(l, out);
	} else if (l->mechanism->sorry != NULL && !l->sorry) {
		l->sorry = true;
		rejection_read(view_of(r->text), l->why);
		buf_add_string(out, l->mechanism->sorry);
	} else {
		return LOGIN_REFUSED;
	}
	buf_add_string(out, "\r\n");
	return LOGIN_MORE;
}

/* A reply's text is shorter than a token may be: so any piece counts. */
static bool
has_piece(struct view text, struct view of)
{
	size_t n = of.len < PIECE ? of.len : PIECE;

	for (size_t i = 0; n > 0 && i + n <= text.len; i++)
		if (memmem(of.data, of.len, text.data + i, n) != NULL)
			return true;
	return false;
}

/* As it was said by this. */
static bool
shows_said(const struct login *l,
    void (*say)(const struct login *, struct buf *), struct view text)
{
	struct buf said;
	bool shown;

	buf_init(&said, LOGIN_LINE_MAX);
	say(l, &said);
	shown = has_piece(text, buf_view(&said));
	buf_free(&said);
	return shown;
}

bool
login_shows(const struct login *l, struct view text)
{
	const struct credential *c = l->credential;

	if (c == NULL || c->kind == CREDENTIAL_NONE)
		return false;
	if (has_piece(text, view_of(c->secret)) ||
	    shows_said(l, say_secret, text))
		return true;
	for (size_t i = 0; i < nitems(mechanisms); i++)
		if (mechanisms[i].kind == c->kind && mechanisms[i].initial &&
		    shows_said(l, mechanisms[i].responses[0], text))
			return true;
	return false;
}
