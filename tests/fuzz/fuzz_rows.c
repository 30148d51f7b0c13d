/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_rows.c - rows of queue.db (queue/store_int.h, sound.h).
 *
 * The input is a list of changes to a sound message in a database in memory:
 * which column, what kind of value, how many bytes, the bytes.
 */
#include "tests/fuzz/fuzz.h"

#include "common/base/alloc.h"
#include "common/mail/mailbox.h"
#include "queue/schema.h"
#include "queue/store_int.h"

#include <sqlite3.h>
#include <string.h>

enum kind { NUMBER, TEXT, BLOB, NOTHING, LONG_TEXT, KINDS };

enum { CHANGES_MAX = 8, LONG = 4000 };

static const char *const columns[] = { "message.shard", "message.size",
	"message.received", "message.class", "message.uid", "message.flags",
	"message.sender", "message.client", "message.helo",
	"message.message_id", "message.ret", "message.envid", "grp.next_try",
	"grp.attempts", "grp.error", "recipient.address", "recipient.original",
	"recipient.notify", "recipient.orcpt", "recipient.n" };

static const char sound[] =
    "INSERT INTO message(id, shard, size, received, class, uid, flags,"
    " sender, client, helo, message_id) VALUES(33554432, 3355, 10, 1, 1,"
    " NULL, 0, 'a@example.org', '192.0.2.1', 'h.example', '<m@h.example>');"
    "INSERT INTO grp(message, n, destination, state, next_try, attempts,"
    " error) VALUES(33554432, 1, 1, 3, 1, 0, NULL);"
    "INSERT INTO recipient(message, grp, n, address)"
    " VALUES(33554432, 1, 1, 'b@example.net');";

static struct sqlite3 *db;

static void
sql(const char *text)
{
	must(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK,
	    "the database in memory works");
}

static void
begin(void)
{
	if (db == NULL) {
		must(sqlite3_open(":memory:", &db) == SQLITE_OK, "memory");
		schema_migrate(db);
		read_prepare(db);
		sql(sound);
	}
	sql("SAVEPOINT input");
}

static void
bind_value(sqlite3_stmt *s, enum kind kind, struct view bytes)
{
	static char filler[LONG];
	int64_t n = 0;

	memset(filler, bytes.len > 0 ? bytes.data[0] : 'a', sizeof(filler));
	memcpy(&n, bytes.data, bytes.len < sizeof(n) ? bytes.len : sizeof(n));
	switch (kind) {
	case NUMBER:
		sqlite3_bind_int64(s, 1, n);
		break;
	case TEXT:
		sqlite3_bind_text(
		    s, 1, bytes.data, (int)bytes.len, SQLITE_TRANSIENT);
		break;
	case BLOB:
		sqlite3_bind_blob(
		    s, 1, bytes.data, (int)bytes.len, SQLITE_TRANSIENT);
		break;
	case LONG_TEXT:
		sqlite3_bind_text(s, 1, filler, LONG, SQLITE_TRANSIENT);
		break;
	case NOTHING:
	case KINDS:
		sqlite3_bind_null(s, 1);
		break;
	}
}

/* One change; what the tables refuse could not be there. */
static void
change(struct view *in)
{
	const char *column = columns[fuzz_byte(in) % nitems(columns)];
	enum kind kind = (enum kind)(fuzz_byte(in) % KINDS);
	size_t len = fuzz_byte(in);
	char text[128];
	sqlite3_stmt *s;

	len = len < in->len ? len : in->len;
	snprintf(text, sizeof(text), "UPDATE %.*s SET %s = ?1",
	    (int)(strchr(column, '.') - column), column,
	    strchr(column, '.') + 1);
	must(sqlite3_prepare_v2(db, text, -1, &s, NULL) == SQLITE_OK, text);
	bind_value(s, kind, view_make(in->data, len));
	(void)sqlite3_step(s);
	sqlite3_finalize(s);
	*in = view_skip(*in, len);
}

static void
check_address(const char *text)
{
	struct mailbox box;

	must(mailbox_parse(view_of(text), &box, true),
	    "an address that comes out is one");
}

static void
check_group(const struct group *g)
{
	const struct message *m = g->message;

	must(g->nrcpts == 1, "the recipient is there");
	check_address(g->rcpts[0].address);
	if (g->rcpts[0].original != NULL)
		check_address(g->rcpts[0].original);
	if (m->sender[0] != '\0')
		check_address(m->sender);
	must(strlen(m->helo) <= MSG_DOMAIN_MAX &&
		 strlen(m->message_id) <= MSG_DOMAIN_MAX,
	    "texts fit where they go");
	must(g->error == NULL || strlen(g->error) <= MSG_TEXT_MAX,
	    "an error fits where it goes");
	must(m->size <= INT64_MAX && m->received >= 0 && g->next_try >= 0,
	    "numbers are what they are for");
}

static void
check_flaws(const struct store_flawed *f)
{
	must(f->n == 1 && f->items[0].message == 33554432 &&
		 f->items[0].group == 1,
	    "what cannot be used is named");
	must(f->items[0].why[0] != '\0' && strlen(f->items[0].why) < 100,
	    "with the reason");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct store_get one = { .message = 33554432, .n = 1 };
	struct store_load all = { .destination_id = 1,
		.now = INT64_MAX,
		.after_time = INT64_MIN,
		.max = STORE_LOAD_MAX };
	struct view in = fuzz_view(data, len);

	begin();
	for (int i = 0; i < CHANGES_MAX && in.len > 0; i++)
		change(&in);
	read_get(&one);
	read_load(&all);
	sql("ROLLBACK TO input; RELEASE input");
	must((one.group != NULL) == (all.n == 1), "both ways say the same");
	if (one.group == NULL) {
		check_flaws(&one.flawed);
		return 0;
	}
	check_group(one.group);
	check_group(all.groups[0]);
	group_free(one.group);
	group_free(all.groups[0]);
	return 0;
}
