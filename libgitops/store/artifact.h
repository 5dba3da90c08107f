/*
 * gt_store - the artifacts of source objects on disk, laid out as Flux lays them out:
 * `<kind>/<namespace>/<name>/<file>` below one root, served over HTTP by the file server.
 *
 * A file appears under its name complete or not at all: content goes to a temporary file in the
 * same folder, is digested on the way and renamed.  Writers of the same artifact exclude each other
 * by a lock file.  A kill at any instant leaves at most a temporary file, which garbage collection
 * removes; what a power failure damages is found by gt_store_verify() and by every consumer, so
 * nothing waits for the disk.  Names are opened below the root only (base/fs.h).
 *
 * Any thread; a gt_store_put has one owner.
 */
#ifndef GT_STORE_ARTIFACT_H
#define GT_STORE_ARTIFACT_H

#include <stdbool.h>
#include <stdint.h>

#include "archive/io.h"
#include "base/buf.h"
#include "base/err.h"

struct gt_store;

struct gt_store_opts {
	const char *root;      /* an existing directory */
	const char *address;   /* advertised: host[:port], or a prefix with http:// or https:// */
	const char *algorithm; /* of digests; NULL means sha256 */
	int64_t ttl;           /* nanoseconds a superseded artifact is kept */
	unsigned records;      /* superseded artifacts that survive a collection */
};

/* GT_E_INVALID when the root is not a directory or the algorithm is unknown. */
int gt_store_open(const struct gt_store_opts *opts, struct gt_store **ret_store,
		  struct gt_err *err);
void gt_store_free(struct gt_store *s);
int gt_store_root(const struct gt_store *s); /* the directory handle, owned by the store */

/* The address may be known only once the server listens. */
void gt_store_set_address(struct gt_store *s, const char *address);

/* Appends `<kind>/<namespace>/<name>/<file>`, the kind in lower case. */
void gt_store_path(struct gt_buf *out, const char *kind, const char *ns, const char *name,
		   const char *file);
/* Appends the URL under which a path is served. */
void gt_store_url(struct gt_store *s, struct gt_buf *out, const char *path);

struct gt_store_put;

/* What was stored. */
struct gt_stored {
	char digest[160]; /* "sha256:<hex>" */
	uint64_t size;
	int64_t time; /* wall clock, nanoseconds */
};

/* Makes the folder; apart from begin because its failure has a reason of its own upstream. */
int gt_store_mkdir(struct gt_store *s, const char *path, struct gt_err *err);
/* Takes the lock (waiting for another writer) and opens the temporary file. */
int gt_store_begin(struct gt_store *s, const char *path, struct gt_store_put **ret_put,
		   struct gt_err *err);
struct gt_sink gt_store_sink(struct gt_store_put *put);
/* Puts the file in place; put is gone in any case. */
int gt_store_commit(struct gt_store_put *put, struct gt_stored *ret_stored, struct gt_err *err);
/* Drops what was written.  NULL is allowed. */
void gt_store_abort(struct gt_store_put *put);

/*
 * GT_OK when the file is there and its bytes have the digest; GT_E_NOT_FOUND when it is missing or
 * not a regular file; GT_E_CONFLICT when the digest differs.  Reads the whole file.
 */
int gt_store_verify(struct gt_store *s, const char *path, const char *digest, struct gt_err *err);
bool gt_store_exists(struct gt_store *s, const char *path);
/* Opens a stored file for reading. */
int gt_store_read(struct gt_store *s, const char *path, int *ret_fd, struct gt_err *err);
int gt_store_remove(struct gt_store *s, const char *path, struct gt_err *err);
/* Removes the folder of the object; *ret_existed tells whether there was one. */
int gt_store_remove_all(struct gt_store *s, const char *kind, const char *ns, const char *name,
			bool *ret_existed, struct gt_err *err);
/* Points `link` in the folder of path at the file, atomically. */
int gt_store_link(struct gt_store *s, const char *path, const char *link, struct gt_err *err);

/*
 * Removes superseded files from the folder of path, which itself stays: those older than the TTL,
 * then the oldest until no more than `records` are left.  Lock files go with their artifacts.
 * *ret_removed counts artifacts.  A deadline in ctx ends it early without an error.
 */
struct gt_ctx;
int gt_store_gc(struct gt_store *s, struct gt_ctx *ctx, const char *path, size_t *ret_removed,
		struct gt_err *err);

static inline void gt_store_put__freep(struct gt_store_put **put)
{
	gt_store_abort(*put);
}
#define gt_auto_store_put __attribute__((cleanup(gt_store_put__freep))) struct gt_store_put

#endif
