/* SPDX-License-Identifier: ISC */
/* common/base/log.c - gathers log lines and writes them without waiting.
 *
 * Must never block and never fail its caller: a full log pipe costs lines,
 * which are counted, not mail.
 */
#include "common/base/log.h"

#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/id.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum {
	LOG_GATHERED = 256 * 1024, /* bytes waiting for the descriptor */
	LOG_EARLY = 32 * 1024,     /* flush in mid-turn beyond this */
	LOG_VALUE = 1024           /* bytes of one text value */
};

static struct {
	int fd;
	const char *name;
	bool stamp;
	bool debug;
	int pid;
	uint64_t dropped;
	time_t stamped; /* the second that stamp_text shows */
	char stamp_text[32];
	struct buf out;
	size_t line; /* where the open line begins in out */
} log_state = { .fd = STDERR_FILENO,
	.name = "postern",
	.stamp = true,
	.out = { .max = LOG_GATHERED } };

void
log_open(int fd, const char *name)
{
	log_state.fd = fd;
	log_state.name = name;
	log_state.pid = (int)getpid();
}

void
log_set_fd(int fd)
{
	log_flush();
	if (log_state.fd > STDERR_FILENO)
		close(log_state.fd);
	log_state.fd = fd;
}

void
log_set_stamp(bool stamp)
{
	log_state.stamp = stamp;
}

void
log_set_debug(bool debug)
{
	log_state.debug = debug;
}

bool
log_debugs(void)
{
	return log_state.debug;
}

static const char *
stamp(int64_t now)
{
	time_t second = (time_t)(now / 1000);
	struct tm tm;

	/* localtime_r costs more than the rest of the line: once a second */
	if (second != log_state.stamped) {
		localtime_r(&second, &tm);
		strftime(log_state.stamp_text, sizeof(log_state.stamp_text),
		    "%Y-%m-%dT%H:%M:%S", &tm);
		log_state.stamped = second;
	}
	return log_state.stamp_text;
}

/* Facility mail and the severity of the event, as RFC 3164 4.1.1 has it. */
static int
priority(const char *event)
{
	if (strcmp(event, "fatal") == 0 || strcmp(event, "panic") == 0)
		return LOG_MAIL | LOG_ERR;
	if (strcmp(event, "warning") == 0)
		return LOG_MAIL | LOG_WARNING;
	if (strcmp(event, "debug") == 0)
		return LOG_MAIL | LOG_DEBUG;
	return LOG_MAIL | LOG_INFO;
}

void
log_begin(const char *event)
{
	int64_t now;

	log_state.line = log_state.out.len;
	if (log_state.stamp) {
		now = clock_wall_ms();
		buf_printf(
		    &log_state.out, "%s.%03d ", stamp(now), (int)(now % 1000));
	} else {
		buf_printf(&log_state.out, "<%d>", priority(event));
	}
	buf_printf(&log_state.out, "%s[%d]: ", log_state.name, log_state.pid);
	buf_add_string(&log_state.out, event);
}

static void
key_begin(const char *key)
{
	buf_add_string(&log_state.out, " ");
	buf_add_string(&log_state.out, key);
	buf_add_string(&log_state.out, "=");
}

void
log_u64(const char *key, uint64_t n)
{
	key_begin(key);
	buf_printf(&log_state.out, "%" PRIu64, n);
}

void
log_i64(const char *key, int64_t n)
{
	key_begin(key);
	buf_printf(&log_state.out, "%" PRId64, n);
}

void
log_id(const char *key, uint64_t id)
{
	char text[ID_TEXT];

	key_begin(key);
	buf_add_string(&log_state.out, id_print(id, text));
}

void
log_word(const char *key, const char *word)
{
	key_begin(key);
	buf_add_string(&log_state.out, word);
}

/* Length of the valid UTF-8 sequence of two bytes or more at p, or 0. */
static size_t
utf8_length(const unsigned char *p, size_t left)
{
	size_t n = p[0] >= 0xc2 && p[0] <= 0xdf   ? 2
		   : p[0] >= 0xe0 && p[0] <= 0xef ? 3
		   : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
						  : 0;

	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	/* C1 controls move a terminal's cursor as C0 ones do */
	if (p[0] == 0xc2 && p[1] < 0xa0)
		return 0;
	return n;
}

static bool
is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* Adds the next character of p, escaped if need be; returns its bytes. */
static size_t
add_escaped(struct buf *out, const unsigned char *p, size_t left)
{
	size_t n;

	if (*p == '"' || *p == '\\') {
		buf_printf(out, "\\%c", *p);
		return 1;
	}
	n = utf8_length(p, left);
	if (n == 0) {
		buf_printf(out, "\\x%02x", *p);
		return 1;
	}
	buf_add(out, view_make((const char *)p, n));
	return n;
}

void
log_view(const char *key, struct view v)
{
	const unsigned char *p = (const unsigned char *)v.data;
	size_t len = v.len > LOG_VALUE ? LOG_VALUE : v.len;
	size_t i = 0;

	key_begin(key);
	buf_add_string(&log_state.out, "\"");
	while (i < len) {
		size_t plain = 0;

		while (i + plain < len && is_plain(p[i + plain]))
			plain++;
		buf_add(&log_state.out, view_make((const char *)p + i, plain));
		i += plain;
		if (i < len)
			i += add_escaped(&log_state.out, p + i, v.len - i);
	}
	buf_add_string(&log_state.out, v.len > len ? "...\"" : "\"");
}

void
log_text(const char *key, const char *s)
{
	log_view(key, view_of(s));
}

void
log_end(void)
{
	buf_add_string(&log_state.out, "\n");
	if (!buf_ok(&log_state.out)) {
		log_state.out.failed = false;
		log_state.out.len = log_state.line;
		log_state.dropped++;
		return;
	}
	if (log_state.out.len > LOG_EARLY)
		log_flush();
}

void
log_info(const char *event, const char *fmt, ...)
{
	char text[LOG_VALUE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_begin(event);
	log_text("text", text);
	log_end();
}

void
log_warn(const char *fmt, ...)
{
	char text[LOG_VALUE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_begin("warning");
	log_text("text", text);
	log_end();
}

void
log_debug(const char *fmt, ...)
{
	char text[LOG_VALUE];
	va_list ap;

	if (!log_state.debug)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_begin("debug");
	log_text("text", text);
	log_end();
}

static void
say_dropped(void)
{
	uint64_t n = log_state.dropped;

	log_state.dropped = 0;
	log_begin("log-dropped");
	log_u64("lines", n);
	buf_add_string(&log_state.out, "\n");
}

/* What one write() takes: to syslog a line is a datagram. */
static size_t
piece(struct view rest)
{
	return log_state.stamp ? rest.len : view_find(rest, '\n') + 1;
}

/* False: the descriptor takes no more for now. */
static bool
write_out(void)
{
	struct view rest = buf_view(&log_state.out);
	ssize_t n = 0;

	while (rest.len > 0) {
		n = write(log_state.fd, rest.data, piece(rest));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		rest = view_skip(rest, (size_t)n);
	}
	buf_drop(&log_state.out, log_state.out.len - rest.len);
	return rest.len == 0;
}

void
log_flush(void)
{
	if (!write_out() || log_state.dropped == 0)
		return;
	say_dropped();
	(void)write_out();
}
