/* spec.include: the artifacts of other GitRepositories as directories of this one. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "api/source.h"
#include "archive/untar.h"
#include "base/alloc.h"
#include "base/fs.h"
#include "base/vec.h"
#include "git.h"

bool src_git_same_set(const struct gt_node *a, const struct gt_node *b)
{
	if (gt_node_count(a) != gt_node_count(b))
		return false;
	gt_seq_for_each (a, x) {
		bool found = false;
		const char *revision = gt_node_cstr_at(x, "revision");

		gt_seq_for_each (b, y)
			found = found || src_has_revision(y, revision);
		if (!found)
			return false;
	}
	return true;
}

static bool unavailable(struct src_git *g, const char *reason, const char *text)
{
	struct src_call *c = &g->call;

	c->wait = gt_manager_flags(c->r->manager)->requeue_dependency;
	src_fail_cond(c, SRC_COND_INCLUDE_UNAVAILABLE, SRC_WAITING, reason, "%s", text);
	return false;
}

bool src_git_find_includes(struct src_git *g)
{
	struct src_call *c = &g->call;

	g->includes = gt_node_seq(c->a);
	gt_seq_for_each (gt_node_at(c->obj, "spec", "include"), item) {
		const char *name = gt_node_cstr_at(item, "repository", "name");
		struct gt_node *other;
		struct gt_err err;

		int rc = gt_kube_get(c->r->kube, c->r->ctx, c->a, &gt_res_git_repository,
				     c->r->key.ns, name ? name : "", &other, &err);
		/* Upstream reads through a cache, whose words these are. */
		if (rc == GT_E_NOT_FOUND)
			gt_fail(&err, GT_E_NOT_FOUND,
				"GitRepository." SRC_GROUP " \"%s\" not found", name);
		if (rc < 0) {
			gt_autofree char *text = gt_xasprintf(
				"could not get resource for include '%s': %s", name, err.text);
			return unavailable(g, "NotFound", text);
		}
		const struct gt_node *artifact = gt_api_artifact(other);
		if (!artifact || !src_path_is_of(gt_node_cstr_at(artifact, "path"),
						 gt_res_git_repository.kind, c->r->key.ns, name)) {
			gt_autofree char *text =
				gt_xasprintf("no artifact available for include '%s'", name);
			return unavailable(g, "NoArtifact", text);
		}
		gt_node_append(c->a, g->includes, gt_node_dup(c->a, artifact));
	}
	gt_cond_delete(c->obj, SRC_COND_INCLUDE_UNAVAILABLE);
	return true;
}

/* --- copying ------------------------------------------------------------------------------- */

/* Unpacks a stored artifact below the working directory. */
static int unpack(struct src_git *g, const char *path, int *ret_dir, struct gt_err *err)
{
	struct src_call *c = &g->call;
	gt_autofree char *name = gt_xasprintf("include-%zu", g->n_include_fds);
	gt_autoclose int work = -1;
	gt_autoclose int file = -1;
	gt_autoclose int dir = -1;

	int rc = gt_fs_open_root(c->workdir, &work, err);
	if (rc == GT_OK)
		rc = gt_store_read(c->src->store, path, &file, err);
	if (rc == GT_OK)
		rc = gt_fs_mkdirs(work, name, 0700, err);
	if (rc == GT_OK)
		rc = gt_fs_open(work, name, O_RDONLY | O_DIRECTORY, 0, &dir, err);
	if (rc == GT_OK)
		rc = gt_untar(dir, gt_source_fd(&file), NULL, err);
	if (rc == GT_OK)
		*ret_dir = gt_steal_fd(&dir);
	return rc;
}

/* One include being copied. */
struct copy {
	struct src_git *g;
	int dir;
	const char *from, *to;
};

static int copy_entry(void *arg, const struct gt_fs_entry *entry, struct gt_err *err)
{
	struct copy *copy = arg;
	struct gt_arena *a = copy->g->call.a;
	bool dir = S_ISDIR(entry->st.st_mode);
	const char *sep = *entry->path ? "/" : "";
	const char *from_sep = *copy->from && *entry->path ? "/" : "";

	if (!dir && !S_ISREG(entry->st.st_mode))
		return GT_OK;
	struct src_file file = {
		.path = gt_arena_printf(a, "%s%s%s", copy->to, sep, entry->path),
		.from = gt_arena_printf(a, "%s%s%s", copy->from, from_sep, entry->path),
		.dirfd = copy->dir,
		.mode = dir                        ? GT_GIT_DIR
			: entry->st.st_mode & 0111 ? GT_GIT_EXEC
						   : GT_GIT_FILE,
	};
	if (!file.path || !file.from)
		return gt_arena_check(a, err);
	src_files_add(&copy->g->files, file);
	return GT_OK;
}

/* Whether path lies strictly below dir. */
static bool below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && path[n] == '/';
}

/* What a rename onto `to` would meet; an empty directory there is replaced. */
static int make_room(struct src_git *g, const char *to, bool dir, struct gt_err *err)
{
	struct src_files *files = &g->files;
	size_t at = SIZE_MAX;

	for (size_t i = 0; i < files->n; i++) {
		const struct src_file *f = &files->v[i];

		if (below(f->path, to))
			return gt_fail(err, GT_E_EXISTS, "%s: directory not empty", to);
		if (f->mode != GT_GIT_DIR && below(to, f->path))
			return gt_fail(err, GT_E_INVALID, "%s: not a directory", f->path);
		if (strcmp(f->path, to) == 0)
			at = i;
	}
	if (at == SIZE_MAX)
		return GT_OK;
	if (dir && files->v[at].mode != GT_GIT_DIR)
		return gt_fail(err, GT_E_INVALID, "%s: not a directory", to);
	if (!dir && files->v[at].mode == GT_GIT_DIR)
		return gt_fail(err, GT_E_EXISTS, "%s: is a directory", to);
	gt_vec_remove(files, at);
	return GT_OK;
}

/* The directories above `to` that the tree does not have. */
static void add_parents(struct src_git *g, const char *to)
{
	for (const char *slash = strchr(to, '/'); slash; slash = strchr(slash + 1, '/')) {
		struct src_file dir = {
			.path = gt_arena_strndup(g->call.a, to, (size_t)(slash - to)),
			.mode = GT_GIT_DIR,
		};
		bool known = !dir.path;

		for (size_t i = 0; !known && i < g->files.n; i++)
			known = strcmp(g->files.v[i].path, dir.path) == 0;
		if (!known)
			src_files_add(&g->files, dir);
	}
}

static int copy_include(struct src_git *g, const char *path, const char *from, const char *to,
			struct gt_err *err)
{
	struct copy copy = {.g = g, .from = from, .to = to};
	struct stat st;

	int rc = unpack(g, path, &copy.dir, err);
	if (rc < 0)
		return rc;
	g->include_fds[g->n_include_fds++] = copy.dir;
	rc = gt_fs_stat(copy.dir, from, false, &st, err);
	if (rc == GT_OK && !*to)
		rc = gt_fail(err, GT_E_EXISTS, "the root of the repository is not empty");
	if (rc == GT_OK)
		rc = make_room(g, to, S_ISDIR(st.st_mode), err);
	if (rc < 0)
		return rc;
	add_parents(g, to);
	return gt_fs_walk(copy.dir, from, copy_entry, &copy, err);
}

static void add_tree(struct src_git *g, const struct gt_git_tree *tree, struct gt_git_pack *pack,
		     const char *prefix)
{
	for (size_t i = 0; i < tree->n; i++) {
		const struct gt_git_entry *e = &tree->v[i];
		struct src_file file = {
			.path = *prefix ? gt_arena_printf(g->call.a, "%s%s", prefix, e->path)
					: e->path,
			.mode = e->mode,
			.blob = &e->id,
			.pack = pack,
		};

		if (file.path)
			src_files_add(&g->files, file);
	}
}

/* The files of the commit and of its submodules. */
static void add_commit(struct src_git *g)
{
	add_tree(g, &g->tree, g->checkout.pack, "");
	for (size_t i = 0; i < g->n_modules; i++)
		add_tree(g, &g->modules[i].tree, g->modules[i].checkout.pack, g->modules[i].prefix);
	if (g->n_modules)
		src_files_sort(&g->files);
}

enum src_result src_step_git_include(struct src_call *c)
{
	struct src_git *g = src_git_of(c);
	const struct gt_node *list = gt_node_at(c->obj, "spec", "include");
	size_t i = 0;

	add_commit(g);
	g->include_fds = gt_xcalloc(gt_node_count(list) + 1, sizeof *g->include_fds);
	gt_seq_for_each (list, item) {
		const char *name = gt_node_cstr_at(item, "repository", "name");
		const char *from = gt_node_cstr_or(gt_node_get(item, "fromPath"), "");
		const char *to = gt_node_cstr_or(gt_node_get(item, "toPath"), "");
		const struct gt_node *artifact = gt_node_item(g->includes, i++);
		const char *path = gt_node_cstr_at(artifact, "path");
		struct gt_err err = {0};

		if (!*to)
			to = name;
		int rc = copy_include(g, path ? path : "", src_path_clamp(c->a, from),
				      src_path_clamp(c->a, to), &err);
		if (rc < 0) {
			c->code = rc;
			return src_fail_cond(c, SRC_COND_STORAGE_FAILED, SRC_GENERIC, "CopyFailure",
					     "failed to copy '%s' include from %s to %s: %s", name,
					     from, to, err.text);
		}
	}
	if (i)
		src_files_sort(&g->files);
	gt_cond_delete(c->obj, SRC_COND_INCLUDE_UNAVAILABLE);
	return SRC_SUCCESS;
}
