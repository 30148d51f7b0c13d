/* SPDX-License-Identifier: ISC */
/* tools/standby.c - somebody who answers while posternd is down. */
#include "tools/standby.h"

#include "common/base/clock.h"

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

enum { START_MS = 30 * 1000, LOOK_MS = 10, FOLDER = 64 };

static struct {
	bool allowed;
	const char *conf;
	char folder[FOLDER];
	char control[FOLDER + 16];
	pid_t pid;
	int status; /* with which it ended before it answered */
} standby;

void
standby_allow(const char *conf)
{
	standby.allowed = conf != NULL || geteuid() == 0;
	standby.conf = conf;
}

bool
standby_allowed(bool usual)
{
	return standby.allowed && (usual || standby.conf != NULL);
}

/* Beside the tool where it was built, in sbin where it was installed. */
static bool
find_programs(char posternd[PATH_MAX], char folder[PATH_MAX])
{
	char self[PATH_MAX], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return false;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	snprintf(folder, PATH_MAX, "%s", self);
	if (snprintf(posternd, PATH_MAX, "%s/postern-report", self) >= PATH_MAX)
		return false;
	if (access(posternd, X_OK) == -1)
		snprintf(folder, PATH_MAX, "%s", POSTERN_LIBEXEC);
	if (snprintf(posternd, PATH_MAX, "%s/posternd", self) < PATH_MAX &&
	    access(posternd, X_OK) == 0)
		return true;
	return snprintf(posternd, PATH_MAX, "%s/../sbin/posternd", self) <
		   PATH_MAX &&
	       access(posternd, X_OK) == 0;
}

/* It must not outlive the tool, however that ends, nor leave its folder. */
static void
tie(pid_t tool)
{
	sigset_t ends;

	/* one that comes early is heard when there is something to undo it */
	sigemptyset(&ends);
	sigaddset(&ends, SIGHUP);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
	if (getppid() != tool)
		kill(getpid(), SIGTERM);
}

static _Noreturn void
run(const char *posternd, const char *folder, pid_t tool)
{
	const char *conf = standby.conf != NULL ? standby.conf : POSTERN_CONF;

	tie(tool);
	signal(SIGPIPE, SIG_DFL);
	execl(posternd, "posternd", "-a", standby.folder, "-f", conf, "-x",
	    folder, (char *)NULL);
	_exit(127);
}

static void
clean(void)
{
	static const char *const names[] = { "control", "submit",
		"posternd.pid" };
	char path[FOLDER + 16];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", standby.folder, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/empty", standby.folder);
	rmdir(path);
	rmdir(standby.folder);
}

/* It has said why, if it ended. */
static int
wait_ready(int (*dial)(const char *path))
{
	const struct timespec look = { 0, LOOK_MS * 1000000L };
	int64_t until = clock_mono_ms() + START_MS;
	int fd, status;

	/* a socket that is there need not be listened at yet */
	while ((fd = dial(standby.control)) == -1) {
		if (waitpid(standby.pid, &status, WNOHANG) == standby.pid) {
			standby.pid = 0;
			if (WIFEXITED(status))
				standby.status = WEXITSTATUS(status);
			return -1;
		}
		if (clock_mono_ms() > until)
			return -1;
		nanosleep(&look, NULL);
	}
	return fd;
}

int
standby_start(int (*dial)(const char *path))
{
	char posternd[PATH_MAX], folder[PATH_MAX];
	pid_t self = getpid();
	int fd = -1;

	if (!standby.allowed || standby.pid != 0 ||
	    !find_programs(posternd, folder))
		return -1;
	snprintf(standby.folder, sizeof(standby.folder), "/tmp/postern.XXXXXX");
	if (mkdtemp(standby.folder) == NULL ||
	    chmod(standby.folder, 0755) == -1)
		return -1;
	snprintf(standby.control, sizeof(standby.control), "%s/control",
	    standby.folder);
	standby.pid = fork();
	if (standby.pid == 0)
		run(posternd, folder, self);
	if (standby.pid == -1)
		standby.pid = 0;
	if (standby.pid > 0)
		fd = wait_ready(dial);
	if (fd == -1) {
		standby_stop();
		return -1;
	}
	fprintf(stderr, "postern: posternd is not running; this is what it "
			"left\n");
	return fd;
}

int
standby_status(void)
{
	return standby.status;
}

void
standby_stop(void)
{
	if (standby.pid > 0) {
		kill(standby.pid, SIGTERM);
		waitpid(standby.pid, NULL, 0);
		standby.pid = 0;
	}
	if (standby.folder[0] != '\0')
		clean();
	standby.folder[0] = '\0';
}
