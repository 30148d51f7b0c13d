/* SPDX-License-Identifier: ISC */
/* common/conf/parse_setting.c - scalar settings: the words of a row of keys.c,
 * then its value.
 */
#include "common/base/alloc.h"
#include "common/conf/keys.h"
#include "common/conf/nearest.h"
#include "common/conf/number.h"
#include "common/conf/parse_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 4 }; /* in the name of a setting */

/* The words of a setting that have been read. */
struct path {
	struct view word[WORDS_MAX];
	size_t n;
};

/* The row's word number n, empty beyond the last. */
static struct view
row_word(const struct setting *s, size_t n)
{
	struct view words = view_of(s->words), w;

	do {
		w = view_word(&words);
	} while (n-- > 0);
	return w;
}

static bool
row_fits(const struct setting *s, const struct path *path)
{
	for (size_t i = 0; i < path->n; i++)
		if (!view_eq(row_word(s, i), path->word[i]))
			return false;
	return true;
}

/* Does some row continue the path with this word? */
static bool
continues(const struct path *path, struct view word)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		const struct setting *s = setting_of((enum conf_key)i);

		if (row_fits(s, path) && view_eq(row_word(s, path->n), word))
			return true;
	}
	return false;
}

/* The row whose words are exactly the path, or KEY_COUNT. */
static enum conf_key
complete(const struct path *path)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		const struct setting *s = setting_of((enum conf_key)i);

		if (row_fits(s, path) && row_word(s, path->n).len == 0)
			return (enum conf_key)i;
	}
	return KEY_COUNT;
}

static void
unknown_word(struct parser *p, const struct path *path)
{
	struct view word = p->token.text;
	struct nearest near;
	int len = (int)(word.len > WORDS_MAX * 20 ? WORDS_MAX * 20 : word.len);

	nearest_init(&near, word);
	for (size_t i = 0; i < KEY_COUNT; i++) {
		const struct setting *s = setting_of((enum conf_key)i);

		if (row_fits(s, path))
			nearest_try(&near, row_word(s, path->n));
	}
	for (size_t i = 0; path->n == 0 && i < nstatements; i++)
		nearest_try(&near, view_of(statements[i].word));
	if (near.best.len > 0)
		parser_fail(p, "unknown word \"%.*s\": did you mean \"%.*s\"?",
		    len, word.data, (int)near.best.len, near.best.data);
	else
		parser_fail(p, "unknown word \"%.*s\"", len, word.data);
}

/*
 * Reads the words of a setting, of which the first may have been read; if
 * there is none, KEY_COUNT (and failed).
 */
static enum conf_key
setting_words(struct parser *p, const char *first)
{
	struct path path = { .n = 0 };
	enum conf_key key;

	if (first != NULL)
		path.word[path.n++] = view_of(first);
	while (!p->failed && path.n < WORDS_MAX &&
	       p->token.kind == TOKEN_WORD && continues(&path, p->token.text)) {
		path.word[path.n++] = p->token.text;
		parser_next(p);
	}
	if (p->failed)
		return KEY_COUNT;
	key = complete(&path);
	if (key != KEY_COUNT)
		return key;
	if (p->token.kind == TOKEN_WORD)
		unknown_word(p, &path);
	else
		parser_expected(p, path.n == 0 ? "a statement" : "a word");
	return KEY_COUNT;
}

static void
expected_value(struct parser *p, const struct setting *s)
{
	char min[NUMBER_TEXT], max[NUMBER_TEXT];
	char what[CONF_TEXT_MAX + 1];

	switch (s->kind) {
	case SETTING_SWITCH:
		snprintf(what, sizeof(what), "on or off");
		break;
	case SETTING_COUNT:
		snprintf(what, sizeof(what),
		    "a number from %" PRIu64 " to %" PRIu64, s->min, s->max);
		break;
	case SETTING_SIZE:
		snprintf(what, sizeof(what),
		    "a size from %s to %s, such as 50M",
		    number_print_size(s->min, min),
		    number_print_size(s->max, max));
		break;
	case SETTING_TIME:
		snprintf(what, sizeof(what),
		    "a time from %s to %s, such as 30s, 5m, 4h or 5d%s",
		    number_print_time(s->min, min),
		    number_print_time(s->max, max),
		    s->min == 0 ? ", or never" : "");
		break;
	case SETTING_RATE:
		snprintf(what, sizeof(what),
		    "a rate such as \"%s 500 per hour\", of at most %" PRIu64,
		    s->words, s->max);
		break;
	case SETTING_DOMAIN:
		snprintf(what, sizeof(what), "a host name");
		break;
	case SETTING_PATH:
		snprintf(what, sizeof(what),
		    "an absolute path of at most %" PRIu64 " bytes", s->max);
		break;
	case SETTING_ADDRESS:
		snprintf(what, sizeof(what),
		    "an address such as \"postmaster@example.org\"");
		break;
	case SETTING_LOG:
		snprintf(
		    what, sizeof(what), "stderr, syslog or file \"/path\"");
		break;
	case SETTING_CHOICE:
		snprintf(what, sizeof(what), "one of: %s", s->choices);
		break;
	}
	parser_expected(p, what);
}

static bool
number_value(const struct setting *s, struct view word, uint64_t *out)
{
	switch (s->kind) {
	case SETTING_SWITCH:
		*out = view_is(word, "on");
		return *out == 1 || view_is(word, "off");
	case SETTING_COUNT:
		return view_u64(word, out);
	case SETTING_SIZE:
		return number_parse_size(word, out);
	case SETTING_TIME:
		*out = 0;
		return (s->min == 0 && view_is(word, "never")) ||
		       number_parse_time(word, out);
	case SETTING_RATE:
	case SETTING_DOMAIN:
	case SETTING_PATH:
	case SETTING_ADDRESS:
	case SETTING_LOG:
	case SETTING_CHOICE:
		break;
	}
	return false;
}

/* N per PERIOD: the number and "per" are read, the last word is left. */
static bool
rate_value(struct parser *p, uint64_t *out)
{
	struct number_rate rate = { 0 };
	uint64_t n;

	if (p->token.kind != TOKEN_WORD || !view_u64(p->token.text, &n) ||
	    n > UINT32_MAX)
		return false;
	parser_next(p);
	if (!parser_skip(p, "per") || p->token.kind != TOKEN_WORD)
		return false;
	rate.count = (uint32_t)n;
	rate.seconds = number_period(p->token.text);
	*out = number_pack_rate(&rate);
	return rate.seconds != 0;
}

static bool
log_value(struct parser *p, char *out, size_t size)
{
	bool file = parser_skip(p, "file");

	if (!file && !parser_at(p, "stderr") && !parser_at(p, "syslog"))
		return false;
	return token_copy(&p->token, out, size) && file == (out[0] == '/');
}

static bool
text_value(struct parser *p, const struct setting *s, char *out, size_t size)
{
	char raw[DOMAIN_MAX + 2];

	if (s->kind == SETTING_LOG)
		return log_value(p, out, size);
	if (p->token.kind != TOKEN_WORD && p->token.kind != TOKEN_STRING)
		return false;
	if (s->kind == SETTING_DOMAIN)
		return token_copy(&p->token, raw, sizeof(raw)) &&
		       domain_normalise(view_of(raw), out);
	return token_copy(&p->token, out, size);
}

/* Empty texts are for the defaults: nobody writes hostname "". */
static bool
read_value(struct parser *p, const struct setting *s, struct conf_value *v)
{
	if (setting_is_text(s))
		return text_value(p, s, v->text, sizeof(v->text)) &&
		       v->text[0] != '\0';
	if (s->kind == SETTING_RATE)
		return rate_value(p, &v->number);
	return p->token.kind == TOKEN_WORD &&
	       number_value(s, p->token.text, &v->number);
}

void
setting_parse(struct parser *p, const char *first)
{
	struct conf_value value = { 0 };
	enum conf_key key = setting_words(p, first);
	const struct setting *s;

	if (p->failed)
		return;
	s = setting_of(key);
	if (p->set_line[key] != 0) {
		parser_fail(p, "\"%s\" is already set in line %u", s->words,
		    p->set_line[key]);
		return;
	}
	p->set_line[key] = p->statement;
	if (!read_value(p, s, &value) || !conf_set(p->conf, key, &value)) {
		expected_value(p, s);
		return;
	}
	parser_next(p);
}
