/* SPDX-License-Identifier: ISC */
/* master/census.c - the table of clients, which smtpd workers share. */
#include "master/census.h"

#include "common/base/census.h"
#include "common/base/fatal.h"
#include "common/sys/shared.h"
#include "master/master.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

static void
put(int fd, const void *data, size_t size, size_t where)
{
	if (pwrite(fd, data, size, (off_t)where) != (ssize_t)size)
		fatal("table of clients: %m");
}

void
census_make(struct master *m)
{
	uint64_t seed;

	m->census = shared_make("clients", sizeof(struct census_table));
	if (m->census == -1)
		fatal("table of clients: %m");
	arc4random_buf(&seed, sizeof(seed));
	put(m->census, &seed, sizeof(seed),
	    offsetof(struct census_table, head.seed));
}

static bool
takes_part(const struct child *c)
{
	return c->program->kind == PEER_SMTPD &&
	       c->program->class_ != CLASS_LOCAL;
}

/* A half of the columns for strangers, the other for logins. */
static uint16_t
column_of(const struct child *c)
{
	unsigned int first =
	    c->program->class_ == CLASS_LOGIN ? CENSUS_COLUMNS / 2 : 0;

	if (c->index >= CENSUS_COLUMNS / 2)
		panic("no column for worker %u", c->index);
	return (uint16_t)(first + c->index);
}

static void
activate(const struct child *c, uint32_t active)
{
	size_t where = offsetof(struct census_table, head.active) +
		       sizeof(uint32_t) * column_of(c);

	put(c->master->census, &active, sizeof(active), where);
}

void
census_send(struct child *c)
{
	struct msg_census m;
	int fd;

	if (!takes_part(c))
		return;
	m.column = column_of(c);
	fd = fcntl(c->master->census, F_DUPFD_CLOEXEC, 0);
	if (fd == -1) {
		child_kill(c, "no descriptor for the table of clients");
		return;
	}
	activate(c, 1);
	channel_send(c->control, NULL, &msg_census, &m, fd);
}

void
census_forget(const struct child *c)
{
	size_t size = sizeof(struct census_column);

	if (!takes_part(c))
		return;
	activate(c, 0);
	shared_clear(c->master->census,
	    offsetof(struct census_table, columns) + size * column_of(c), size);
}
