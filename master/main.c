/* SPDX-License-Identifier: ISC */
/* master/main.c - posternd: reads the configuration, opens the ports, starts,
 * wires and restarts the other programs.
 *
 * Holds: listening sockets that it never accepts on, a channel to each child.
 * Never reads a byte from the network, from a user or from a log.
 */
#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "common/sys/privilege.h"
#include "master/answers.h"
#include "master/census.h"
#include "master/daemon.h"
#include "master/lock.h"
#include "master/logfd.h"
#include "master/master.h"
#include "master/spool.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum {
	BIND_PATIENCE = 30,      /* seconds, for what an old instance holds */
	PRINTED_MAX = 64 << 20,  /* bytes of a printed configuration */
	STANDARD_DESCRIPTORS = 3 /* that must be open, be it to /dev/null */
};

static struct master master = { .starter = -1 };

static _Noreturn void
usage(void)
{
	fprintf(stderr,
	    "usage: posternd [-dFnv] [-a folder] [-f file] [-x folder]\n");
	exit(EX_USAGE);
}

/* The background begins in another folder. */
static const char *
absolute(const char *path)
{
	char *full = realpath(path, NULL);

	return full != NULL ? full : path;
}

static void
options_read(struct options *o, int argc, char *argv[])
{
	int c;

	o->file = POSTERN_CONF;
	o->folder = POSTERN_LIBEXEC;
	while ((c = getopt(argc, argv, "a:dFf:nvx:")) != -1) {
		switch (c) {
		case 'a':
			o->answers = optarg;
			break;
		case 'd':
			o->debug++;
			break;
		case 'F':
			o->foreground = true;
			break;
		case 'f':
			o->file = absolute(optarg);
			break;
		case 'n':
			o->check = true;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'x':
			o->folder = absolute(optarg);
			break;
		default:
			usage();
		}
	}
	if (optind != argc)
		usage();
}

static void
print_conf(const struct conf *c)
{
	struct buf out;

	buf_init(&out, PRINTED_MAX);
	conf_print(c, &out);
	fwrite(out.data, 1, out.len, stdout);
	buf_free(&out);
}

static bool
programs_are_there(const struct master *m, struct trouble *t)
{
	char path[1024];

	for (size_t i = 0; i < nprograms; i++) {
		if (program_count(m, &programs[i]) == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", m->options.folder,
		    programs[i].file);
		if (access(path, X_OK) == -1)
			return trouble_set(t, EX_OSFILE, "%s: %m", path);
	}
	return true;
}

static bool
configure(struct master *m, struct trouble *t)
{
	if (!load_conf(&m->options, &m->conf, t))
		return false;
	if (m->options.answers != NULL)
		return answers_prepare(&m->conf, m->options.answers, t);
	return secrets_open(&m->secrets, &m->conf, m->options.file, t) &&
	       watched_open(&m->watched, &m->conf, m->options.file, t) &&
	       trial_secrets(&m->options, &m->conf, &m->secrets, t);
}

/* Everything that can fail before a process is started. */
static bool
prepare(struct master *m, struct trouble *t)
{
	return accounts_find(&m->accounts, t) && programs_are_there(m, t) &&
	       spool_prepare(&m->conf, &m->accounts, t) &&
	       lock_take(&m->conf, &m->lock, t) &&
	       logfd_open(&m->conf, m->options.debug > 0, &m->log_fd,
		   &m->log_stamp, t) &&
	       listeners_open(&m->listeners, &m->conf, NULL, BIND_PATIENCE, t);
}

static void
raise_files(const struct conf *c)
{
	size_t most = 0;

	for (size_t i = 0; i < nprograms; i++)
		if (programs[i].files(c) > most)
			most = programs[i].files(c);
	privilege_raise_files(most);
}

static void
base_make(struct master *m)
{
	struct event_config *config = event_config_new();

	if (config != NULL) {
		event_config_set_flag(config,
		    EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
		m->base = event_base_new_with_config(config);
		event_config_free(config);
	}
	if (m->base == NULL)
		fatal("no event base");
}

static void
ended(struct master *m)
{
	listeners_close(&m->listeners);
	listeners_unlink(&m->conf);
	if (m->options.answers != NULL)
		answers_end(&m->conf);
	lock_clear(m->lock);
	log_begin("stopped");
	log_end();
	log_flush();
	exit(0);
}

static void
on_end(evutil_socket_t sig, short what, void *arg)
{
	struct master *m = arg;

	(void)what;
	if (m->ending)
		return;
	m->ending = true;
	log_begin("stopping");
	log_word("signal", sig == SIGINT ? "INT" : "TERM");
	log_end();
	stop_begin(m, ended);
}

static void
on_hup(evutil_socket_t sig, short what, void *arg)
{
	struct master *m = arg;

	(void)sig;
	(void)what;
	if (m->options.answers != NULL)
		return;
	m->reload.wanted = true;
	reload_begin(m);
}

static void
on_child(evutil_socket_t sig, short what, void *arg)
{
	(void)sig;
	(void)what;
	children_reap(arg);
}

static void
signals_watch(struct master *m)
{
	static const struct {
		int signal;
		void (*handle)(evutil_socket_t, short, void *);
	} signals[] = {
		{ SIGTERM, on_end },
		{ SIGINT, on_end },
		{ SIGHUP, on_hup },
		{ SIGCHLD, on_child },
	};
	sigset_t none;

	sigemptyset(&none);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < nitems(signals); i++) {
		struct event *e = evsignal_new(
		    m->base, signals[i].signal, signals[i].handle, m);

		if (e == NULL || event_add(e, NULL) == -1)
			fatal("no signal event");
	}
	/* what our caller held back until somebody is there to hear it */
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
log_starting(const struct master *m)
{
	char text[IP_TEXT];

	log_begin("starting");
	log_text("file", m->options.file);
	log_text("hostname", conf_text(&m->conf, KEY_HOSTNAME));
	log_word("root", m->accounts.root ? "yes" : "no");
	log_end();
	for (size_t i = 0; i < m->listeners.n; i++) {
		const struct listener *l = &m->listeners.of[i];

		if (!listener_is_tcp(l))
			continue;
		log_begin("listening");
		log_word("address", ip_print(&l->of.ip, text));
		log_u64("port", l->of.port);
		log_end();
	}
	if (conf_number(&m->conf, KEY_SANDBOX) == 0)
		log_info("sandbox-off", "the configuration says so");
}

static _Noreturn void
loop(struct master *m)
{
	for (;;) {
		while (boots_step(m))
			;
		log_flush();
		if (event_base_loop(m->base, EVLOOP_ONCE) == -1)
			fatal("the event loop failed: %m");
	}
}

/*
 * A descriptor 0 to 2 that we opened would be taken for what it is not, and
 * what our caller left open is not ours to keep.
 */
static void
standard_descriptors(void)
{
	int fd;

	closefrom(STANDARD_DESCRIPTORS);
	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	} while (fd != -1 && fd < STANDARD_DESCRIPTORS);
	if (fd != -1)
		close(fd);
}

int
main(int argc, char *argv[])
{
	struct master *m = &master;
	struct trouble t;

	standard_descriptors();
	umask(027); /* children inherit it: queue.db is for its group */
	tzset();
	log_open(STDERR_FILENO, "posternd");
	options_read(&m->options, argc, argv);
	if (!configure(m, &t))
		trouble_exit(&t);
	if (m->options.check) {
		/* when it runs, the last good ones stay */
		if (!trial_files(&m->options, &m->conf, &m->watched, &t))
			trouble_exit(&t);
		if (m->options.verbose)
			print_conf(&m->conf);
		return 0;
	}
	if (!prepare(m, &t))
		trouble_exit(&t);
	raise_files(&m->conf);
	if (m->options.debug == 0 && !m->options.foreground &&
	    m->options.answers == NULL)
		m->starter = daemon_begin();
	lock_write(m->lock);
	log_open(STDERR_FILENO, "posternd"); /* under the new process id */
	logfd_use(m->log_fd, m->log_stamp);
	privilege_reduce();
	base_make(m);
	reload_init(m);
	logwatch_init(m);
	filewatch_init(m);
	census_make(m);
	signals_watch(m);
	log_starting(m);
	children_make(m);
	children_start(m);
	loop(m);
}
