/* SPDX-License-Identifier: ISC */
/* common/run/process.c - the skeleton that every main but posternd's calls.
 *
 * Nothing foreign is read before the process is confined: what comes first,
 * over descriptor 3, comes from posternd.
 */
#include "common/run/process.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "common/run/confpass.h"
#include "common/sys/confine.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum {
	CONTROL_FD = 3,
	PEERS_MAX = 320,
	LISTENERS_MAX = 64,
	FILES_MAX = 4096, /* to be read, before we run */
	KINDS_MAX = 8     /* kinds of peers of one process */
};

struct early_file {
	struct msg_file said;
	int fd;
};

static struct {
	const struct process *def;
	struct event_base *base;
	struct channel *control;
	struct conf conf;
	struct msg_boot boot;
	bool booted;  /* MSG_BOOT_END was read */
	bool running; /* confined, start() has run */
	struct peer *peers[PEERS_MAX];
	size_t npeers;
	struct listening listeners[LISTENERS_MAX];
	size_t nlisteners;
	struct channel_def defs[KINDS_MAX];
	struct early_file *files; /* that came before we were confined */
	size_t nfiles;
	struct shared census;
} self = { .census = { .fd = -1 } };

static bool
on_boot(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)ch;
	(void)conv;
	(void)fd;
	self.boot = *(const struct msg_boot *)msg;
	return !self.booted;
}

static bool
on_conf(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)conv;
	(void)fd;
	return !self.booted &&
	       confpass_take(&self.conf, channel_message(ch), msg);
}

static bool
on_listener(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_listener *l = msg;

	(void)ch;
	(void)conv;
	if (self.booted || self.nlisteners == LISTENERS_MAX ||
	    l->tls > LISTENER_IMPLICIT || l->auth > AUTH_CLEAR) {
		close(fd);
		return false;
	}
	self.listeners[self.nlisteners++] = (struct listening){ .fd = fd,
		.number = l->number,
		.local = l->local != 0,
		.port = l->port,
		.tls = (enum listener_tls)l->tls,
		.auth = (enum listener_auth)l->auth };
	return true;
}

static bool
on_census(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_census *m = msg;

	(void)ch;
	(void)conv;
	if (self.booted || self.census.fd != -1) {
		close(fd);
		return false;
	}
	self.census = (struct shared){ .fd = fd, .column = m->column };
	return true;
}

static bool
on_secret(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)ch;
	(void)conv;
	if (self.def->secret != NULL)
		return self.def->secret(msg, fd);
	close(fd);
	return false;
}

static bool
on_secrets_end(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)ch;
	(void)conv;
	(void)msg;
	(void)fd;
	if (self.def->secrets_end == NULL)
		return false;
	self.def->secrets_end();
	return true;
}

static bool
on_file(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct early_file *f;

	(void)ch;
	(void)conv;
	if (self.def->file == NULL || self.nfiles == FILES_MAX) {
		close(fd);
		return false;
	}
	if (self.running)
		return self.def->file(msg, fd);
	self.files = mem_grow(self.files, self.nfiles + 1, sizeof(*self.files));
	f = &self.files[self.nfiles++];
	f->said = *(const struct msg_file *)msg;
	f->fd = fd;
	return true;
}

static bool
on_hop_socket(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_hop_socket *m = msg;

	(void)ch;
	(void)conv;
	if (self.running && self.def->hop != NULL) {
		self.def->hop(m->ticket, fd, "");
		return true;
	}
	close(fd);
	return false;
}

static bool
on_hop_none(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_hop_none *m = msg;

	(void)ch;
	(void)conv;
	(void)fd;
	if (!self.running || self.def->hop == NULL)
		return false;
	self.def->hop(m->ticket, -1, m->text);
	return true;
}

static void
take_early_files(void)
{
	for (size_t i = 0; i < self.nfiles; i++)
		if (!self.def->file(&self.files[i].said, self.files[i].fd))
			fatal_code(EX_CONFIG, "a file that is not for us");
	mem_free(self.files);
	self.files = NULL;
	self.nfiles = 0;
}

static const struct peer_def *
peer_def_find(enum peer_kind kind, size_t *place)
{
	for (size_t i = 0; i < self.def->npeers; i++)
		if (self.def->peers[i].kind == kind) {
			*place = i;
			return &self.def->peers[i];
		}
	return NULL;
}

static struct peer *
peer_find(const struct msg_peer *m)
{
	for (size_t i = 0; i < self.npeers; i++) {
		struct peer *p = self.peers[i];

		if (p->kind == m->kind && p->class_ == m->class_ &&
		    p->index == m->index)
			return p;
	}
	return NULL;
}

static struct peer *
peer_make(const struct msg_peer *m)
{
	struct peer *p;

	if (self.npeers == PEERS_MAX)
		return NULL;
	p = mem_zero(1, sizeof(*p));
	p->kind = (enum peer_kind)m->kind;
	p->class_ = (enum peer_class)m->class_;
	p->index = m->index;
	self.peers[self.npeers++] = p;
	return p;
}

/* Tells posternd that this peer broke the rules. */
static void
denounce(const struct peer *p, const char *why)
{
	struct msg_broken m = { 0 };

	log_begin("peer-broken");
	log_u64("kind", p->kind);
	log_u64("index", p->index);
	log_text("why", why);
	log_end();
	if (self.control == NULL)
		return;
	m.kind = (uint16_t)p->kind;
	m.class_ = (uint16_t)p->class_;
	m.index = p->index;
	m.life = p->life;
	view_copy(view_of(why), m.why, sizeof(m.why));
	channel_send(self.control, NULL, &msg_broken, &m, -1);
}

static void
on_peer_gone(struct peer *p, const char *why)
{
	size_t place;
	const struct peer_def *d = peer_def_find(p->kind, &place);

	p->channel = NULL;
	if (why != NULL)
		denounce(p, why);
	if (d->lost != NULL)
		d->lost(p);
}

static void
on_peer_closed(struct channel *ch, const char *why)
{
	on_peer_gone(channel_owner(ch), why);
}

/* The old channel of a peer ends, if it has not yet, before the new begins. */
static void
peer_replace(struct peer *p, const struct peer_def *d)
{
	if (p->channel == NULL)
		return;
	channel_free(p->channel);
	p->channel = NULL;
	if (d->lost != NULL)
		d->lost(p);
}

static bool
on_peer(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_peer *m = msg;
	struct peer *p = peer_find(m);
	const struct peer_def *d;
	size_t place;

	(void)ch;
	(void)conv;
	d = peer_def_find((enum peer_kind)m->kind, &place);
	if (d != NULL && p == NULL)
		p = peer_make(m);
	if (d == NULL || p == NULL) {
		close(fd);
		return false;
	}
	peer_replace(p, d);
	p->life = m->life;
	p->channel = channel_new(self.base, fd, &self.defs[place], p);
	if (self.running && d->attached != NULL)
		d->attached(p);
	return true;
}

static bool
on_log(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_log *m = msg;

	(void)ch;
	(void)conv;
	log_set_fd(fd);
	log_set_stamp(m->stamp != 0);
	return true;
}

static bool
on_boot_end(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)ch;
	(void)conv;
	(void)msg;
	(void)fd;
	self.booted = true;
	return true;
}

static void
on_control_closed(struct channel *ch, const char *why)
{
	(void)ch;
	if (why != NULL)
		log_warn("channel to posternd: %s", why);
	self.control = NULL;
	if (self.running && self.def->stop != NULL)
		self.def->stop();
	else
		process_exit();
}

/* clang-format off */
static const struct channel_rule control_rules[] = {
	{ &msg_boot, on_boot, CONV_NONE, 0 },
	{ &msg_setting, on_conf, CONV_NONE, 0 },
	{ &msg_accept, on_conf, CONV_NONE, 0 },
	{ &msg_route, on_conf, CONV_NONE, 0 },
	{ &msg_route_login, on_conf, CONV_NONE, 0 },
	{ &msg_route_source, on_conf, CONV_NONE, 0 },
	{ &msg_resolver, on_conf, CONV_NONE, 0 },
	{ &msg_mx_allow, on_conf, CONV_NONE, 0 },
	{ &msg_bare_ends, on_conf, CONV_NONE, 0 },
	{ &msg_rate, on_conf, CONV_NONE, 0 },
	{ &msg_exempt, on_conf, CONV_NONE, 0 },
	{ &msg_census, on_census, CONV_NONE, 0 },
	{ &msg_local, on_conf, CONV_NONE, 0 },
	{ &msg_recipients, on_conf, CONV_NONE, 0 },
	{ &msg_recipient, on_conf, CONV_NONE, 0 },
	{ &msg_listener, on_listener, CONV_NONE, 0 },
	{ &msg_peer, on_peer, CONV_NONE, 0 },
	{ &msg_log, on_log, CONV_NONE, 0 },
	{ &msg_secret, on_secret, CONV_NONE, 0 },
	{ &msg_secrets_end, on_secrets_end, CONV_NONE, 0 },
	{ &msg_file, on_file, CONV_NONE, 0 },
	{ &msg_hop_socket, on_hop_socket, CONV_NONE, 0 },
	{ &msg_hop_none, on_hop_none, CONV_NONE, 0 },
	{ &msg_boot_end, on_boot_end, CONV_NONE, 0 },
};
/* clang-format on */

static const struct channel_def control_def = {
	.rules = control_rules,
	.nrules = nitems(control_rules),
	.closed = on_control_closed,
};

static void
defs_make(void)
{
	if (self.def->npeers > KINDS_MAX)
		panic("%zu kinds of peers", self.def->npeers);
	for (size_t i = 0; i < self.def->npeers; i++) {
		const struct peer_def *p = &self.def->peers[i];

		self.defs[i].rules = p->rules;
		self.defs[i].nrules = p->nrules;
		self.defs[i].conv_lost = p->conv_lost;
		self.defs[i].closed = on_peer_closed;
		self.defs[i].drained = p->drained;
	}
}

static struct event_base *
base_make(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	if (config == NULL)
		fatal("no event base");
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK |
					  EVENT_BASE_FLAG_IGNORE_ENV |
					  EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	base = event_base_new_with_config(config);
	event_config_free(config);
	if (base == NULL)
		fatal("no event base");
	return base;
}

static void
confine(void)
{
	struct sandbox s = { .name = self.def->name,
		.rights = self.def->rights,
		.folders = self.def->folders };
	const char *missing = NULL;

	tzset(); /* the zone's file is out of reach afterwards */
	s.chrooted =
	    confine_identity(self.boot.root, self.boot.uid, self.boot.gid);
	s.root = ".";
	confine_resources(
	    (self.def->rights & RIGHT_THREADS) != 0 || self.boot.confine == 0);
	if (self.boot.confine == 0) {
		log_info("sandbox-off", "the configuration says so");
		return;
	}
	if (!sandbox_enter(&s, &missing))
		fatal_code(
		    EX_UNAVAILABLE, "cannot be confined: no %s", missing);
}

static void
loop(void)
{
	for (;;) {
		if (self.def->turn != NULL)
			self.def->turn();
		/* what others hear of is in the log by then */
		log_flush();
		channels_flush();
		log_flush();
		if (event_base_loop(self.base, EVLOOP_ONCE) == -1)
			fatal("the event loop failed: %m");
	}
}

static void
attach_first_peers(void)
{
	const struct peer_def *d;
	size_t place;

	/* attached() may see peers come: those are attached by on_peer */
	for (size_t i = 0; i < self.npeers; i++) {
		d = peer_def_find(self.peers[i]->kind, &place);
		if (self.peers[i]->channel != NULL && d->attached != NULL)
			d->attached(self.peers[i]);
	}
}

static void
signals_ignore(void)
{
	/* the terminal's and init's signals go to all of a group or system at
	 * once; they are for posternd, which ends us in order */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
}

/* Only posternd makes the channel that we are born with. */
static void
require_control(void)
{
	struct stat st;

	if (fstat(CONTROL_FD, &st) == -1 || !S_ISSOCK(st.st_mode))
		fatal_code(EX_USAGE, "to be started by posternd, not by hand");
}

int
process_main(const struct process *def, int argc, char *argv[])
{
	(void)argc;
	(void)argv;
	self.def = def;
	signals_ignore();
	log_open(STDERR_FILENO, def->name);
	conf_init(&self.conf);
	defs_make();
	self.base = base_make();
	require_control();
	self.control = channel_new(self.base, CONTROL_FD, &control_def, NULL);
	while (!self.booted)
		if (!channel_wait(self.control))
			return 0; /* posternd ended before it told us all */
	if (self.boot.kind != (uint16_t)def->kind)
		fatal_code(EX_CONFIG, "started as another program");
	log_set_debug(self.boot.debug != 0);
	log_set_stamp(self.boot.stamp != 0);
	if (def->prepare != NULL)
		def->prepare();
	confine();
	if (def->start != NULL)
		def->start();
	take_early_files();
	channel_send(self.control, NULL, &msg_ready, NULL, -1);
	self.running = true;
	attach_first_peers();
	loop();
	return 0;
}

struct event_base *
process_base(void)
{
	return self.base;
}

const struct conf *
process_conf(void)
{
	return &self.conf;
}

const struct msg_boot *
process_boot(void)
{
	return &self.boot;
}

struct peer *
process_peer(enum peer_kind kind, size_t n)
{
	for (size_t i = 0; i < self.npeers; i++)
		if (self.peers[i]->kind == kind && n-- == 0)
			return self.peers[i];
	return NULL;
}

bool
process_listener(size_t n, struct listening *l)
{
	if (n >= self.nlisteners)
		return false;
	*l = self.listeners[n];
	return true;
}

struct shared
process_census(void)
{
	return self.census;
}

void
process_accuse(struct peer *p, const char *why)
{
	struct channel *ch = p->channel;

	if (ch == NULL)
		return;
	channel_free(ch);
	on_peer_gone(p, why);
}

void
process_file_read(const struct msg_file *m, unsigned int line, const char *why)
{
	struct msg_file_read said = {
		.kind = m->kind, .number = m->number, .line = line
	};

	view_copy(view_of(why), said.text, sizeof(said.text));
	process_tell(&msg_file_read, &said);
}

void
process_tell(const struct ipc_type *type, const void *msg)
{
	if (self.control != NULL)
		channel_send(self.control, NULL, type, msg, -1);
}

void
process_exit(void)
{
	channels_flush();
	log_flush();
	_Exit(0);
}
