/* SPDX-License-Identifier: ISC */
/* master/stop.c - ends all children, in order and in bounded time.
 *
 * Who takes new work ends first, who holds the mail last; a step is over when
 * its processes are gone, and each of them is killed when it takes too long.
 */
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "master/master.h"

static bool
step_is_over(const struct master *m)
{
	for (size_t i = 0; i < m->nchildren; i++)
		if (m->children[i].program->stop <= m->stop_step &&
		    m->children[i].pid != 0)
			return false;
	return true;
}

static void
step_begin(struct master *m)
{
	for (size_t i = 0; i < m->nchildren; i++)
		if (m->children[i].program->stop == m->stop_step)
			child_end(&m->children[i]);
}

void
stop_step(struct master *m)
{
	while (m->stop_step <= STOP_LAST && step_is_over(m)) {
		m->stop_step++;
		step_begin(m);
	}
	if (m->stop_step > STOP_LAST)
		m->stopped(m);
}

void
stop_begin(struct master *m, void (*stopped)(struct master *))
{
	m->stopped = stopped;
	if (m->state == MASTER_STOPPING)
		return;
	m->state = MASTER_STOPPING;
	/* who is down stays down */
	for (size_t i = 0; i < m->nchildren; i++)
		if (m->children[i].pid == 0)
			event_del(m->children[i].timer);
	m->stop_step = STOP_FIRST;
	step_begin(m);
	stop_step(m);
}
