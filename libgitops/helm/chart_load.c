/* Reading charts: from a directory, from an archive, and what becomes of their files. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "archive/gzip.h"
#include "archive/tar.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/map.h"
#include "helm/chart_impl.h"
#include "helm/values.h"

void gt_chart_files_add(struct gt_arena *a, struct gt_chart_files *files, struct gt_str name,
			struct gt_str data)
{
	if (files->n == files->cap) {
		size_t cap = files->cap ? files->cap * 2 : 16;
		struct gt_chart_file *v =
			gt_arena_grow(a, files->v, files->n * sizeof *v, cap * sizeof *v);

		if (!v)
			return;
		files->v = v;
		files->cap = cap;
	}
	if (gt_str_starts(data, "\xef\xbb\xbf"))
		data = gt_str_from(data, 3);
	files->v[files->n++] = (struct gt_chart_file){gt_arena_str(a, name), data};
}

/* --- directories -------------------------------------------------------------------------- */

struct dir_load {
	struct gt_arena *a;
	int root;
	struct chart__ignore *ignore;
	struct gt_chart_files files;
	size_t total;
	const char *prefix; /* of the path while a link to a directory is followed */
	unsigned links;
};

static int on_entry(void *arg, const struct gt_fs_entry *entry, struct gt_err *err);

static int load_file(struct dir_load *d, const char *path, struct gt_err *err)
{
	gt_auto_buf buf = {0};
	int rc = gt_fs_read(d->root, path, GT_LIMIT_CHART_FILE, &buf, err);

	if (rc == GT_E_BUDGET)
		return gt_fail(err, rc,
			       "chart file \"%s\" is larger than the maximum file size %zu", path,
			       GT_LIMIT_CHART_FILE);
	if (rc < 0)
		return gt_wrap(err, "error reading %s", path);
	d->total += buf.n;
	if (d->total > GT_LIMIT_CHART || d->files.n >= GT_LIMIT_CHART_FILES)
		return gt_fail(err, GT_E_BUDGET, "chart is larger than the maximum size %zu",
			       GT_LIMIT_CHART);
	gt_chart_files_add(d->a, &d->files, gt_str(path), gt_arena_str(d->a, gt_buf_str(&buf)));
	return gt_arena_check(d->a, err);
}

/* A link to a directory is walked as if the directory stood there. */
static int follow_dir(struct dir_load *d, const char *path, struct gt_err *err)
{
	const char *saved = d->prefix;
	int rc;

	if (++d->links > GT_LIMIT_CHART_DEPTH)
		return gt_fail(err, GT_E_INVALID, "too many links to directories at %s", path);
	gt_autoclose int fd = -1;
	rc = gt_fs_open(d->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, &fd, err);
	if (rc < 0)
		return rc;
	d->prefix = path;
	rc = gt_fs_walk(fd, "", on_entry, d, err);
	d->prefix = saved;
	d->links--;
	return rc;
}

static int on_entry(void *arg, const struct gt_fs_entry *entry, struct gt_err *err)
{
	struct dir_load *d = arg;
	const char *path = entry->path;
	struct stat st = entry->st;
	int rc;

	if (!*path)
		return GT_FS_CONTINUE;
	if (d->prefix)
		path = gt_arena_printf(d->a, "%s/%s", d->prefix, path);
	if (!path)
		return gt_arena_check(d->a, err);
	bool link = S_ISLNK(st.st_mode);
	if (link) {
		rc = gt_fs_stat(d->root, path, true, &st, err);
		if (rc < 0)
			return gt_wrap(err, "error evaluating symlink %s", path);
	}
	if (chart__ignored(d->ignore, gt_str(path), S_ISDIR(st.st_mode)))
		return S_ISDIR(st.st_mode) && !link ? GT_FS_SKIP : GT_FS_CONTINUE;
	if (S_ISDIR(st.st_mode))
		return link ? follow_dir(d, path, err) : GT_FS_CONTINUE;
	if (!S_ISREG(st.st_mode))
		return gt_fail(err, GT_E_INVALID,
			       "cannot load irregular file %s as it has file mode type bits set",
			       path);
	return load_file(d, path, err);
}

int gt_chart_load_dir(struct gt_arena *a, const char *path, struct gt_chart **ret_chart,
		      struct gt_err *err)
{
	gt_autoclose int root = -1;
	struct dir_load d = {.a = a};
	gt_auto_buf rules = {0};
	int rc = gt_fs_open_root(path, &root, err);

	if (rc < 0)
		return rc;
	d.root = root;
	if (gt_fs_is_file(root, ".helmignore")) {
		rc = gt_fs_read(root, ".helmignore", GT_LIMIT_CHART_FILE, &rules, err);
		if (rc < 0)
			return rc;
	}
	rc = chart__ignore_new(a, gt_arena_str(a, gt_buf_str(&rules)), &d.ignore, err);
	if (rc < 0)
		return rc;
	rc = gt_fs_walk(root, "", on_entry, &d, err);
	if (rc < 0)
		return rc;
	return chart__from_files(a, &d.files, 0, ret_chart, err);
}

/* --- archives ----------------------------------------------------------------------------- */

/* The name below the first folder, or an error for one that leads elsewhere. */
static int entry_name(struct gt_arena *a, struct gt_str name, struct gt_str *ret,
		      struct gt_err *err)
{
	char delimiter = gt_str_find(name, '\\') != SIZE_MAX ? '\\' : '/';
	size_t at = gt_str_find(name, delimiter);
	struct gt_str first = gt_str_sub(name, 0, at == SIZE_MAX ? name.n : at);
	gt_auto_buf rest = {0}, clean = {0};

	for (size_t i = at == SIZE_MAX ? name.n : at + 1; i < name.n; i++)
		gt_buf_addc(&rest, name.p[i] == delimiter ? '/' : name.p[i]);
	if (rest.n && rest.p[0] == '/')
		return gt_fail(err, GT_E_INVALID, "chart illegally contains absolute paths");
	gt_path_clean(&clean, gt_buf_str(&rest));
	struct gt_str n = gt_buf_str(&clean);
	if (gt_str_is(n, "."))
		return gt_fail(err, GT_E_INVALID,
			       "chart illegally contains content outside the base directory: "
			       "\"%.*s\"",
			       GT_STR_ARG(name));
	if (gt_str_starts(n, ".."))
		return gt_fail(err, GT_E_INVALID, "chart illegally references parent directory");
	if (n.n > 2 && n.p[1] == ':' && n.p[2] == '/')
		return gt_fail(err, GT_E_INVALID, "chart contains illegally named files");
	if (gt_str_is(first, "Chart.yaml"))
		return gt_fail(err, GT_E_INVALID, "chart yaml not in base directory");
	*ret = gt_arena_str(a, n);
	return GT_OK;
}

static int read_entry(struct gt_arena *a, struct gt_tar_reader *tar, uint64_t size,
		      struct gt_str *ret, struct gt_err *err)
{
	char *p = gt_arena_alloc(a, size + 1);
	size_t have = 0, n = 1;

	if (!p)
		return gt_arena_check(a, err);
	while (have < size && n) {
		int rc = gt_tar_read(tar, p + have, size - have, &n, err);

		if (rc < 0)
			return rc;
		have += n;
	}
	p[have] = '\0';
	*ret = gt_strn(p, have);
	return GT_OK;
}

static int unpack_entry(struct gt_arena *a, struct gt_tar_reader *tar,
			const struct gt_tar_entry *entry, size_t *total,
			struct gt_chart_files *files, struct gt_err *err)
{
	struct gt_str name, data;
	int rc = entry_name(a, entry->name, &name, err);

	if (rc < 0)
		return rc;
	if (entry->size > GT_LIMIT_CHART - *total || files->n >= GT_LIMIT_CHART_FILES)
		return gt_fail(err, GT_E_BUDGET,
			       "decompressed chart is larger than the maximum size %zu",
			       GT_LIMIT_CHART);
	if (entry->size > GT_LIMIT_CHART_FILE)
		return gt_fail(err, GT_E_BUDGET,
			       "decompressed chart file \"%.*s\" is larger than the maximum file "
			       "size %zu",
			       GT_STR_ARG(entry->name), GT_LIMIT_CHART_FILE);
	rc = read_entry(a, tar, entry->size, &data, err);
	if (rc < 0)
		return rc;
	*total += data.n;
	gt_chart_files_add(a, files, name, data);
	return gt_arena_check(a, err);
}

int chart__unpack(struct gt_arena *a, struct gt_source from, struct gt_chart_files *ret_files,
		  struct gt_err *err)
{
	gt_auto_gzip_reader *gzip = gt_gzip_reader_new(from);
	gt_auto_tar_reader *tar = gt_tar_reader_new(gt_gzip_source(gzip));
	const struct gt_tar_entry *entry;
	size_t total = 0;

	for (;;) {
		int rc = gt_tar_next(tar, &entry, err);

		if (rc < 0)
			return rc;
		if (!entry)
			break;
		if (entry->type == GT_TAR_DIR)
			continue;
		rc = unpack_entry(a, tar, entry, &total, ret_files, err);
		if (rc < 0)
			return rc;
	}
	if (ret_files->n == 0)
		return gt_fail(err, GT_E_INVALID, "no files in chart archive");
	return GT_OK;
}

int gt_chart_load_archive(struct gt_arena *a, struct gt_source gzip, struct gt_chart **ret_chart,
			  struct gt_err *err)
{
	struct gt_chart_files files = {0};
	int rc = chart__unpack(a, gzip, &files, err);

	return rc < 0 ? rc : chart__from_files(a, &files, 0, ret_chart, err);
}

int gt_chart_load_files(struct gt_arena *a, const struct gt_chart_files *files,
			struct gt_chart **ret_chart, struct gt_err *err)
{
	return chart__from_files(a, files, 0, ret_chart, err);
}

int gt_chart_load(struct gt_arena *a, const char *path, struct gt_chart **ret_chart,
		  struct gt_err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return gt_fail_errno(err, errno, "path \"%s\" not found", path);
	if (S_ISDIR(st.st_mode))
		return gt_chart_load_dir(a, path, ret_chart, err);
	gt_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return gt_fail_errno(err, errno, "open %s", path);
	unsigned char magic[3] = {0};
	if (pread(fd, magic, sizeof magic, 0) != sizeof magic || magic[0] != 0x1f ||
	    magic[1] != 0x8b || magic[2] != 8)
		return gt_fail(err, GT_E_INVALID,
			       "file '%s' does not appear to be a gzipped archive", path);
	return gt_chart_load_archive(a, gt_source_fd(&fd), ret_chart, err);
}
