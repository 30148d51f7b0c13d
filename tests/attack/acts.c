/* SPDX-License-Identifier: ISC */
/* tests/attack/acts.c - what no confined process may be able to do.
 *
 * Every act is one that succeeds without a sandbox for an ordinary user, or
 * at least reaches the kernel's own judgement of its arguments: the control
 * run shows that it is the sandbox which stops it.
 */
#include "tests/attack/acts.h"

#include "common/base/alloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DISCARD_PORT = 9, DESCRIPTORS = 256, PAGE = 4096, KEYRING = -4 };

struct act {
	const char *name;
	bool apart; /* in a child, where there can be one */
	long (*run)(void);
};

static struct {
	int body;     /* of an acknowledged message */
	pid_t parent; /* posternd, even in a child of ours */
	int listener; /* -1 none */
} target;

static long
open_it(const char *path, int flags)
{
	return path == NULL ? -1 : open(path, flags | O_CLOEXEC, 0600);
}

static long
act_open(void)
{
	return open_it("/etc/hostname", O_RDONLY);
}

/* A file that only another process of the suite may have open. */
static long
act_open_foreign(void)
{
	return open_it(getenv("POSTERN_ATTACK_FILE"), O_RDONLY);
}

static long
act_create(void)
{
	return open_it(getenv("POSTERN_ATTACK_NEW"), O_WRONLY | O_CREAT);
}

/* Below the folder that the process has, or the one above. */
static long
open_either(const char *near, const char *far, int flags)
{
	long fd = open_it(near, flags);

	return fd == -1 && errno == ENOENT ? open_it(far, flags) : fd;
}

static long
act_open_database(void)
{
	return open_either("queue.db", "queue/queue.db", O_RDONLY);
}

static long
act_write_database(void)
{
	return open_either("queue.db", "queue/queue.db", O_RDWR);
}

static long
act_open_bodies(void)
{
	return open_either("mess", "queue/mess", O_RDONLY | O_DIRECTORY);
}

static long
act_open_history(void)
{
	return open_either("history.db", "history/history.db", O_RDONLY);
}

static long
act_write_history(void)
{
	return open_either("history.db", "history/history.db", O_RDWR);
}

static long
act_open_environ(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/environ", (long)target.parent);
	return open_it(path, O_RDONLY);
}

static long
act_socket_inet(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static long
act_socket_inet6(void)
{
	return socket(AF_INET6, SOCK_DGRAM, 0);
}

static long
act_socket_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long
act_socket_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0);
}

static long
act_socketpair(void)
{
	int ends[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
}

static struct sockaddr_in
here(uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(port) };

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sin;
}

/* Without a socket of its own it tries with a descriptor that it has. */
static int
some_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	return fd == -1 ? STDIN_FILENO : fd;
}

static long
act_connect(void)
{
	struct sockaddr_in sin = here(DISCARD_PORT);

	return connect(
	    some_socket(), (const struct sockaddr *)&sin, sizeof(sin));
}

static long
act_bind(void)
{
	struct sockaddr_in sin = here(0);

	return bind(some_socket(), (const struct sockaddr *)&sin, sizeof(sin));
}

static long
act_listen(void)
{
	return listen(socket(AF_INET, SOCK_STREAM, 0), 1);
}

/* A listening socket that it was given, -1 none. */
static int
listener(void)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int on;

	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		len = sizeof(on);
		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) ==
			-1 ||
		    on == 0)
			continue;
		len = sizeof(ss);
		if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0 &&
		    ss.ss_family == AF_INET)
			return fd;
	}
	return -1;
}

static long
act_unlisten(void)
{
	return shutdown(target.listener, SHUT_RD);
}

/* A socket that no longer listens can connect without connect(2). */
static long
act_fastopen(void)
{
	struct sockaddr_in sin = here(DISCARD_PORT);

	return sendto(target.listener, "x", 1, MSG_FASTOPEN,
	    (const struct sockaddr *)&sin, sizeof(sin));
}

static long
act_fastopen_message(void)
{
	struct sockaddr_in sin = here(DISCARD_PORT);
	struct iovec iov = { .iov_base = "x", .iov_len = 1 };
	struct msghdr msg = { .msg_name = &sin,
		.msg_namelen = sizeof(sin),
		.msg_iov = &iov,
		.msg_iovlen = 1 };

	return sendmsg(target.listener, &msg, MSG_FASTOPEN);
}

static long
act_execve(void)
{
	char *argv[] = { "true", NULL };

	return execve("/bin/true", argv, argv + 1);
}

static long
act_fork(void)
{
	return fork();
}

static void *
idle(void *arg)
{
	return arg;
}

static long
act_thread(void)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, idle, NULL);
	return errno == 0 ? 0 : -1;
}

static long
act_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static long
act_ptrace_parent(void)
{
	return ptrace(PTRACE_SEIZE, target.parent, NULL, NULL);
}

static long
act_read_parent(void)
{
	static char from;
	char to;
	struct iovec local = { &to, 1 }, remote = { &from, 1 };

	return process_vm_readv(target.parent, &local, 1, &remote, 1, 0);
}

static long
act_kill(void)
{
	return kill(target.parent, 0);
}

static long
act_setuid(void)
{
	return setuid(getuid());
}

static long
act_unshare(void)
{
	return unshare(CLONE_NEWUSER);
}

/* As root of a namespace of its own, if it can be that. */
static long
act_chroot(void)
{
	(void)unshare(CLONE_NEWUSER);
	return chroot(".");
}

static long
act_mount(void)
{
	(void)unshare(CLONE_NEWUSER | CLONE_NEWNS);
	return mount("none", "/tmp", "tmpfs", 0, NULL);
}

static long
act_bpf(void)
{
	return syscall(SYS_bpf, -1, NULL, 0);
}

static long
act_io_uring(void)
{
	struct io_uring_params params = { 0 };

	return syscall(SYS_io_uring_setup, 1, &params);
}

static long
act_keyctl(void)
{
	return syscall(SYS_keyctl, 0, KEYRING, 1, 0, 0);
}

static long
act_memfd(void)
{
	return memfd_create("attack", 0);
}

static long
act_mmap_exec(void)
{
	return mmap(NULL, PAGE, PROT_READ | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
		   ? -1
		   : 0;
}

static long
act_mprotect_exec(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(page, PAGE, PROT_READ | PROT_EXEC);
}

static long
act_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static long
act_setrlimit(void)
{
	const struct rlimit none = { 0, 0 };

	return setrlimit(RLIMIT_CORE, &none);
}

static long
act_signal(void)
{
	return signal(SIGSYS, SIG_IGN) == SIG_ERR ? -1 : 0;
}

/* clang-format off */
static const struct act acts[] = {
	{ "open", false, act_open },
	{ "open-foreign", false, act_open_foreign },
	{ "create", false, act_create },
	{ "open-database", false, act_open_database },
	{ "write-database", false, act_write_database },
	{ "open-bodies", false, act_open_bodies },
	{ "open-history", false, act_open_history },
	{ "write-history", false, act_write_history },
	{ "open-environ", false, act_open_environ },
	{ "socket-inet", false, act_socket_inet },
	{ "socket-inet6", false, act_socket_inet6 },
	{ "socket-unix", false, act_socket_unix },
	{ "socket-netlink", false, act_socket_netlink },
	{ "socketpair", false, act_socketpair },
	{ "connect", false, act_connect },
	{ "bind", false, act_bind },
	{ "listen", false, act_listen },
	{ "execve", true, act_execve },
	{ "fork", true, act_fork },
	{ "thread", true, act_thread },
	{ "ptrace", true, act_ptrace },
	{ "ptrace-parent", true, act_ptrace_parent },
	{ "read-parent", false, act_read_parent },
	{ "kill", false, act_kill },
	{ "setuid", false, act_setuid },
	{ "unshare", true, act_unshare },
	{ "chroot", true, act_chroot },
	{ "mount", true, act_mount },
	{ "bpf", false, act_bpf },
	{ "io-uring", false, act_io_uring },
	{ "keyctl", false, act_keyctl },
	{ "memfd", false, act_memfd },
	{ "mmap-exec", false, act_mmap_exec },
	{ "mprotect-exec", false, act_mprotect_exec },
	{ "dumpable", true, act_dumpable },
	{ "setrlimit", false, act_setrlimit },
	{ "signal", true, act_signal },
};

static const struct act listener_acts[] = {
	{ "unlisten", false, act_unlisten },
	{ "fastopen", false, act_fastopen },
	{ "fastopen-message", false, act_fastopen_message },
};
/* clang-format on */

static long
body_setfl(void)
{
	return fcntl(target.body, F_SETFL, O_WRONLY); /* no O_APPEND */
}

static long
body_pwrite(void)
{
	return pwrite(target.body, "overwritten", 11, 0);
}

static long
body_fallocate(void)
{
	return fallocate(
	    target.body, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, 8);
}

static long
body_seek(void)
{
	return lseek(target.body, 0, SEEK_SET);
}

static long
body_add(void)
{
	return write(target.body, "added after the 250\n", 20);
}

static long
body_truncate(void)
{
	return ftruncate(target.body, 3);
}

static long
body_utime(void)
{
	return futimens(target.body, NULL);
}

static long
body_chmod(void)
{
	return fchmod(target.body, 0666);
}

/* clang-format off */
static const struct act body_acts[] = {
	{ "body-setfl", false, body_setfl },
	{ "body-pwrite", false, body_pwrite },
	{ "body-fallocate", false, body_fallocate },
	{ "body-seek", false, body_seek },
	{ "body-add", false, body_add },
	{ "body-truncate", false, body_truncate },
	{ "body-utime", false, body_utime },
	{ "body-chmod", false, body_chmod },
};
/* clang-format on */

static int
errno_of(const struct act *a)
{
	errno = 0;
	return a->run() == -1 ? errno : 0;
}

static int
errno_apart(const struct act *a)
{
	pid_t pid = fork();
	int status;

	if (pid == -1)
		return errno_of(a);
	if (pid == 0)
		_exit(errno_of(a));
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return ECHILD;
	return WEXITSTATUS(status);
}

/* dprintf() would ask for the place in the file, which not all may. */
static void __attribute__((__format__(printf, 1, 2))) say(const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) == -1)
		_exit(1);
}

static void
try_all(const char *program, const struct act *table, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int error = table[i].apart ? errno_apart(&table[i])
					   : errno_of(&table[i]);

		say("attack program=%s pid=%ld act=%s result=%s\n", program,
		    (long)getpid(), table[i].name,
		    error == 0 ? "done" : strerrorname_np(error));
	}
}

void
acts_try(const char *program, int body)
{
	target.body = body;
	target.listener = listener();
	target.parent = (pid_t)syscall(SYS_getppid);
	if (target.parent == -1)
		target.parent = 1; /* refused: any will do */
	try_all(program, acts, nitems(acts));
	if (target.listener != -1)
		try_all(program, listener_acts, nitems(listener_acts));
	if (body != -1)
		try_all(program, body_acts, nitems(body_acts));
	say("attacked program=%s pid=%ld\n", program, (long)getpid());
}

void
acts_violate(void)
{
	(void)getppid();
}
