/* SPDX-License-Identifier: ISC */
/* smtpd/auth_desk.c - where questions for passwords wait and are answered.
 *
 * Must not log a password, nor keep one longer than its answer takes.
 */
#include "smtpd/auth_desk.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/base/fatal.h"
#include "common/base/log.h"
#include "common/ipc/msg_auth.h"
#include "common/mail/passwords.h"
#include "common/sys/hash.h"
#include "smtpd/auth_guard.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

/* The last places are for those who have been here before. */
enum { WAITING_MAX = 64, WAITING_RESERVE = 16, WAITING_OF_NETWORK = 8 };

/* Nobody's, for an empty file; its password was not kept. */
static const char nobody[] = "$y$j9T$TDNHHB6aDBu1Y6F1bFhEz1$"
			     "2ZAvZ/5HTNUfmyvxkHnJnNzsdQKrLVwS4wy2eT21GU0";

struct question {
	TAILQ_ENTRY(question) next;
	struct channel *ch;
	struct conv *conv; /* NULL: its worker is gone */
	bool known;        /* has logged in from there before */
	struct ip ip;
	char name[MSG_LOGIN_MAX + 1];
	char password[MSG_PASSWORD_MAX + 1];
};

static struct {
	struct guard *guard;
	char *text; /* of the file in force; NULL: none was sound yet */
	size_t size;
	struct passwords passwords;
	TAILQ_HEAD(, question) waiting;
	size_t nwaiting;
	struct event again; /* more wait: the loop comes back at once */
} desk;

static void
text_free(char *text, size_t size)
{
	if (text == NULL)
		return;
	explicit_bzero(text, size);
	mem_free(text);
}

static void
answer(struct channel *ch, struct conv *conv, enum auth_verdict verdict)
{
	const struct msg_auth_is m = { .verdict = (uint8_t)verdict };

	channel_send(ch, conv, &msg_auth_is, &m, -1);
	conv_end(ch, conv);
}

static size_t
waiting_of(const struct ip *ip)
{
	const struct ip net = guard_network(ip);
	struct question *q;
	size_t n = 0;

	TAILQ_FOREACH (q, &desk.waiting, next) {
		const struct ip other = guard_network(&q->ip);

		n += ip_eq(&net, &other);
	}
	return n;
}

/* A flood of guesses may have all places but some. */
static bool
is_busy(const struct question *q)
{
	size_t max = q->known ? WAITING_MAX : WAITING_MAX - WAITING_RESERVE;

	return desk.nwaiting >= max || waiting_of(&q->ip) >= WAITING_OF_NETWORK;
}

/* Who has been here before is asked for before all others. */
static void
enqueue(struct question *q)
{
	struct question *before;

	desk.nwaiting++;
	TAILQ_FOREACH (before, &desk.waiting, next)
		if (q->known && !before->known)
			break;
	if (before != NULL)
		TAILQ_INSERT_BEFORE(before, q, next);
	else
		TAILQ_INSERT_TAIL(&desk.waiting, q, next);
}

static void
log_login(const struct question *q, const char *event, const char *why)
{
	char ip[IP_TEXT];

	log_begin(event);
	log_text("login", q->name);
	log_word("client", ip_print(&q->ip, ip));
	if (why != NULL)
		log_word("why", why);
	log_end();
}

/* It lies where the channel decodes all that it reads. */
static void
wipe(const struct msg_auth_check *m)
{
	explicit_bzero((void *)(uintptr_t)m->password, sizeof(m->password));
}

static bool
on_check(struct channel *ch, struct conv *conv, const void *msg, int fd)
{
	const struct msg_auth_check *m = msg;
	struct question *q;

	(void)fd;
	if ((m->family != 4 && m->family != 6) ||
	    !passwords_name_valid(view_of(m->name)))
		return false;
	q = mem_zero(1, sizeof(*q));
	q->ip.family = m->family;
	memcpy(q->ip.bytes, m->client, sizeof(q->ip.bytes));
	memcpy(q->name, m->name, sizeof(q->name));
	q->known = guard_knows(desk.guard, &q->ip, view_of(q->name));
	if (is_busy(q)) {
		log_login(q, "login-deferred", "busy");
		answer(ch, conv, AUTH_BUSY);
		mem_free(q);
		wipe(m);
		return true;
	}
	memcpy(q->password, m->password, sizeof(q->password));
	wipe(m);
	q->ch = ch;
	q->conv = conv;
	conv->object = q;
	enqueue(q);
	return true;
}

static void
on_conv_lost(struct channel *ch, struct conv *conv)
{
	struct question *q = conv->object;

	(void)ch;
	if (q != NULL)
		q->conv = NULL;
}

/* As much work for a name that nobody has as for most others. */
static bool
is_right(const struct question *q)
{
	const char *hash = passwords_find(&desk.passwords, view_of(q->name));
	const char *model = desk.passwords.model;

	if (hash != NULL)
		return hash_matches(hash, q->password);
	(void)hash_matches(model != NULL ? model : nobody, q->password);
	return false;
}

static enum auth_verdict
judge(const struct question *q)
{
	struct view name = view_of(q->name);
	int64_t now = clock_mono_ms();

	if (desk.text == NULL) {
		log_login(q, "login-deferred", "file");
		return AUTH_AWAY;
	}
	if (!guard_allows(desk.guard, &q->ip, name, now)) {
		log_login(q, "login-barred", NULL);
		return AUTH_BARRED;
	}
	if (!is_right(q)) {
		guard_failed(desk.guard, &q->ip, name, now);
		log_login(q, "login-failed", NULL);
		return AUTH_NO;
	}
	guard_succeeded(desk.guard, &q->ip, name, now);
	log_login(q, "login", NULL);
	return AUTH_YES;
}

static void
question_end(struct question *q)
{
	TAILQ_REMOVE(&desk.waiting, q, next);
	desk.nwaiting--;
	explicit_bzero(q, sizeof(*q));
	mem_free(q);
}

void
desk_turn(void)
{
	const struct timeval now = { 0, 0 };
	struct question *q = TAILQ_FIRST(&desk.waiting);

	if (q == NULL)
		return;
	if (q->conv != NULL)
		answer(q->ch, q->conv, judge(q));
	question_end(q);
	if (desk.nwaiting > 0)
		event_add(&desk.again, &now);
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

void
desk_start(void)
{
	uint64_t random;

	arc4random_buf(&random, sizeof(random));
	desk.guard = guard_new(random);
	TAILQ_INIT(&desk.waiting);
	event_assign(&desk.again, process_base(), -1, 0, on_again, NULL);
}

/* All of it, with room for a NUL; NULL: *why. */
static char *
file_read(int fd, size_t *len, const char **why)
{
	struct stat st;
	char *text;
	ssize_t n = 0;

	*why = "it is too large";
	if (fstat(fd, &st) == -1 || st.st_size > PASSWORDS_MAX)
		return NULL;
	*len = 0;
	text = mem_alloc((size_t)st.st_size + 1);
	while (*len < (size_t)st.st_size &&
	       (n = pread(fd, text + *len, (size_t)st.st_size - *len,
		    (off_t)*len)) > 0)
		*len += (size_t)n;
	if (n >= 0)
		return text;
	*why = strerror(errno);
	text_free(text, (size_t)st.st_size);
	return NULL;
}

static void
refused(const struct msg_file *m, unsigned int line, const char *why)
{
	log_begin("passwords-refused");
	log_text("path", m->path);
	if (line > 0)
		log_u64("line", line);
	log_text("text", why);
	log_end();
	process_file_read(m, line, why);
}

static void
take(const struct msg_file *m, char *text, size_t len)
{
	char error[PASSWORDS_ERROR];
	struct passwords fresh;
	unsigned int line;

	if (!passwords_read(&fresh, text, len, &line, error)) {
		refused(m, line, error);
		text_free(text, len);
		return;
	}
	passwords_clear(&desk.passwords);
	text_free(desk.text, desk.size);
	desk.passwords = fresh;
	desk.text = text;
	desk.size = len;
	log_begin("passwords-read");
	log_text("path", m->path);
	log_u64("logins", fresh.n);
	log_end();
	process_file_read(m, 0, "");
}

bool
desk_file(const struct msg_file *m, int fd)
{
	const char *why;
	size_t len;
	char *text;

	if (m->kind != FILE_PASSWORDS) {
		close(fd);
		return false;
	}
	text = file_read(fd, &len, &why);
	close(fd);
	if (text == NULL)
		refused(m, 0, why);
	else
		take(m, text, len);
	return true;
}

/* clang-format off */
static const struct channel_rule rules[] = {
	{ &msg_auth_check, on_check, CONV_NEW, CONV_A },
};
/* clang-format on */

const struct peer_def desk_smtpd = {
	.kind = PEER_SMTPD,
	.rules = rules,
	.nrules = nitems(rules),
	.conv_lost = on_conv_lost,
};
