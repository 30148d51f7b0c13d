/* SPDX-License-Identifier: ISC */
/* master/logwatch.c - a log that was moved away, a syslog that was started
 * again: everybody gets a fresh descriptor.
 */
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "master/logfd.h"
#include "master/master.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOOK_SECONDS = 2 };

/* The file or socket that the log goes to; NULL: it cannot change. */
static const char *
log_path(const struct master *m)
{
	const char *where = conf_text(&m->conf, KEY_LOG);

	if (m->options.debug > 0 || strcmp(where, "stderr") == 0)
		return NULL;
	return strcmp(where, "syslog") == 0 ? "/dev/log" : where;
}

/* Notes what stands there now; true if it is not what stood there before. */
static bool
has_changed(struct master *m)
{
	const char *path = log_path(m);
	struct stat st = { 0 };
	bool changed;

	if (path == NULL)
		return false;
	(void)stat(path, &st); /* nothing there is also a state */
	changed = st.st_ino != m->log_inode || st.st_dev != m->log_device;
	m->log_inode = st.st_ino;
	m->log_device = st.st_dev;
	return changed;
}

static void
pass_log(struct master *m)
{
	struct msg_log msg = { .stamp = m->log_stamp };

	for (size_t i = 0; i < m->nchildren; i++) {
		struct channel *ch = m->children[i].control;
		int fd;

		if (ch == NULL)
			continue;
		fd = fcntl(m->log_fd, F_DUPFD_CLOEXEC, 0);
		if (fd == -1)
			return;
		channel_send(ch, NULL, &msg_log, &msg, fd);
	}
}

bool
logwatch_open(struct master *m)
{
	struct trouble t;
	int fd;

	if (!logfd_open(&m->conf, m->options.debug > 0, &fd, &m->log_stamp, &t))
		return false;
	close(m->log_fd);
	m->log_fd = fd;
	logfd_use(fd, m->log_stamp);
	(void)has_changed(m);
	return true;
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct master *m = arg;

	(void)fd;
	(void)what;
	if (!has_changed(m))
		return;
	if (logwatch_open(m))
		pass_log(m);
	else
		m->log_inode = 0; /* the old one goes on; look again */
}

void
logwatch_init(struct master *m)
{
	const struct timeval tv = { .tv_sec = LOOK_SECONDS };
	struct event *e = event_new(m->base, -1, EV_PERSIST, on_look, m);

	if (e == NULL || event_add(e, &tv) == -1)
		fatal("no timer");
	(void)has_changed(m);
}
