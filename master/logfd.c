/* SPDX-License-Identifier: ISC */
/* master/logfd.c - the descriptor to which posternd and its children log.
 *
 * It never blocks: who does not read the log loses lines, not mail.
 */
#include "master/logfd.h"

#include "common/base/log.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

/*
 * Opened anew where the system can: the flag that makes it non-blocking must
 * not reach the terminal of whoever started us.
 */
static int
open_stderr(void)
{
	int fd =
	    open("/dev/stderr", O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1)
		fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	return fd;
}

static int
open_file(const char *path)
{
	return open(path,
	    O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC,
	    0640);
}

static int
open_syslog(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX,
		.sun_path = "/dev/log" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd != -1 &&
	    connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == -1) {
		close(fd);
		fd = -1;
	}
	return fd;
}

bool
logfd_open(const struct conf *c, bool foreground, int *fd, bool *stamp,
    struct trouble *t)
{
	const char *where = foreground ? "stderr" : conf_text(c, KEY_LOG);

	*stamp = strcmp(where, "syslog") != 0;
	if (!*stamp)
		*fd = open_syslog();
	else if (where[0] == '/')
		*fd = open_file(where);
	else
		*fd = open_stderr();
	if (*fd != -1)
		return true;
	if (!*stamp)
		return trouble_set(t, EX_UNAVAILABLE,
		    "no syslog at /dev/log (%m): start it, or set \"log "
		    "stderr\" or \"log file ...\"");
	return trouble_set(t, EX_CANTCREAT, "log %s: %m", where);
}

void
logfd_use(int fd, bool stamp)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (own == -1)
		return;
	log_set_fd(own);
	log_set_stamp(stamp);
}
