/*
 * as_log - the store's write-ahead log in SQLite: one row a write, keyed by revision.
 *
 * The newest row of each key is its state; older ones are dropped now and then.  Used by one
 * thread at a time.
 */
#ifndef AS_LOG_H
#define AS_LOG_H

#include "base/err.h"
#include "base/str.h"
#include "store.h"

struct as_log;

/* Opens or creates, and brings an older file up to date.  GT_E_UNSUPPORTED: a newer one. */
int as_log_open(const char *path, enum as_sync sync, struct as_log **ret_log, struct gt_err *err);
void as_log_close(struct as_log *l);

/* The last revision ever written. */
int64_t as_log_revision(const struct as_log *l);

/*
 * Calls fn for the newest row of each key, in order of revision; rows that are deletions or were
 * superseded are not reported.
 */
typedef int (*as_log_fn)(void *arg, int64_t rev, struct gt_str table, struct gt_str key,
			 struct gt_str value, struct gt_err *err);
int as_log_load(struct as_log *l, as_log_fn fn, void *arg, struct gt_err *err);

int as_log_begin(struct as_log *l, struct gt_err *err);
/* value.p NULL: a deletion.  replaced: the revision of the row that this one supersedes, or 0. */
int as_log_append(struct as_log *l, int64_t rev, struct gt_str table, struct gt_str key,
		  struct gt_str value, int64_t replaced, struct gt_err *err);
int as_log_commit(struct as_log *l, struct gt_err *err);
void as_log_rollback(struct as_log *l);

#endif
