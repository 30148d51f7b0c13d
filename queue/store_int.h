/* SPDX-License-Identifier: ISC */
/* queue/store_int.h - shared by the files of the store thread only. */
#ifndef QUEUE_STORE_INT_H
#define QUEUE_STORE_INT_H

#include "queue/store.h"

struct sqlite3_stmt;

/* A body file that is to go once the transaction stands. */
struct store_removal {
	uint32_t shard;
	uint64_t id;
};

/* Whose message it is, and where its body lies. */
struct store_owner {
	bool known;
	int64_t uid;
	uint32_t shard;
};

struct store_removals {
	struct store_removal *items;
	size_t n, size;
};

/* store_sql.c: statements are prepared once; false: the database failed. */
void sql_prepare(struct sqlite3 *);
bool sql_begin(void);
bool sql_commit(void);
void sql_rollback(void);
bool sql_apply(struct store_op *, struct store_removals *);
void sql_checkpoint(bool idle);
/* Binds integers from place 1 on and runs; false: the database failed. */
bool sql_numbers(struct sqlite3_stmt *, const int64_t *, int n);
bool sql_wake_at(int64_t destination, int64_t when); /* or earlier */
bool sql_wake_settle(int64_t destination);           /* by what waits for it */
bool sql_drop_group(uint64_t message, uint32_t n);
/* Goes with its last group, and its body after the transaction. */
bool sql_drop_message(uint64_t id, uint32_t shard, struct store_removals *);
bool sql_forget_message(uint64_t id); /* likewise, its body stays */
bool sql_apply_notice(struct store_notice *);
bool sql_changed(void); /* by the last statement, anything */
const char *sql_error(void);
bool sql_full(void);    /* the last error was that of a full disk */
bool sql_damaged(void); /* or of a page that is not what was written */
/* Fresh groups of a former queue become waiting ones, due now. */
void sql_recover(struct sqlite3 *, int64_t now);

/* store_order.c */
void order_prepare(struct sqlite3 *);
bool sql_apply_order(struct store_order *, struct store_removals *);

/* store_aside.c */
void aside_prepare(struct sqlite3 *);
void aside_hold(const struct store_flawed *);
/* Its row is damaged: whatever waits for it is held. */
void aside_destination(int64_t id);
/* Groups of a message whose rows nobody would ever read, as their state or
 * their destination is none. */
void aside_stray(uint64_t message, struct store_flawed *);

/* store_check.c */
void check_prepare(struct sqlite3 *);
void check_piece(struct store_check *);
/* NULL: the group on which s stands (as read_get() selects it) is sound. */
const char *read_flaw(struct sqlite3_stmt *s);
/* store.c: files from that id on are of this queue; those below the second
 * may be of a lost database. */
uint64_t files_first_id(void);
uint64_t files_birth_id(void);
/* store_clean.c */
void clean_piece(struct store_clean *);
/* A body without a row, to be removed when so many seconds are left.
 */
struct spool_entry;
bool files_orphan(const struct spool_entry *, int64_t *left);

/* store_suspend.c */
void suspend_prepare(struct sqlite3 *);
bool sql_apply_suspend(struct store_suspend *);

/* store_age.c */
void age_prepare(struct sqlite3 *);
bool read_age(struct store_age *);
bool sql_apply_aged(struct store_aged *, struct store_removals *);

/* store_groups.c */
void groups_prepare(struct sqlite3 *);
bool read_groups(struct store_groups *);

/* store_forget.c: after sql_recover(), before anything is prepared. */
void destinations_forget(struct sqlite3 *, int64_t now);

/* store_destination.c */
void destination_prepare(struct sqlite3 *);
bool read_destination(struct store_destination *);

/* store_abandon.c: before the transaction they fail; what it did of one that
 * was abandoned meanwhile is undone, and the others are settled. */
void abandon_before(struct store_list *);
void abandon_after(struct store_list *);

/* store_read.c: operations that change nothing; false: the database failed,
 * and what was read does not count. */
void read_prepare(struct sqlite3 *);
bool read_load(struct store_load *);
bool read_get(struct store_get *);
bool read_due(struct store_due *);
void read_fate(struct store_fate *); /* ends the process instead */
bool read_known(uint64_t id); /* there is a row of that message; in doubt */
bool read_owner(uint64_t id, struct store_owner *);

/* store_files.c: bodies made durable, before the transaction. */
uint64_t files_next_id(void); /* store.c */
void files_sync(struct store_list *);
/* A durable operation has failed: its body files go. */
void files_undo(struct store_op *);

#endif
