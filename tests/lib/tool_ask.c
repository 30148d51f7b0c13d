/* SPDX-License-Identifier: ISC */
/* tests/lib/tool_ask.c - asks postern-resolve, without the rest of postern.
 *
 *	ask [-cm] [-n N] [-w] -r ADDR,PORT [-r ...] -x PROGRAM QUESTION ...
 *
 * Starts the program as posternd would, -c confined, and prints "pid PID".
 * Each QUESTION is "mx NAME", "host NAME", "tlsa NAME" or "ptr ADDRESS".  It
 * is asked N times at once, "#" in the name standing for a number from 0, then
 * the next one.  Prints
 *
 *	mx NAME PREFERENCE HOST
 *	host NAME ADDRESS
 *	ptr ADDRESS NAME
 *	end NAME KIND secure|insecure TTL MS TEXT
 *
 * "ptr" is asked as an smtpd worker would, all else as a deliverer; -m has the
 * worker ask for an MX, which it may not.
 *
 * and exits 0 when all is answered; with -w not before standard input ends.
 */
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "common/ipc/msg_resolve.h"
#include "common/run/confpass.h"

#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

enum { CONTROL_FD = 3, NOBODY = 65534 };

struct asked {
	char name[MSG_DOMAIN_MAX + 1];
	int64_t at;
};

static const struct kind {
	const char *word;
	enum question_kind kind; /* 0: of smtpd's */
	uint16_t port;
} kinds[] = {
	{ "mx", QUESTION_MX, 0 },
	{ "host", QUESTION_HOST, 0 },
	{ "tlsa", QUESTION_TLSA, 25 },
	{ "ptr", 0, 0 },
};

static struct {
	struct event_base *base;
	struct event *in;
	struct channel *control, *deliver, *smtpd;
	struct conf conf;
	const char *program;
	char **questions; /* those still to be asked */
	uint64_t times;
	uint64_t next; /* the number of the next one of this question */
	size_t open;
	bool confined, mean, ready, wait;
	pid_t pid;
	char root[32];
} self = { .times = 1, .root = "/tmp/postern-ask.XXXXXX" };

static const char *const answers[] = {
	[ANSWER_FOUND] = "found",
	[ANSWER_NONE] = "none",
	[ANSWER_NO_NAME] = "no-name",
	[ANSWER_TROUBLE] = "trouble",
	[ANSWER_MALFORMED] = "malformed",
};

static void
stop(int code)
{
	int status = 0;

	fflush(stdout);
	channel_free(self.control);
	waitpid(self.pid, &status, 0);
	rmdir(self.root);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fatal_code(EX_SOFTWARE, "status %d of the program", status);
	exit(code);
}

static void
name_make(struct view pattern, uint64_t n, char out[MSG_DOMAIN_MAX + 1])
{
	size_t mark = view_find(pattern, '#');
	struct view rest = view_skip(pattern, mark + 1);

	if (mark == pattern.len)
		snprintf(out, MSG_DOMAIN_MAX + 1, "%.*s", (int)pattern.len,
		    pattern.data);
	else
		snprintf(out, MSG_DOMAIN_MAX + 1, "%.*s%llu%.*s", (int)mark,
		    pattern.data, (unsigned long long)n, (int)rest.len,
		    rest.data);
}

static void
ask_deliver(struct asked *a, const struct kind *k)
{
	struct msg_question q = { .kind = (uint8_t)k->kind, .port = k->port };

	view_copy(view_of(a->name), q.name, sizeof(q.name));
	channel_open(self.mean ? self.smtpd : self.deliver, &msg_question, &q,
	    -1, CONV_A, a);
}

static void
ask_smtpd(struct asked *a)
{
	struct msg_name_of q = { 0 };
	struct ip ip;

	if (!ip_parse(view_of(a->name), &ip))
		fatal_code(EX_USAGE, "not an address: %s", a->name);
	q.family = ip.family;
	memcpy(q.bytes, ip.bytes, sizeof(q.bytes));
	channel_open(self.smtpd, &msg_name_of, &q, -1, CONV_A, a);
}

static const struct kind *
kind_now(struct view *rest)
{
	struct view word = view_word(rest);

	for (size_t i = 0; i < nitems(kinds); i++)
		if (view_is(word, kinds[i].word))
			return &kinds[i];
	fatal_code(EX_USAGE, "no such question: %s", self.questions[0]);
}

/* False: no more of these at once. */
static bool
ask_one(void)
{
	struct view rest = view_of(self.questions[0]);
	const struct kind *k = kind_now(&rest);
	bool of_smtpd = k->kind == 0;
	struct asked *a;

	if (!channel_may_open(of_smtpd ? self.smtpd : self.deliver,
		of_smtpd ? &msg_name_of : &msg_question))
		return false;
	a = mem_zero(1, sizeof(*a));
	a->at = clock_mono_ms();
	name_make(view_trim(rest), self.next++, a->name);
	if (of_smtpd)
		ask_smtpd(a);
	else
		ask_deliver(a, k);
	self.open++;
	return true;
}

static void
go_on(void)
{
	if (!self.ready)
		return;
	if (self.open == 0 && self.next == self.times) {
		self.questions++;
		self.next = 0;
	}
	if (self.questions[0] == NULL) {
		if (!self.wait)
			stop(0);
		return;
	}
	while (self.next < self.times && ask_one())
		continue;
}

static bool
on_mx(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct asked *a = conv->object;
	const struct msg_answer_mx *m = msg;

	(void)ch;
	(void)fd;
	printf("mx %s %u %s\n", a->name, m->preference,
	    m->host[0] == '\0' ? "." : m->host);
	return true;
}

static bool
on_addr(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct asked *a = conv->object;
	const struct msg_answer_addr *m = msg;
	struct ip ip = { .family = m->family };
	char text[IP_TEXT];

	(void)ch;
	(void)fd;
	memcpy(ip.bytes, m->bytes, sizeof(ip.bytes));
	printf("host %s %s\n", a->name, ip_print(&ip, text));
	return true;
}

static bool
on_tlsa(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct asked *a = conv->object;
	const struct msg_answer_tlsa *m = msg;
	struct view rest = view_of(m->records);

	(void)ch;
	(void)fd;
	while (rest.len > 0) {
		size_t len = view_find(rest, '\n');

		printf("tlsa %s %.*s\n", a->name, (int)len, rest.data);
		rest = view_skip(rest, len + 1);
	}
	return true;
}

static bool
on_end(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	static const char *const secure[] = { "insecure", "secure", "first" };
	struct asked *a = conv->object;
	const struct msg_answer_end *m = msg;

	(void)ch;
	(void)fd;
	if (m->kind == 0 || m->kind >= nitems(answers))
		return false;
	printf("end %s %s %s %u %lld %s\n", a->name, answers[m->kind],
	    m->secure < nitems(secure) ? secure[m->secure] : "?", m->ttl,
	    (long long)(clock_mono_ms() - a->at), m->text);
	mem_free(a);
	self.open--;
	return true;
}

static bool
on_name_is(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	struct asked *a = conv->object;
	const struct msg_name_is *m = msg;

	(void)ch;
	(void)fd;
	if (m->kind == 0 || m->kind >= nitems(answers))
		return false;
	if (m->name[0] != '\0')
		printf("ptr %s %s\n", a->name, m->name);
	printf("end %s %s insecure 0 %lld \n", a->name, answers[m->kind],
	    (long long)(clock_mono_ms() - a->at));
	mem_free(a);
	self.open--;
	return true;
}

static bool
on_ready(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	(void)ch;
	(void)conv;
	(void)msg;
	(void)fd;
	self.ready = true;
	printf("pid %d\n", (int)self.pid);
	fflush(stdout);
	return true;
}

static bool
on_broken(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_broken *m = msg;

	(void)ch;
	(void)conv;
	(void)fd;
	fatal_code(EX_PROTOCOL, "denounced: %s", m->why);
}

static void
on_closed(struct channel *ch, const char *why)
{
	(void)ch;
	fatal_code(EX_SOFTWARE, "the program ended: %s",
	    why == NULL ? "end of file" : why);
}

static const struct channel_rule control_rules[] = {
	{ &msg_ready, on_ready, CONV_NONE, 0 },
	{ &msg_broken, on_broken, CONV_NONE, 0 },
};

static const struct channel_rule peer_rules[] = {
	{ &msg_answer_mx, on_mx, CONV_A, CONV_A },
	{ &msg_answer_addr, on_addr, CONV_A, CONV_A },
	{ &msg_answer_tlsa, on_tlsa, CONV_A, CONV_A },
	{ &msg_answer_end, on_end, CONV_A, CONV_END },
	{ &msg_name_is, on_name_is, CONV_A, CONV_END },
};

static const struct channel_def control_def = {
	.rules = control_rules,
	.nrules = nitems(control_rules),
	.closed = on_closed,
};

static const struct channel_def peer_def = {
	.rules = peer_rules,
	.nrules = nitems(peer_rules),
	.closed = on_closed,
};

static void
pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == -1)
		fatal("socketpair: %m");
}

static void
start(void)
{
	char *argv[] = { (char *)(uintptr_t)self.program, NULL };
	int fds[2];

	pair(fds);
	self.pid = fork();
	if (self.pid == -1)
		fatal("fork: %m");
	if (self.pid == 0) {
		/* dup2 onto itself would keep close-on-exec */
		if (fds[1] == CONTROL_FD)
			fcntl(CONTROL_FD, F_SETFD, 0);
		else if (dup2(fds[1], CONTROL_FD) == -1)
			_exit(EX_OSERR);
		execv(self.program, argv);
		_exit(EX_OSERR);
	}
	close(fds[1]);
	self.control = channel_new(self.base, fds[0], &control_def, NULL);
}

static struct channel *
wire(enum peer_kind kind)
{
	struct msg_peer p = { .kind = (uint16_t)kind };
	int fds[2];

	pair(fds);
	channel_send(self.control, NULL, &msg_peer, &p, fds[1]);
	return channel_new(self.base, fds[0], &peer_def, NULL);
}

static void
boot(void)
{
	struct msg_boot b = { .kind = PEER_RESOLVE, .confine = self.confined };
	size_t next = 0;

	if (mkdtemp(self.root) == NULL)
		fatal("%s: %m", self.root);
	b.uid = b.gid = NOBODY;
	view_copy(view_of(self.root), b.root, sizeof(b.root));
	channel_send(self.control, NULL, &msg_boot, &b, -1);
	if (!confpass_send(self.control, &self.conf, PEER_RESOLVE, &next))
		fatal("the configuration is too long");
	self.deliver = wire(PEER_DELIVER);
	self.smtpd = wire(PEER_SMTPD);
	channel_send(self.control, NULL, &msg_boot_end, NULL, -1);
}

static void
add_resolver(const char *text)
{
	struct conf_resolver r = { 0 };
	struct view v = view_of(text);
	size_t comma = view_find(v, ',');
	struct view rest = view_skip(v, comma + 1);
	struct view number = view_word(&rest), proof = view_word(&rest);
	uint64_t port;

	if (!ip_parse(view_make(text, comma), &r.ip) ||
	    !view_u64(number, &port) || port > 65535 ||
	    !view_copy(proof, r.signed_name, sizeof(r.signed_name)) ||
	    !view_copy(view_trim(rest), r.bogus_name, sizeof(r.bogus_name)))
		fatal_code(EX_USAGE, "not ADDR,PORT: %s", text);
	r.port = (uint16_t)port;
	if (!conf_add_resolver(&self.conf, &r))
		fatal_code(EX_USAGE, "not a resolver: %s", text);
}

static void
options(int argc, char *argv[])
{
	int c;

	while ((c = getopt(argc, argv, "cmn:r:wx:")) != -1)
		switch (c) {
		case 'c':
			self.confined = true;
			break;
		case 'm':
			self.mean = true;
			break;
		case 'n':
			self.times = strtoull(optarg, NULL, 10);
			break;
		case 'r':
			add_resolver(optarg);
			break;
		case 'w':
			self.wait = true;
			break;
		case 'x':
			self.program = optarg;
			break;
		default:
			exit(EX_USAGE);
		}
	self.questions = argv + optind;
	if (self.program == NULL || self.conf.nresolvers == 0)
		fatal_code(EX_USAGE, "-r and -x are needed");
}

/* Standard input has ended: so may we. */
static void
on_stdin(evutil_socket_t fd, short what, void *arg)
{
	char room[64];

	(void)what;
	(void)arg;
	if (read(fd, room, sizeof(room)) <= 0)
		stop(0);
}

int
main(int argc, char *argv[])
{
	log_open(STDERR_FILENO, "ask");
	signal(SIGPIPE, SIG_IGN);
	conf_init(&self.conf);
	options(argc, argv);
	self.base = event_base_new();
	start();
	boot();
	self.in = event_new(
	    self.base, STDIN_FILENO, EV_READ | EV_PERSIST, on_stdin, NULL);
	if (self.wait)
		event_add(self.in, NULL);
	for (;;) {
		go_on();
		channels_flush();
		fflush(stdout);
		event_base_loop(self.base, EVLOOP_ONCE);
	}
}
