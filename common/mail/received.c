/* SPDX-License-Identifier: ISC */
/* common/mail/received.c - our trace header. */
#include "common/mail/received.h"

#include "common/base/id.h"
#include "common/mail/date.h"
#include "common/mail/fold.h"

#include <stdio.h>
#include <string.h>

/*
 * What the client calls itself: a literal when it is a proper one, otherwise
 * only what names are made of, so that no parenthesis, bracket, semicolon or
 * blank of a stranger structures our header.
 */
static void
clean_name(const char *name, char out[DOMAIN_MAX + 1])
{
	struct ip ip;
	size_t n;

	if (name == NULL || name[0] == '\0')
		name = "unknown";
	n = strlcpy(out, name, DOMAIN_MAX + 1);
	if (n <= DOMAIN_MAX && domain_literal_ip(view_of(out), &ip))
		return;
	for (char *p = out; *p != '\0'; p++)
		if (!ascii_is_alnum(*p) && strchr("-._", *p) == NULL)
			*p = '?';
}

static void
add_from(struct fold *f, const struct received *r)
{
	char name[DOMAIN_MAX + 1], ip[IP_TEXT];
	char word[DOMAIN_MAX + 8];

	clean_name(r->helo, name);
	fold_text(f, "from");
	fold_text(f, name);
	if (r->rdns != NULL && r->rdns[0] != '\0') {
		clean_name(r->rdns, name);
		snprintf(word, sizeof(word), "(%s", name);
		fold_text(f, word);
	}
	snprintf(word, sizeof(word), "%s[%s%s])",
	    r->rdns != NULL && r->rdns[0] != '\0' ? "" : "(",
	    r->ip.family == 6 ? "IPv6:" : "", ip_print(&r->ip, ip));
	fold_text(f, word);
	fold_break(f);
}

/* "(TLSv1.3 TLS_AES_256_GCM_SHA384)" */
static void
add_tls(struct fold *f, const struct received *r)
{
	char name[DOMAIN_MAX + 1], word[DOMAIN_MAX + 2];

	clean_name(r->protocol, name);
	snprintf(word, sizeof(word), "(%s", name);
	fold_text(f, word);
	clean_name(r->cipher, name);
	snprintf(word, sizeof(word), "%s)", name);
	fold_text(f, word);
}

/* RFC 3848, 6729: what is secured has a name only with EHLO. */
static const char *
with_word(const struct received *r)
{
	/* by utf8, TLS, login */
	static const char *const words[2][2][2] = {
		{ { "ESMTP", "ESMTPA" }, { "ESMTPS", "ESMTPSA" } },
		{ { "UTF8SMTP", "UTF8SMTPA" }, { "UTF8SMTPS", "UTF8SMTPSA" } },
	};

	if (!r->esmtp)
		return "SMTP";
	return words[r->utf8][r->protocol != NULL][r->auth];
}

static void
add_with(struct fold *f, const struct received *r)
{
	char word[32];

	fold_text(f, "with");
	if (!r->local) {
		fold_text(f, with_word(r));
		if (r->protocol != NULL)
			add_tls(f, r);
		return;
	}
	snprintf(word, sizeof(word), "local (uid %lu)", (unsigned long)r->uid);
	fold_text(f, word);
}

void
received_add(struct buf *out, const struct received *r)
{
	char address[ADDRESS_MAX + 1], word[ADDRESS_MAX + 8];
	char id[ID_TEXT], date[DATE_TEXT];
	bool tells_rcpt = r->rcpt != NULL && !mailbox_needs_utf8(r->rcpt);
	struct fold f;

	fold_begin(&f, out, "Received:", "\t");
	if (!r->local && !r->hidden)
		add_from(&f, r);
	fold_text(&f, "by");
	fold_text(&f, r->hostname);
	add_with(&f, r);
	fold_text(&f, "id");
	snprintf(word, sizeof(word), "%s%s", id_print(r->id, id),
	    tells_rcpt ? "" : ";");
	fold_text(&f, word);
	if (tells_rcpt) {
		fold_break(&f);
		snprintf(word, sizeof(word), "<%s>;",
		    mailbox_print(r->rcpt, address));
		fold_text(&f, "for");
		fold_word(&f, view_of(word));
	}
	fold_break(&f);
	fold_word(&f, view_of(date_print(r->wall_ms, date)));
	fold_end(&f);
}
