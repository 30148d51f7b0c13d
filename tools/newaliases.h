/* SPDX-License-Identifier: ISC */
/* tools/newaliases.h - is the alias file in order?  There is nothing to make of
 * it: postern reads it when it changes.
 */
#ifndef TOOLS_NEWALIASES_H
#define TOOLS_NEWALIASES_H

/* Looks at the file that this configuration names; the status to exit with. */
int newaliases(const char *conf);

#endif
