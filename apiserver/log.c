#include "log.h"

#include <sqlite3.h>

#include "base/alloc.h"
#include "base/vec.h"

/* Superseded rows gather until so many are dropped at once. */
#define COMPACT_ROWS 4096

struct as_log {
	sqlite3 *db;
	sqlite3_stmt *insert, *drop;
	int64_t revision;
	GT_VEC(int64_t) superseded; /* of committed rows */
	GT_VEC(int64_t) pending;    /* of the open transaction */
	int64_t last_pending;
};

/* Each brings the file from version i to i + 1. */
static const char *const migrations[] = {
	"CREATE TABLE log ("
	" rev INTEGER PRIMARY KEY,"
	" tbl TEXT NOT NULL,"
	" key TEXT NOT NULL,"
	" value BLOB)", /* NULL: deleted */
};

static int fail(struct as_log *l, struct gt_err *err, const char *what)
{
	int code = sqlite3_errcode(l->db);

	return gt_fail(err,
		       code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? GT_E_INVALID : GT_E_IO,
		       "%s: %s", what, sqlite3_errmsg(l->db));
}

static int run(struct as_log *l, const char *sql, struct gt_err *err)
{
	return sqlite3_exec(l->db, sql, NULL, NULL, NULL) == SQLITE_OK ? GT_OK : fail(l, err, sql);
}

static int query_int(struct as_log *l, const char *sql, int64_t *ret, struct gt_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = GT_OK;

	if (sqlite3_prepare_v2(l->db, sql, -1, &st, NULL) != SQLITE_OK)
		return fail(l, err, sql);
	if (sqlite3_step(st) == SQLITE_ROW)
		*ret = sqlite3_column_int64(st, 0);
	else
		rc = fail(l, err, sql);
	sqlite3_finalize(st);
	return rc;
}

static int migrate(struct as_log *l, struct gt_err *err)
{
	int64_t version = 0, newest = (int64_t)GT_COUNT(migrations);
	int rc = query_int(l, "PRAGMA user_version", &version, err);

	if (rc < 0)
		return rc;
	if (version > newest)
		return gt_fail(err, GT_E_UNSUPPORTED,
			       "the database has version %lld, this program knows %lld",
			       (long long)version, (long long)newest);
	for (; version < newest && rc == GT_OK; version++) {
		char *bump = gt_xasprintf("PRAGMA user_version = %lld", (long long)version + 1);
		rc = run(l, "BEGIN IMMEDIATE", err);
		if (rc == GT_OK)
			rc = run(l, migrations[version], err);
		if (rc == GT_OK)
			rc = run(l, bump, err);
		if (rc == GT_OK)
			rc = run(l, "COMMIT", err);
		free(bump);
	}
	return rc;
}

static int prepare(struct as_log *l, enum as_sync sync, struct gt_err *err)
{
	int rc = run(l, "PRAGMA journal_mode = WAL", err);

	if (rc == GT_OK)
		rc = run(l,
			 sync == AS_SYNC_FULL ? "PRAGMA synchronous = FULL"
					      : "PRAGMA synchronous = NORMAL",
			 err);
	if (rc == GT_OK)
		rc = run(l, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -512", err);
	if (rc == GT_OK)
		rc = migrate(l, err);
	if (rc == GT_OK)
		rc = query_int(l, "SELECT coalesce(max(rev), 0) FROM log", &l->revision, err);
	if (rc < 0)
		return rc;
	if (sqlite3_prepare_v3(l->db, "INSERT INTO log VALUES (?, ?, ?, ?)", -1,
			       SQLITE_PREPARE_PERSISTENT, &l->insert, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v3(l->db, "DELETE FROM log WHERE rev = ?", -1,
			       SQLITE_PREPARE_PERSISTENT, &l->drop, NULL) != SQLITE_OK)
		return fail(l, err, "prepare");
	return GT_OK;
}

int as_log_open(const char *path, enum as_sync sync, struct as_log **ret_log, struct gt_err *err)
{
	struct as_log *l = gt_new(struct as_log);
	int rc = GT_OK;

	if (sqlite3_open_v2(path, &l->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK)
		rc = fail(l, err, "open");
	sqlite3_busy_timeout(l->db, 5000);
	if (rc == GT_OK)
		rc = prepare(l, sync, err);
	if (rc < 0) {
		as_log_close(l);
		return gt_wrap(err, "%s", path);
	}
	*ret_log = l;
	return GT_OK;
}

void as_log_close(struct as_log *l)
{
	if (!l)
		return;
	sqlite3_finalize(l->insert);
	sqlite3_finalize(l->drop);
	sqlite3_close(l->db);
	gt_vec_fini(&l->superseded);
	gt_vec_fini(&l->pending);
	free(l);
}

int64_t as_log_revision(const struct as_log *l)
{
	return l->revision;
}

static struct gt_str column(sqlite3_stmt *st, int i)
{
	const char *p = (const char *)sqlite3_column_blob(st, i);
	int n = sqlite3_column_bytes(st, i);

	return gt_strn(p, p ? (size_t)n : 0);
}

/* Rows that a newer one of their key supersedes: left over from before the last start. */
static int drop_superseded(struct as_log *l, struct gt_err *err)
{
	return run(l,
		   "DELETE FROM log WHERE rev NOT IN (SELECT max(rev) FROM log GROUP BY tbl, key);"
		   "DELETE FROM log WHERE value IS NULL AND rev < (SELECT max(rev) FROM log)",
		   err);
}

int as_log_load(struct as_log *l, as_log_fn fn, void *arg, struct gt_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = drop_superseded(l, err), step;

	if (rc < 0)
		return rc;
	if (sqlite3_prepare_v2(l->db, "SELECT rev, tbl, key, value FROM log ORDER BY rev", -1, &st,
			       NULL) != SQLITE_OK)
		return fail(l, err, "load");
	while (rc == GT_OK && (step = sqlite3_step(st)) != SQLITE_DONE) {
		if (step != SQLITE_ROW) {
			rc = fail(l, err, "load");
			break;
		}
		if (sqlite3_column_type(st, 3) != SQLITE_NULL)
			rc = fn(arg, sqlite3_column_int64(st, 0), column(st, 1), column(st, 2),
				column(st, 3), err);
	}
	sqlite3_finalize(st);
	return rc;
}

int as_log_begin(struct as_log *l, struct gt_err *err)
{
	l->pending.n = 0;
	l->last_pending = l->revision;
	return run(l, "BEGIN IMMEDIATE", err);
}

int as_log_append(struct as_log *l, int64_t rev, struct gt_str table, struct gt_str key,
		  struct gt_str value, int64_t replaced, struct gt_err *err)
{
	sqlite3_bind_int64(l->insert, 1, rev);
	sqlite3_bind_text(l->insert, 2, table.p, (int)table.n, SQLITE_STATIC);
	sqlite3_bind_text(l->insert, 3, key.p, (int)key.n, SQLITE_STATIC);
	if (value.p)
		sqlite3_bind_blob(l->insert, 4, value.p, (int)value.n, SQLITE_STATIC);
	else
		sqlite3_bind_null(l->insert, 4);
	int step = sqlite3_step(l->insert);
	sqlite3_reset(l->insert);
	sqlite3_clear_bindings(l->insert);
	if (step != SQLITE_DONE)
		return fail(l, err, "append");
	if (replaced)
		gt_vec_push(&l->pending, replaced);
	if (!value.p)
		gt_vec_push(&l->pending, rev);
	l->last_pending = rev;
	return GT_OK;
}

/* Part of the transaction that is about to be committed.  The newest row always stays: it holds
 * the counter. */
static int compact(struct as_log *l, struct gt_err *err)
{
	for (size_t i = 0; i < l->superseded.n; i++) {
		if (l->superseded.v[i] == l->last_pending)
			continue;
		sqlite3_bind_int64(l->drop, 1, l->superseded.v[i]);
		int step = sqlite3_step(l->drop);
		sqlite3_reset(l->drop);
		if (step != SQLITE_DONE)
			return fail(l, err, "compact");
	}
	return GT_OK;
}

int as_log_commit(struct as_log *l, struct gt_err *err)
{
	bool compacting = l->superseded.n >= COMPACT_ROWS;
	int rc = compacting ? compact(l, err) : GT_OK;

	if (rc == GT_OK)
		rc = run(l, "COMMIT", err);
	if (rc < 0)
		return rc;
	l->revision = l->last_pending;
	if (compacting)
		l->superseded.n = 0;
	for (size_t i = 0; i < l->pending.n; i++)
		gt_vec_push(&l->superseded, l->pending.v[i]);
	return GT_OK;
}

void as_log_rollback(struct as_log *l)
{
	sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL);
}
