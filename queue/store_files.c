/* SPDX-License-Identifier: ISC */
/* queue/store_files.c - body files of a batch made durable together.
 *
 * The fsyncs of files, and of folders in which files were made, are all under
 * way at once and so share commits of the file system's journal.  The name of
 * a body was made durable before its descriptor was handed out.  A file whose
 * fsync failed is discarded, never synced again: what the kernel dropped it
 * would not report twice.
 */
#include "common/base/alloc.h"
#include "common/ipc/msg_intake.h"
#include "queue/spool.h"
#include "queue/store_int.h"
#include "queue/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* One batch's syncs: op is NULL for the folder of a shard. */
struct sync_plan {
	struct sync_item *items;
	struct {
		struct store_op *op;
		uint32_t shard;
		int own_fd; /* to be closed, or -1 */
	} * about;
	size_t n, size;
};

static void
plan_add(struct sync_plan *p, int fd, struct store_op *op, uint32_t shard,
    int own_fd)
{
	if (p->n == p->size) {
		p->size = p->size == 0 ? 64 : p->size * 2;
		p->items = mem_grow(p->items, p->size, sizeof(*p->items));
		p->about = mem_grow(p->about, p->size, sizeof(*p->about));
	}
	p->items[p->n].fd = fd;
	p->items[p->n].error = 0;
	p->about[p->n].op = op;
	p->about[p->n].shard = shard;
	p->about[p->n].own_fd = own_fd;
	p->n++;
}

static bool
plan_has_shard(const struct sync_plan *p, uint32_t shard)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->about[i].op == NULL && p->about[i].shard == shard)
			return true;
	return false;
}

/* The folder, once a batch; the descriptor must outlive a change of shard. */
static bool
plan_shard(struct sync_plan *p, uint32_t shard)
{
	int fd;

	if (plan_has_shard(p, shard))
		return true;
	fd = spool_shard_fd(shard);
	if (fd != -1)
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd == -1)
		return false;
	plan_add(p, fd, NULL, shard, fd);
	return true;
}

static void
fail(struct store_op *op, int error)
{
	op->failed = true;
	op->error = error;
}

/* What is told in this operation; NULL for those that tell nothing. */
static struct store_notice *
notice_of(struct store_op *op)
{
	if (op->kind == STORE_RESULT)
		return &op->u.result.notice;
	return op->kind == STORE_AGED ? &op->u.aged.notice : NULL;
}

/* The commit whose body file this operation brings, or NULL. */
static struct store_commit *
body_of(struct store_op *op)
{
	if (op->kind == STORE_COMMIT)
		return &op->u.commit;
	return notice_of(op) != NULL ? notice_of(op)->commit : NULL;
}

static bool
write_all(int fd, struct view v)
{
	ssize_t n;

	while (v.len > 0) {
		n = write(fd, v.data, v.len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		v = view_skip(v, (size_t)n);
	}
	return true;
}

/* The first bytes of the message that a notification is about; as many as
 * there are.  False: it could not be read. */
static bool
read_content(const struct message *m, size_t wanted, struct buf *out)
{
	int fd = m->fd != -1 ? m->fd : spool_open(m->shard, m->id);
	char *room = buf_room(out, wanted);
	size_t got = 0;
	ssize_t n = 1;

	while (fd != -1 && room != NULL && got < wanted && n > 0) {
		n = pread(fd, room + got, wanted - got, (off_t)got);
		if (n == -1 && errno == EINTR)
			n = 1;
		else if (n > 0)
			got += (size_t)n;
	}
	buf_commit(out, got);
	if (fd != -1 && fd != m->fd)
		close(fd);
	return fd != -1 && n != -1;
}

/* A file under the next id whose name is free: after a cut that took back
 * what the disk had sworn to keep, ids may come again. */
static bool
create_next(uint64_t *id, int *wfd, int *rfd)
{
	for (int i = 0; i < SHARD_IDS; i++) {
		*id = files_next_id();
		if (spool_create(*id, wfd, rfd))
			return true;
		if (errno != EEXIST)
			return false;
	}
	return false;
}

/* The text, and what its message must say of it; false: it has no room. */
static bool
compose(struct store_notice *n, const struct message *about, struct buf *text)
{
	struct message *m = n->commit->message;
	size_t wanted = bounce_wants(n->bounce);
	struct buf content;

	buf_init(&content, wanted);
	/* a body that is gone must not keep its sender from being told */
	if (!read_content(about, wanted, &content) &&
	    ++n->tries < STORE_CONTENT_TRIES) {
		buf_free(&content);
		return false;
	}
	if (bounce_write(n->bounce, m->id, buf_view(&content), text))
		m->flags |= ENVELOPE_8BIT | ENVELOPE_HAS_8BIT;
	buf_free(&content);
	if (!buf_ok(text))
		errno = EFBIG;
	return buf_ok(text);
}

/* Writes the notification's body under a new id. */
static bool
write_notice(struct store_notice *n, const struct message *about)
{
	struct message *m = n->commit->message;
	struct buf text;
	uint64_t id;
	bool fine;
	int wfd;

	if (m->fd != -1) /* of a try that the disk refused */
		close(m->fd);
	m->fd = -1;
	if (!create_next(&id, &wfd, &m->fd))
		return false;
	m->id = id;
	m->shard = spool_shard(m->id);
	buf_init(&text, BOUNCE_MAX);
	fine = compose(n, about, &text) && write_all(wfd, buf_view(&text));
	buf_free(&text);
	close(wfd);
	return fine;
}

static void
discard(struct message *m)
{
	int error = errno;

	spool_remove(m->shard, m->id);
	errno = error;
}

/* One of them, made; its folder is to be synced. */
static bool
make_item(struct store_stock *s, size_t n, struct sync_plan *plan)
{
	uint64_t id;
	int error;

	if (!create_next(&id, &s->items[n].wfd, &s->items[n].rfd))
		return false;
	s->items[n].id = id;
	if (plan_shard(plan, spool_shard(id)))
		return true;
	error = errno;
	close(s->items[n].wfd);
	close(s->items[n].rfd);
	spool_remove(spool_shard(id), id);
	errno = error;
	return false;
}

/* Files for smtpd: handed out when their names are durable. */
static void
make_stock(struct store_op *op, struct sync_plan *plan)
{
	struct store_stock *s = op->u.stock;
	size_t wanted = s->count;

	for (s->count = 0; s->count < wanted; s->count++) {
		if (make_item(s, s->count, plan))
			continue;
		fail(op, errno);
		return;
	}
}

static const struct message *
about_of(const struct store_op *op)
{
	return op->kind == STORE_AGED ? op->u.aged.message
				      : op->u.result.message;
}

static void
prepare(struct store_op *op, struct sync_plan *plan)
{
	struct store_commit *c = body_of(op);
	struct message *m;
	struct stat st;

	if (op->kind == STORE_STOCK)
		make_stock(op, plan);
	if (c == NULL)
		return;
	m = c->message;
	if ((notice_of(op) != NULL &&
		!write_notice(notice_of(op), about_of(op))) ||
	    fstat(m->fd, &st) == -1 ||
	    (notice_of(op) != NULL && !plan_shard(plan, m->shard))) {
		fail(op, errno);
		discard(m);
		return;
	}
	m->size = (uint64_t)st.st_size;
	plan_add(plan, m->fd, op, m->shard, -1);
}

/* None of these files will be handed out. */
static void
discard_stock(struct store_op *op)
{
	struct store_stock *s = op->u.stock;

	for (; s->count > 0; s->count--) {
		uint64_t id = s->items[s->count - 1].id;

		close(s->items[s->count - 1].wfd);
		close(s->items[s->count - 1].rfd);
		spool_remove(spool_shard(id), id);
	}
}

/* A folder could not be synced: nothing that was made in this batch counts. */
static void
fail_new(struct store_list *batch, int error)
{
	struct store_op *op;

	STAILQ_FOREACH (op, batch, next) {
		if (op->kind == STORE_STOCK) {
			fail(op, error);
			discard_stock(op);
		} else if (notice_of(op) != NULL && !op->failed &&
			   body_of(op) != NULL) {
			fail(op, error);
			discard(body_of(op)->message);
		}
	}
}

static void
judge(const struct sync_plan *p, struct store_list *batch)
{
	for (size_t i = 0; i < p->n; i++) {
		struct store_op *op = p->about[i].op;
		int error = p->items[i].error;

		if (p->about[i].own_fd != -1)
			close(p->about[i].own_fd);
		if (error == 0)
			continue;
		if (op == NULL) {
			fail_new(batch, error);
		} else if (!op->failed) {
			fail(op, error);
			discard(body_of(op)->message);
		}
	}
}

void
files_sync(struct store_list *batch)
{
	static struct sync_plan plan; /* memory kept between batches */
	struct store_op *op;

	plan.n = 0;
	STAILQ_FOREACH (op, batch, next)
		prepare(op, &plan);
	sync_all(plan.items, plan.n);
	judge(&plan, batch);
}

void
files_undo(struct store_op *op)
{
	struct store_commit *c = body_of(op);

	if (c != NULL)
		discard(c->message);
}
