/* SPDX-License-Identifier: ISC */
/* common/mail/passwords.c - a file of logins: lines `name:hash`. */
#include "common/mail/passwords.h"

#include "common/base/alloc.h"
#include "common/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BCRYPT_HASH = 60,
	SHA512_DIGEST = 86,
	YESCRYPT_DIGEST = 43,
	SALT_MAX = 86
};

static bool
is_salt_byte(char c)
{
	return (c >= '.' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

/* Between min and max bytes of the alphabet of crypt(5), and no other. */
static bool
is_salt(struct view v, size_t min, size_t max)
{
	for (size_t i = 0; i < v.len; i++)
		if (!is_salt_byte(v.data[i]))
			return false;
	return v.len >= min && v.len <= max;
}

/* What stands before the next "$", which is taken too; false: there is none. */
static bool
part(struct view *rest, struct view *out)
{
	size_t n = view_find(*rest, '$');

	if (n == rest->len)
		return false;
	*out = view_make(rest->data, n);
	*rest = view_skip(*rest, n + 1);
	return true;
}

/* $y$PARAMS$SALT$DIGEST */
static const char *
yescrypt_wrong(struct view rest)
{
	struct view params, salt;

	if (!part(&rest, &params) || !part(&rest, &salt) ||
	    !is_salt(params, 1, 24) || !is_salt(salt, 0, SALT_MAX) ||
	    !is_salt(rest, YESCRYPT_DIGEST, YESCRYPT_DIGEST))
		return "is not a whole yescrypt hash";
	return NULL;
}

/* $2b$NN$SALTDIGEST */
static const char *
bcrypt_wrong(struct view rest)
{
	struct view cost;
	uint64_t n;

	if (!part(&rest, &cost) || cost.len != 2 || !view_u64(cost, &n) ||
	    n < 4 || !is_salt(rest, BCRYPT_HASH - 7, BCRYPT_HASH - 7))
		return "is not a whole bcrypt hash";
	if (n > PASSWORDS_BCRYPT_COST)
		return "costs minutes to check: bcrypt's cost is above 16";
	return NULL;
}

/* $6$[rounds=N$]SALT$DIGEST */
static const char *
sha512_wrong(struct view rest)
{
	struct view salt;
	uint64_t n = 5000;

	if (!part(&rest, &salt))
		return "is not a whole SHA-512 hash";
	if (view_starts_nocase(salt, "rounds=") &&
	    (!view_u64(view_skip(salt, 7), &n) || !part(&rest, &salt)))
		return "is not a whole SHA-512 hash";
	if (n > PASSWORDS_ROUNDS)
		return "costs minutes to check: more than 5000000 rounds";
	if (!is_salt(salt, 0, 16) ||
	    !is_salt(rest, SHA512_DIGEST, SHA512_DIGEST))
		return "is not a whole SHA-512 hash";
	return NULL;
}

static const struct {
	const char *prefix;
	const char *(*wrong)(struct view rest);
} kinds[] = {
	{ "$y$", yescrypt_wrong },
	{ "$2b$", bcrypt_wrong },
	{ "$2a$", bcrypt_wrong },
	{ "$2y$", bcrypt_wrong },
	{ "$6$", sha512_wrong },
};

const char *
passwords_hash_wrong(struct view hash)
{
	if (hash.len > PASSWORDS_HASH)
		return "is too long";
	for (size_t i = 0; i < nitems(kinds); i++)
		if (view_starts_nocase(hash, kinds[i].prefix))
			return kinds[i].wrong(
			    view_skip(hash, strlen(kinds[i].prefix)));
	return "is of a kind that is not taken (yescrypt, bcrypt and SHA-512 "
	       "are)";
}

bool
passwords_name_valid(struct view name)
{
	if (name.len == 0 || name.len > PASSWORDS_NAME || !utf8_valid(name) ||
	    name.data[0] == '#' || name.data[0] == ' ' ||
	    name.data[name.len - 1] == ' ')
		return false;
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.data[i] < ' ' || name.data[i] == 0x7f ||
		    name.data[i] == ':')
			return false;
	return true;
}

static int
compare(const void *a, const void *b)
{
	const struct password *x = a, *y = b;
	size_t n = x->name.len < y->name.len ? x->name.len : y->name.len;
	int order = memcmp(x->name.data, y->name.data, n);

	if (order != 0)
		return order;
	return (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

/* NULL, or what is wrong with the line. */
static const char *
line_wrong(struct passwords *p, struct view line)
{
	size_t colon = view_find(line, ':');
	struct password new;
	const char *why;

	if (view_find(line, '\0') != line.len)
		return "has a NUL byte";
	if (line.len == 0 || line.data[0] == '#')
		return NULL;
	if (colon == line.len)
		return "is not of the form name:hash";
	new.name = view_make(line.data, colon);
	new.hash = view_skip(line, colon + 1);
	if (!passwords_name_valid(new.name))
		return "has a name that cannot be one";
	why = passwords_hash_wrong(new.hash);
	if (why != NULL)
		return why;
	if (p->n == 0 || (p->n & (p->n - 1)) == 0)
		p->of =
		    mem_grow(p->of, p->n == 0 ? 1 : 2 * p->n, sizeof(*p->of));
	p->of[p->n++] = new;
	return NULL;
}

/* All of a hash but salt and digest: what a check costs. */
static struct view
cost_of(struct view hash)
{
	size_t end = 0;

	for (unsigned int dollars = 0; end < hash.len; end++) {
		dollars += hash.data[end] == '$';
		if (dollars == 3)
			break;
	}
	/* $6$SALT$ has none: its cost is its kind */
	if (view_starts_nocase(hash, "$6$") &&
	    !view_starts_nocase(hash, "$6$rounds="))
		end = 3;
	return view_make(hash.data, end);
}

enum { COSTS_MAX = 16 };

static void
choose_model(struct passwords *p)
{
	struct {
		struct view cost, hash;
		size_t n;
	} costs[COSTS_MAX];
	size_t n = 0, most = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct view cost = cost_of(p->of[i].hash);
		size_t k = 0;

		while (k < n && !view_eq(costs[k].cost, cost))
			k++;
		if (k == COSTS_MAX)
			continue;
		if (k == n) {
			costs[n].cost = cost;
			costs[n].hash = p->of[i].hash;
			costs[n++].n = 0;
		}
		if (++costs[k].n > most) {
			most = costs[k].n;
			p->model = costs[k].hash.data;
		}
	}
}

static bool
wrong(struct passwords *p, char error[PASSWORDS_ERROR], const char *why)
{
	snprintf(error, PASSWORDS_ERROR, "the line %s", why);
	passwords_clear(p);
	return false;
}

/* The later of the two; each line has one NUL by now. */
static unsigned int
line_of(const char *text, const struct password *a, const struct password *b)
{
	const char *at =
	    a->name.data > b->name.data ? a->name.data : b->name.data;
	unsigned int line = 1;

	for (const char *c = text; c < at; c++)
		line += *c == '\0';
	return line;
}

bool
passwords_read(struct passwords *p, char *text, size_t len, unsigned *line,
    char error[PASSWORDS_ERROR])
{
	struct view rest = view_make(text, len);

	memset(p, 0, sizeof(*p));
	for (*line = 1; rest.len > 0; (*line)++) {
		size_t n = view_find(rest, '\n');
		struct view one = view_make(rest.data, n);
		const char *why;

		if (n > 0 && one.data[n - 1] == '\r')
			one.len--;
		why = line_wrong(p, one);
		if (why != NULL)
			return wrong(p, error, why);
		text[(size_t)(one.data - text) + one.len] = '\0';
		rest = view_skip(rest, n < rest.len ? n + 1 : n);
	}
	if (p->n > 0)
		qsort(p->of, p->n, sizeof(*p->of), compare);
	for (size_t i = 1; i < p->n; i++) {
		if (compare(&p->of[i - 1], &p->of[i]) != 0)
			continue;
		*line = line_of(text, &p->of[i - 1], &p->of[i]);
		return wrong(p, error, "has a name that another line has too");
	}
	choose_model(p);
	return true;
}

void
passwords_clear(struct passwords *p)
{
	mem_free(p->of);
	memset(p, 0, sizeof(*p));
}

const char *
passwords_find(const struct passwords *p, struct view name)
{
	const struct password key = { .name = name };
	const struct password *found =
	    p->n == 0 ? NULL
		      : bsearch(&key, p->of, p->n, sizeof(*p->of), compare);

	return found == NULL ? NULL : found->hash.data;
}
