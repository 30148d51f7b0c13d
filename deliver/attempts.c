/* SPDX-License-Identifier: ISC */
/* deliver/attempts.c - from what the DNS says to the servers to be tried.
 *
 * Pure.  Must never fall back to the domain's own address while there are
 * exchangers, and never bounce for trouble in the DNS (RFC 5321 5.1).
 */
#include "deliver/attempts.h"

#include "common/base/alloc.h"

#include <string.h>

_Static_assert((int)ATTEMPTS_ROOM >= (int)ATTEMPTS_EACH * (int)ROUTE_HOSTS_MAX,
    "there is room for all hosts");
_Static_assert(
    (int)PLAN_GROUP >= (int)ROUTE_HOSTS_MAX, "all hosts are asked for at once");

static bool
is_allowed(const struct ourselves *us, const struct ip *ip)
{
	for (size_t i = 0; i < us->nallow; i++)
		if (network_has(&us->allow[i], ip))
			return true;
	return false;
}

static bool
is_own(const struct ourselves *us, const struct ip *ip)
{
	for (size_t i = 0; i < us->nown; i++)
		if (ip_eq(&us->own[i], ip))
			return true;
	return false;
}

/* Leads back into this machine, or nowhere. */
static bool
is_refused(const struct ourselves *us, const struct ip *ip)
{
	return !is_allowed(us, ip) &&
	       (ip_is_loopback(ip) || ip_is_unspecified(ip) || is_own(us, ip));
}

static void
swap(struct exchanger *a, struct exchanger *b)
{
	struct exchanger spare = *a;

	*a = *b;
	*b = spare;
}

/* Random order, and then a sort that leaves equals as they are. */
static void
arrange(struct plan *p, const struct chance *chance)
{
	for (size_t i = p->nhosts; i > 1; i--)
		swap(&p->hosts[i - 1],
		    &p->hosts[chance->below(chance->arg, (uint32_t)i)]);
	for (size_t i = 1; i < p->nhosts; i++)
		for (size_t j = i; j > 0 && p->hosts[j - 1].preference >
						p->hosts[j].preference;
		     j--)
			swap(&p->hosts[j - 1], &p->hosts[j]);
}

static void
add_host(struct plan *p, const char *host, uint16_t preference)
{
	struct exchanger *x = &p->hosts[p->nhosts];

	/* a name that is too long is nobody's */
	if (view_copy(view_of(host), x->host, sizeof(x->host))) {
		x->preference = preference;
		p->nhosts++;
	}
}

static bool
exchangers(struct plan *p, const struct answer *a, const struct chance *chance,
    struct status *st)
{
	for (size_t i = 0; i < a->nmx; i++)
		if (a->mx[i].host[0] != '\0')
			add_host(p, a->mx[i].host, a->mx[i].preference);
	/* RFC 5321 5.1: of no use, but there; so no implicit one either */
	if (a->nmx == 0) {
		status_never(st, 550, 4, 4, "no exchanger has a host name");
		return false;
	}
	if (p->nhosts == 0) { /* RFC 7505 */
		status_never(st, 556, 1, 10, "the domain takes no mail");
		return false;
	}
	arrange(p, chance);
	return true;
}

bool
plan_mx(struct plan *p, const char *domain, const struct answer *a,
    const struct chance *chance, struct status *st)
{
	memset(p, 0, sizeof(*p));
	p->judged = true;
	switch (a->kind) {
	case ANSWER_FOUND:
		return exchangers(p, a, chance, st);
	case ANSWER_NONE:
		p->implicit = true;
		add_host(p, domain, 0);
		return true;
	case ANSWER_NO_NAME:
		status_never(st, 550, 1, 2, "no such domain");
		return false;
	case ANSWER_MALFORMED:
		status_never(st, 550, 1, 2, "not the name of a domain");
		return false;
	case ANSWER_TROUBLE:
		break;
	}
	status_later(st, 451, 4, 3, "no answer from the DNS: %s", a->text);
	return false;
}

/* The configuration may leave "IPv6:" away. */
static bool
literal_ip(const char *literal, struct ip *ip)
{
	struct view v = view_of(literal);

	if (!domain_is_literal(v))
		return false;
	return domain_literal_ip(v, ip) ||
	       ip_parse(view_make(v.data + 1, v.len - 2), ip);
}

static void
keep(struct exchanger *x, const struct ip *ip)
{
	size_t f = ip->family == 6 ? 0 : 1;

	if (x->family[f].n < ATTEMPTS_MAX)
		x->family[f].ip[x->family[f].n++] = *ip;
}

void
plan_hosts(struct plan *p, const char *list)
{
	struct view v = view_of(list);
	char host[DOMAIN_MAX + 1];
	struct ip ip;

	memset(p, 0, sizeof(*p));
	while (p->nhosts < ROUTE_HOSTS_MAX && route_next_host(&v, host)) {
		add_host(p, host, 0);
		if (!literal_ip(host, &ip))
			continue;
		keep(&p->hosts[p->nhosts - 1], &ip);
		p->hosts[p->nhosts - 1].answer = ANSWER_FOUND;
	}
}

size_t
plan_group(struct plan *p, size_t *first)
{
	size_t known = 0, i = 0, n = 0;

	for (; i < p->nhosts && p->hosts[i].asked; i++)
		known += p->hosts[i].family[0].n + p->hosts[i].family[1].n;
	*first = i;
	if (known > 0 && p->judged)
		return 0;
	for (; i < p->nhosts && n < PLAN_GROUP; i++, n++)
		p->hosts[i].asked = true;
	return n;
}

void
plan_addresses(struct plan *p, size_t host, const struct answer *a,
    const struct ourselves *us)
{
	struct exchanger *x = &p->hosts[host];

	x->answer = a->kind;
	x->secure = a->secure;
	memcpy(x->alias, a->alias, sizeof(x->alias));
	if (a->kind != ANSWER_FOUND)
		return;
	for (size_t i = 0; i < a->naddrs; i++) {
		const struct ip *ip = &a->addrs[i];

		if (!p->judged || !is_refused(us, ip)) {
			keep(x, ip);
			continue;
		}
		x->refused = true;
		x->ours = x->ours || is_own(us, ip);
	}
}

static bool
known_already(const struct attempts *out, const struct ip *ip)
{
	for (size_t i = 0; i < out->n; i++)
		if (ip_eq(&out->list[i].ip, ip))
			return true;
	return false;
}

static void
add_attempt(struct attempts *out, const struct ip *ip,
    const struct exchanger *x, const char *host)
{
	struct attempt *a = &out->list[out->n];

	if (out->n == ATTEMPTS_ROOM || known_already(out, ip))
		return;
	a->ip = *ip;
	view_copy(view_of(host), a->host, sizeof(a->host));
	if (x != NULL) {
		a->secure = x->secure;
		memcpy(a->alias, x->alias, sizeof(a->alias));
	}
	out->n++;
}

/* One of each family in turn (RFC 8305 4), so that a dead one costs one
 * attempt.  Those with a doubt, or those without. */
static void
add_attempts(struct attempts *out, const struct exchanger *x, size_t max,
    const struct doubt *doubt, bool doubtful)
{
	const struct ip *ip;

	for (size_t i = 0; i < ATTEMPTS_MAX; i++)
		for (size_t f = 0; f < PLAN_FAMILIES; f++) {
			ip = &x->family[f].ip[i];
			if (i < x->family[f].n && out->n < max &&
			    doubt->about(doubt->arg, ip) == doubtful)
				add_attempt(out, ip, x, x->host);
		}
}

/* How many hosts come before us: RFC 5321 5.1 forbids the others. */
static size_t
before_us(const struct plan *p, const struct ourselves *us)
{
	size_t n = 0;

	for (size_t i = 0; i < p->nhosts && p->judged; i++) {
		const struct exchanger *x = &p->hosts[i];

		if (!x->ours && !view_is_nocase(view_of(x->host), us->hostname))
			continue;
		while (n < i && p->hosts[n].preference < x->preference)
			n++;
		return n;
	}
	return p->nhosts;
}

/* Nobody to try: why, and is that for good? */
static void
explain(const struct plan *p, size_t n, struct status *st)
{
	bool refused = false;

	for (size_t i = 0; i < n; i++) {
		refused = refused || p->hosts[i].refused;
		if (p->hosts[i].answer != ANSWER_TROUBLE)
			continue;
		status_later(st, 451, 4, 3, "no answer from the DNS for %s",
		    p->hosts[i].host);
		return;
	}
	if (n < p->nhosts)
		status_never(st, 554, 4, 6, "mail would come back to us");
	else if (!p->judged) /* the configuration names it: not for good */
		status_later(
		    st, 451, 4, 4, "%s has no address", p->hosts[0].host);
	else if (refused)
		status_never(st, 550, 4, 4,
		    "%s has no address that may be used", p->hosts[0].host);
	else if (p->implicit)
		status_never(st, 550, 1, 2, "the domain takes no mail");
	else
		status_never(st, 550, 4, 4, "no mail exchanger has an address");
}

static size_t
of_host(const struct attempts *out, const char *host)
{
	size_t n = 0;

	for (size_t i = 0; i < out->n; i++)
		n += strcmp(out->list[i].host, host) == 0;
	return n;
}

bool
plan_attempts(const struct plan *p, const struct ourselves *us,
    const struct doubt *doubt, struct attempts *out, struct status *st)
{
	size_t n = before_us(p, us), max;
	bool several = !p->judged && n > 1; /* each gets its turn */

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < 2 * n; i++) {
		const struct exchanger *x = &p->hosts[i % n];

		max = several ? out->n + ATTEMPTS_EACH - of_host(out, x->host)
			      : ATTEMPTS_MAX;
		add_attempts(out, x, max, doubt, i >= n);
	}
	if (out->n == 0)
		explain(p, n, st);
	return out->n > 0;
}

bool
attempts_beside(struct attempts *a, size_t now, size_t next)
{
	const struct attempt *beside = &a->list[now], *x;
	struct attempt found;

	for (size_t i = next; i < a->n; i++) {
		x = &a->list[i];
		if (x->ip.family == beside->ip.family ||
		    strcmp(x->host, beside->host) != 0 ||
		    (x->dane != NULL && x->dane->state == DANE_TROUBLE))
			continue;
		found = *x;
		memmove(&a->list[next + 1], &a->list[next],
		    (i - next) * sizeof(found));
		a->list[next] = found;
		return true;
	}
	return false;
}

void
attempts_clear(struct attempts *a)
{
	for (size_t i = 0; i < a->n; i++)
		dane_drop(a->list[i].dane);
	memset(a, 0, sizeof(*a));
}

bool
attempts_literal(struct attempts *out, const char *literal,
    const struct ourselves *us, struct status *st)
{
	struct ip ip;

	memset(out, 0, sizeof(*out));
	if (!literal_ip(literal, &ip))
		status_never(st, 550, 1, 2, "%s is no address", literal);
	else if (us != NULL && is_refused(us, &ip))
		status_never(st, 550, 4, 4, "%s may not be used", literal);
	else
		add_attempt(out, &ip, NULL, literal);
	return out->n > 0;
}

/* False: not all are addresses. */
static bool
add_literals(struct attempts *out, const char *list, const struct doubt *doubt,
    bool doubtful)
{
	struct view v = view_of(list);
	char host[DOMAIN_MAX + 1];
	struct ip ip;

	while (route_next_host(&v, host)) {
		if (!literal_ip(host, &ip))
			return false;
		if (doubt->about(doubt->arg, &ip) == doubtful)
			add_attempt(out, &ip, NULL, host);
	}
	return true;
}

bool
attempts_literals(
    struct attempts *out, const char *list, const struct doubt *doubt)
{
	memset(out, 0, sizeof(*out));
	return add_literals(out, list, doubt, false) &&
	       add_literals(out, list, doubt, true);
}
