/* SPDX-License-Identifier: ISC */
/* master/census.h - the table of clients, which smtpd workers share.
 *
 * posternd makes it, hands it out, and clears what a worker has left; it never
 * looks into it.
 */
#ifndef MASTER_CENSUS_H
#define MASTER_CENSUS_H

struct child;
struct master;

void census_make(struct master *); /* once */
/* To a child that takes part, while it is told its configuration. */
void census_send(struct child *);
/* Its process has ended. */
void census_forget(const struct child *);

#endif
