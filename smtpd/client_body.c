/* SPDX-License-Identifier: ISC */
/* smtpd/client_body.c - what a client sends as its message goes into its file.
 *
 * Must not sync: that is for queue.
 */
#include "smtpd/client_body.h"

#include "common/base/clock.h"
#include "common/base/log.h"
#include "smtpd/client.h"
#include "smtpd/intake.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const struct smtp_reply *
write_trouble(void)
{
	int error = errno;

	log_warn("body: %s", strerror(error));
	if (error == ENOSPC || error == EDQUOT || error == EFBIG)
		return &reply_space;
	return &reply_queue;
}

/* Appends to the body's file.  NULL, or what to answer. */
static const struct smtp_reply *
append(struct body_file *f, struct view v)
{
	while (v.len > 0) {
		ssize_t n = write(f->fd, v.data, v.len);

		f->dirty = true;
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return write_trouble();
		v = view_skip(v, (size_t)n);
	}
	return NULL;
}

void
client_body_piece(struct client *c)
{
	const struct smtp_reply *trouble =
	    append(&c->file, buf_view(session_body(&c->session)));

	session_stored(&c->session);
	if (trouble == NULL)
		return;
	intake_drop_file(c);
	session_fail_body(&c->session, trouble);
}

/* The last piece; true: to be committed. */
bool
client_body_last(struct client *c, struct buf *out)
{
	const struct smtp_reply *trouble =
	    append(&c->file, buf_view(session_body(&c->session)));

	if (trouble == NULL) {
		buf_free(session_body(&c->session));
		return true;
	}
	intake_drop_file(c);
	session_refuse_data(&c->session, trouble, out);
	return false;
}

void
client_body_open(struct client *c, struct buf *out)
{
	session_opened(&c->session, c->file.id, clock_wall_ms(), out);
}

void
client_body_lost(struct client *c)
{
	intake_drop_file(c);
	session_fail_body(&c->session, &reply_queue);
}
