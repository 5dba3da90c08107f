#include "kinds.h"

#include <string.h>
#include <strings.h>

static const enum kind_column applier_columns[] = {COLUMN_NAME, COLUMN_REVISION, COLUMN_SUSPENDED,
						   COLUMN_READY, COLUMN_MESSAGE};
static const enum kind_column external_columns[] = {COLUMN_NAME, COLUMN_REVISION, COLUMN_SOURCE,
						    COLUMN_READY, COLUMN_MESSAGE};
static const enum kind_column plain_columns[] = {COLUMN_NAME, COLUMN_SUSPENDED, COLUMN_READY,
						 COLUMN_MESSAGE};
static const enum kind_column static_columns[] = {COLUMN_NAME, COLUMN_READY, COLUMN_MESSAGE};

static const char *const artifact_revision[] = {"status", "artifact", "revision", NULL};
static const char *const applied_revision[] = {"status", "lastAppliedRevision", NULL};
static const char *const attempted_revision[] = {"status", "lastAttemptedRevision", NULL};

#define SOURCE(r, h, p)                                                                            \
	{                                                                                          \
		.res = &r, .human = h, .plural = p, .columns = applier_columns,                    \
		.ncolumns = GT_COUNT(applier_columns), .can_suspend = true, .can_reconcile = true, \
		.revision = artifact_revision, .success = "fetched revision"                       \
	}

const struct kind kinds[] = {
	SOURCE(gt_res_oci_repository, "source oci", "sources oci"),
	SOURCE(gt_res_bucket, "source bucket", "sources bucket"),
	SOURCE(gt_res_git_repository, "source git", "sources git"),
	SOURCE(gt_res_helm_repository, "source helm", "sources helm"),
	{.res = &gt_res_helm_chart,
	 .human = "source chart",
	 .plural = "sources chart",
	 .columns = applier_columns,
	 .ncolumns = GT_COUNT(applier_columns),
	 .can_suspend = true,
	 .can_reconcile = true,
	 .keeps_revision = true,
	 .revision = artifact_revision,
	 .success = "fetched revision"},
	{.res = &gt_res_external_artifact,
	 .human = "source external",
	 .plural = "sources external",
	 .columns = external_columns,
	 .ncolumns = GT_COUNT(external_columns),
	 .revision = artifact_revision},
	{.res = &gt_res_helm_release,
	 .human = "helmrelease",
	 .plural = "helmreleases",
	 .columns = applier_columns,
	 .ncolumns = GT_COUNT(applier_columns),
	 .can_suspend = true,
	 .can_reconcile = true,
	 .keeps_revision = true,
	 .revision = attempted_revision,
	 .success = "applied revision"},
	{.res = &gt_res_kustomization,
	 .human = "kustomization",
	 .plural = "kustomizations",
	 .columns = applier_columns,
	 .ncolumns = GT_COUNT(applier_columns),
	 .can_suspend = true,
	 .can_reconcile = true,
	 .revision = applied_revision,
	 .success = "applied revision"},
	{.res = &gt_res_receiver,
	 .human = "receiver",
	 .plural = "receivers",
	 .columns = plain_columns,
	 .ncolumns = GT_COUNT(plain_columns),
	 .can_suspend = true,
	 .can_reconcile = true,
	 .keeps_revision = true},
	{.res = &gt_res_provider,
	 .human = "alert provider",
	 .plural = "alert-providers",
	 .columns = static_columns,
	 .ncolumns = GT_COUNT(static_columns)},
	{.res = &gt_res_alert,
	 .human = "alert",
	 .plural = "alerts",
	 .columns = plain_columns,
	 .ncolumns = GT_COUNT(plain_columns),
	 .can_suspend = true},
	{.res = NULL},
};

const struct kind *kind_named(const char *name)
{
	for (const struct kind *k = kinds; name && k->res; k++) {
		if (strcasecmp(k->res->kind, name) == 0)
			return k;
	}
	return NULL;
}

const char *kind_revision(const struct kind *k, const struct gt_node *obj)
{
	return k->revision ? gt_node_cstr_or(gt_node__at(obj, k->revision), "") : "";
}

bool kind_is_static(const struct kind *k, const struct gt_node *obj)
{
	if (k->res == &gt_res_alert || k->res == &gt_res_provider)
		return true;
	return k->res == &gt_res_helm_repository &&
	       gt_node_is_text(gt_node_at(obj, "spec", "type"), "oci");
}

const char *shorten_hashes(struct gt_arena *a, const char *text)
{
	gt_auto_buf out = {0};

	while (*text) {
		size_t run = strspn(text, "0123456789abcdef");

		if (run == 0) {
			gt_buf_addc(&out, *text++);
			continue;
		}
		gt_buf_add(&out, text, run >= 40 && run <= 128 ? 8 : run);
		text += run;
	}
	return gt_arena_strndup(a, gt_buf_cstr(&out), out.n);
}
