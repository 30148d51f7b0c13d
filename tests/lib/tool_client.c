/* SPDX-License-Identifier: ISC */
/* tests/lib/tool_client.c - the tests' SMTP client that records its 250s.
 *
 *	client [-jPqR] [-c SESSIONS] [-d DOMAIN] [-D DOMAINS] [-f FROM]
 *	    [-h ADDR] [-i PREFIX] [-k N] [-n MESSAGES] [-o LOG] [-p PORT]
 *	    [-r RCPTS] [-s BYTES] [-t SECONDS] [-u PATH] [-w SECONDS] [-x N]
 *	    [-X FOLDER]
 *
 * Each message has an id of its own in X-Postern-Id and the FNV-1a sum of
 * its body in X-Postern-Sum.  LOG gets a line when its fate is known:
 *
 *	ID <tab> RCPT,RCPT... <tab> START <tab> END     its 250 was read
 *	?ID         the connection was lost after the dot: nobody knows
 *	!ID CODE    the server said no (4yz or 5yz)
 *
 * START (dial; on a kept connection, MAIL) and END are microseconds of the
 * monotonic clock; the recipients are those that the server took.
 *
 * -d, -D  "%u" in DOMAIN becomes 0 to DOMAINS - 1 in turn
 * -k N    messages on each connection
 * -P      MAIL, RCPT and DATA in one piece where the server allows it
 * -R      never give up: what was lost or refused is sent again under a new
 *         id, until MESSAGES are acknowledged or -t SECONDS have passed
 * -w      longest wait for a reply
 * -x N, -X FOLDER   on receipt of the Nth 250, before anything else, the power
 *         of FOLDER's file system is cut (tests/lib/powercut.h)
 *
 * Exit 0: all MESSAGES acknowledged; 1: not all.
 */
#include "tests/lib/client.h"
#include "tests/lib/powercut.h"

#include "common/base/fatal.h"
#include "common/base/log.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

struct tool {
	struct client client;
	const char *addr;
	const char *port;
	const char *path;
	const char *log;
	unsigned int seconds;
	bool json;
	bool quiet;
};

static unsigned int
number(const char *word, unsigned int least)
{
	uint64_t n;

	if (!view_u64(view_of(word), &n) || n < least || n > 1000000000)
		fatal_code(EX_USAGE, "not a good number: %s", word);
	return (unsigned int)n;
}

static bool
option_number(struct tool *t, int c)
{
	struct client_options *o = &t->client.options;

	switch (c) {
	case 'c':
		o->sessions = number(optarg, 1);
		return true;
	case 'D':
		o->domains = number(optarg, 1);
		return true;
	case 'k':
		o->per_connection = number(optarg, 1);
		return true;
	case 'n':
		o->messages = number(optarg, 0);
		return true;
	case 'r':
		o->rcpts = number(optarg, 1);
		return true;
	case 's':
		o->body_bytes = number(optarg, 0);
		return true;
	case 't':
		t->seconds = number(optarg, 1);
		return true;
	case 'w':
		o->reply_seconds = number(optarg, 1);
		return true;
	case 'x':
		o->cut_at = number(optarg, 1);
		return true;
	default:
		return false;
	}
}

static bool
option_word(struct tool *t, int c)
{
	struct client_options *o = &t->client.options;

	switch (c) {
	case 'd':
		o->domain = optarg;
		return true;
	case 'f':
		o->from = optarg;
		return true;
	case 'h':
		t->addr = optarg;
		return true;
	case 'i':
		o->prefix = optarg;
		return true;
	case 'o':
		t->log = optarg;
		return true;
	case 'p':
		t->port = optarg;
		return true;
	case 'u':
		t->path = optarg;
		return true;
	case 'X':
		o->cut_fd = powercut_open(optarg);
		return true;
	default:
		return false;
	}
}

static void
option(struct tool *t, int c)
{
	struct client_options *o = &t->client.options;

	if (option_number(t, c) || option_word(t, c))
		return;
	if (c == 'j')
		t->json = true;
	else if (c == 'P')
		o->pipelining = true;
	else if (c == 'q')
		t->quiet = true;
	else if (c == 'R')
		o->retry = true;
	else
		fatal_code(EX_USAGE, "usage: see the top of tool_client.c");
}

/* An id is a line of the body too: it must not begin with a dot. */
static void
check_prefix(const char *prefix)
{
	struct view v = view_of(prefix);

	if (v.len == 0 || v.len > CLIENT_ID - 24)
		fatal_code(EX_USAGE, "prefix is empty or too long");
	for (size_t i = 0; i < v.len; i++)
		if (!ascii_is_alnum(v.data[i]) &&
		    (i == 0 || strchr("-_.", v.data[i]) == NULL))
			fatal_code(EX_USAGE, "bad prefix: %s", prefix);
}

static void
prepare(struct tool *t)
{
	struct client_options *o = &t->client.options;
	char id[CLIENT_ID];

	check_prefix(o->prefix);
	if ((o->cut_at == 0) != (o->cut_fd == -1))
		fatal_code(EX_USAGE, "-x and -X go together");
	if (t->path != NULL)
		endpoint_unix(&o->target, t->path);
	else
		endpoint_inet(&o->target, t->addr, t->port);
	endpoint_raise_limit();
	snprintf(id, sizeof(id), "%s-%06u", o->prefix, 1U);
	letters_init(&t->client.letters, o->body_bytes, id);
	record_open(&t->client.record, t->log);
}

static void
summary(struct tool *t)
{
	struct client *c = &t->client;
	double seconds = (double)(c->ended_us - c->begun_us) / 1e6;
	uint64_t n = c->fates[FATE_ACKNOWLEDGED];
	struct buf json;

	if (t->json) {
		buf_init(&json, 4096);
		client_json(c, &json);
		puts(buf_string(&json));
		buf_free(&json);
	} else if (!t->quiet) {
		printf("%llu acknowledged, %llu unknown, %llu refused, %llu "
		       "failed in %.3f s: %.0f messages/s; dot to 250 p50 %u "
		       "p95 %u p99 %u us; start to 250 p50 %u p95 %u p99 %u "
		       "us\n",
		    (unsigned long long)n,
		    (unsigned long long)c->fates[FATE_UNKNOWN],
		    (unsigned long long)c->fates[FATE_REFUSED],
		    (unsigned long long)c->fates[FATE_FAILED], seconds,
		    seconds > 0 ? (double)n / seconds : 0.0,
		    samples_at(&c->dot_us, 50), samples_at(&c->dot_us, 95),
		    samples_at(&c->dot_us, 99), samples_at(&c->start_us, 50),
		    samples_at(&c->start_us, 95), samples_at(&c->start_us, 99));
	}
}

static const struct client_options defaults = {
	.sessions = 1,
	.messages = 1,
	.body_bytes = 4096,
	.rcpts = 1,
	.domain = "example.org",
	.domains = 1,
	.from = "sender@client.example",
	.prefix = "m",
	.per_connection = 1,
	.reply_seconds = 300,
	.cut_fd = -1,
};

int
main(int argc, char *argv[])
{
	struct tool t = { .addr = "127.0.0.1", .port = "25" };
	bool all;
	int c;

	t.client.options = defaults;
	log_open(STDERR_FILENO, "client");
	while ((c = getopt(argc, argv,
		    "c:d:D:f:h:i:jk:n:o:p:Pqr:Rs:t:u:w:x:X:")) != -1)
		option(&t, c);
	prepare(&t);
	client_run(&t.client, t.seconds);
	summary(&t);
	all = t.client.fates[FATE_ACKNOWLEDGED] >= t.client.options.messages;
	client_free(&t.client);
	return all ? EX_OK : 1;
}
