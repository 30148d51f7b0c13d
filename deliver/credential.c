/* SPDX-License-Identifier: ISC */
/* deliver/credential.c - what proves to a server who we are. */
#include "deliver/credential.h"

#include "common/base/base64.h"
#include "deliver/login.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

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

const char *
credential_password(struct credential *c, struct view content)
{
	struct view v = without_end(content);

	if (v.len == 0)
		return "it is empty";
	if (v.len > CREDENTIAL_SECRET_MAX)
		return "a password has at most 500 bytes";
	if (view_find(v, '\n') < v.len)
		return "it has more than one line";
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.data[i] < ' ' || v.data[i] == 0x7f)
			return "a password has no control characters";
	explicit_bzero(c->secret, sizeof(c->secret));
	memcpy(c->secret, v.data, v.len);
	c->kind = CREDENTIAL_PASSWORD;
	return NULL;
}

const char *
credential_read(struct credential *c, int fd)
{
	char text[CREDENTIAL_FILE_MAX];
	size_t len = 0;
	const char *why;
	ssize_t n;

	while ((n = pread(fd, text + len, sizeof(text) - len, (off_t)len)) > 0)
		len += (size_t)n;
	if (n == -1)
		why = strerror(errno);
	else
		why = credential_password(c, view_make(text, len));
	explicit_bzero(text, sizeof(text));
	return why;
}

static bool
has(struct view text, struct view part)
{
	return part.len > 0 &&
	       memmem(text.data, text.len, part.data, part.len) != NULL;
}

bool
credential_shows(const struct credential *c, struct view text)
{
	struct buf said;
	bool shown;

	if (c->kind == CREDENTIAL_NONE)
		return false;
	buf_init(&said, LOGIN_LINE_MAX);
	base64_encode(view_of(c->secret), &said);
	shown = has(text, view_of(c->secret)) || has(text, buf_view(&said));
	buf_clear(&said);
	login_plain(c, &said);
	shown = shown || has(text, buf_view(&said));
	buf_free(&said);
	return shown;
}
