/* SPDX-License-Identifier: ISC */
/* tests/lib/tool_fill.c - a spool with many messages, made by the store.
 *
 *	fill [-a SECONDS] [-A SECONDS] [-d DOMAIN] [-D DOMAINS] [-e ERROR]
 *	    [-h HOST] [-i PREFIX] [-n MESSAGES] [-o LOG] [-p PORT] [-r RCPTS]
 *	    FOLDER
 *
 * FOLDER is SPOOL/queue of a postern that has run once and does not run now.
 * Bodies and rows are those that queue would make of deferred mail, through
 * queue/store.h; only the flushes are left out, but for one at the end.  LOG
 * gets the lines of tool_client.c, as if all had been acknowledged.
 *
 * -a SECONDS   until the groups are due (0: they are)
 * -A SECONDS   until their destinations wake up (0: they are awake)
 * -d, -D       "%u" in DOMAIN becomes 0 to DOMAINS - 1 in turn
 * -e ERROR     of the attempt before
 * -h, -p       the next hop is that host, not the domain's MX; its port
 * -r RCPTS     of each message, in one domain
 */
#include "tests/lib/letter.h"
#include "tests/lib/record.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "queue/spool.h"
#include "queue/store.h"

#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum { STOCKS = 16, ID_MAX = 64, TEXT_MAX = 320 };

static struct {
	struct letters letters;
	struct record record;
	unsigned int after, asleep, domains, messages, rcpts, port;
	const char *domain, *error, *host, *prefix, *log;
	int64_t *rows;     /* ids of the destinations, 0 unknown */
	unsigned int made; /* bodies asked for */
	unsigned int done; /* messages stored */
	unsigned int busy; /* operations under way */
	int64_t now;
} fill = {
	.domain = "d%u.example",
	.domains = 1,
	.error = "451 4.4.1 no answer",
	.messages = 1000,
	.port = 25,
	.prefix = "fill",
	.rcpts = 1,
};

/* Not durable until the end: what is filled by half is thrown away. */
int
fsync(int fd)
{
	(void)fd;
	return 0;
}

int
fdatasync(int fd)
{
	(void)fd;
	return 0;
}

/* "%u" in the pattern becomes the number. */
static void
numbered(char out[TEXT_MAX], const char *pattern, unsigned int n)
{
	const char *at = strstr(pattern, "%u");

	if (at == NULL)
		snprintf(out, TEXT_MAX, "%s", pattern);
	else
		snprintf(out, TEXT_MAX, "%.*s%u%s", (int)(at - pattern),
		    pattern, n, at + 2);
}

static void
write_body(int fd, unsigned int number, const char *id, const char *rcpt)
{
	struct letter letter = { id, number, "sender@fill.example",
		view_of(rcpt) };
	struct buf text;
	struct view v;

	buf_init(&text, 4096);
	letters_write(&fill.letters, &letter, &text);
	v = buf_view(&text);
	v.len -= strlen(".\r\n");
	if (write(fd, v.data, v.len) != (ssize_t)v.len)
		fatal("body: %m");
	buf_free(&text);
}

static struct message *
message_make(uint64_t id, int fd)
{
	struct message *m = message_new();

	m->id = id;
	m->shard = spool_shard(id);
	m->received = fill.now;
	m->class_ = CLASS_STRANGER;
	m->sender = mem_copy_string("sender@fill.example");
	m->client = mem_copy_string("192.0.2.1");
	m->helo = mem_copy_string("fill.example");
	m->message_id = mem_copy_string("<fill@fill.example>");
	m->fd = fd;
	return m;
}

static struct destination *
destination_make(unsigned int place, const char *domain)
{
	struct destination *d = mem_zero(1, sizeof(*d));

	d->transport = fill.host == NULL ? TRANSPORT_MX : TRANSPORT_HOST;
	d->port = (uint16_t)fill.port;
	d->id = fill.rows[place];
	if (!view_copy(view_of(fill.host == NULL ? domain : fill.host), d->host,
		sizeof(d->host)))
		fatal("host: too long");
	return d;
}

static void stock_ask(void);

static void
on_stored(struct store_op *op)
{
	struct store_commit *c = &op->u.commit;
	struct group *g = c->groups[0].group;
	unsigned int *place = op->owner;

	if (op->failed)
		fatal("not stored: %s", strerror(op->error));
	fill.rows[*place] = c->groups[0].row.id;
	fill.done++;
	fill.busy--;
	mem_free(place);
	mem_free(g->destination);
	group_free(g);
	message_release(c->message);
	store_op_free(op);
	if (fill.busy == 0)
		stock_ask();
}

static void
record_rcpts(const char *id, const struct group *g)
{
	struct buf line;

	buf_init(&line, SIZE_MAX);
	buf_printf(&line, "%s\t", id);
	for (size_t i = 0; i < g->nrcpts; i++)
		buf_printf(
		    &line, "%s%s", i == 0 ? "" : ",", g->rcpts[i].address);
	record_line(&fill.record, "%s\t0\t0", buf_string(&line));
	buf_free(&line);
}

static void
message_store(unsigned int number, uint64_t id, int wfd, int rfd)
{
	unsigned int *place = mem_alloc(sizeof(*place));
	struct store_op *op = store_op_new(STORE_COMMIT, on_stored, place);
	struct store_commit *c = &op->u.commit;
	char name[ID_MAX], domain[TEXT_MAX], rcpt[2 * TEXT_MAX];
	struct group *g;

	*place = number % fill.domains;
	numbered(domain, fill.domain, *place);
	snprintf(name, sizeof(name), "%s-%07u", fill.prefix, number);
	c->message = message_make(id, rfd);
	g = group_new(c->message, 1);
	g->state = GROUP_WAITING;
	g->next_try = fill.now + (int64_t)fill.after * 1000;
	g->attempts = 1;
	g->destination = destination_make(*place, domain);
	group_set_error(g, fill.error);
	for (unsigned int i = 1; i <= fill.rcpts; i++) {
		snprintf(rcpt, sizeof(rcpt), "r%u-%07u@%s", i, number, domain);
		group_add_rcpt(g, i, &(struct rcpt_new){ .address = rcpt });
	}
	c->groups = mem_zero(1, sizeof(*c->groups));
	c->groups[0].group = g;
	c->ngroups = 1;
	write_body(wfd, number, name, rcpt);
	close(wfd);
	record_rcpts(name, g);
	fill.busy++;
	store_submit(op);
}

static void
on_stock(struct store_op *op)
{
	const struct store_stock *s = op->u.stock;

	if (op->failed)
		fatal("no body: %s", strerror(op->error));
	fill.busy--;
	for (size_t i = 0; i < s->count; i++)
		message_store(fill.made++, s->items[i].id, s->items[i].wfd,
		    s->items[i].rfd);
	store_op_free(op);
}

/* The next batch, when the one before is stored. */
static void
stock_ask(void)
{
	unsigned int left = fill.messages - fill.made, n;
	struct store_op *op;

	record_flush(&fill.record);
	for (int i = 0; i < STOCKS && left > 0; i++, left -= n) {
		n = left < STORE_STOCK_MAX ? left : STORE_STOCK_MAX;
		op = store_op_new(STORE_STOCK, on_stock, NULL);
		op->u.stock->count = n;
		fill.busy++;
		store_submit(op);
	}
}

static void
on_asleep(struct store_op *op)
{
	fill.busy--;
	store_op_free(op);
}

static void
sleep_store(int64_t row)
{
	struct store_op *op = store_op_new(STORE_SLEEP, on_asleep, NULL);

	op->u.sleep.destination_id = row;
	op->u.sleep.clock = true;
	op->u.sleep.not_before = fill.now + (int64_t)fill.asleep * 1000;
	op->u.sleep.failures = 1;
	op->u.sleep.error = mem_copy_string(fill.error);
	fill.busy++;
	store_submit(op);
}

static void
run(struct event_base *base)
{
	while (fill.busy > 0) {
		store_turn();
		event_base_loop(base, EVLOOP_ONCE);
	}
}

static void
fill_all(struct event_base *base)
{
	stock_ask();
	run(base);
	for (unsigned int i = 0; fill.asleep > 0 && i < fill.domains; i++)
		if (fill.rows[i] != 0)
			sleep_store(fill.rows[i]);
	run(base);
}

/* What is made must be queue's. */
static void
become_owner(void)
{
	struct stat st;

	if (stat(".", &st) == -1)
		fatal("FOLDER: %m");
	if (geteuid() == 0 && (chroot(".") == -1 || setgid(st.st_gid) == -1 ||
				  setuid(st.st_uid) == -1))
		fatal("account: %m");
}

static void
usage(void)
{
	fatal_code(EX_USAGE, "usage: see the top of tool_fill.c");
}

static unsigned int
number(const char *word)
{
	uint64_t n;

	if (!view_u64(view_of(word), &n) || n > 100000000)
		usage();
	return (unsigned int)n;
}

static unsigned int *
number_option(int c)
{
	switch (c) {
	case 'a':
		return &fill.after;
	case 'A':
		return &fill.asleep;
	case 'D':
		return &fill.domains;
	case 'n':
		return &fill.messages;
	case 'p':
		return &fill.port;
	case 'r':
		return &fill.rcpts;
	default:
		return NULL;
	}
}

static const char **
word_option(int c)
{
	switch (c) {
	case 'd':
		return &fill.domain;
	case 'e':
		return &fill.error;
	case 'h':
		return &fill.host;
	case 'i':
		return &fill.prefix;
	case 'o':
		return &fill.log;
	default:
		return NULL;
	}
}

int
main(int argc, char *argv[])
{
	struct event_base *base = event_base_new();
	int c, folder;

	log_open(STDERR_FILENO, "fill");
	while ((c = getopt(argc, argv, "a:A:d:D:e:h:i:n:o:p:r:")) != -1) {
		if (number_option(c) != NULL)
			*number_option(c) = number(optarg);
		else if (word_option(c) != NULL)
			*word_option(c) = optarg;
		else
			usage();
	}
	if (optind != argc - 1 || fill.domains == 0 || fill.rcpts == 0)
		usage();
	record_open(&fill.record, fill.log);
	if (chdir(argv[optind]) == -1)
		fatal("%s: %m", argv[optind]);
	become_owner();
	umask(027);
	fill.now = clock_wall_ms();
	fill.rows = mem_zero(fill.domains, sizeof(*fill.rows));
	letters_init(&fill.letters, 0, fill.prefix);
	store_prepare();
	store_start(base);
	fill_all(base);
	store_stop();
	folder = open(".", O_RDONLY | O_DIRECTORY);
	if (syncfs(folder) == -1)
		fatal("syncfs: %m");
	record_close(&fill.record);
	printf("%u\n", fill.done);
	return 0;
}
