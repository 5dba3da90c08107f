/* The step that packs the files into the artifact: no checkout, objects go straight into the tar.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/source.h"
#include "archive/gzip.h"
#include "archive/tar.h"
#include "base/alloc.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/vec.h"
#include "git.h"
#include "text/ignore.h"

#define IGNORE_FILE ".sourceignore"
#define IGNORE_FILE_MAX GT_MIB(4)

/* --- ignore rules -------------------------------------------------------------------------- */

static struct gt_str dir_of(const char *path)
{
	size_t slash = gt_str_rfind(gt_str(path), '/');

	return gt_strn(path, slash == SIZE_MAX ? 0 : slash);
}

struct ignore_file {
	const struct src_file *file;
	char *dir;
};

struct ignore_files {
	struct ignore_file *v;
	size_t n, cap;
};

static int by_dir(const void *a, const void *b)
{
	return src_path_cmp(((const struct ignore_file *)a)->dir,
			    ((const struct ignore_file *)b)->dir);
}

/* The whole of a small file of either origin. */
static int read_file(const struct src_file *f, struct gt_buf *out, struct gt_err *err)
{
	gt_auto_git_object blob = {0};

	if (!f->blob)
		return gt_fs_read(f->dirfd, f->from, IGNORE_FILE_MAX, out, err);
	int rc = gt_git_pack_read(f->pack, f->blob, GT_GIT_BLOB, IGNORE_FILE_MAX, &blob, err);
	if (rc == GT_OK)
		gt_buf_add_str(out, blob.data);
	return rc;
}

/* The ignore files of the tree, that of a directory before those below it. */
static void find_ignore_files(struct src_git *g, struct ignore_files *found)
{
	for (size_t i = 0; i < g->files.n; i++) {
		const struct src_file *f = &g->files.v[i];
		struct gt_str dir = dir_of(f->path);
		const char *name = f->path + dir.n + (dir.n ? 1 : 0);

		if (f->mode == GT_GIT_DIR || strcmp(name, IGNORE_FILE) != 0)
			continue;
		struct ignore_file file = {.file = f, .dir = gt_xstrndup(dir.p, dir.n)};
		gt_vec_push(found, file);
	}
	if (found->n)
		qsort(found->v, found->n, sizeof *found->v, by_dir);
}

static int load_ignore(struct src_git *g, struct gt_ignore **ret_ignore, struct gt_err *err)
{
	const char *spec = gt_node_cstr_at(g->call.obj, "spec", "ignore");
	struct gt_ignore *user = gt_ignore_new();
	struct ignore_files found = {0};
	int rc = GT_OK;

	find_ignore_files(g, &found);
	for (size_t i = 0; i < found.n; i++) {
		gt_auto_buf text = {0};

		if (rc == GT_OK)
			rc = read_file(found.v[i].file, &text, err);
		if (rc == GT_OK)
			rc = gt_ignore_add(user, gt_buf_str(&text), found.v[i].dir, err);
		if (rc < 0)
			gt_wrap(err, "%s", found.v[i].file->path);
		free(found.v[i].dir);
	}
	gt_vec_fini(&found);
	if (rc == GT_OK && spec)
		rc = gt_ignore_add(user, gt_str(spec), "", err);
	if (rc < 0) {
		gt_ignore_free(user);
		return rc;
	}
	*ret_ignore = gt_ignore_compose_take(user);
	return GT_OK;
}

/* --- packing ------------------------------------------------------------------------------- */

static int pack_blob(struct gt_tar_writer *tar, const struct src_file *f, struct gt_err *err)
{
	gt_auto_git_object blob = {0};

	int rc = gt_git_pack_read(f->pack, f->blob, GT_GIT_BLOB, GT_LIMIT_GIT_BLOB, &blob, err);
	if (rc == GT_OK)
		rc = gt_tar_add_file(tar, gt_str(f->path), blob.data.n, f->mode == GT_GIT_EXEC,
				     err);
	if (rc == GT_OK)
		rc = gt_tar_write(tar, blob.data.p, blob.data.n, err);
	return rc;
}

static int tar_sink(void *arg, const void *bytes, size_t n, struct gt_err *err)
{
	return gt_tar_write(arg, bytes, n, err);
}

static int pack_included(struct gt_tar_writer *tar, const struct src_file *f, struct gt_err *err)
{
	gt_autoclose int fd = -1;
	struct stat st;

	int rc = gt_fs_open(f->dirfd, f->from, O_RDONLY | O_NOFOLLOW, 0, &fd, err);
	if (rc == GT_OK && fstat(fd, &st) < 0)
		rc = gt_fail(err, GT_E_IO, "stat failed");
	if (rc == GT_OK)
		rc = gt_tar_add_file(tar, gt_str(f->path), (uint64_t)st.st_size,
				     f->mode == GT_GIT_EXEC, err);
	if (rc == GT_OK)
		rc = gt_copy(gt_source_fd(&fd), (struct gt_sink){tar_sink, tar},
			     (uint64_t)st.st_size, NULL, err);
	return rc;
}

static int pack_files(struct src_git *g, const struct gt_ignore *ignore, struct gt_tar_writer *tar,
		      struct gt_err *err)
{
	int rc = gt_tar_add_dir(tar, gt_str("."), err);

	for (size_t i = 0; rc == GT_OK && i < g->files.n; i++) {
		const struct src_file *f = &g->files.v[i];
		bool dir = f->mode == GT_GIT_DIR;

		if (gt_ignore_match(ignore, f->path, dir))
			continue;
		rc = gt_ctx_check(g->call.r->ctx, err);
		if (rc < 0)
			break;
		if (dir)
			rc = gt_tar_add_dir(tar, gt_str(f->path), err);
		else
			rc = f->blob ? pack_blob(tar, f, err) : pack_included(tar, f, err);
		if (rc < 0)
			gt_wrap(err, "%s", f->path);
	}
	return rc == GT_OK ? gt_tar_finish(tar, err) : rc;
}

static int write_archive(struct src_git *g, const struct gt_ignore *ignore, struct gt_sink to,
			 struct gt_err *err)
{
	gt_auto_gzip_writer *gz = gt_gzip_writer_new(to);
	struct gt_gate *gate = &g->call.src->gate;
	struct gt_tar_writer tar;

	int rc = gt_gate_enter(gate, g->call.r->ctx, err);
	if (rc < 0)
		return rc;
	gt_tar_writer_init(&tar, gt_gzip_sink(gz));
	rc = pack_files(g, ignore, &tar, err);
	if (rc == GT_OK)
		rc = gt_gzip_finish(gz, err);
	gt_gate_leave(gate);
	return rc;
}

/* --- the step ------------------------------------------------------------------------------ */

static bool in_sync(struct src_git *g)
{
	const struct gt_node *stored = gt_node_at(g->call.obj, "status", "includedArtifacts");

	return src_has_revision(gt_api_artifact(g->call.obj), g->revision) &&
	       src_git_same_set(g->includes, stored) && !src_git_content_changed(g);
}

/* Records in status what the artifact was made of; absent fields are removed. */
static void observe(struct src_git *g, struct gt_node *artifact)
{
	static const char *const fields[][2] = {
		{"ignore", "observedIgnore"},
		{"recurseSubmodules", "observedRecurseSubmodules"},
		{"include", "observedInclude"},
		{"sparseCheckout", "observedSparseCheckout"},
	};
	struct gt_arena *a = g->call.a;
	struct gt_node *status = gt_node_need_map(a, g->call.obj, "status");
	const struct gt_node *spec = gt_node_get(g->call.obj, "spec");

	gt_node_set(a, status, "artifact", artifact);
	if (gt_node_count(g->includes))
		gt_node_set(a, status, "includedArtifacts", gt_node_dup(a, g->includes));
	else
		gt_node_unset(status, "includedArtifacts");
	for (size_t i = 0; i < GT_COUNT(fields); i++) {
		struct gt_node *value = gt_node_get(spec, fields[i][0]);
		bool empty = gt_node_is_null(value) ||
			     (gt_node_is(value, GT_BOOL) && !gt_node_truth(value, false)) ||
			     (gt_node_is(value, GT_SEQ) && !gt_node_count(value));

		if (empty)
			gt_node_unset(status, fields[i][1]);
		else
			gt_node_set(a, status, fields[i][1], gt_node_dup(a, value));
	}
}

static enum src_result storage_failed(struct src_call *c, const char *reason, const char *context,
				      const struct gt_err *err)
{
	c->code = err->code;
	return src_fail_cond(c, SRC_COND_STORAGE_FAILED, SRC_GENERIC, reason, "%s: %s", context,
			     err->text);
}

static enum src_result store(struct src_git *g, const char *path)
{
	struct src_call *c = &g->call;
	struct gt_ignore *ignore;
	gt_auto_store_put *put = NULL;
	struct gt_stored stored;
	struct gt_err err = {0};

	if (gt_store_mkdir(c->src->store, path, &err) < 0)
		return storage_failed(c, SRC_REASON_DIR_CREATION_FAILED,
				      "failed to create artifact directory", &err);
	c->code = gt_store_begin(c->src->store, path, &put, &err);
	if (c->code < 0)
		return src_fail(c, SRC_GENERIC, "Failed", "failed to acquire lock for artifact: %s",
				err.text);
	c->code = load_ignore(g, &ignore, &err);
	if (c->code < 0)
		return src_fail(c, SRC_GENERIC, "SourceIgnoreError",
				"failed to load source ignore patterns from repository: %s",
				err.text);
	int rc = write_archive(g, ignore, gt_store_sink(put), &err);
	gt_ignore_free(ignore);
	if (rc == GT_OK)
		rc = gt_store_commit(gt_steal(put), &stored, &err);
	if (rc < 0)
		return storage_failed(c, SRC_REASON_ARCHIVE_FAILED,
				      "unable to archive artifact to storage", &err);
	observe(g, src_artifact_new(c, path, g->revision, &stored));
	gt_cond_delete(c->obj, SRC_COND_STORAGE_FAILED);
	return SRC_SUCCESS;
}

enum src_result src_step_git_archive(struct src_call *c)
{
	struct src_git *g = src_git_of(c);
	enum src_result result = SRC_SUCCESS;
	gt_auto_buf path = {0};
	char hex[GT_OID_HEX];

	if (in_sync(g)) {
		src_event(c, "Trace", SRC_REASON_UP_TO_DATE,
			  "artifact up-to-date with remote revision: '%s'", g->revision);
	} else {
		gt_autofree char *file =
			gt_xasprintf("%s.tar.gz", gt_oid_hex(&g->checkout.commit, hex));
		gt_store_path(&path, c->kind->res->kind, c->r->key.ns, c->r->key.name, file);
		result = store(g, gt_buf_cstr(&path));
	}
	if (in_sync(g)) {
		gt_cond_delete(c->obj, SRC_COND_ARTIFACT_OUTDATED);
		gt_cond_mark_true(c->a, c->obj, SRC_COND_ARTIFACT_IN_STORAGE, SRC_REASON_SUCCEEDED,
				  "stored artifact for revision '%s'", g->revision);
	}
	return result;
}
