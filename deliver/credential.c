/* SPDX-License-Identifier: ISC */
/* deliver/credential.c - what proves to a server who we are. */
#include "deliver/credential.h"

#include "common/base/moment.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WORD_SHOWN = 40 };

/* Without the line end that editors put there. */
static struct view
without_end(struct view v)
{
	if (v.len > 0 && v.data[v.len - 1] == '\n')
		v.len--;
	if (v.len > 0 && v.data[v.len - 1] == '\r')
		v.len--;
	return v;
}

static void
take(struct credential *c, enum credential_kind kind, struct view secret,
    int64_t expires)
{
	explicit_bzero(c->secret, sizeof(c->secret));
	memcpy(c->secret, secret.data, secret.len);
	c->kind = kind;
	c->expires = expires;
}

static bool
flawed(char why[CREDENTIAL_WHY], const char *text)
{
	snprintf(why, CREDENTIAL_WHY, "%s", text);
	return false;
}

static bool
parse_password(
    struct credential *c, struct view content, char why[CREDENTIAL_WHY])
{
	struct view v = without_end(content);

	if (v.len == 0)
		return flawed(why, "it is empty");
	if (v.len > CREDENTIAL_PASSWORD_MAX)
		return flawed(why, "a password has at most 500 bytes");
	if (view_find(v, '\n') < v.len)
		return flawed(why, "it has more than one line");
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.data[i] < ' ' || v.data[i] == 0x7f)
			return flawed(
			    why, "a password has no control characters");
	take(c, CREDENTIAL_PASSWORD, v, 0);
	return true;
}

/* b64token of RFC 6750 2.1: where it ends to be one. */
static size_t
token_len(struct view v)
{
	size_t n = 0;

	while (n < v.len &&
	       (ascii_is_alnum(v.data[n]) ||
		   (v.data[n] != '\0' && strchr("-._~+/", v.data[n]) != NULL)))
		n++;
	while (n > 0 && n < v.len && v.data[n] == '=')
		n++;
	return n;
}

static bool
token_sound(struct view v, char why[CREDENTIAL_WHY])
{
	size_t n = token_len(v);

	if (v.len == 0)
		return flawed(why, "line 1: there is no token");
	if (v.len > CREDENTIAL_SECRET_MAX)
		return flawed(why, "line 1: a token has at most 4096 bytes");
	if (n == v.len)
		return true;
	snprintf(why, CREDENTIAL_WHY,
	    "line 1, byte %zu: not of a token, which has A-Z, a-z, 0-9 and "
	    "\"-._~+/\", and \"=\" at its end",
	    n + 1);
	return false;
}

/* "expires TIME".  What does not begin so may be a piece of a token. */
static bool
expiry_read(struct view line, int64_t *expires, char why[CREDENTIAL_WHY])
{
	struct view time = line;
	char shown[WORD_SHOWN + 1];
	size_t n = 0;

	if (!view_is(view_word(&time), "expires"))
		return flawed(why, "line 2: it must be \"expires TIME\"");
	time = view_trim(time);
	if (moment_read(time, expires) && *expires > 0)
		return true;
	for (; n < time.len && n < WORD_SHOWN; n++)
		shown[n] = time.data[n] >= ' ' && time.data[n] < 0x7f
			       ? time.data[n]
			       : '?';
	shown[n] = '\0';
	snprintf(why, CREDENTIAL_WHY,
	    "line 2: \"%s\" is no time such as 2026-11-28T22:10:03Z, or "
	    "seconds since 1970",
	    shown);
	return false;
}

static bool
parse_token(struct credential *c, struct view content, char why[CREDENTIAL_WHY])
{
	size_t end = view_find(content, '\n');
	struct view first = without_end(view_make(content.data, end));
	struct view rest = view_skip(content, end + 1);
	int64_t expires = 0;

	if (!token_sound(first, why))
		return false;
	end = view_find(rest, '\n');
	if (end + 1 < rest.len)
		return flawed(why, "line 3: there is nothing behind the time");
	if (rest.len > 0 && !expiry_read(without_end(rest), &expires, why))
		return false;
	take(c, CREDENTIAL_TOKEN, first, expires);
	return true;
}

bool
credential_parse(struct credential *c, enum credential_kind kind,
    struct view content, char why[CREDENTIAL_WHY])
{
	return kind == CREDENTIAL_TOKEN ? parse_token(c, content, why)
					: parse_password(c, content, why);
}

bool
credential_read(struct credential *c, enum credential_kind kind, int fd,
    char why[CREDENTIAL_WHY])
{
	char text[CREDENTIAL_FILE_MAX];
	size_t len = 0;
	bool fine;
	ssize_t n;

	while ((n = pread(fd, text + len, sizeof(text) - len, (off_t)len)) > 0)
		len += (size_t)n;
	fine = n == -1 ? flawed(why, strerror(errno))
		       : credential_parse(c, kind, view_make(text, len), why);
	explicit_bzero(text, sizeof(text));
	return fine;
}

bool
credential_expired(const struct credential *c, int64_t now, struct status *st)
{
	char when[MOMENT_TEXT];

	if (c->kind != CREDENTIAL_TOKEN || c->expires == 0 ||
	    now < c->expires - CREDENTIAL_SKEW_MS)
		return false;
	status_later(st, 451, 7, 8, "the token of %s expired at %s", c->user,
	    moment_print(c->expires, when));
	return true;
}
