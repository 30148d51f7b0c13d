/* SPDX-License-Identifier: ISC */
/* tools/letter.c - one message from standard input to postern.
 *
 * Keeps nothing on disk: either postern has the message when this ends with
 * 0, or the caller still has it and is told so by the exit code.
 */
#include "tools/letter.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/mail/date.h"
#include "tools/human.h"
#include "tools/mailhead.h"
#include "tools/rcptlist.h"
#include "tools/submit.h"

#include <ctype.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

/* Besides exit codes: what comes of a session. */
enum {
	AGAIN = -1,
	FURTHER = -2 /* fewer wait than before */
};

enum {
	TRIES = 5,
	FIRST_PAUSE_MS = 200, /* doubles: 3 s in all */
	HEAD_MAX = SOURCE_KEPT + 64 * 1024,
	NAME_MAX_BYTES = 256
};

static struct letter {
	const struct sendmail_args *args;
	struct source source;
	struct mailhead scan;
	struct rcptlist rcpts;
	char host[DOMAIN_MAX + 1]; /* completes addresses; "" not known yet */
	char sender[ADDRLIST_SPEC_MAX];
	struct buf head;
	struct reply later; /* why some recipient must wait; code 0: none */
	int code;           /* the first refusal's */
} letter;

/* A server's or a stranger's words may not steer the terminal. */
static void
complain(const char *about, const char *text)
{
	struct buf shown;

	buf_init(&shown, 64 * 1024);
	human_text(&shown, view_of(about), 0, false);
	buf_add_string(&shown, about[0] == '\0' ? "" : ": ");
	human_text(&shown, view_of(text), 0, false);
	fprintf(stderr, "sendmail: %s\n", buf_string(&shown));
	buf_free(&shown);
}

static void
complain_reply(const char *about, const struct reply *r)
{
	char text[REPLY_TEXT + 32];

	if (r->subject >= 0)
		snprintf(text, sizeof(text), "%d %d.%d.%d %s", r->code,
		    r->code / 100, r->subject, r->detail, r->text);
	else
		snprintf(text, sizeof(text), "%d %s", r->code, r->text);
	complain(about, text);
}

static void
note_code(int code)
{
	if (letter.code == EX_OK)
		letter.code = code;
}

static void
on_bad_address(const char *spec)
{
	complain(spec, "no mail address");
	note_code(EX_DATAERR);
}

static void
on_refused(
    const struct submit_rcpt *rcpt, const struct reply *reply, bool later)
{
	if (later) {
		letter.later = *reply; /* told when we give up */
		return;
	}
	complain_reply(rcpt->address, reply);
	note_code(submit_code(reply));
}

/* Everything that can be wrong without a server. */
static int
read_letter(int nrcpts, char *rcpts[])
{
	struct letter *l = &letter;
	const char *wrong = NULL;
	int i;

	if (nrcpts == 0 && !l->args->header_rcpts) {
		complain("", "no recipients: name them, or use -t");
		return EX_USAGE;
	}
	for (i = 0; i < nrcpts && wrong == NULL; i++)
		wrong =
		    addrlist_each(view_of(rcpts[i]), rcptlist_found, &l->rcpts);
	if (wrong != NULL) {
		complain(rcpts[i - 1], wrong);
		return EX_USAGE;
	}
	if (!source_begin(&l->source, STDIN_FILENO, l->args->dots_are_text)) {
		complain("standard input", strerror(l->source.failed));
		return EX_IOERR;
	}
	mailhead_scan(buf_view(&l->source.kept), l->source.whole, &l->scan);
	if (!l->scan.ends) {
		complain("", "the header is longer than 1 MiB");
		return EX_DATAERR;
	}
	if (l->args->header_rcpts)
		wrong = mailhead_recipients(buf_view(&l->source.kept), &l->scan,
		    rcptlist_found, &l->rcpts);
	if (wrong != NULL || l->rcpts.nspecs == 0) {
		complain("the header's recipients",
		    wrong != NULL ? wrong : "there are none");
		return wrong != NULL ? EX_DATAERR : EX_USAGE;
	}
	return EX_OK;
}

struct one_address {
	size_t n;
	bool null, bad;
	char *out;
};

static void
on_sender(void *arg, struct view spec, bool has_domain)
{
	struct one_address *one = arg;

	one->n++;
	one->null = spec.len == 0;
	one->bad = !one->null &&
		   !rcptlist_address(spec, has_domain, letter.host, one->out);
}

static void
login_name(char *out, size_t size)
{
	const struct passwd *pw = getpwuid(getuid());

	if (pw != NULL)
		strlcpy(out, pw->pw_name, size);
	else
		snprintf(out, size, "uid%u", (unsigned int)getuid());
}

/* The envelope's sender; false when -f is no address. */
static bool
complete_sender(void)
{
	struct one_address one = { .out = letter.sender };
	const char *wish = letter.args->sender;
	char login[NAME_MAX_BYTES];

	letter.sender[0] = '\0';
	if (wish == NULL) {
		login_name(login, sizeof(login));
		return rcptlist_address(
		    view_of(login), false, letter.host, letter.sender);
	}
	if (wish[0] == '\0')
		return true;
	return addrlist_each(view_of(wish), on_sender, &one) == NULL &&
	       one.n == 1 && !one.bad;
}

/* The person's name: -F, or the account's, where & is the login name. */
static void
full_name(char *out, size_t size)
{
	const struct passwd *pw = getpwuid(getuid());
	size_t len = 0;

	out[0] = '\0';
	if (letter.args->name != NULL) {
		strlcpy(out, letter.args->name, size);
		return;
	}
	if (pw == NULL || pw->pw_gecos == NULL)
		return;
	for (const char *p = pw->pw_gecos; *p != '\0' && *p != ','; p++) {
		if (len + strlen(pw->pw_name) + 2 > size)
			break;
		if (*p != '&') {
			out[len++] = *p;
			continue;
		}
		len += strlcpy(out + len, pw->pw_name, size - len);
		if (len > 0 && pw->pw_name[0] != '\0') {
			char *first = out + len - strlen(pw->pw_name);

			*first = (char)toupper((unsigned char)*first);
		}
	}
	out[len] = '\0';
}

static void
add_from(struct buf *out)
{
	char name[NAME_MAX_BYTES], address[ADDRLIST_SPEC_MAX];
	char login[NAME_MAX_BYTES];
	size_t before;

	strlcpy(address, letter.sender, sizeof(address));
	if (address[0] == '\0') {
		login_name(login, sizeof(login));
		if (!rcptlist_address(
			view_of(login), false, letter.host, address))
			return;
	}
	full_name(name, sizeof(name));
	buf_add_string(out, "From: ");
	before = out->len;
	mailhead_phrase(name, out);
	buf_printf(out, out->len > before ? " <%s>\n" : "%s\n", address);
}

static void
add_message_id(struct buf *out)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	char stamp[32] = "0";
	uint64_t random;
	struct tm tm;

	arc4random_buf(&random, sizeof(random));
	if (gmtime_r(&now, &tm) != NULL)
		strftime(stamp, sizeof(stamp), "%Y%m%d%H%M%S", &tm);
	buf_printf(out, "Message-ID: <%s.%016" PRIx64 "@%s>\n", stamp, random,
	    letter.host);
}

/* The header as it goes out: what was missing, what was there, a blank. */
static void
complete_head(void)
{
	struct letter *l = &letter;
	char date[DATE_TEXT];

	buf_init(&l->head, HEAD_MAX);
	if (!l->scan.from)
		add_from(&l->head);
	if (!l->scan.date)
		buf_printf(
		    &l->head, "Date: %s\n", date_print(clock_wall_ms(), date));
	if (!l->scan.message_id)
		add_message_id(&l->head);
	mailhead_copy(buf_view(&l->source.kept), &l->head);
	buf_add_string(&l->head, "\n");
}

/* By the server's greeting, or this machine's own name. */
static void
find_host(const struct session *s)
{
	char name[DOMAIN_MAX + 1] = "";

	strlcpy(letter.host, s->host, sizeof(letter.host));
	if (letter.host[0] != '\0')
		return;
	if (gethostname(name, sizeof(name) - 1) == -1 ||
	    !domain_normalise(view_of(name), letter.host) ||
	    !domain_valid(view_of(letter.host)))
		strlcpy(letter.host, "localhost", sizeof(letter.host));
}

/* With the first session, when we know our host's name. */
static int
complete_letter(const struct session *s)
{
	struct letter *l = &letter;

	if (l->host[0] != '\0')
		return EX_OK;
	find_host(s);
	if (!complete_sender()) {
		complain(l->args->sender != NULL ? l->args->sender
						 : "your login name",
		    "no address to send from");
		return EX_USAGE;
	}
	rcptlist_complete(&l->rcpts, l->host, on_bad_address);
	complete_head();
	return EX_OK;
}

static bool
has_eightbit(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text > 127)
			return true;
	return false;
}

static enum submit_result
send_once(struct session *s)
{
	struct letter *l = &letter;
	struct submit_mail m = {
		.sender = l->sender,
		.rcpts = l->rcpts.rcpts,
		.nrcpts = l->rcpts.nrcpts,
		.head = buf_view(&l->head),
		.body = l->scan.body,
		.source = &l->source,
		.notify = l->args->notify,
		.ret = l->args->ret,
		.envid = l->args->envid,
		.refused = on_refused,
	};

	/* what was not looked at may be anything */
	m.eightbit =
	    l->args->eightbit || l->source.eightbit || !l->source.whole;
	m.utf8 = has_eightbit(l->sender);
	for (size_t i = 0; i < m.nrcpts; i++)
		m.utf8 = m.utf8 || has_eightbit(m.rcpts[i].address);
	return session_send(s, &m);
}

static size_t
waiting(void)
{
	size_t n = 0;

	for (size_t i = 0; i < letter.rcpts.nrcpts; i++)
		n += letter.rcpts.rcpts[i].state == RCPT_WAITS;
	return n;
}

/* Why nothing more is tried, if something is left. */
static int
give_up(const struct session *s)
{
	const struct letter *l = &letter;
	bool some = l->rcpts.nrcpts > waiting();

	for (size_t i = 0; some && i < l->rcpts.nrcpts; i++)
		if (l->rcpts.rcpts[i].state == RCPT_WAITS)
			complain(l->rcpts.rcpts[i].address,
			    "not sent to this recipient yet");
	if (s->lost != NULL)
		complain("cannot hand the message to postern", s->lost);
	else
		complain_reply("postern says",
		    letter.later.code != 0 ? &letter.later : &s->reply);
	if (s->lost != NULL && s->host[0] == '\0')
		complain("", "is posternd running?");
	return EX_TEMPFAIL;
}

static void
pause_before(int try)
{
	const int ms = FIRST_PAUSE_MS << try;
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

/* How it goes on after a session: an exit code, AGAIN or FURTHER. */
static int
judge_session(const struct session *s, enum submit_result r, size_t before)
{
	switch (r) {
	case SUBMIT_NEVER:
		complain_reply("refused", &s->reply);
		return submit_code(&s->reply);
	case SUBMIT_UNSURE:
		complain("it is not known whether it was sent", s->lost);
		return EX_TEMPFAIL;
	case SUBMIT_SENT:
	case SUBMIT_LATER:
		break;
	}
	if (letter.host[0] != '\0' && waiting() == 0)
		return EX_OK;
	return waiting() < before ? FURTHER : AGAIN;
}

static int
one_session(struct session *s, const char *socket)
{
	enum submit_result r = session_open(s, socket);
	size_t before;
	int code;

	if (r == SUBMIT_SENT) {
		code = complete_letter(s);
		if (code != EX_OK)
			return code;
	}
	before = waiting();
	if (r == SUBMIT_SENT && before > 0)
		r = send_once(s);
	return judge_session(s, r, before);
}

/*
 * Sessions until nobody waits, as long as each gets further or tries are
 * left.  A message whose end is gone from memory goes once.
 */
static int
send_letter(const char *socket)
{
	int code = AGAIN, tries = 0;
	struct session s;

	while (code == AGAIN || code == FURTHER) {
		if (tries > 0)
			pause_before(tries - 1);
		code = one_session(&s, socket);
		tries = code == FURTHER ? 0 : tries + 1;
		if ((code == AGAIN && tries == TRIES) ||
		    ((code == AGAIN || code == FURTHER) && letter.source.spent))
			code = give_up(&s);
		session_close(&s);
	}
	return code;
}

int
letter_send(const struct sendmail_args *args, int nrcpts, char *rcpts[],
    const char *socket)
{
	int code;

	letter.args = args;
	rcptlist_init(&letter.rcpts);
	code = read_letter(nrcpts, rcpts);
	if (code == EX_OK)
		code = send_letter(socket);
	rcptlist_free(&letter.rcpts);
	source_free(&letter.source);
	buf_free(&letter.head);
	return code == EX_OK ? letter.code : code;
}
