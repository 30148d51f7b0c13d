/* SPDX-License-Identifier: ISC */
/* smtpd/extensions.c - the list of ESMTP extensions, and their parameters. */
#include "smtpd/extensions.h"

#include "common/base/alloc.h"
#include "common/mail/esmtp.h"

static const struct extension *const extensions[] = {
	&ext_pipelining,
	&ext_size,
	&ext_8bitmime,
	&ext_dsn,
	&ext_smtputf8,
	&ext_chunking,
	&ext_limits,
	&ext_enhancedstatuscodes,
	&ext_starttls,
	&ext_auth,
};

enum { NOT_FOUND = nitems(extensions) * EXTENSION_PARAMS };

void
extensions_offer(const struct session *s, struct buf *out)
{
	for (size_t i = 0; i < nitems(extensions); i++) {
		if (extensions[i]->offered != NULL &&
		    !extensions[i]->offered(s))
			continue;
		buf_add_string(out, "250-");
		buf_add_string(out, extensions[i]->keyword);
		if (extensions[i]->offer != NULL)
			extensions[i]->offer(s, out);
		buf_add_string(out, "\r\n");
	}
}

/* The i-th of all parameters; its name is NULL in a place that is not used. */
static const struct extension_param *
param_of(size_t i, bool of_mail)
{
	const struct extension *e = extensions[i / EXTENSION_PARAMS];

	return of_mail ? &e->mail[i % EXTENSION_PARAMS]
		       : &e->rcpt[i % EXTENSION_PARAMS];
}

static size_t
find(struct view keyword, bool of_mail)
{
	for (size_t i = 0; i < NOT_FOUND; i++) {
		const char *name = param_of(i, of_mail)->name;

		if (name != NULL && view_is_nocase(keyword, name))
			return i;
	}
	return NOT_FOUND;
}

/* RFC 5321 4.1.1.11: 555 for what was not offered, and HELO offers nothing. */
static const struct smtp_reply *
parameters(struct session *s, struct view rest, bool of_mail)
{
	const struct smtp_reply *wrong = NULL;
	struct view keyword, value;
	unsigned int seen = 0;
	bool has_value;
	enum esmtp e;

	while ((e = esmtp_next(&rest, &keyword, &value, &has_value)) ==
	       ESMTP_PARAM) {
		size_t i = find(keyword, of_mail);

		if (i == NOT_FOUND || !s->esmtp)
			return &reply_param_unknown;
		if ((seen & (1U << i)) != 0)
			return &reply_param_twice;
		seen |= 1U << i;
		wrong = param_of(i, of_mail)->take(s, value);
		if (wrong != NULL)
			return wrong;
	}
	return e == ESMTP_BAD ? &reply_argument : NULL;
}

const struct smtp_reply *
extensions_mail(struct session *s, struct view rest)
{
	return parameters(s, rest, true);
}

const struct smtp_reply *
extensions_rcpt(struct session *s, struct view rest)
{
	return parameters(s, rest, false);
}
