/* SPDX-License-Identifier: ISC */
/* master/answers.h - posternd as the means to one answer.
 *
 * With posternd down the queue can still be looked at: `posternd -a folder`
 * starts postern-report and its readers, under their accounts and confined as
 * always, with a control socket in that folder, and nothing that would accept,
 * deliver or change anything.
 */
#ifndef MASTER_ANSWERS_H
#define MASTER_ANSWERS_H

#include "common/conf/conf.h"
#include "master/children.h"
#include "master/trouble.h"

/*
 * The configuration becomes that of such a run.  False when posternd is
 * running after all, or when there is no queue to look at; nothing is made.
 */
bool answers_prepare(struct conf *, const char *folder, struct trouble *);
/* Is this program one of those that answer? */
bool answers_by(const struct program *);
/* At its end: the folder goes, also when who asked is gone already. */
void answers_end(const struct conf *);

#endif
