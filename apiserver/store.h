/*
 * as_store - every object, in memory and, unless told otherwise, on disk.
 *
 * A table holds the objects of one resource, whatever the version, ordered by key, and the events
 * of the recent past.  One counter of revisions is shared by all tables: it orders all writes,
 * never goes back and survives restarts.
 *
 * Writes are durable before they are seen: a write gets its revision, is appended to the log by the
 * one commit thread, which commits whatever has gathered in one transaction, and only then becomes
 * visible to reads and watches, in order of revision.  Reads come from memory.
 *
 * Any thread.  as_store_write() blocks until the commit.
 */
#ifndef AS_STORE_H
#define AS_STORE_H

#include "base/err.h"
#include "object.h"

struct as_store;
struct as_table;

enum as_sync { AS_SYNC_FULL, AS_SYNC_NORMAL };

struct as_store_opts {
	const char *path; /* of the database file; NULL keeps everything in memory */
	enum as_sync sync;
	/* Told after each batch of visible writes, on the commit thread, or the writer's without
	 * one. */
	void (*changed)(void *arg);
	void *changed_arg;
};

int as_store_open(const struct as_store_opts *opts, struct as_store **ret_store,
		  struct gt_err *err);
/* Nobody may be writing.  NULL allowed. */
void as_store_close(struct as_store *s);

/* The table of "group/resource" ("/pods"), made when first asked for.  Lives as long as the store.
 */
struct as_table *as_store_table(struct as_store *s, const char *name);
const char *as_table_name(const struct as_table *t);

/* The revision of the newest visible write. */
int64_t as_store_revision(struct as_store *s);

/* Objects in the table. */
size_t as_table_count(struct as_table *t);

/* --- reading ------------------------------------------------------------------------------ */

/* A reference, or NULL. */
struct as_object *as_table_get(struct as_table *t, struct gt_str ns, struct gt_str name);

struct as_snapshot {
	struct as_object **v;
	size_t n;
	int64_t rev; /* the state is that of this revision */
	bool more;   /* stopped at the limit */
};
void as_snapshot_fini(struct as_snapshot *s);

struct as_scan {
	struct gt_str ns;    /* only this namespace, if not empty */
	struct gt_str after; /* only keys after this one, if not empty */
	int64_t rev;         /* the state at this revision; 0: the latest */
	size_t limit;        /* 0: no limit */
	/* Whether an object counts; NULL: all do.  Runs under the store's lock: short. */
	bool (*match)(void *arg, const struct as_object *o);
	void *match_arg;
};

/*
 * The matching objects in order of key.  GT_E_GONE when the history does not reach back to rev,
 * GT_E_TIMEOUT when rev has not come yet.
 */
int as_table_scan(struct as_table *t, const struct as_scan *scan, struct as_snapshot *ret_snapshot,
		  struct gt_err *err);

/* --- writing ------------------------------------------------------------------------------ */

enum as_op { AS_CREATE, AS_UPDATE, AS_DELETE };

struct as_write {
	struct as_table *table;
	enum as_op op;
	struct gt_str ns, name;
	struct as_draft *draft;      /* CREATE, UPDATE */
	int64_t expect;              /* revision of the object replaced or deleted */
	struct as_object *ret_after; /* a reference: what now stands, or the deleted object */
};

/*
 * GT_E_EXISTS for a create of what exists; GT_E_CONFLICT when the object is not at the expected
 * revision; GT_E_NOT_FOUND when it is gone; GT_E_IO when the log cannot be written: then nothing
 * has changed.
 */
int as_store_write(struct as_store *s, struct as_write *w, struct gt_err *err);

/* --- following ---------------------------------------------------------------------------- */

enum as_event_type { AS_ADDED, AS_MODIFIED, AS_DELETED };

struct as_event {
	enum as_event_type type;
	int64_t rev;
	struct as_object
		*obj; /* after; for a deletion the last content at the deletion's revision */
	struct as_object *old; /* before, NULL for a creation */
};

/*
 * Up to max events of the table after rev, oldest first; their objects are referenced, release
 * with as_events_fini().  *ret_seen is the revision up to which nothing was missed.  GT_E_GONE when
 * the history does not reach back to rev.
 */
int as_table_events(struct as_table *t, int64_t rev, struct as_event *events, size_t max,
		    size_t *ret_n, int64_t *ret_seen, struct gt_err *err);
void as_events_fini(struct as_event *events, size_t n);

/* The newest revision at which this table changed. */
int64_t as_table_revision(struct as_table *t);

/* The oldest revision a watch may start after. */
int64_t as_table_oldest(struct as_table *t);

/* For each table, in order of name. */
void as_store_each_table(struct as_store *s, void (*fn)(void *arg, struct as_table *t), void *arg);

#endif
