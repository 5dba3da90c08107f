#include <string.h>

#include "api/source.h"
#include "ks.h"

static const struct gt_resource *const source_kinds[KS_SOURCES] = {
	&gt_res_git_repository,
	&gt_res_oci_repository,
	&gt_res_bucket,
	&gt_res_external_artifact,
};

static int denied(struct ks_call *c, const char *why, struct gt_err *err)
{
	return gt_fail(err, GT_E_FORBIDDEN, "can't access '%s', %s",
		       ks_source_text(c->a, c->obj, true), why);
}

static struct gt_informer *informer_of(const struct ks *ks, const char *kind)
{
	for (size_t i = 0; i < KS_SOURCES; i++) {
		if (strcmp(source_kinds[i]->kind, kind) == 0)
			return ks->sources[i];
	}
	return NULL;
}

int ks_find_source(struct ks_call *c, struct gt_node **ret_source, struct gt_err *err)
{
	struct gt_manager *m = c->ks->manager;
	struct gt_ref ref = ks_source_ref(c->obj);
	const struct gt_resource *res = gt_toolkit_resource(ref.gvk.kind);
	struct gt_informer *informer = informer_of(c->ks, ref.gvk.kind);
	int rc;

	if (gt_manager_flags(m)->no_cross_namespace_refs &&
	    strcmp(ref.ns, gt_obj_namespace(c->obj)) != 0)
		return denied(c, "cross-namespace references have been blocked", err);
	if (res == &gt_res_external_artifact && !gt_manager_feature(m, "ExternalArtifact"))
		return denied(c, "ExternalArtifact feature gate is disabled", err);
	if (informer && !gt_manager_feature(m, "DirectSourceFetch"))
		rc = gt_informer_get(informer, c->a, ref.ns, ref.name, ret_source, err);
	else if (res)
		rc = gt_kube_get(c->r->kube, c->r->ctx, c->a, res, ref.ns, ref.name, ret_source,
				 err);
	else
		return gt_fail(err, GT_E_INVALID, "source `%s` kind '%s' not supported", ref.name,
			       ref.gvk.kind);
	if (rc == GT_E_NOT_FOUND)
		return gt_fail(err, rc, "Source '%s' not found",
			       ks_source_text(c->a, c->obj, false));
	if (rc < 0)
		return gt_wrap(err, "unable to get source '%s/%s'", ref.ns, ref.name);
	return GT_OK;
}

/* --- what wakes a Kustomization when its source changes --------------------------------------- */

static const char source_index[] = "source";

static void index_source(const struct gt_node *obj, void (*add)(void *sink, const char *value),
			 void *sink)
{
	gt_auto_arena a = {0};
	const char *text = ks_source_text(&a, obj, true);

	if (text)
		add(sink, text);
}

/* One that has tried this revision, and is ready or at it, need not run. */
static bool has_tried(const struct gt_node *obj, const char *revision)
{
	const char *tried = gt_node_cstr_at(obj, "status", "lastAttemptedRevision");

	return tried && strcmp(tried, revision) == 0 &&
	       (gt_cond_is_ready(obj) || gt_cond_is_reconciling(obj)) &&
	       strcmp(gt_cond_reason(obj, GT_COND_READY), KS_REASON_ARTIFACT_FAILED) != 0;
}

struct order {
	struct gt_arena *a;
	struct gt_informer *informer;
	const struct gt_key *keys;
	size_t n;
	unsigned char *mark; /* of each key: 0 new, 1 on the path, 2 done */
	struct gt_key *sorted;
	size_t nsorted;
	bool cycle;
};

static size_t find_key(const struct order *o, const char *ns, const char *name)
{
	for (size_t i = 0; i < o->n; i++) {
		if (strcmp(o->keys[i].name, name) == 0 && strcmp(o->keys[i].ns, ns) == 0)
			return i;
	}
	return SIZE_MAX;
}

/* Depth first, dependencies before dependents (upstream: runtime/dependency, Sort). */
static void visit(struct order *o, size_t i)
{
	struct gt_node *obj;

	if (o->mark[i] == 1)
		o->cycle = true;
	if (o->mark[i] || o->cycle)
		return;
	o->mark[i] = 1;
	if (gt_informer_get(o->informer, o->a, o->keys[i].ns, o->keys[i].name, &obj, NULL) ==
	    GT_OK) {
		gt_seq_for_each (gt_node_at(obj, "spec", "dependsOn"), dep) {
			const char *ns = gt_node_cstr_or(gt_node_get(dep, "namespace"), "");
			const char *name = gt_node_cstr_or(gt_node_get(dep, "name"), "");
			size_t at = find_key(o, *ns ? ns : o->keys[i].ns, name);

			if (at != SIZE_MAX)
				visit(o, at);
		}
	}
	o->mark[i] = 2;
	o->sorted[o->nsorted++] = o->keys[i];
}

static void map_source(struct gt_controller *controller, const struct gt_node *old,
		       const struct gt_node *source,
		       void (*enqueue)(void *sink, const char *ns, const char *name), void *sink)
{
	gt_auto_arena a = {0};
	const char *revision = gt_api_artifact_revision(source);
	struct gt_informer *informer = gt_controller_informer(controller);
	struct gt_key *keys;
	size_t n, kept = 0;

	(void)old;
	if (!revision)
		return;
	const char *value = gt_arena_printf(&a, "%s/%s/%s", gt_obj_kind(source),
					    gt_obj_namespace(source), gt_obj_name(source));
	n = gt_informer_by_index(informer, &a, source_index, value, &keys);
	for (size_t i = 0; i < n; i++) {
		struct gt_node *obj;

		if (gt_informer_get(informer, &a, keys[i].ns, keys[i].name, &obj, NULL) == GT_OK &&
		    !has_tried(obj, revision))
			keys[kept++] = keys[i];
	}
	struct order o = {
		.a = &a,
		.informer = informer,
		.keys = keys,
		.n = kept,
		.mark = gt_arena_calloc(&a, kept + 1, 1),
		.sorted = gt_arena_calloc(&a, kept + 1, sizeof(struct gt_key)),
	};
	for (size_t i = 0; o.sorted && i < kept; i++)
		visit(&o, i);
	if (o.cycle) {
		struct gt_err err;

		gt_fail(&err, GT_E_INVALID, "circular dependency detected");
		gt_log_error(NULL, &err, "failed to sort dependencies for revision",
			     gt_kv_str("revision", revision));
		return;
	}
	for (size_t i = 0; i < o.nsorted; i++)
		enqueue(sink, o.sorted[i].ns, o.sorted[i].name);
}

/* A new revision, or another place to fetch it from for those that could not. */
static bool artifact_changed(const struct gt_node *old, const struct gt_node *source)
{
	const char *before = gt_api_artifact_url(old), *now = gt_api_artifact_url(source);

	return gt_predicate_artifact(old, source) || !gt_streq(before, now);
}

void ks_watch_sources(struct ks *ks)
{
	static const char *const paths[] = {"status.artifact", NULL};

	gt_informer_index(gt_controller_informer(ks->controller), source_index, index_source);
	for (size_t i = 0; i < KS_SOURCES; i++) {
		if (source_kinds[i] == &gt_res_external_artifact &&
		    !gt_manager_feature(ks->manager, "ExternalArtifact"))
			continue;
		ks->sources[i] = gt_manager_informer(ks->manager, source_kinds[i], paths);
		gt_controller_watch(ks->controller, ks->sources[i], artifact_changed, map_source);
	}
}
