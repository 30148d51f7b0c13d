/* SPDX-License-Identifier: ISC */
/* master/answers.c - posternd as the means to one answer. */
#include "master/answers.h"

#include "master/lock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static bool
set_text(struct conf *c, enum conf_key key, const char *text, struct trouble *t)
{
	struct conf_value value = { 0 };

	if (strlcpy(value.text, text, sizeof(value.text)) <
		sizeof(value.text) &&
	    conf_set(c, key, &value))
		return true;
	return trouble_set(t, EX_USAGE, "%s: not a folder for sockets", text);
}

bool
answers_prepare(struct conf *c, const char *folder, struct trouble *t)
{
	char path[CONF_TEXT_MAX + 32];

	if (strcmp(folder, conf_text(c, KEY_RUNTIME)) == 0)
		return trouble_set(
		    t, EX_USAGE, "%s: -a takes a folder of its own", folder);
	if (!lock_free(c, t))
		return false;
	snprintf(
	    path, sizeof(path), "%s/queue/queue.db", conf_text(c, KEY_SPOOL));
	if (access(path, R_OK) == -1)
		return trouble_set(t, errno == ENOENT ? EX_NOINPUT : EX_NOPERM,
		    "%s: %s", path, strerror(errno));
	c->nlisteners = 0;
	/* what is said of this short life is for nobody */
	return set_text(c, KEY_RUNTIME, folder, t) &&
	       set_text(c, KEY_LOG, "/dev/null", t);
}

bool
answers_by(const struct program *p)
{
	return p->kind == PEER_REPORT || p->kind == PEER_READER;
}

void
answers_end(const struct conf *c)
{
	const char *folder = conf_text(c, KEY_RUNTIME);
	char path[CONF_TEXT_MAX + 32];

	snprintf(path, sizeof(path), "%s/posternd.pid", folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/empty", folder);
	rmdir(path);
	rmdir(folder);
}
