/* SPDX-License-Identifier: ISC */
/* tests/lib/sink_message.c - reads a message of the tests as it streams in. */
#include "tests/lib/sink_message.h"

#include "tests/lib/fnv.h"

enum { SINK_TEXT_MAX = 1 << 28, SINK_REPORTED_MAX = 1 << 20 };

void
sink_message_init(struct sink_message *m)
{
	buf_init(&m->reported, SINK_REPORTED_MAX);
	buf_init(&m->text, SINK_TEXT_MAX);
	sink_message_start(m, false);
}

void
sink_message_free(struct sink_message *m)
{
	buf_free(&m->reported);
	buf_free(&m->text);
}

void
sink_message_start(struct sink_message *m, bool keep)
{
	m->in_body = m->mid_line = m->has_sum = false;
	m->keep = keep;
	m->want = 0;
	m->sum = FNV_START;
	m->id[0] = m->message_id[0] = m->about[0] = '\0';
	buf_clear(&m->reported);
	buf_clear(&m->text);
}

/* The value behind "NAME:"; false when this is another field. */
static bool
field(struct view line, const char *name, struct view *value)
{
	struct view v;

	if (!view_starts_nocase(line, name))
		return false;
	v = view_skip(line, view_of(name).len);
	while (v.len > 0 &&
	       (v.data[v.len - 1] == '\r' || v.data[v.len - 1] == '\n'))
		v.len--;
	*value = view_trim(v);
	return true;
}

static bool
parse_hex(struct view v, uint64_t *out)
{
	uint64_t n = 0;

	if (v.len != 16)
		return false;
	for (size_t i = 0; i < v.len; i++) {
		char c = ascii_lower(v.data[i]);

		if (ascii_is_digit(c))
			n = n << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			n = n << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	*out = n;
	return true;
}

static void
header_line(struct sink_message *m, struct view line)
{
	struct view value;

	if (view_is(line, "\r\n")) {
		m->in_body = true;
		return;
	}
	if (m->id[0] == '\0' && field(line, "X-Postern-Id:", &value))
		view_copy(value, m->id, sizeof(m->id));
	else if (!m->has_sum && field(line, "X-Postern-Sum:", &value))
		m->has_sum = parse_hex(value, &m->want);
	else if (field(line, "Message-ID:", &value))
		view_copy(value, m->message_id, sizeof(m->message_id));
}

/* RFC 3464, 2.3.2: "Final-Recipient: rfc822; address".  A report has a field
 * X-Postern-Id of its own; the failed message's header comes behind it. */
static void
report_line(struct sink_message *m, struct view line)
{
	struct view value;

	if (field(line, "Final-Recipient:", &value)) {
		value = view_skip(value, view_find(value, ';') + 1);
		buf_add(&m->reported, view_trim(value));
		buf_add_string(&m->reported, "\n");
	} else if (field(line, "X-Postern-Id:", &value)) {
		view_copy(value, m->about, sizeof(m->about));
	}
}

void
sink_message_line(struct sink_message *m, struct view line)
{
	bool starts = !m->mid_line;

	if (line.len == 0)
		return;
	m->mid_line = line.data[line.len - 1] != '\n';
	if (m->keep)
		buf_add(&m->text, line);
	if (!m->in_body) {
		if (starts)
			header_line(m, line);
		return;
	}
	if (m->id[0] != '\0')
		m->sum = fnv_add(m->sum, line);
	else if (starts)
		report_line(m, line);
}

bool
sink_message_intact(const struct sink_message *m)
{
	if (m->id[0] == '\0')
		return true;
	return m->has_sum && m->sum == m->want;
}
