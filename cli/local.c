#include "local.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/limits.h"
#include "text/json.h"

int cli_local_dir(const char *flag, char **ret_dir, struct gt_err *err)
{
	const char *home = getenv("HOME");
	const char *data = getenv("XDG_DATA_HOME");
	char cwd[PATH_MAX];

	if (flag && *flag == '/') {
		*ret_dir = gt_xstrdup(flag);
	} else if (flag && *flag) {
		if (!getcwd(cwd, sizeof cwd))
			return gt_fail_errno(err, errno, "working directory");
		*ret_dir = gt_xasprintf("%s/%s", cwd, flag);
	} else if (data && *data == '/') {
		*ret_dir = gt_xasprintf("%s/gitops", data);
	} else if (home && *home == '/') {
		*ret_dir = gt_xasprintf("%s/.local/share/gitops", home);
	} else {
		return gt_fail(err, GT_E_INVALID, "neither --data nor $HOME is set");
	}
	return GT_OK;
}

static int make_dir(const char *dir, struct gt_err *err)
{
	gt_autoclose int root = -1;

	if (gt_fs_open_root("/", &root, err) < 0)
		return err ? (int)err->code : GT_E_IO;
	if (gt_fs_mkdirs(root, dir + 1, 0700, err) < 0)
		return gt_wrap(err, "data folder %s", dir);
	return GT_OK;
}

static pid_t lock_holder(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid;
}

int cli_local_lock(const char *dir, int *ret_fd, struct gt_err *err)
{
	gt_autofree char *path = gt_xasprintf("%s/lock", dir);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int rc = make_dir(dir, err);

	if (rc < 0)
		return rc;
	gt_autoclose int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return gt_fail_errno(err, errno, "open %s", path);
	if (fcntl(fd, F_SETLK, &lock) < 0)
		return gt_fail(err, GT_E_EXISTS, "already running in %s as process %d", dir,
			       (int)lock_holder(fd));
	*ret_fd = gt_steal_fd(&fd);
	return GT_OK;
}

pid_t cli_local_running(const char *dir)
{
	gt_autofree char *path = gt_xasprintf("%s/lock", dir);
	gt_autoclose int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? 0 : lock_holder(fd);
}

int cli_local_write_state(const char *dir, const struct gt_node *state, struct gt_err *err)
{
	gt_autoclose int root = -1;
	gt_auto_buf text = {0};
	int rc = gt_fs_open_root(dir, &root, err);

	if (rc < 0)
		return rc;
	gt_json_write(&text, state, GT_JSON_INDENT, 2);
	gt_buf_addc(&text, '\n');
	return gt_fs_write_atomic(root, "up.json", gt_buf_str(&text), 0600, false, err);
}

int cli_local_read_state(struct gt_arena *a, const char *dir, struct gt_node **ret_state,
			 struct gt_err *err)
{
	gt_autoclose int root = -1;
	gt_auto_buf text = {0};
	int rc = gt_fs_open_root(dir, &root, err);

	if (rc == GT_OK)
		rc = gt_fs_read(root, "up.json", GT_MIB(1), &text, err);
	if (rc == GT_OK)
		rc = gt_json_parse(a, gt_buf_str(&text), 0, ret_state, err);
	return rc < 0 ? gt_wrap(err, "%s", dir) : GT_OK;
}
