/* What every kind does with its artifact in storage. */
#include <string.h>

#include "api/source.h"
#include "base/time.h"
#include "src.h"

#define GC_TIMEOUT GT_SECONDS(5)
#define GC_FAILED "GarbageCollectionFailed"
#define GC_SUCCEEDED "GarbageCollectionSucceeded"

bool src_has_revision(const struct gt_node *artifact, const char *revision)
{
	return artifact && gt_node_is_text(gt_node_get(artifact, "revision"), revision);
}

bool src_path_is_of(const char *path, const char *kind, const char *ns, const char *name)
{
	gt_auto_buf folder = {0};

	gt_store_path(&folder, kind, ns, name, "");
	return path && gt_str_starts(gt_str(path), gt_buf_cstr(&folder)) &&
	       path[folder.n] != '\0' && path[folder.n] != '.' && !strchr(path + folder.n, '/');
}

struct gt_node *src_artifact_new(struct src_call *c, const char *path, const char *revision,
				 const struct gt_stored *stored)
{
	struct gt_node *n = gt_node_map(c->a);
	gt_auto_buf url = {0};
	char time[GT_TIME_TEXT];

	gt_store_url(c->src->store, &url, path);
	gt_node_set_str(c->a, n, "digest", stored->digest);
	gt_node_set_str(c->a, n, "lastUpdateTime", gt_rfc3339(stored->time, time));
	gt_node_set_str(c->a, n, "path", path);
	gt_node_set_str(c->a, n, "revision", revision);
	gt_node_set_int(c->a, n, "size", (int64_t)stored->size);
	gt_node_set_str(c->a, n, "url", url.p);
	return n;
}

enum src_result src_remove_all(struct src_call *c)
{
	const char *kind = c->kind->res->kind;
	struct gt_err err;
	bool existed;

	int rc = gt_store_remove_all(c->src->store, kind, c->r->key.ns, c->r->key.name, &existed,
				     &err);
	if (rc < 0) {
		c->code = rc;
		return src_fail(c, SRC_GENERIC, GC_FAILED,
				"garbage collection for deleted resource failed: %s", err.text);
	}
	if (existed)
		src_event(c, "Trace", GC_SUCCEEDED,
			  "garbage collected artifacts for deleted resource");
	gt_node_unset(gt_node_get(c->obj, "status"), "artifact");
	return SRC_EMPTY;
}

/* Failures are not the object's: the next reconcile tries again. */
static void collect_garbage(struct src_call *c, const char *path)
{
	gt_auto_ctx ctx;
	size_t removed = 0;
	struct gt_err err;

	gt_ctx_init(&ctx, c->r->ctx, GC_TIMEOUT);
	if (gt_store_gc(c->src->store, &ctx, path, &removed, &err) < 0)
		gt_log_error(c->r->log, &err, "garbage collection of artifacts failed");
	if (removed)
		src_event(c, "Trace", GC_SUCCEEDED, "garbage collected %zu artifacts", removed);
}

/* Whether the artifact that status names is there as it was stored; *ret_error after a failure to
 * remove a damaged one. */
static bool artifact_is_good(struct src_call *c, const char *path, bool *ret_error)
{
	struct gt_store *store = c->src->store;
	struct gt_err err;

	*ret_error = false;
	int rc = gt_store_verify(store, path, gt_api_artifact_digest(c->obj), &err);
	if (rc == GT_OK)
		return true;
	if (rc == GT_E_NOT_FOUND)
		return false;
	src_event(c, "Warning", "ArtifactVerificationFailed",
		  "failed to verify integrity of artifact: %s", err.text);
	rc = gt_store_remove(store, path, &err);
	if (rc < 0) {
		*ret_error = true;
		c->code = rc;
		src_fail(c, SRC_UNTYPED, "", "failed to remove artifact after digest mismatch: %s",
			 err.text);
	}
	return false;
}

static enum src_result no_artifact(struct src_call *c, bool lost)
{
	gt_cond_progressive(c->a, c->obj, true, SRC_REASON_PROGRESSING, "building artifact%s",
			    lost ? ": disappeared from storage" : "");
	gt_cond_delete(c->obj, SRC_COND_ARTIFACT_IN_STORAGE);
	return src_patch(c) ? SRC_SUCCESS : SRC_EMPTY;
}

enum src_result src_step_storage(struct src_call *c)
{
	struct gt_node *status = gt_node_get(c->obj, "status");
	struct gt_node *artifact = gt_node_get(status, "artifact");
	const char *path = gt_node_cstr_at(artifact, "path");
	gt_auto_buf url = {0};
	bool error;

	if (!artifact)
		return no_artifact(c, false);
	/* Whoever may write status must not reach what belongs to others. */
	if (!src_path_is_of(path, c->kind->res->kind, c->r->key.ns, c->r->key.name))
		path = NULL;
	else
		collect_garbage(c, path);
	if (!path || !artifact_is_good(c, path, &error)) {
		if (path && error)
			return SRC_EMPTY;
		gt_node_unset(status, "artifact");
		gt_node_unset(status, "url");
		return no_artifact(c, true);
	}
	gt_store_url(c->src->store, &url, path);
	gt_node_set_str(c->a, artifact, "url", url.p);
	return SRC_SUCCESS;
}
