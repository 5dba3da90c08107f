#include "store/artifact.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/rand.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "store/store_int.h"

int gt_store_open(const struct gt_store_opts *opts, struct gt_store **ret_store, struct gt_err *err)
{
	enum gt_digest_algo algo = GT_SHA256;
	gt_autoclose int root = -1;

	if (opts->algorithm) {
		int rc = gt_digest_algo_parse(gt_str(opts->algorithm), &algo, err);
		if (rc < 0)
			return rc;
	}
	if (gt_fs_open_root(opts->root, &root, err) < 0)
		return gt_fail(err, GT_E_INVALID, "invalid dir path: %s", opts->root);

	struct gt_store *s = gt_new(struct gt_store);
	s->root = gt_steal_fd(&root);
	s->path = realpath(opts->root, NULL); /* symbolic links need it absolute */
	if (!s->path)
		s->path = gt_xstrdup(opts->root);
	s->algo = algo;
	s->ttl = opts->ttl;
	s->records = opts->records;
	pthread_mutex_init(&s->lock, NULL);
	s->address = gt_xstrdup(opts->address ? opts->address : "");
	*ret_store = s;
	return GT_OK;
}

void gt_store_free(struct gt_store *s)
{
	if (!s)
		return;
	close(s->root);
	pthread_mutex_destroy(&s->lock);
	free(s->path);
	free(s->address);
	free(s);
}

int gt_store_root(const struct gt_store *s)
{
	return s->root;
}

void gt_store_set_address(struct gt_store *s, const char *address)
{
	pthread_mutex_lock(&s->lock);
	free(s->address);
	s->address = gt_xstrdup(address);
	pthread_mutex_unlock(&s->lock);
}

void gt_store_path(struct gt_buf *out, const char *kind, const char *ns, const char *name,
		   const char *file)
{
	for (const char *p = kind; *p; p++)
		gt_buf_addc(out, (char)tolower((unsigned char)*p));
	gt_buf_printf(out, "/%s/%s/%s", ns, name, file);
}

void gt_store_url(struct gt_store *s, struct gt_buf *out, const char *path)
{
	pthread_mutex_lock(&s->lock);
	struct gt_str address = gt_str(s->address);
	if (!gt_str_starts(address, "http://") && !gt_str_starts(address, "https://"))
		gt_buf_adds(out, "http://");
	gt_buf_add_str(out, address);
	pthread_mutex_unlock(&s->lock);
	gt_buf_printf(out, "/%s", path);
}

char *gt_store__dir_of(const char *path)
{
	struct gt_str dir = gt_path_dir(gt_str(path));

	return gt_xstrndup(dir.p, dir.n);
}

int gt_store_mkdir(struct gt_store *s, const char *path, struct gt_err *err)
{
	gt_autofree char *dir = gt_store__dir_of(path);

	return gt_fs_mkdirs(s->root, dir, 0700, err);
}

struct gt_store_put {
	struct gt_store *store;
	char *path, *temp;
	int fd, lock_fd;
	struct gt_digester digester;
	uint64_t size;
};

static void put_free(struct gt_store_put *put)
{
	if (put->fd >= 0)
		close(put->fd);
	if (put->lock_fd >= 0)
		close(put->lock_fd); /* releases the lock */
	gt_digester_fini(&put->digester);
	free(put->path);
	free(put->temp);
	free(put);
}

static int take_lock(struct gt_store_put *put, struct gt_err *err)
{
	gt_autofree char *name = gt_xasprintf("%s.lock", put->path);

	int rc = gt_fs_open(put->store->root, name, O_RDWR | O_CREAT | O_NOFOLLOW, 0666,
			    &put->lock_fd, err);
	if (rc < 0)
		return rc;
	while (flock(put->lock_fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return gt_fail_errno(err, errno, "lock %s", name);
	return GT_OK;
}

int gt_store_begin(struct gt_store *s, const char *path, struct gt_store_put **ret_put,
		   struct gt_err *err)
{
	static const char digits[] = "0123456789";
	struct gt_store_put *put = gt_new(struct gt_store_put);
	char suffix[11];

	put->store = s;
	put->path = gt_xstrdup(path);
	put->fd = put->lock_fd = -1;
	gt_digester_init(&put->digester, s->algo);
	int rc = take_lock(put, err);
	if (rc == GT_OK) {
		gt_rand_text(suffix, sizeof suffix - 1, digits);
		put->temp = gt_xasprintf("%s%s", path, suffix);
		rc = gt_fs_open(s->root, put->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600,
				&put->fd, err);
	}
	if (rc < 0) {
		put_free(put);
		return rc;
	}
	*ret_put = put;
	return GT_OK;
}

static int put_write(void *arg, const void *bytes, size_t n, struct gt_err *err)
{
	struct gt_store_put *put = arg;
	int rc = gt_fd_write_all(put->fd, bytes, n, err);

	if (rc < 0)
		return gt_wrap(err, "%s", put->temp);
	gt_digester_add(&put->digester, bytes, n);
	put->size += n;
	return GT_OK;
}

struct gt_sink gt_store_sink(struct gt_store_put *put)
{
	return (struct gt_sink){put_write, put};
}

int gt_store_commit(struct gt_store_put *put, struct gt_stored *ret_stored, struct gt_err *err)
{
	int root = put->store->root, rc = GT_OK;

	if (close(gt_steal_fd(&put->fd)) < 0)
		rc = gt_fail_errno(err, errno, "close %s", put->temp);
	if (rc == GT_OK)
		rc = gt_fs_rename(root, put->temp, put->path, err);
	if (rc < 0) {
		gt_store_abort(put);
		return rc;
	}
	struct gt_digest digest = gt_digester_final(&put->digester);
	gt_digest_text(&digest, ret_stored->digest);
	ret_stored->size = put->size;
	ret_stored->time = gt_now_wall();
	put_free(put);
	return GT_OK;
}

void gt_store_abort(struct gt_store_put *put)
{
	if (!put)
		return;
	gt_fs_remove_all(put->store->root, put->temp, NULL);
	put_free(put);
}

static int digest_file(int fd, struct gt_digester *d, struct gt_err *err)
{
	char chunk[32768];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof chunk);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return gt_fail_errno(err, errno, "read");
		if (n == 0)
			return GT_OK;
		gt_digester_add(d, chunk, (size_t)n);
	}
}

int gt_store_read(struct gt_store *s, const char *path, int *ret_fd, struct gt_err *err)
{
	gt_autoclose int fd = -1;
	struct stat st;

	int rc = gt_fs_open(s->root, path, O_RDONLY | O_NOFOLLOW, 0, &fd, err);
	if (rc < 0)
		return rc;
	if (fstat(fd, &st) < 0)
		return gt_fail_errno(err, errno, "stat %s", path);
	if (!S_ISREG(st.st_mode))
		return gt_fail(err, GT_E_NOT_FOUND, "%s is not a regular file", path);
	*ret_fd = gt_steal_fd(&fd);
	return GT_OK;
}

int gt_store_verify(struct gt_store *s, const char *path, const char *digest, struct gt_err *err)
{
	gt_autoclose int fd = -1;
	gt_auto_digester d = {0};
	struct gt_digest want;

	if (!digest || !*digest)
		return gt_fail(err, GT_E_CONFLICT, "artifact has no digest");
	if (gt_digest_parse(gt_str(digest), &want, err) < 0) {
		gt_wrap(err, "failed to parse artifact digest '%s'", digest);
		if (err)
			err->code = GT_E_CONFLICT;
		return GT_E_CONFLICT;
	}
	int rc = gt_store_read(s, path, &fd, err);
	if (rc < 0)
		return rc;
	gt_digester_init(&d, want.algo);
	rc = digest_file(fd, &d, err);
	if (rc < 0)
		return gt_wrap(err, "%s", path);
	struct gt_digest got = gt_digester_final(&d);
	if (!gt_digest_eq(&got, &want))
		return gt_fail(err, GT_E_CONFLICT, "computed digest doesn't match '%s'", digest);
	return GT_OK;
}

bool gt_store_exists(struct gt_store *s, const char *path)
{
	struct stat st;

	return gt_fs_stat(s->root, path, false, &st, NULL) == GT_OK && S_ISREG(st.st_mode);
}

int gt_store_remove(struct gt_store *s, const char *path, struct gt_err *err)
{
	return gt_fs_remove_all(s->root, path, err);
}

int gt_store_remove_all(struct gt_store *s, const char *kind, const char *ns, const char *name,
			bool *ret_existed, struct gt_err *err)
{
	gt_auto_buf path = {0};

	gt_store_path(&path, kind, ns, name, "x");
	gt_autofree char *dir = gt_store__dir_of(path.p);
	*ret_existed = gt_fs_is_dir(s->root, dir);
	return gt_fs_remove_all(s->root, dir, err);
}

int gt_store_link(struct gt_store *s, const char *path, const char *link, struct gt_err *err)
{
	gt_autofree char *dir = gt_store__dir_of(path);
	gt_autofree char *target = gt_xasprintf("%s/%s", s->path, path);
	gt_autofree char *temp = gt_xasprintf("%s.tmp", link);
	gt_autoclose int fd = -1;

	int rc = gt_fs_open(s->root, dir, O_RDONLY | O_DIRECTORY, 0, &fd, err);
	if (rc < 0)
		return rc;
	if (unlinkat(fd, temp, 0) < 0 && errno != ENOENT)
		return gt_fail_errno(err, errno, "remove %s/%s", dir, temp);
	if (symlinkat(target, fd, temp) < 0)
		return gt_fail_errno(err, errno, "link %s/%s", dir, temp);
	if (renameat(fd, temp, fd, link) < 0)
		return gt_fail_errno(err, errno, "rename %s/%s", dir, temp);
	return GT_OK;
}
