#include "store/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fs.h"

#define ATTEMPTS 16

struct gt_scratch {
	char *path;
	int fd; /* holds the lock */
};

static const char *parent(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

/* Removes the folder if nobody has it: its process is gone. */
static void remove_stale(int dirfd, const char *name)
{
	gt_autoclose int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid())
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		gt_fs_remove_all(dirfd, name, NULL);
}

static void sweep(const char *name)
{
	gt_autofree char *prefix = gt_xasprintf("%s-", name);
	size_t n = strlen(prefix);
	DIR *dir = opendir(parent());
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		/* The rest is random: one word, so that "a-b-..." is not taken for "a-...". */
		if (strncmp(d->d_name, prefix, n) == 0 && !strchr(d->d_name + n, '-'))
			remove_stale(dirfd(dir), d->d_name);
	if (dir)
		closedir(dir);
}

/* Another process may sweep between making the folder and locking it. */
static bool lock_it(const char *path, int *ret_fd)
{
	gt_autoclose int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat mine, there;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &mine) < 0 ||
	    lstat(path, &there) < 0 || mine.st_ino != there.st_ino || mine.st_dev != there.st_dev)
		return false;
	*ret_fd = gt_steal_fd(&fd);
	return true;
}

int gt_scratch_open(const char *name, struct gt_scratch **ret_scratch, struct gt_err *err)
{
	gt_autofree char *prefix = gt_xasprintf("%s-", name);

	sweep(name);
	for (int i = 0; i < ATTEMPTS; i++) {
		gt_autofree char *path = NULL;
		int fd;

		int rc = gt_fs_mkdtemp(NULL, prefix, &path, err);
		if (rc < 0)
			return rc;
		if (!lock_it(path, &fd))
			continue;
		struct gt_scratch *s = gt_new(struct gt_scratch);
		s->path = gt_steal(path);
		s->fd = fd;
		*ret_scratch = s;
		return GT_OK;
	}
	return gt_fail(err, GT_E_IO, "cannot lock a temporary folder in %s", parent());
}

void gt_scratch_close(struct gt_scratch *s)
{
	if (!s)
		return;
	gt_fs_remove_tree(s->path);
	close(s->fd);
	free(s->path);
	free(s);
}

const char *gt_scratch_path(const struct gt_scratch *s)
{
	return s->path;
}
