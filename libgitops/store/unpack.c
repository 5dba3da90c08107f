#include "store/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "archive/untar.h"
#include "base/alloc.h"
#include "base/fs.h"
#include "base/list.h"
#include "base/map.h"
#include "base/rand.h"
#include "base/time.h"
#include "crypto/digest.h"

#define KEEP GT_SECONDS(600)
#define MAX_BYTES ((uint64_t)1 << 30)
/* Each holds a descriptor. */
#define MAX_TREES 64

enum state { FETCHING, READY, FAILED };

struct gt_unpack_tree {
	struct gt_unpack *cache;
	char *key;  /* "sha256:<hex>" */
	char *name; /* of the folder, "sha256-<hex>" */
	char *path;
	int dirfd;
	enum state state;
	unsigned refs; /* consumers, and those who wait to be */
	uint64_t bytes;
	int64_t released;    /* monotonic, when refs fell to 0 */
	struct gt_list idle; /* in cache->idle, oldest first */
	struct gt_err err;   /* of the attempt, with FAILED */
};

struct gt_unpack {
	char *dir;
	int dirfd;
	int64_t keep;
	uint64_t max_bytes;
	size_t max_trees;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct gt_map trees; /* key -> tree, FETCHING and READY ones */
	struct gt_list idle;
	uint64_t idle_bytes;
	size_t n_idle;
};

int gt_unpack_open(const struct gt_unpack_opts *opts, struct gt_unpack **ret_cache,
		   struct gt_err *err)
{
	gt_autoclose int top = -1;
	gt_autoclose int fd = -1;
	pthread_condattr_t attr;

	if (mkdir(opts->dir, 0700) < 0 && errno != EEXIST)
		return gt_fail_errno(err, errno, "make directory %s", opts->dir);
	int rc = gt_fs_open_root(opts->dir, &top, err);
	if (rc == GT_OK)
		rc = gt_fs_remove_all(top, "trees", err);
	if (rc == GT_OK)
		rc = gt_fs_mkdirs(top, "trees", 0700, err);
	if (rc == GT_OK)
		rc = gt_fs_open(top, "trees", O_RDONLY | O_DIRECTORY, 0, &fd, err);
	if (rc < 0)
		return rc;

	struct gt_unpack *c = gt_new(struct gt_unpack);
	c->dir = gt_xasprintf("%s/trees", opts->dir);
	c->dirfd = gt_steal_fd(&fd);
	c->keep = opts->keep ? opts->keep : KEEP;
	c->max_bytes = opts->max_bytes ? opts->max_bytes : MAX_BYTES;
	c->max_trees = opts->max_trees ? opts->max_trees : MAX_TREES;
	pthread_mutex_init(&c->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->changed, &attr);
	pthread_condattr_destroy(&attr);
	gt_list_init(&c->idle);
	*ret_cache = c;
	return GT_OK;
}

static void tree_free(struct gt_unpack_tree *t)
{
	if (t->dirfd >= 0)
		close(t->dirfd);
	free(t->key);
	free(t->name);
	free(t->path);
	free(t);
}

void gt_unpack_free(struct gt_unpack *c)
{
	if (!c)
		return;
	gt_map_for_each (&c->trees, e)
		tree_free(e->value);
	gt_map_fini(&c->trees);
	gt_fs_remove_tree(c->dir);
	close(c->dirfd);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	free(c->dir);
	free(c);
}

/* --- one attempt --------------------------------------------------------------------------- */

struct download {
	int fd;
	struct gt_digester digester;
};

static int download_write(void *arg, const void *bytes, size_t n, struct gt_err *err)
{
	struct download *d = arg;

	gt_digester_add(&d->digester, bytes, n);
	return gt_fd_write_all(d->fd, bytes, n, err);
}

static int check_digest(struct download *d, const struct gt_digest *want, const char *digest,
			struct gt_err *err)
{
	struct gt_digest got = gt_digester_final(&d->digester);

	if (gt_digest_eq(&got, want))
		return GT_OK;
	return gt_fail(err, GT_E_CONFLICT,
		       "failed to verify archive: computed digest doesn't match provided '%s' "
		       "(check whether file size exceeds max download size)",
		       digest);
}

/* Gets the archive into the file, which is left at its start. */
static int download(int fd, struct gt_ctx *ctx, const struct gt_digest *want, const char *digest,
		    gt_unpack_fetch_fn fetch, void *arg, struct gt_err *err)
{
	struct download d = {.fd = fd};

	gt_digester_init(&d.digester, want->algo);
	int rc = fetch(arg, ctx, (struct gt_sink){download_write, &d}, err);
	if (rc == GT_OK)
		rc = check_digest(&d, want, digest, err);
	gt_digester_fini(&d.digester);
	if (rc == GT_OK && lseek(fd, 0, SEEK_SET) < 0)
		rc = gt_fail_errno(err, errno, "rewind the archive");
	return rc;
}

static int extract(struct gt_unpack_tree *t, const char *temp, int fd, struct gt_err *err)
{
	struct gt_untar_opts opts = {
		.skip_symlinks = true, .read_only = true, .ret_bytes = &t->bytes};
	gt_autoclose int dir = -1;

	int rc = gt_fs_mkdirs(t->cache->dirfd, temp, 0700, err);
	if (rc == GT_OK)
		rc = gt_fs_open(t->cache->dirfd, temp, O_RDONLY | O_DIRECTORY, 0, &dir, err);
	if (rc == GT_OK)
		rc = gt_untar(dir, gt_source_fd(&fd), &opts, err);
	if (rc < 0)
		return gt_wrap(err, "failed to extract archive "
				    "(check whether file size exceeds max download size)");
	rc = gt_fs_rename(t->cache->dirfd, temp, t->name, err);
	if (rc == GT_OK)
		t->dirfd = gt_steal_fd(&dir);
	return rc;
}

static int attempt(struct gt_unpack_tree *t, struct gt_ctx *ctx, const struct gt_digest *want,
		   const char *digest, gt_unpack_fetch_fn fetch, void *arg, struct gt_err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	int cache = t->cache->dirfd;
	gt_autoclose int fd = -1;
	char rand[13];

	gt_rand_text(rand, sizeof rand - 1, letters);
	gt_autofree char *file = gt_xasprintf("tmp-%s.tar.gz", rand);
	gt_autofree char *temp = gt_xasprintf("tmp-%s", rand);
	int rc = gt_fs_open(cache, file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, &fd, err);
	if (rc == GT_OK)
		rc = download(fd, ctx, want, digest, fetch, arg, err);
	if (rc == GT_OK)
		rc = extract(t, temp, fd, err);
	gt_fs_remove_all(cache, file, NULL);
	if (rc < 0)
		gt_fs_remove_all(cache, temp, NULL);
	return rc;
}

/* --- sharing ------------------------------------------------------------------------------- */

static void wake(void *arg)
{
	struct gt_unpack *c = arg;

	pthread_mutex_lock(&c->lock);
	pthread_cond_broadcast(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

/* Called and returns with the lock; the caller holds a reference on t. */
static int wait_for(struct gt_unpack_tree *t, struct gt_ctx *ctx, struct gt_err *err)
{
	struct gt_unpack *c = t->cache;
	struct gt_ctx_watch watch = {.fn = wake, .arg = c};
	int64_t deadline = gt_ctx_deadline(ctx);
	int rc = GT_OK;

	pthread_mutex_unlock(&c->lock);
	bool watching = gt_ctx_watch(ctx, &watch);
	pthread_mutex_lock(&c->lock);
	while (t->state == FETCHING && (rc = gt_ctx_check(ctx, err)) == GT_OK) {
		struct timespec until = {.tv_sec = deadline / GT_NS_PER_S,
					 .tv_nsec = deadline % GT_NS_PER_S};

		if (deadline == INT64_MAX)
			pthread_cond_wait(&c->changed, &c->lock);
		else
			pthread_cond_timedwait(&c->changed, &c->lock, &until);
	}
	pthread_mutex_unlock(&c->lock);
	if (watching)
		gt_ctx_unwatch(ctx, &watch);
	pthread_mutex_lock(&c->lock);
	return rc;
}

static struct gt_unpack_tree *tree_new(struct gt_unpack *c, const char *key)
{
	struct gt_unpack_tree *t = gt_new(struct gt_unpack_tree);

	t->cache = c;
	t->key = gt_xstrdup(key);
	t->name = gt_xstrdup(key);
	*strchr(t->name, ':') = '-';
	t->path = gt_xasprintf("%s/%s", c->dir, t->name);
	t->dirfd = -1;
	t->refs = 1;
	gt_list_init(&t->idle);
	gt_map_put(&c->trees, gt_str(key), t);
	return t;
}

/* Gives up a reference on a tree that failed, with the lock. */
static void drop_failed(struct gt_unpack_tree *t)
{
	if (--t->refs == 0)
		tree_free(t);
}

static void settle(struct gt_unpack_tree *t, int rc, const struct gt_err *err)
{
	struct gt_unpack *c = t->cache;

	t->state = rc == GT_OK ? READY : FAILED;
	if (rc < 0) {
		if (err)
			t->err = *err;
		t->err.code = rc;
		gt_map_take(&c->trees, gt_str(t->key));
	}
	pthread_cond_broadcast(&c->changed);
}

static void use(struct gt_unpack_tree *t)
{
	if (t->refs++ == 0 && t->state == READY) {
		gt_list_remove(&t->idle);
		t->cache->idle_bytes -= t->bytes;
		t->cache->n_idle--;
	}
}

/* Waits for somebody else's attempt; 1 when the caller should look again. */
static int share(struct gt_unpack_tree *t, struct gt_ctx *ctx, struct gt_err *err)
{
	use(t);
	int rc = wait_for(t, ctx, err);
	if (rc == GT_OK && t->state == READY)
		return GT_OK;
	if (rc == GT_OK) {
		rc = t->err.code;
		/* That one gave up for reasons of its own. */
		if (rc == GT_E_CANCELLED || rc == GT_E_TIMEOUT)
			rc = 1;
		else if (err)
			*err = t->err;
	}
	if (t->state == FAILED)
		drop_failed(t);
	else
		t->refs--; /* still being fetched by its owner */
	return rc;
}

static int acquire_locked(struct gt_unpack *c, struct gt_ctx *ctx, const struct gt_digest *want,
			  const char *key, gt_unpack_fetch_fn fetch, void *arg,
			  struct gt_unpack_tree **ret_tree, struct gt_err *err)
{
	struct gt_unpack_tree *t;
	int rc;

	while ((t = gt_map_find(&c->trees, gt_str(key)))) {
		rc = share(t, ctx, err);
		if (rc == GT_OK)
			*ret_tree = t;
		if (rc <= 0)
			return rc;
	}
	t = tree_new(c, key);
	pthread_mutex_unlock(&c->lock);
	struct gt_err mine = {0};
	rc = attempt(t, ctx, want, key, fetch, arg, &mine);
	pthread_mutex_lock(&c->lock);
	settle(t, rc, &mine);
	if (rc < 0) {
		if (err)
			*err = mine;
		drop_failed(t);
		return rc;
	}
	*ret_tree = t;
	return GT_OK;
}

int gt_unpack_acquire(struct gt_unpack *c, struct gt_ctx *ctx, const char *digest,
		      gt_unpack_fetch_fn fetch, void *arg, struct gt_unpack_tree **ret_tree,
		      struct gt_err *err)
{
	struct gt_digest want;
	char key[GT_DIGEST_TEXT];

	if (!digest || !*digest)
		return gt_fail(err, GT_E_INVALID, "empty digest");
	gt_autofree char *text =
		strchr(digest, ':') ? gt_xstrdup(digest) : gt_xasprintf("sha256:%s", digest);
	int rc = gt_digest_parse(gt_str(text), &want, err);
	if (rc < 0)
		return gt_wrap(err, "failed to verify archive");
	gt_digest_text(&want, key);
	pthread_mutex_lock(&c->lock);
	rc = acquire_locked(c, ctx, &want, key, fetch, arg, ret_tree, err);
	pthread_mutex_unlock(&c->lock);
	return rc;
}

void gt_unpack_release(struct gt_unpack_tree *t)
{
	if (!t)
		return;
	struct gt_unpack *c = t->cache;
	pthread_mutex_lock(&c->lock);
	if (--t->refs == 0) {
		t->released = gt_now_mono();
		gt_list_append(&c->idle, &t->idle);
		c->idle_bytes += t->bytes;
		c->n_idle++;
	}
	pthread_mutex_unlock(&c->lock);
	gt_unpack_sweep(c);
}

/* Takes the next tree to be removed off the books, or NULL. */
static struct gt_unpack_tree *take_victim(struct gt_unpack *c)
{
	struct gt_unpack_tree *t = NULL;

	pthread_mutex_lock(&c->lock);
	if (!gt_list_empty(&c->idle)) {
		t = gt_container_of(c->idle.next, struct gt_unpack_tree, idle);
		bool old = gt_now_mono() - t->released > c->keep;
		if (!old && c->idle_bytes <= c->max_bytes && c->n_idle <= c->max_trees)
			t = NULL;
	}
	if (t) {
		/* Renamed under the lock, so that a new attempt finds its name free. */
		gt_autofree char *dead = gt_xasprintf("dead-%s", t->name);
		gt_list_remove(&t->idle);
		c->idle_bytes -= t->bytes;
		c->n_idle--;
		gt_map_take(&c->trees, gt_str(t->key));
		gt_fs_remove_all(c->dirfd, dead, NULL);
		gt_fs_rename(c->dirfd, t->name, dead, NULL);
	}
	pthread_mutex_unlock(&c->lock);
	return t;
}

void gt_unpack_sweep(struct gt_unpack *c)
{
	struct gt_unpack_tree *t;

	while ((t = take_victim(c))) {
		gt_autofree char *dead = gt_xasprintf("dead-%s", t->name);

		gt_fs_remove_all(c->dirfd, dead, NULL);
		tree_free(t);
	}
}

int gt_unpack_dirfd(const struct gt_unpack_tree *t)
{
	return t->dirfd;
}

const char *gt_unpack_path(const struct gt_unpack_tree *t)
{
	return t->path;
}
