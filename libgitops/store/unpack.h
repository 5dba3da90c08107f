/*
 * gt_unpack - artifacts unpacked once and shared by all their consumers.
 *
 * A cache directory holds one read-only tree a digest.  The first consumer of a digest fetches,
 * verifies and unpacks it; others that ask meanwhile wait for that one attempt; the tree appears
 * under its name complete or not at all and is never written again.  Trees are reference counted;
 * unused ones are kept for a while, up to a limit of bytes and of their number.  The directory
 * belongs to one process, which empties it at the start: what a power failure left of it is not
 * trusted.
 *
 * How bytes are fetched is the caller's: see artifact/fetch.h for HTTP.  Any thread.
 */
#ifndef GT_STORE_UNPACK_H
#define GT_STORE_UNPACK_H

#include <stdint.h>

#include "archive/io.h"
#include "base/ctx.h"

struct gt_unpack;      /* the cache */
struct gt_unpack_tree; /* a reference to one tree */

struct gt_unpack_opts {
	const char *dir;    /* trusted; made if missing */
	int64_t keep;       /* nanoseconds an unused tree is kept; 0 means 10 minutes */
	uint64_t max_bytes; /* of unused trees; 0 means 1 GiB */
	size_t max_trees;   /* unused ones; 0 means 64 */
};

int gt_unpack_open(const struct gt_unpack_opts *opts, struct gt_unpack **ret_cache,
		   struct gt_err *err);
/* Every tree must have been released. */
void gt_unpack_free(struct gt_unpack *cache);

/* Writes the archive into the sink; called on the thread of the first consumer. */
typedef int (*gt_unpack_fetch_fn)(void *arg, struct gt_ctx *ctx, struct gt_sink to,
				  struct gt_err *err);

/*
 * The tree of the artifact with the digest, fetched if need be.  Errors are those of fetch, of the
 * digest check ("failed to verify archive: ...") and of unpacking ("failed to extract archive
 * ..."), or of ctx while waiting.  A failed attempt is not remembered.
 */
int gt_unpack_acquire(struct gt_unpack *cache, struct gt_ctx *ctx, const char *digest,
		      gt_unpack_fetch_fn fetch, void *arg, struct gt_unpack_tree **ret_tree,
		      struct gt_err *err);
/* NULL is allowed. */
void gt_unpack_release(struct gt_unpack_tree *tree);

/* Valid while the reference is held. */
int gt_unpack_dirfd(const struct gt_unpack_tree *tree);
const char *gt_unpack_path(const struct gt_unpack_tree *tree);

/* Removes unused trees that are old or too many; cheap when there is nothing to do. */
void gt_unpack_sweep(struct gt_unpack *cache);

#endif
