/* SPDX-License-Identifier: ISC */
/* deliver/login.c - AUTH as a client. */
#include "deliver/login.h"

#include "common/base/alloc.h"
#include "common/base/base64.h"
#include "deliver/greeting.h"

#include <string.h>

enum {
	RESPONSES_MAX = 2,
	COMMAND_MAX = 510 /* RFC 5321 4.5.3.1.4, without CRLF */
};

struct login_mechanism {
	const char *name;
	enum offer offer;
	enum credential_kind kind;
	bool initial; /* the first response may stand in the command */
	void (*responses[RESPONSES_MAX])(
	    const struct credential *, struct buf *);
};

void
login_plain(const struct credential *c, struct buf *out)
{
	char text[LOGIN_MAX + CREDENTIAL_SECRET_MAX + 2];
	size_t user = strlen(c->user), secret = strlen(c->secret);

	/* RFC 4616 2: no other identity than the one that logs in */
	text[0] = text[user + 1] = '\0';
	memcpy(text + 1, c->user, user);
	memcpy(text + user + 2, c->secret, secret);
	base64_encode(view_make(text, user + secret + 2), out);
	explicit_bzero(text, sizeof(text));
}

static void
say_user(const struct credential *c, struct buf *out)
{
	base64_encode(view_of(c->user), out);
}

static void
say_secret(const struct credential *c, struct buf *out)
{
	base64_encode(view_of(c->secret), out);
}

/* The first that fits is taken. */
static const struct login_mechanism mechanisms[] = {
	{ "PLAIN", OFFER_AUTH_PLAIN, CREDENTIAL_PASSWORD, true,
	    { login_plain } },
	{ "LOGIN", OFFER_AUTH_LOGIN, CREDENTIAL_PASSWORD, false,
	    { say_user, say_secret } },
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
	l->mechanism->responses[l->said++](l->credential, out);
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
		say_command(l, out);
		return true;
	}
	return false;
}

enum login_step
login_heard(struct login *l, const struct reply *r, struct buf *out)
{
	if (r->code / 100 == 2 && all_said(l)) {
		l->done = true;
		return LOGIN_DONE;
	}
	if (r->code != 334 || all_said(l))
		return LOGIN_REFUSED;
	say_next(l, out);
	buf_add_string(out, "\r\n");
	return LOGIN_MORE;
}
