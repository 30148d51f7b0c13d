/* SPDX-License-Identifier: ISC */
/* common/conf/keys.h - every scalar setting, one row each.
 *
 * A new setting is one row in keys.c (and its name in enum conf_key): the
 * parser, the printer and the way to the children follow from it.
 */
#ifndef COMMON_CONF_KEYS_H
#define COMMON_CONF_KEYS_H

#include "common/conf/conf.h"

enum setting_kind {
	SETTING_SWITCH,  /* number: off 0, on 1 */
	SETTING_COUNT,   /* number */
	SETTING_SIZE,    /* number of bytes; k, M, G */
	SETTING_TIME,    /* number of seconds; s, m, h, d */
	SETTING_RATE,    /* number_pack_rate(); min and max bound the count */
	SETTING_DOMAIN,  /* text: a normalised domain name */
	SETTING_PATH,    /* text: absolute, no more than max bytes */
	SETTING_ADDRESS, /* text: a mailbox, or "" */
	SETTING_LOG,     /* text: "stderr", "syslog" or an absolute path */
	SETTING_CHOICE   /* text: one of the words in choices */
};

/* Programs that are told a setting or a list. */
enum conf_reader {
	READER_SMTPD = 1 << 0,
	READER_QUEUE = 1 << 1,
	READER_DELIVER = 1 << 2,
	READER_RESOLVE = 1 << 3,
	READER_REPORT = 1 << 4,
	READER_HISTORY = 1 << 5,
	READER_TLS = 1 << 6,
	READER_LOOKUP = 1 << 8
};

struct setting {
	const char *words; /* as written in the file */
	enum setting_kind kind;
	unsigned int readers; /* enum conf_reader; 0: only posternd */
	const char *text;     /* default */
	uint64_t number, min, max;
	const char *help;    /* one line */
	const char *choices; /* SETTING_CHOICE: words with a blank between */
};

/* The row of a key; panics beyond the last. */
const struct setting *setting_of(enum conf_key);
bool setting_is_text(const struct setting *);
bool setting_fits(const struct setting *, const struct conf_value *);

#endif
