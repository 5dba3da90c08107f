/*
 * spec.recurseSubmodules: the trees of other repositories at places of this one.
 *
 * Credentials go to the host of the source and to no other, since .gitmodules is not written by
 * whoever wrote the Secret (upstream sends them anywhere).  SSH keys are no exception: a server
 * learns nothing from them, and known_hosts says which servers there may be.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "git.h"
#include "git/modules.h"
#include "net/url.h"

#define MODULES_FILE ".gitmodules"
#define MODULES_FILE_MAX GT_MIB(1)

/* One repository whose submodules are looked for. */
struct level {
	struct gt_git_pack *pack;
	const struct gt_git_tree *tree;
	const char *url;
	const char *prefix; /* of its paths, "" or with a slash at the end */
	unsigned depth;
};

struct job {
	struct src_git *g;
	struct gt_ctx *ctx;
	const char *url; /* of the source */
	const struct src_git_auth *auth;
};

static bool trusted(const struct job *job, const char *url)
{
	gt_auto_url a = {0}, b = {0};

	return gt_url_parse(gt_str(job->url), &a, NULL) == GT_OK &&
	       gt_url_parse(gt_str(url), &b, NULL) == GT_OK && gt_url_same_origin(&a, &b);
}

static int open_module(const struct job *job, const char *url, struct gt_git_transport **ret,
		       struct gt_err *err)
{
	struct gt_git_auth auth = job->auth->auth;

	if (gt_str_starts(gt_str(url), "ssh://"))
		return gt_git_ssh_new(url, &auth, ret, err);
	if (!trusted(job, url)) {
		auth.username = NULL;
		auth.password = auth.bearer = auth.cert_pem = auth.key_pem = NULL;
	}
	return gt_git_http_new(job->g->call.src->loop, url, &auth, ret, err);
}

static int fetch_level(const struct job *job, const struct level *level, struct gt_err *err);

/* Fetches one submodule and what is below it. */
static int fetch_module(const struct job *job, const struct level *level, const char *url,
			const struct gt_git_entry *entry, struct gt_err *err)
{
	struct src_git *g = job->g;
	char hex[GT_OID_HEX];
	struct gt_git_want want = {.commit = gt_oid_hex(&entry->id, hex)};
	gt_auto_buf shown = {0};
	struct gt_git_transport *t;

	if (g->n_modules >= GT_LIMIT_GIT_SUBMODULES)
		return gt_fail(err, GT_E_BUDGET, "more than %d submodules",
			       GT_LIMIT_GIT_SUBMODULES);
	int rc = open_module(job, url, &t, err);
	if (rc < 0)
		return rc;
	struct src_module *m = &g->modules[g->n_modules++];
	gt_url_show_text(gt_str(url), &shown);
	rc = gt_git_checkout_do(t, job->ctx, gt_buf_cstr(&shown), &want, g->call.workdir,
				&m->checkout, err);
	t->ops->free(t);
	if (rc == GT_OK)
		rc = gt_git_tree_list(m->checkout.pack, job->ctx, &m->checkout.info.tree, NULL,
				      &m->tree, err);
	m->prefix = gt_arena_printf(g->call.a, "%s%s/", level->prefix, entry->path);
	if (rc < 0 || !m->prefix)
		return rc < 0 ? rc : gt_arena_check(g->call.a, err);
	struct level below = {
		.pack = m->checkout.pack,
		.tree = &m->tree,
		.url = url,
		.prefix = m->prefix,
		.depth = level->depth + 1,
	};
	return fetch_level(job, &below, err);
}

static int read_modules(const struct job *job, const struct level *level,
			struct gt_git_module **ret_modules, size_t *ret_n, struct gt_err *err)
{
	const struct gt_git_entry *file = gt_git_tree_find(level->tree, MODULES_FILE);
	gt_auto_git_object blob = {0};

	*ret_n = 0;
	if (!file || file->mode == GT_GIT_DIR)
		return GT_OK;
	int rc =
		gt_git_pack_read(level->pack, &file->id, GT_GIT_BLOB, MODULES_FILE_MAX, &blob, err);
	if (rc == GT_OK)
		rc = gt_git_modules_parse(job->g->call.a, blob.data, ret_modules, ret_n, err);
	return rc < 0 && *level->prefix ? gt_wrap(err, "submodule '%s'", level->prefix) : rc;
}

static int fetch_level(const struct job *job, const struct level *level, struct gt_err *err)
{
	struct gt_git_module *modules;
	size_t n;

	if (level->depth > GT_LIMIT_GIT_SUBMODULE_DEPTH)
		return GT_OK; /* those further down stay empty, as upstream */
	int rc = read_modules(job, level, &modules, &n, err);
	for (size_t i = 0; rc == GT_OK && i < n; i++) {
		const struct gt_git_module *m = &modules[i];
		const char *url;

		if (!m->path || !m->url)
			continue;
		const struct gt_git_entry *entry = gt_git_tree_find(level->tree, m->path);
		if (!entry || !entry->submodule)
			rc = gt_fail(err, GT_E_NOT_FOUND, "entry not found");
		else
			rc = gt_git_module_url(job->g->call.a, level->url, m->url, &url, err);
		if (rc == GT_OK)
			rc = fetch_module(job, level, url, entry, err);
		if (rc < 0)
			gt_wrap(err, "submodule '%s'", m->path);
	}
	return rc;
}

int src_git_fetch_submodules(struct src_git *g, struct gt_ctx *ctx, const char *url,
			     const struct src_git_auth *auth, struct gt_err *err)
{
	struct job job = {.g = g, .ctx = ctx, .url = url, .auth = auth};
	struct level top = {
		.pack = g->checkout.pack,
		.tree = &g->tree,
		.url = url,
		.prefix = "",
		.depth = 1,
	};

	src_git_drop_submodules(g);
	g->modules = gt_xcalloc(GT_LIMIT_GIT_SUBMODULES, sizeof *g->modules);
	return fetch_level(&job, &top, err);
}

void src_git_drop_submodules(struct src_git *g)
{
	for (size_t i = 0; i < g->n_modules; i++) {
		gt_git_tree_fini(&g->modules[i].tree);
		gt_git_checkout_fini(&g->modules[i].checkout);
	}
	free(gt_steal(g->modules));
	g->n_modules = 0;
}
