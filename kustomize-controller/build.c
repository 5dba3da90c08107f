/* From an artifact to the objects to apply. */
#include <string.h>

#include "api/source.h"
#include "base/fs.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "ks.h"
#include "kustomize/generate.h"
#include "kustomize/kustomize.h"
#include "schema/normalize.h"

/* spec.path joined to the root of the artifact: ".." stops there. */
static const char *clean_path(struct gt_arena *a, const struct gt_node *obj)
{
	gt_auto_buf rooted = {0}, clean = {0};

	gt_buf_addc(&rooted, '/');
	gt_buf_adds(&rooted, gt_node_cstr_or(gt_node_at(obj, "spec", "path"), ""));
	gt_path_clean(&clean, gt_buf_str(&rooted));
	return gt_arena_strdup(a, clean.n ? clean.p + 1 : "");
}

static struct gt_kustomize_spec spec_of(const struct gt_node *obj)
{
	const struct gt_node *spec = gt_node_get(obj, "spec");

	return (struct gt_kustomize_spec){
		.target_namespace = gt_node_cstr(gt_node_get(spec, "targetNamespace")),
		.name_prefix = gt_node_cstr(gt_node_get(spec, "namePrefix")),
		.name_suffix = gt_node_cstr(gt_node_get(spec, "nameSuffix")),
		.patches = gt_node_get(spec, "patches"),
		.components = gt_node_get(spec, "components"),
		.ignore_missing_components =
			gt_node_truth(gt_node_get(spec, "ignoreMissingComponents"), false),
		.images = gt_node_get(spec, "images"),
		.build_metadata = gt_node_get(spec, "buildMetadata"),
	};
}

static int build_documents(struct ks_call *c, int root, const char *path, struct gt_node **ret_docs,
			   struct gt_err *err)
{
	struct ks_run *run = c->run;
	struct gt_kustomize_spec spec = spec_of(c->obj);
	struct gt_kustomize_opts opts = {
		.path = path, .order = GT_KUSTOMIZE_FIFO, .openapi_adds = true};
	struct gt_node *kustomization;
	int rc = gt_kustomize_generate(&run->arena, root, path, &spec, &kustomization,
				       &opts.kustomization_name, NULL, err);

	if (rc < 0)
		return rc;
	opts.kustomization = kustomization;
	rc = gt_kustomize_build(&run->arena, root, &opts, ret_docs, err);
	return rc < 0 ? gt_wrap(err, "kustomize build failed") : GT_OK;
}

static int checksum_of(struct ks_run *run, const struct gt_node *docs, struct gt_err *err)
{
	gt_auto_buf text = {.max = GT_LIMIT_FILE * 4};
	char digest[GT_DIGEST_TEXT];

	gt_kustomize_write(&text, docs);
	if (gt_buf_check(&text, err) < 0)
		return gt_wrap(err, "output of the build");
	struct gt_digest d = gt_digest_of(GT_SHA256, gt_buf_str(&text));
	run->checksum = gt_arena_strdup(&run->arena, gt_digest_text(&d, digest));
	return GT_OK;
}

/* Lists become their items; what is no object, or configures kustomize, is left out. */
static void collect(struct ks_run *run, struct gt_node *doc)
{
	const char *kind = gt_obj_kind(doc), *version = gt_obj_api_version(doc);
	size_t n = strlen(kind);

	if (n > 4 && strcmp(kind + n - 4, "List") == 0 &&
	    gt_node_is(gt_node_get(doc, "items"), GT_SEQ)) {
		gt_seq_for_each (gt_node_get(doc, "items"), item)
			collect(run, item);
		return;
	}
	if (!*kind || !*version || !*gt_obj_name(doc))
		return;
	if (strcmp(kind, "Kustomization") == 0 &&
	    strncmp(version, "kustomize.config.k8s.io/", 24) == 0)
		return;
	gt_node_append(&run->arena, run->objects, doc);
}

static void add_metadata(struct ks_run *run, struct gt_node *obj, const struct gt_node *from,
			 const char *field)
{
	const struct gt_node *common = gt_node_at(from, "spec", "commonMetadata", field);

	if (gt_node_count(common) == 0)
		return;
	struct gt_node *metadata = gt_node_need_map(&run->arena, obj, "metadata");
	struct gt_node *map = gt_node_need_map(&run->arena, metadata, field);
	gt_map_each(common, pair)
		gt_node_set(&run->arena, map, pair->key, gt_node_dup(&run->arena, pair->value));
}

static int prepare(struct ks_call *c, struct gt_node *obj, struct gt_err *err)
{
	struct ks_run *run = c->run;

	if (strcmp(gt_obj_kind(obj), "Secret") == 0 && strcmp(gt_obj_api_version(obj), "v1") == 0 &&
	    gt_node_get(obj, "sops"))
		return gt_fail(err, GT_E_INVALID,
			       "Secret/%s/%s is SOPS encrypted, configuring decryption is required "
			       "for this secret to be reconciled",
			       gt_obj_namespace(obj), gt_obj_name(obj));
	gt_obj_set_label(&run->arena, obj, KS_GROUP "/name", gt_obj_name(c->obj));
	gt_obj_set_label(&run->arena, obj, KS_GROUP "/namespace", gt_obj_namespace(c->obj));
	int rc = gt_normalize(&run->arena, obj, err);
	add_metadata(run, obj, c->obj, "labels");
	add_metadata(run, obj, c->obj, "annotations");
	return rc;
}

static int by_stage(const struct gt_node *x, const struct gt_node *y, void *arg)
{
	const char *const *custom = arg;
	int a = (int)gt_ssa_stage_of(x, custom), b = (int)gt_ssa_stage_of(y, custom);

	return a != b ? a - b : gt_ssa_cmp(x, y);
}

/* NULL-terminated. */
static const char *const *custom_stage(struct ks_run *run)
{
	const struct gt_flag_list *list = &ks_flags.custom_stage_kinds;
	const char **kinds = gt_arena_calloc(&run->arena, list->n + 1, sizeof *kinds);

	for (size_t i = 0; kinds && i < list->n; i++)
		kinds[i] = list->v[i];
	return kinds;
}

static int prepare_all(struct ks_call *c, const struct gt_node *docs, struct gt_err *err)
{
	struct ks_run *run = c->run;
	const char *const *custom = custom_stage(run);

	run->objects = gt_node_seq(&run->arena);
	gt_seq_for_each (docs, doc)
		collect(run, doc);
	gt_seq_for_each (run->objects, obj) {
		if (prepare(c, obj, err) < 0)
			return err->code;
	}
	if (gt_arena_check(&run->arena, err) < 0)
		return err->code;
	gt_node_sort_items(run->objects, by_stage, (void *)(uintptr_t)custom);
	return GT_OK;
}

static int build_tree(struct ks_call *c, int root, const char *path, struct gt_err *err)
{
	struct gt_node *docs;
	int rc = gt_gate_enter(&c->ks->gate, c->r->ctx, err);

	if (rc < 0)
		return rc;
	rc = build_documents(c, root, path, &docs, err);
	if (rc == GT_OK)
		rc = checksum_of(c->run, docs, err);
	if (rc == GT_OK)
		rc = prepare_all(c, docs, err);
	gt_gate_leave(&c->ks->gate);
	return rc;
}

static int fetch(struct ks_call *c, const struct gt_node *source, struct gt_unpack_tree **ret_tree,
		 struct gt_err *err)
{
	const char *url = gt_api_artifact_url(source), *digest = gt_api_artifact_digest(source);

	return gt_artifact_acquire(&c->ks->fetch, c->r->ctx, url ? url : "", digest ? digest : "",
				   ret_tree, err);
}

static void release(struct gt_unpack_tree **tree)
{
	gt_unpack_release(*tree);
}

int ks_build(struct ks_call *c, const struct gt_node *source, struct gt_err *err)
{
	gt_cleanup(release) struct gt_unpack_tree *tree = NULL;
	const char *path = clean_path(c->a, c->obj);
	const char *timeout = ks_duration_text(c->a, ks_timeout(c->obj));

	if (fetch(c, source, &tree, err) < 0)
		return ks_not_ready(c, KS_REASON_ARTIFACT_FAILED, err);
	if (*path && !gt_fs_is_dir(gt_unpack_dirfd(tree), path)) {
		gt_fail(err, GT_E_INVALID,
			"kustomization path not found: stat %s: no such file or directory", path);
		return ks_not_ready(c, KS_REASON_ARTIFACT_FAILED, err);
	}
	gt_node_set_str(c->a, gt_node_need_map(c->a, c->obj, "status"), "lastAttemptedRevision",
			c->run->revision);
	if (ks_progress(c, err, "Building manifests for revision %s with a timeout of %s",
			c->run->revision, timeout) < 0)
		return err->code;
	if (build_tree(c, gt_unpack_dirfd(tree), path, err) < 0)
		return ks_not_ready(c, KS_REASON_BUILD_FAILED, err);
	return GT_OK;
}
