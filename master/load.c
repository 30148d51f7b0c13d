/* SPDX-License-Identifier: ISC */
/* master/load.c - the configuration file, read, checked and completed. */
#include "master/machine.h"
#include "master/master.h"
#include "master/readfile.h"

#include <errno.h>
#include <sysexits.h>

enum { CONF_BYTES = 8 * 1024 * 1024 };

static bool
parse(const struct options *o, struct conf *c, struct view text,
    struct trouble *t)
{
	struct conf_error error = { 0 };

	if (!conf_parse(c, text, &error))
		return trouble_set(
		    t, EX_CONFIG, "%s:%u: %s", o->file, error.line, error.text);
	return machine_complete(c, t);
}

bool
load_conf(const struct options *o, struct conf *c, struct trouble *t)
{
	struct buf text;
	bool fine;

	conf_init(c);
	buf_init(&text, CONF_BYTES);
	if (readfile(o->file, &text))
		fine = parse(o, c, buf_view(&text), t);
	else
		fine = trouble_set(t,
		    errno == EACCES || errno == EPERM ? EX_NOPERM : EX_NOINPUT,
		    "%s: %m", o->file);
	buf_free(&text);
	if (!fine)
		conf_clear(c);
	return fine;
}
