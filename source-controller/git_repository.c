/* GitRepository: the kind and its steps. */
#include <malloc.h>
#include <string.h>
#include <unistd.h>

#include "api/source.h"
#include "git.h"
#include "runtime/unsupported.h"

static const char *const owned[] = {
	SRC_COND_STORAGE_FAILED,
	SRC_COND_FETCH_FAILED,
	SRC_COND_INCLUDE_UNAVAILABLE,
	SRC_COND_ARTIFACT_OUTDATED,
	SRC_COND_ARTIFACT_IN_STORAGE,
	SRC_COND_SOURCE_VERIFIED,
	GT_COND_READY,
	GT_COND_RECONCILING,
	GT_COND_STALLED,
	NULL,
};

static const char *const summary[] = {
	SRC_COND_STORAGE_FAILED,
	SRC_COND_FETCH_FAILED,
	SRC_COND_INCLUDE_UNAVAILABLE,
	SRC_COND_ARTIFACT_OUTDATED,
	SRC_COND_ARTIFACT_IN_STORAGE,
	SRC_COND_SOURCE_VERIFIED,
	GT_COND_STALLED,
	GT_COND_RECONCILING,
	NULL,
};

static const char *const negative[] = {
	SRC_COND_STORAGE_FAILED,
	SRC_COND_FETCH_FAILED,
	SRC_COND_INCLUDE_UNAVAILABLE,
	SRC_COND_ARTIFACT_OUTDATED,
	GT_COND_STALLED,
	GT_COND_RECONCILING,
	NULL,
};

static const char *const failures[] = {
	SRC_COND_FETCH_FAILED,
	SRC_COND_INCLUDE_UNAVAILABLE,
	SRC_COND_STORAGE_FAILED,
	NULL,
};

static const struct src_kind kind = {
	.res = &gt_res_git_repository,
	.owned = owned,
	.summary = summary,
	.negative = negative,
	.failures = failures,
	.verifies = true,
};

/* What this version does not honour. */
static const struct gt_unsupported unsupported[] = {
	{.field = "spec.verify"},
	{.field = "spec.serviceAccountName"},
	{.field = "spec.provider", .value = "aws"},
	{.field = "spec.provider", .value = "azure"},
	{.field = "spec.provider", .value = "github"},
	{NULL},
};

static const src_step_fn steps[] = {
	src_step_storage, src_step_git_source, src_step_git_include, src_step_git_archive, NULL,
};

static const char *message(struct src_call *c)
{
	struct src_git *g = src_git_of(c);
	gt_autofree char *subject = NULL;

	if (g->checkout.concrete)
		subject = gt_git_short_message(g->checkout.info.message);
	const char *text = gt_arena_printf(c->a, "stored artifact for commit '%s'",
					   subject ? subject : g->revision);
	return text ? text : "";
}

static void git_fini(struct src_git *g)
{
	for (size_t i = 0; i < g->n_include_fds; i++)
		close(g->include_fds[i]);
	free(g->include_fds);
	free(g->files.v);
	src_git_drop_submodules(g);
	gt_git_tree_fini(&g->tree);
	gt_git_checkout_fini(&g->checkout);
}

int src_git_reconcile(struct gt_reconcile *r, struct gt_next *next, struct gt_err *err)
{
	struct src_git g = {0};
	const struct gt_unsupported *row = gt_unsupported_find(unsupported, r->obj);

	if (row && !gt_obj_deleting(r->obj) && !gt_api_suspended(r->obj))
		return gt_unsupported_refuse(r, kind.res, row, next, err);
	src_call_init(&g.call, &kind, r);
	int rc = src_reconcile(&g.call, steps, message, next, err);
	bool fetched = g.checkout.concrete;
	git_fini(&g);
	if (fetched)
		malloc_trim(0); /* objects came and went: idle memory stays small */
	return rc;
}
