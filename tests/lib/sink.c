/* SPDX-License-Identifier: ISC */
/* tests/lib/sink.c - counts, saves and logs what the sink accepts. */
#include "tests/lib/sink.h"

#include "tests/lib/fnv.h"
#include "tests/lib/sink_message.h"

#include "common/base/fatal.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void
write_file(const char *folder, uint64_t n, const char *end, struct view text)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%06llu.%s", folder,
	    (unsigned long long)n, end);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd == -1)
		fatal("%s: %m", path);
	if (text.len > 0 && write(fd, text.data, text.len) != (ssize_t)text.len)
		fatal("%s: %m", path);
	close(fd);
}

/* NUMBER.env: the sender, then the recipients, a line each; NUMBER.eml. */
static void
save(
    struct sink *s, const struct sink_message *m, const struct sink_envelope *e)
{
	struct buf lines;

	buf_init(&lines, 1 << 24);
	buf_printf(&lines, "%.*s\n", (int)e->from.len, e->from.data);
	buf_add(&lines, e->rcpts);
	write_file(
	    s->options.save, s->counts.messages, "env", buf_view(&lines));
	write_file(
	    s->options.save, s->counts.messages, "eml", buf_view(&m->text));
	buf_free(&lines);
}

static struct view
next_line(struct view *lines)
{
	size_t n = view_find(*lines, '\n');
	struct view line = view_make(lines->data, n);

	*lines = view_skip(*lines, n + 1);
	return line;
}

static void
note_pair(struct sink *s, uint64_t id_sum, struct view rcpt)
{
	if (!idset_add(&s->pairs, fnv_add(id_sum, rcpt)))
		s->counts.duplicates++;
}

static void
log_known(struct sink *s, const struct sink_message *m,
    const struct sink_envelope *e, int64_t now)
{
	const char *state = sink_message_intact(m) ? "ok" : "BAD";
	uint64_t id_sum = fnv_add(FNV_START, view_of(m->id));
	struct view rest = e->rcpts, rcpt;

	idset_add(&s->ids, id_sum);
	while (rest.len > 0) {
		rcpt = next_line(&rest);
		note_pair(s, id_sum, rcpt);
		record_line(&s->record, "%s\t%.*s\t%s\t%lld", m->id,
		    (int)rcpt.len, rcpt.data, state, (long long)now);
	}
}

static void
log_foreign(struct sink *s, const struct sink_message *m,
    const struct sink_envelope *e, int64_t now)
{
	struct view rest = e->rcpts, rcpt;

	while (rest.len > 0) {
		rcpt = next_line(&rest);
		record_line(&s->record, "-\t%.*s\tok\t%lld\t%s", (int)rcpt.len,
		    rcpt.data, (long long)now, m->message_id);
	}
	rest = buf_view(&m->reported);
	while (m->about[0] != '\0' && rest.len > 0) {
		rcpt = next_line(&rest);
		record_line(&s->record, "%s\t%.*s\tdsn\t%lld", m->about,
		    (int)rcpt.len, rcpt.data, (long long)now);
	}
}

void
sink_take(
    struct sink *s, const struct sink_message *m, const struct sink_envelope *e)
{
	int64_t now = record_now_us();

	s->counts.messages++;
	s->counts.recipients += e->nrcpts;
	s->counts.last_us = now;
	if (s->counts.first_us == 0)
		s->counts.first_us = now;
	if (!sink_message_intact(m))
		s->counts.bad++;
	if (m->id[0] != '\0')
		log_known(s, m, e, now);
	else
		log_foreign(s, m, e, now);
	if (s->options.save != NULL)
		save(s, m, e);
	record_flush(&s->record);
}

void
sink_json(const struct sink *s, struct buf *out)
{
	const struct sink_counts *c = &s->counts;
	double seconds = (double)(c->last_us - c->first_us) / 1e6;

	buf_printf(out, "{\"messages\":%llu,\"recipients\":%llu,",
	    (unsigned long long)c->messages, (unsigned long long)c->recipients);
	buf_printf(out, "\"bad\":%llu,\"distinct\":%zu,\"duplicates\":%llu,",
	    (unsigned long long)c->bad, s->ids.n,
	    (unsigned long long)c->duplicates);
	buf_printf(out, "\"connections\":%llu,\"max_concurrent\":%llu,",
	    (unsigned long long)c->connections,
	    (unsigned long long)c->max_concurrent);
	buf_printf(out, "\"hung_up\":%llu,\"seconds\":%.6f,",
	    (unsigned long long)c->hung_up, seconds);
	buf_printf(out, "\"cpu_seconds\":%.6f}", record_cpu_seconds());
}
