/* The step that finds the commit and fetches it. */
#include <string.h>

#include "api/source.h"
#include "base/alloc.h"
#include "base/time.h"
#include "git.h"
#include "net/url.h"

#define DEFAULT_TIMEOUT GT_SECONDS(60)

static bool same_include(const struct gt_node *a, const struct gt_node *b)
{
	static const char *const fields[] = {"fromPath", "toPath"};

	if (!gt_streq(gt_node_cstr_at(a, "repository", "name"),
		      gt_node_cstr_at(b, "repository", "name")))
		return false;
	for (size_t i = 0; i < GT_COUNT(fields); i++)
		if (!gt_streq(gt_node_cstr_or(gt_node_get(a, fields[i]), ""),
			      gt_node_cstr_or(gt_node_get(b, fields[i]), "")))
			return false;
	return true;
}

static bool includes_changed(struct src_git *g)
{
	const struct gt_node *spec = gt_node_at(g->call.obj, "spec", "include");
	const struct gt_node *observed = gt_node_at(g->call.obj, "status", "observedInclude");
	const struct gt_node *stored = gt_node_at(g->call.obj, "status", "includedArtifacts");
	size_t n = gt_node_count(spec);

	if (n != gt_node_count(observed) || n != gt_node_count(stored) ||
	    n != gt_node_count(g->includes))
		return true;
	for (size_t i = 0; i < n; i++) {
		const struct gt_node *was = gt_node_item(stored, i);
		const struct gt_node *is = gt_node_item(g->includes, i);

		if (!same_include(gt_node_item(spec, i), gt_node_item(observed, i)) ||
		    !gt_streq(gt_node_cstr_at(was, "revision"), gt_node_cstr_at(is, "revision")) ||
		    !gt_streq(gt_node_cstr_at(was, "digest"), gt_node_cstr_at(is, "digest")))
			return true;
	}
	return false;
}

static bool same_list(const struct gt_node *a, const struct gt_node *b)
{
	if (gt_node_count(a) != gt_node_count(b))
		return false;
	for (size_t i = 0; i < gt_node_count(a); i++)
		if (!gt_str_eq(gt_node_text(gt_node_item(a, i)), gt_node_text(gt_node_item(b, i))))
			return false;
	return true;
}

bool src_git_content_changed(struct src_git *g)
{
	const struct gt_node *spec = gt_node_get(g->call.obj, "spec");
	const struct gt_node *status = gt_node_get(g->call.obj, "status");

	if (!gt_streq(gt_node_cstr_at(spec, "ignore"), gt_node_cstr_at(status, "observedIgnore")))
		return true;
	if (gt_node_truth(gt_node_get(spec, "recurseSubmodules"), false) !=
	    gt_node_truth(gt_node_get(status, "observedRecurseSubmodules"), false))
		return true;
	if (!same_list(gt_node_get(spec, "sparseCheckout"),
		       gt_node_get(status, "observedSparseCheckout")))
		return true;
	return includes_changed(g);
}

/* --- the checkout -------------------------------------------------------------------------- */

static enum src_result failed_fetch(struct src_git *g, const char *reason, const char *context,
				    const struct gt_err *err)
{
	struct src_call *c = &g->call;

	c->code = err->code;
	return src_fail_cond(c, SRC_COND_FETCH_FAILED, SRC_GENERIC, reason, "%s: %s", context,
			     err->text);
}

/* The list of spec.sparseCheckout without "./" in front; prefixes of paths. */
static const char **sparse_of(struct src_git *g, size_t *ret_n)
{
	const struct gt_node *list = gt_node_at(g->call.obj, "spec", "sparseCheckout");
	const char **v = gt_arena_calloc(g->call.a, gt_node_count(list) + 1, sizeof *v);

	*ret_n = 0;
	gt_seq_for_each (list, item) {
		const char *path = gt_node_cstr_or(item, "");

		if (v)
			v[(*ret_n)++] = strncmp(path, "./", 2) == 0 ? path + 2 : path;
	}
	return v;
}

static struct gt_git_want want_of(struct src_git *g, bool optimized)
{
	const struct gt_node *ref = gt_node_at(g->call.obj, "spec", "ref");
	struct gt_git_want want = {
		.branch = gt_node_cstr_at(ref, "branch"),
		.tag = gt_node_cstr_at(ref, "tag"),
		.semver = gt_node_cstr_at(ref, "semver"),
		.commit = gt_node_cstr_at(ref, "commit"),
		.name = gt_node_cstr_at(ref, "name"),
	};

	if (optimized && gt_cond_is_true(g->call.obj, SRC_COND_ARTIFACT_IN_STORAGE))
		want.last_observed = gt_api_artifact_revision(g->call.obj);
	want.sparse = sparse_of(g, &want.n_sparse);
	return want;
}

static int open_transport(struct src_git *g, const char *url, const struct src_git_auth *auth,
			  struct gt_git_transport **ret, struct gt_err *err)
{
	if (gt_str_starts(gt_str(url), "ssh://"))
		return gt_git_ssh_new(url, &auth->auth, ret, err);
	return gt_git_http_new(g->call.src->loop, url, &auth->auth, ret, err);
}

/* Lists the commit's files: a tree that cannot be checked out is a failed checkout. */
static int list_files(struct src_git *g, struct gt_ctx *ctx, const struct gt_git_want *want,
		      const char *url, const struct src_git_auth *auth, struct gt_err *err)
{
	struct gt_git_tree_opts opts = {.sparse = want->sparse, .n_sparse = want->n_sparse};

	gt_git_tree_fini(&g->tree);
	int rc = gt_git_tree_list(g->checkout.pack, ctx, &g->checkout.info.tree, &opts, &g->tree,
				  err);
	/* Upstream has no submodules in a sparse checkout either. */
	if (rc == GT_OK && !want->n_sparse &&
	    gt_node_truth(gt_node_at(g->call.obj, "spec", "recurseSubmodules"), false))
		rc = src_git_fetch_submodules(g, ctx, url, auth, err);
	return rc;
}

static bool checkout(struct src_git *g, const char *url, const struct src_git_auth *auth,
		     bool optimized)
{
	struct src_call *c = &g->call;
	struct gt_git_want want = want_of(g, optimized);
	struct gt_git_transport *t;
	gt_auto_buf shown = {0};
	gt_auto_ctx ctx;
	struct gt_err err = {0};

	int rc = open_transport(g, url, auth, &t, &err);
	if (rc < 0) {
		failed_fetch(g, SRC_REASON_GIT_FAILED, "failed to create Git client", &err);
		return false;
	}
	gt_url_show_text(gt_str(url), &shown);
	gt_ctx_init(&ctx, c->r->ctx, gt_api_duration(c->obj, "timeout", DEFAULT_TIMEOUT));
	gt_git_checkout_fini(&g->checkout);
	rc = gt_git_checkout_do(t, &ctx, gt_buf_cstr(&shown), &want, c->workdir, &g->checkout,
				&err);
	if (rc == GT_OK && g->checkout.concrete) {
		rc = list_files(g, &ctx, &want, url, auth, &err);
		if (rc < 0)
			gt_wrap(&err, "unable to clone '%s'", gt_buf_cstr(&shown));
	}
	t->ops->free(t);
	if (rc < 0) {
		failed_fetch(g, SRC_REASON_GIT_FAILED, "failed to checkout and determine revision",
			     &err);
		return false;
	}
	if (g->checkout.empty) {
		src_fail_cond(c, SRC_COND_FETCH_FAILED, SRC_GENERIC, "EmptyGitRepository",
			      "git repository is empty");
		return false;
	}
	g->revision = gt_arena_strdup(c->a, g->checkout.revision);
	return g->revision != NULL;
}

/* --- the step ------------------------------------------------------------------------------ */

static bool check_sparse(struct src_git *g)
{
	struct src_call *c = &g->call;

	gt_seq_for_each (gt_node_at(c->obj, "spec", "sparseCheckout"), item) {
		const char *path = gt_node_cstr_or(item, "");
		const char *clean = src_path_clamp(c->a, path);

		if (clean && (!*clean || gt_git_tree_find(&g->tree, clean)))
			continue;
		src_fail_cond(c, SRC_COND_FETCH_FAILED, SRC_GENERIC, SRC_REASON_GIT_FAILED,
			      "failed to sparse checkout directories : sparse checkout dir '%s' "
			      "does not exist in repository: lstat %s: no such file or directory",
			      path, path);
		return false;
	}
	return true;
}

/* Says that the includes are not those of the artifact. */
static bool observe_includes(struct src_git *g)
{
	static const char text[] = "included artifacts differ from last observed includes";
	struct src_call *c = &g->call;
	const struct gt_node *stored = gt_node_at(c->obj, "status", "includedArtifacts");

	if (!src_git_same_set(g->includes, stored)) {
		if (stored)
			gt_cond_mark_true(c->a, c->obj, SRC_COND_ARTIFACT_OUTDATED, "IncludeChange",
					  "%s", text);
		gt_cond_progressive(c->a, c->obj, true, SRC_REASON_PROGRESSING,
				    "building artifact: %s", text);
		if (!src_patch(c))
			return false;
	}
	gt_cond_delete(c->obj, SRC_COND_ARTIFACT_OUTDATED);
	return true;
}

static enum src_result no_changes(struct src_git *g)
{
	struct src_call *c = &g->call;

	gt_cond_delete(c->obj, SRC_COND_FETCH_FAILED);
	/* Set again so that its observedGeneration follows. */
	gt_cond_mark_true(c->a, c->obj, SRC_COND_ARTIFACT_IN_STORAGE, SRC_REASON_SUCCEEDED,
			  "stored artifact for revision '%s'", g->revision);
	return src_fail(c, SRC_IGNORED, SRC_REASON_GIT_SUCCEEDED,
			"no changes since last reconciliation: observed revision '%s'",
			g->revision);
}

static enum src_result observe_revision(struct src_git *g)
{
	struct src_call *c = &g->call;
	const struct gt_node *artifact = gt_api_artifact(c->obj);

	if (src_has_revision(artifact, g->revision))
		return SRC_SUCCESS;
	if (artifact)
		gt_cond_mark_true(c->a, c->obj, SRC_COND_ARTIFACT_OUTDATED, "NewRevision",
				  "new upstream revision '%s'", g->revision);
	gt_cond_progressive(c->a, c->obj, true, SRC_REASON_PROGRESSING,
			    "building artifact: new upstream revision '%s'", g->revision);
	return src_patch(c) ? SRC_SUCCESS : SRC_EMPTY;
}

static enum src_result fetch(struct src_git *g, const char *url, struct src_git_auth *auth)
{
	struct src_call *c = &g->call;

	if (!src_git_credentials(g, url, auth) || !src_git_find_includes(g) ||
	    !observe_includes(g) || !checkout(g, url, auth, true))
		return SRC_EMPTY;
	if (!g->checkout.concrete) {
		if (!src_git_content_changed(g))
			return no_changes(g);
		if (!checkout(g, url, auth, false))
			return SRC_EMPTY;
	}
	gt_cond_delete(c->obj, SRC_COND_FETCH_FAILED);
	if (!check_sparse(g))
		return SRC_EMPTY;
	/* Verification is refused before it comes to this (see git_repository.c). */
	gt_node_unset(gt_node_get(c->obj, "status"), "sourceVerificationMode");
	gt_cond_delete(c->obj, SRC_COND_SOURCE_VERIFIED);
	return observe_revision(g);
}

enum src_result src_step_git_source(struct src_call *c)
{
	struct src_git *g = src_git_of(c);
	const char *url_text = gt_node_cstr_or(gt_node_at(c->obj, "spec", "url"), "");
	struct src_git_auth auth = {0};
	gt_auto_url url = {0};
	gt_auto_buf shown = {0};
	struct gt_err err;

	if (gt_cond_is_false(c->obj, SRC_COND_SOURCE_VERIFIED))
		gt_cond_delete(c->obj, SRC_COND_SOURCE_VERIFIED);
	enum src_result result = SRC_EMPTY;
	if (!src_git_proxy(g, &auth))
		goto done;
	if (gt_url_parse(gt_str(url_text), &url, &err) < 0) {
		gt_url_show_text(gt_str(url_text), &shown);
		src_fail_cond(c, SRC_COND_FETCH_FAILED, SRC_STALLING, SRC_REASON_URL_INVALID,
			      "failed to parse url '%s': %s", gt_buf_cstr(&shown), err.text);
		goto done;
	}
	result = fetch(g, url_text, &auth);
done:
	src_git_auth_fini(&auth);
	return result;
}
