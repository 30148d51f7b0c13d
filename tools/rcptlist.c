/* SPDX-License-Identifier: ISC */
/* tools/rcptlist.c - for whom a message is. */
#include "tools/rcptlist.h"

#include "common/base/alloc.h"
#include "common/mail/mailbox.h"

#include <search.h>
#include <string.h>

struct rcpt_spec {
	char *text;
	bool has_domain;
};

void
rcptlist_init(struct rcptlist *l)
{
	memset(l, 0, sizeof(*l));
}

void
rcptlist_free(struct rcptlist *l)
{
	for (size_t i = 0; i < l->nspecs; i++)
		mem_free(l->specs[i].text);
	for (size_t i = 0; i < l->nrcpts; i++)
		mem_free(l->rcpts[i].address);
	mem_free(l->specs);
	mem_free(l->rcpts);
	rcptlist_init(l);
}

void
rcptlist_found(void *arg, struct view spec, bool has_domain)
{
	struct rcptlist *l = arg;
	char text[ADDRLIST_SPEC_MAX + 1];

	if (l->nspecs == l->size) {
		l->size = l->size == 0 ? 16 : l->size * 2;
		l->specs = mem_grow(l->specs, l->size, sizeof(*l->specs));
	}
	/* a NUL byte makes it empty, which is no address either */
	view_copy(spec, text, sizeof(text));
	l->specs[l->nspecs].text = mem_copy_string(text);
	l->specs[l->nspecs++].has_domain = has_domain;
}

bool
rcptlist_address(struct view spec, bool has_domain, const char *domain,
    char out[ADDRLIST_SPEC_MAX])
{
	struct mailbox mailbox;
	struct buf whole;
	bool fine;

	buf_init(&whole, ADDRLIST_SPEC_MAX);
	buf_add(&whole, spec);
	if (!has_domain)
		buf_printf(&whole, "@%s", domain);
	fine = spec.len > 0 && buf_ok(&whole) &&
	       mailbox_parse(buf_view(&whole), &mailbox, true);
	if (fine)
		mailbox_print(&mailbox, out);
	buf_free(&whole);
	return fine;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
keep_tree(void *node)
{
	(void)node; /* the addresses belong to the list */
}

void
rcptlist_complete(
    struct rcptlist *l, const char *domain, void (*bad)(const char *spec))
{
	char address[ADDRLIST_SPEC_MAX];
	void *seen = NULL;

	l->rcpts = mem_zero(l->nspecs + 1, sizeof(*l->rcpts));
	for (size_t i = 0; i < l->nspecs; i++) {
		const struct rcpt_spec *s = &l->specs[i];
		struct submit_rcpt *r = &l->rcpts[l->nrcpts];

		if (!rcptlist_address(
			view_of(s->text), s->has_domain, domain, address)) {
			bad(s->text);
			continue;
		}
		if (tfind(address, &seen, compare) != NULL)
			continue;
		r->address = mem_copy_string(address);
		r->state = RCPT_WAITS;
		l->nrcpts++;
		(void)tsearch(r->address, &seen, compare);
	}
	tdestroy(seen, keep_tree);
}
