/* SPDX-License-Identifier: ISC */
/* resolve/tables.h - the tables that lookup holds, and how they get there.
 *
 * A file comes as a descriptor, at the start and whenever it has changed.  A
 * version that is wrong is told with file and line, and the last one that was
 * right stays.  What has never been read is not known yet: "later".
 */
#ifndef RESOLVE_TABLES_H
#define RESOLVE_TABLES_H

#include "common/ipc/msg_lookup.h"
#include "common/mail/aliases.h"

/* Makes those that the configuration names itself. */
void tables_start(void);
/* The descriptor is taken; false: we read no such file. */
bool tables_file(const struct msg_file *, int fd);

/* Is there such a recipient, by the table of its domain or by an alias? */
enum whether_answer tables_recipient(const struct mailbox *);
enum whether_answer tables_sender(const struct mailbox *, struct view login);
/* Who is meant; trouble says that it is not known yet. */
void tables_expand(const struct mailbox *, struct expansion *);

#endif
