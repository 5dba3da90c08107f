#include "git/tree.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/vec.h"

#define TREE_MAX GT_MIB(16)   /* one directory */
#define PATHS_MAX GT_MIB(256) /* names of all files */

struct walk {
	struct gt_git_pack *pack;
	struct gt_ctx *ctx;
	const struct gt_git_tree_opts *opts;
	struct gt_git_tree *out;
	struct gt_buf path; /* of the directory being read */
};

/* An entry as it stands in a tree object. */
struct raw {
	struct gt_str name;
	uint32_t mode;
	struct gt_oid id;
};

void gt_git_tree_fini(struct gt_git_tree *tree)
{
	free(tree->v);
	gt_arena_fini(&tree->arena);
	*tree = (struct gt_git_tree){0};
}

const struct gt_git_entry *gt_git_tree_find(const struct gt_git_tree *tree, const char *path)
{
	/* The order of the walk is not that of whole paths, so this looks at all of them. */
	for (size_t i = 0; i < tree->n; i++)
		if (strcmp(tree->v[i].path, path) == 0)
			return &tree->v[i];
	return NULL;
}

/* Names that a work tree must not have, for what they would do to other tools. */
static bool name_ok(struct gt_str name)
{
	if (name.n == 0 || gt_str_is(name, ".") || gt_str_is(name, "..") ||
	    gt_str_find(name, '/') != SIZE_MAX || gt_str_find(name, '\0') != SIZE_MAX)
		return false;
	/* Other file systems fold case and drop what follows. */
	while (name.n && (name.p[name.n - 1] == '.' || name.p[name.n - 1] == ' '))
		name.n--;
	return !gt_str_ieq(name, GT_STR_LIT(".git")) && !gt_str_ieq(name, GT_STR_LIT("git~1"));
}

/* Cuts the next "<octal mode> <name>\0<id>" off *data; false when malformed. */
static bool next_raw(struct gt_str *data, struct raw *ret)
{
	size_t space = gt_str_find(*data, ' ');
	size_t nul = gt_str_find(*data, '\0');
	uint32_t mode = 0;

	if (space == SIZE_MAX || nul == SIZE_MAX || space == 0 || space > 6 || nul < space ||
	    data->n - nul - 1 < GT_OID_SIZE)
		return false;
	for (size_t i = 0; i < space; i++) {
		if (data->p[i] < '0' || data->p[i] > '7')
			return false;
		mode = mode << 3 | (uint32_t)(data->p[i] - '0');
	}
	ret->mode = mode;
	ret->name = gt_strn(data->p + space + 1, nul - space - 1);
	memcpy(ret->id.id, data->p + nul + 1, GT_OID_SIZE);
	*data = gt_str_from(*data, nul + 1 + GT_OID_SIZE);
	return true;
}

static int by_name(const void *a, const void *b)
{
	return gt_str_cmp(((const struct raw *)a)->name, ((const struct raw *)b)->name);
}

static bool sparse_keeps(const struct gt_git_tree_opts *opts, const char *path)
{
	for (size_t i = 0; i < opts->n_sparse; i++)
		if (strncmp(path, opts->sparse[i], strlen(opts->sparse[i])) == 0)
			return true;
	return opts->n_sparse == 0;
}

/* Whether anything below the directory could be kept. */
static bool sparse_enters(const struct gt_git_tree_opts *opts, struct gt_str dir)
{
	for (size_t i = 0; i < opts->n_sparse; i++) {
		struct gt_str want = gt_str(opts->sparse[i]);
		size_t n = want.n < dir.n ? want.n : dir.n;

		if (memcmp(want.p, dir.p, n) == 0)
			return true;
	}
	return opts->n_sparse == 0;
}

static int add_entry(struct walk *w, const struct gt_oid *id, enum gt_git_mode mode,
		     struct gt_err *err)
{
	if (w->out->n >= GT_LIMIT_TAR_ENTRIES)
		return gt_fail(err, GT_E_BUDGET, "the tree has more than %d files",
			       GT_LIMIT_TAR_ENTRIES);
	if (w->path.n > GT_LIMIT_TAR_NAME)
		return gt_fail(err, GT_E_BUDGET, "a path of %zu bytes", w->path.n);
	struct gt_git_entry e = {.id = *id, .mode = mode};
	e.path = gt_arena_strndup(&w->out->arena, w->path.p, w->path.n);
	if (!e.path)
		return gt_arena_check(&w->out->arena, err);
	gt_vec_push(w->out, e);
	return GT_OK;
}

static int walk_tree(struct walk *w, const struct gt_oid *id, unsigned depth, struct gt_err *err);

static int walk_dir(struct walk *w, const struct raw *raw, unsigned depth, struct gt_err *err)
{
	bool sparse = w->opts->n_sparse > 0;
	size_t at = w->out->n;
	int rc = GT_OK;

	gt_buf_addc(&w->path, '/');
	bool enter = sparse_enters(w->opts, gt_buf_str(&w->path));
	w->path.p[--w->path.n] = '\0';
	if (!enter)
		return GT_OK;
	rc = add_entry(w, &raw->id, GT_GIT_DIR, err);
	if (rc == GT_OK)
		rc = walk_tree(w, &raw->id, depth + 1, err);
	if (rc == GT_OK && sparse && w->out->n == at + 1)
		w->out->n = at; /* a sparse checkout makes no empty directories */
	return rc;
}

static int walk_entry(struct walk *w, const struct raw *raw, unsigned depth, struct gt_err *err)
{
	const struct gt_git_tree_opts *opts = w->opts;
	int rc;

	switch (raw->mode & 0170000) {
	case 0040000: return walk_dir(w, raw, depth, err);
	case 0160000: /* a submodule: go-git makes its directory */
		if (opts->n_sparse)
			return GT_OK;
		rc = add_entry(w, &raw->id, GT_GIT_DIR, err);
		if (rc == GT_OK)
			w->out->v[w->out->n - 1].submodule = true;
		return rc;
	case 0100000:
		if (!sparse_keeps(opts, gt_buf_cstr(&w->path)))
			return GT_OK;
		return add_entry(w, &raw->id, raw->mode & 0100 ? GT_GIT_EXEC : GT_GIT_FILE, err);
	case 0120000: return GT_OK; /* a symbolic link */
	default:
		return gt_fail(err, GT_E_INVALID, "path %s has the unknown mode %o",
			       gt_buf_cstr(&w->path), (unsigned)raw->mode);
	}
}

struct raws {
	struct raw *v;
	size_t n, cap;
};

static int parse_tree(struct walk *w, struct gt_str data, struct raws *raws, struct gt_err *err)
{
	while (data.n) {
		struct raw raw;

		if (!next_raw(&data, &raw))
			return gt_fail(err, GT_E_INVALID, "malformed tree of directory '%s'",
				       gt_buf_cstr(&w->path));
		if (!name_ok(raw.name))
			return gt_fail(err, GT_E_INVALID, "invalid path '%s%s%.*s'",
				       gt_buf_cstr(&w->path), w->path.n ? "/" : "",
				       (int)(raw.name.n < 200 ? raw.name.n : 200), raw.name.p);
		gt_vec_push(raws, raw);
	}
	if (raws->n)
		qsort(raws->v, raws->n, sizeof *raws->v, by_name);
	for (size_t i = 1; i < raws->n; i++)
		if (gt_str_eq(raws->v[i].name, raws->v[i - 1].name))
			return gt_fail(err, GT_E_INVALID, "path '%s%s%.*s' occurs twice",
				       gt_buf_cstr(&w->path), w->path.n ? "/" : "",
				       GT_STR_ARG(gt_str_sub(raws->v[i].name, 0, 200)));
	return GT_OK;
}

static int walk_tree(struct walk *w, const struct gt_oid *id, unsigned depth, struct gt_err *err)
{
	gt_auto_git_object tree = {0};
	struct raws raws = {0};
	size_t base = w->path.n;
	int rc = gt_ctx_check(w->ctx, err);

	if (rc == GT_OK && depth > GT_LIMIT_GIT_TREE_DEPTH)
		return gt_fail(err, GT_E_BUDGET, "directories nest deeper than %d levels",
			       GT_LIMIT_GIT_TREE_DEPTH);
	if (rc == GT_OK)
		rc = gt_git_pack_read(w->pack, id, GT_GIT_TREE, TREE_MAX, &tree, err);
	if (rc == GT_OK)
		rc = parse_tree(w, tree.data, &raws, err);
	for (size_t i = 0; rc == GT_OK && i < raws.n; i++) {
		if (base)
			gt_buf_addc(&w->path, '/');
		gt_buf_add_str(&w->path, raws.v[i].name);
		rc = walk_entry(w, &raws.v[i], depth, err);
		w->path.n = base;
		if (w->path.p)
			w->path.p[base] = '\0';
	}
	gt_vec_fini(&raws);
	return rc;
}

int gt_git_tree_list(struct gt_git_pack *pack, struct gt_ctx *ctx, const struct gt_oid *tree,
		     const struct gt_git_tree_opts *opts, struct gt_git_tree *ret_tree,
		     struct gt_err *err)
{
	static const struct gt_git_tree_opts everything;
	struct gt_git_tree out = {0};
	struct walk w = {.pack = pack, .ctx = ctx, .opts = opts ? opts : &everything};

	gt_arena_init(&out.arena, PATHS_MAX);
	w.out = &out;
	int rc = walk_tree(&w, tree, 0, err);
	gt_buf_fini(&w.path);
	if (rc < 0)
		gt_git_tree_fini(&out);
	else
		*ret_tree = out;
	return rc;
}
