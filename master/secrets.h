/* SPDX-License-Identifier: ISC */
/* master/secrets.h - files with secrets: opened here, read elsewhere.
 *
 * posternd opens them and looks at whom they and the folders above them belong
 * to; it never reads a byte of them.  They stay open, so that a program that
 * is started again gets what the configuration in force was checked with.
 */
#ifndef MASTER_SECRETS_H
#define MASTER_SECRETS_H

#include "common/conf/conf.h"
#include "common/ipc/channel.h"
#include "master/trouble.h"

struct secrets {
	struct {
		int certificate, key;
	} of[CONF_CERTIFICATES_MAX]; /* in the order of the configuration */
	size_t n;
};

/* All that the configuration names, or none; file is its own name. */
bool secrets_open(
    struct secrets *, const struct conf *, const char *file, struct trouble *);
void secrets_close(struct secrets *);
/* One set to a child; false: no descriptor is left. */
bool secrets_send(
    const struct secrets *, const struct conf *, struct channel *);

/*
 * Opens a file to be read by another process.  It and every folder and link on
 * the way must belong to root or to us, and nobody else may write there; a
 * private one is for its owner alone.  -1, and *why: what is wrong (errno if
 * it has a %m).
 */
int secret_open(const char *path, bool private, const char **why);

#endif
