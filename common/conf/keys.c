/* SPDX-License-Identifier: ISC */
/* common/conf/keys.c - the table of scalar settings, and what fits each row. */
#include "common/conf/keys.h"

#include "common/base/alloc.h"
#include "common/base/fatal.h"
#include "common/conf/number.h"

#include <string.h>

#define KIB  (1024ULL)
#define MIB  (1024 * KIB)
#define GIB  (1024 * MIB)
#define HOUR (3600ULL)
#define DAY  (24 * HOUR)

/* number_pack_rate() as a constant */
#define PER_HOUR(n)   ((uint64_t)(n) << 32 | HOUR)
#define PER_MINUTE(n) ((uint64_t)(n) << 32 | 60)

enum {
	PATH_BYTES = 511,
	SOCKET_FOLDER_BYTES = 96 /* "/control" must still fit a sockaddr_un */
};

#define EVERYBODY                                                              \
	(READER_SMTPD | READER_QUEUE | READER_DELIVER | READER_RESOLVE |       \
	    READER_REPORT | READER_HISTORY | READER_LOOKUP)

/* clang-format off */
static const struct setting settings[KEY_COUNT] = {
	[KEY_HOSTNAME] = {
		"hostname", SETTING_DOMAIN, EVERYBODY, "", 0, 0, 0,
		"our name in greetings, trace headers and bounces", NULL },
	[KEY_SPOOL] = {
		"spool", SETTING_PATH, 0, POSTERN_SPOOL, 0, 0, PATH_BYTES,
		"folder of the queue", NULL },
	[KEY_RUNTIME] = {
		"runtime", SETTING_PATH, 0, POSTERN_RUN, 0, 0,
		SOCKET_FOLDER_BYTES,
		"folder of the submission and control sockets", NULL },
	[KEY_SANDBOX] = {
		"sandbox", SETTING_SWITCH, 0, "", 1, 0, 1,
		"off: programs start even where they cannot be confined", NULL },
	[KEY_LOG] = {
		"log", SETTING_LOG, 0, "syslog", 0, 0, PATH_BYTES,
		"where the log goes", NULL },
	[KEY_POSTMASTER] = {
		"postmaster", SETTING_ADDRESS,
		READER_SMTPD | READER_QUEUE | READER_LOOKUP, "", 0, 0, 0,
		"who gets mail for postmaster and root", NULL },
	[KEY_MESSAGE_SIZE] = {
		"limit message size", SETTING_SIZE,
		READER_SMTPD | READER_QUEUE, "", 50 * MIB, KIB, 64 * GIB,
		"largest message", NULL },
	[KEY_RECIPIENTS] = {
		"limit recipients", SETTING_COUNT,
		READER_SMTPD | READER_QUEUE | READER_LOOKUP, "", 1000, 1, 1000000,
		"recipients of one message", NULL },
	[KEY_SESSIONS] = {
		"limit sessions", SETTING_COUNT, READER_SMTPD,
		"", 10000, 1, 1000000,
		"clients of one smtpd worker at a time", NULL },
	[KEY_IDLE_TIMEOUT] = {
		"limit idle", SETTING_TIME, READER_SMTPD | READER_TLS,
		"", 300, 1, DAY,
		"how long a client may be silent", NULL },
	[KEY_SESSION_LIFE] = {
		"limit session life", SETTING_TIME, READER_SMTPD,
		"", 2 * HOUR, 1, DAY,
		"how long a client may stay", NULL },
	[KEY_DATA_RATE] = {
		"limit data rate", SETTING_SIZE, READER_SMTPD,
		"", 500, 0, MIB,
		"bytes a second that a message must come in with; 0: any", NULL },
	[KEY_HOPS] = {
		"limit hops", SETTING_COUNT, READER_SMTPD,
		"", 100, 1, 1000,
		"Received fields at which mail is taken to loop", NULL },
	[KEY_SESSION_ERRORS] = {
		"limit session errors", SETTING_COUNT, READER_SMTPD,
		"", 15, 0, 1000000,
		"refusals after which a session ends; 0: any", NULL },
	[KEY_SOFT_ERRORS] = {
		"limit session soft errors", SETTING_COUNT, READER_SMTPD,
		"", 5, 0, 1000000,
		"refusals after which each further one waits a second", NULL },
	[KEY_GREETING_DELAY] = {
		"greeting delay", SETTING_TIME, READER_SMTPD,
		"", 0, 0, 60,
		"how long strangers wait for the greeting; or never", NULL },
	[KEY_SESSION_JUNK] = {
		"limit session junk", SETTING_COUNT, READER_SMTPD,
		"", 50, 0, 1000000,
		"commands that lead nowhere between two messages; 0: any", NULL },
	[KEY_SESSION_COMMANDS] = {
		"limit session commands", SETTING_COUNT, READER_SMTPD,
		"", 20000, 0, 1000000000,
		"commands of one session; 0: any", NULL },
	[KEY_SESSION_MESSAGES] = {
		"limit session messages", SETTING_COUNT, READER_SMTPD,
		"", 200, 1, 1000000,
		"messages of one session", NULL },
	[KEY_CLIENT_CONNECTIONS] = {
		"limit client connections", SETTING_COUNT, READER_SMTPD,
		"", 20, 0, 1000000,
		"connections of one address at a time; 0: any", NULL },
	[KEY_CLIENT_CONNECTS] = {
		"limit client new connections", SETTING_RATE, READER_SMTPD,
		"", PER_MINUTE(60), 0, 1000000000,
		"how often one address may connect; 0: any", NULL },
	[KEY_CLIENT_MESSAGES] = {
		"limit client messages", SETTING_RATE, READER_SMTPD,
		"", PER_HOUR(300), 0, 1000000000,
		"messages of one address; 0: any", NULL },
	[KEY_CLIENT_RCPTS] = {
		"limit client recipients", SETTING_RATE, READER_SMTPD,
		"", PER_HOUR(3000), 0, 1000000000,
		"and their recipients; 0: any", NULL },
	[KEY_CLIENT_ERRORS] = {
		"limit client errors", SETTING_RATE, READER_SMTPD,
		"", PER_HOUR(1000), 0, 1000000000,
		"refusals after which an address is turned away; 0: any", NULL },
	[KEY_DESTINATION_CONNECTIONS] = {
		"limit destination connections", SETTING_COUNT,
		READER_QUEUE | READER_DELIVER, "", 20, 1, 10000,
		"connections to one destination, and to one address", NULL },
	[KEY_TOTAL_CONNECTIONS] = {
		"limit connections", SETTING_COUNT,
		READER_QUEUE | READER_DELIVER | READER_TLS, "", 100, 1, 100000,
		"outgoing connections in all", NULL },
	[KEY_EXPIRE] = {
		"expire", SETTING_TIME, READER_QUEUE | READER_REPORT,
		"", 5 * DAY, 1, 365 * DAY,
		"age at which a message is given up", NULL },
	[KEY_EXPIRE_BOUNCE] = {
		"expire bounce", SETTING_TIME, READER_QUEUE | READER_REPORT,
		"", DAY, 1, 365 * DAY,
		"the same for messages with a null sender", NULL },
	[KEY_WARN] = {
		"warn after", SETTING_TIME, READER_QUEUE,
		"", 4 * HOUR, 0, 365 * DAY,
		"age at which a sender is told of the delay; or never", NULL },
	[KEY_BOUNCE_SIZE] = {
		"limit bounce size", SETTING_SIZE, READER_QUEUE,
		"", 50 * KIB, 0, 4 * MIB,
		"largest message that goes back whole when it fails", NULL },
	[KEY_WORKERS_SMTPD] = {
		"workers smtpd", SETTING_COUNT, READER_SMTPD | READER_QUEUE,
		"", 0, 0, 64,
		"smtpd processes for the network; 0: number of cores", NULL },
	[KEY_WORKERS_DELIVER] = {
		"workers deliver", SETTING_COUNT,
		READER_QUEUE | READER_DELIVER, "", 0, 0, 64,
		"deliver processes; 0: number of cores", NULL },
	[KEY_SPACE_FREE] = {
		"limit space free", SETTING_SIZE, READER_QUEUE,
		"", 512 * MIB, 0, 1024 * 1024 * GIB,
		"bytes that must stay free where the spool is", NULL },
	[KEY_DISK_DELAY] = {
		"limit disk delay", SETTING_TIME, READER_QUEUE,
		"", 2, 0, HOUR,
		"how long the disk may take before new mail is refused; or "
		"never", NULL },
	[KEY_SESSION_MEMORY] = {
		"limit session memory", SETTING_SIZE, READER_SMTPD,
		"", 512 * MIB, MIB, 64 * GIB,
		"what the clients of one smtpd worker may fill in memory", NULL },
	[KEY_HISTORY] = {
		"history", SETTING_SWITCH, READER_REPORT, "", 1, 0, 1,
		"keep what happened to messages, for postern trace", NULL },
	[KEY_HISTORY_KEEP] = {
		"history keep", SETTING_TIME, READER_HISTORY,
		"", 14 * DAY, HOUR, 3650 * DAY,
		"how long it is kept", NULL },
	[KEY_HISTORY_SIZE] = {
		"history size", SETTING_SIZE, READER_HISTORY,
		"", 2 * GIB, MIB, 1024 * 1024 * GIB,
		"largest size of history.db; the oldest goes first", NULL },
	[KEY_HIDE_LOGINS] = {
		"hide auth clients", SETTING_SWITCH, READER_SMTPD, "", 0, 0, 1,
		"leave out of Received from where a login sends", NULL },
	[KEY_AUTH_MESSAGES] = {
		"limit auth messages", SETTING_RATE, READER_QUEUE,
		"", PER_HOUR(500), 0, 1000000000,
		"messages of one login; 0: any", NULL },
	[KEY_AUTH_RECIPIENTS] = {
		"limit auth recipients", SETTING_RATE, READER_QUEUE,
		"", PER_HOUR(2000), 0, 1000000000,
		"and their recipients; 0: any", NULL },
	[KEY_LOCAL_MESSAGES] = {
		"limit local messages", SETTING_RATE, READER_QUEUE,
		"", PER_HOUR(10000), 0, 1000000000,
		"messages of one user of this machine, but root; 0: any", NULL },
	[KEY_LOCAL_RECIPIENTS] = {
		"limit local recipients", SETTING_RATE, READER_QUEUE,
		"", PER_HOUR(100000), 0, 1000000000,
		"and their recipients; 0: any", NULL },
	[KEY_WORKERS_TLS] = {
		"workers tls", SETTING_COUNT, 0, "", 0, 0, 64,
		"tls processes; 0: number of cores", NULL },
	[KEY_TLS_SESSIONS] = {
		"limit tls sessions", SETTING_COUNT, READER_TLS,
		"", 10000, 1, 16000,
		"connections of one tls worker at a time", NULL },
	[KEY_TLS_HANDSHAKE] = {
		"limit tls handshake", SETTING_TIME,
		READER_SMTPD | READER_TLS,
		"", 30, 1, HOUR,
		"how long a TLS handshake may take", NULL },
	[KEY_TLS_PROTOCOLS] = {
		"tls protocols", SETTING_CHOICE, READER_TLS,
		"1.2", 0, 0, 0,
		"the oldest version of TLS that is spoken", "1.2 1.3" },
	[KEY_TLS_CA] = {
		"tls ca", SETTING_PATH, READER_TLS, POSTERN_CA, 0, 0,
		PATH_BYTES,
		"file of the authorities that may vouch for next hops", NULL },
	[KEY_DANE] = {
		"dane", SETTING_SWITCH, READER_DELIVER, "", 1, 0, 1,
		"off: TLSA records of next hops are not asked for", NULL },
	[KEY_PASSWORDS] = {
		"passwords", SETTING_PATH, 0, POSTERN_PASSWORDS, 0, 0,
		PATH_BYTES,
		"file with the names and hashes of who may log in", NULL },
	[KEY_ALIASES] = {
		"alias file", SETTING_PATH,
		READER_SMTPD | READER_QUEUE | READER_LOOKUP, "", 0, 0,
		PATH_BYTES,
		"who is meant by names of local domains, as in aliases(5)",
		NULL },
	[KEY_SENDERS] = {
		"senders file", SETTING_PATH, READER_SMTPD | READER_LOOKUP,
		"", 0, 0, PATH_BYTES,
		"which login may send as which address", NULL },
	[KEY_CONNECTION_MESSAGES] = {
		"limit connection messages", SETTING_COUNT, READER_DELIVER,
		"", 100, 1, 1000000,
		"messages over one outgoing connection", NULL },
	[KEY_CONNECTION_AGE] = {
		"limit connection age", SETTING_TIME, READER_DELIVER,
		"", 300, 1, DAY,
		"after which it takes no further message", NULL },
	[KEY_DELIVERY_RATE] = {
		"limit delivery rate", SETTING_SIZE, READER_DELIVER,
		"", 100, 0, MIB,
		"bytes a second that a next server must take; 0: any", NULL },
	[KEY_DELIVERY_TIME] = {
		"limit delivery time", SETTING_TIME, READER_DELIVER,
		"", 12 * HOUR, 1, 7 * DAY,
		"how long one next server may take for one message", NULL },
};
/* clang-format on */

const struct setting *
setting_of(enum conf_key key)
{
	if ((unsigned int)key >= KEY_COUNT)
		panic("no setting %u", (unsigned int)key);
	return &settings[key];
}

bool
setting_is_text(const struct setting *s)
{
	switch (s->kind) {
	case SETTING_SWITCH:
	case SETTING_COUNT:
	case SETTING_SIZE:
	case SETTING_TIME:
	case SETTING_RATE:
		return false;
	case SETTING_DOMAIN:
	case SETTING_PATH:
	case SETTING_ADDRESS:
	case SETTING_LOG:
	case SETTING_CHOICE:
		return true;
	}
	return false;
}

static bool
path_fits(struct view path, size_t max)
{
	if (path.len == 0 || path.data[0] != '/' || path.len > max)
		return false;
	for (size_t i = 0; i < path.len; i++)
		if ((unsigned char)path.data[i] < ' ' || path.data[i] == 0x7f)
			return false;
	return true;
}

static bool
domain_fits(struct view v)
{
	char normal[DOMAIN_MAX + 1];

	return v.len == 0 || (domain_normalise(v, normal) &&
				 view_is(v, normal) && domain_valid(v));
}

static bool
address_fits(struct view v)
{
	struct mailbox m;

	return v.len == 0 || mailbox_parse(v, &m, false);
}

static bool
choice_fits(const struct setting *s, struct view text)
{
	struct view rest = view_of(s->choices), word;

	while ((word = view_word(&rest)).len > 0)
		if (view_eq(word, text))
			return true;
	return false;
}

static bool
number_fits(const struct setting *s, uint64_t number)
{
	struct number_rate rate;

	if (s->kind != SETTING_RATE)
		return number >= s->min && number <= s->max;
	rate = number_unpack_rate(number);
	return rate.count >= s->min && rate.count <= s->max &&
	       number_print_period(rate.seconds) != NULL;
}

bool
setting_fits(const struct setting *s, const struct conf_value *value)
{
	struct view text;

	if (!setting_is_text(s))
		return value->text[0] == '\0' && number_fits(s, value->number);
	if (value->number != 0)
		return false;
	text = view_of(value->text);
	switch (s->kind) {
	case SETTING_DOMAIN:
		return domain_fits(text);
	case SETTING_PATH:
		/* unset, where that is the default */
		return (text.len == 0 && s->text[0] == '\0') ||
		       path_fits(text, s->max);
	case SETTING_ADDRESS:
		return address_fits(text);
	case SETTING_LOG:
		return view_is(text, "stderr") || view_is(text, "syslog") ||
		       path_fits(text, s->max);
	case SETTING_CHOICE:
		return choice_fits(s, text);
	case SETTING_SWITCH:
	case SETTING_COUNT:
	case SETTING_SIZE:
	case SETTING_TIME:
	case SETTING_RATE:
		break;
	}
	return false;
}
