#include "kustomize/layer.h"

#include <string.h>

#include "kustomize/decode.h"
#include "kustomize/openapi.h"
#include "kustomize/read.h"
#include "kustomize/scalar.h"
#include "kustomize/vars.h"

static struct kz_accum *new_accum(struct kz_build *b)
{
	return gt_arena_new(b->a, struct kz_accum);
}

static const struct gt_node *field(const struct kz_layer *l, const char *name)
{
	return gt_node_get(l->kust.doc, name);
}

/* --- origins ---------------------------------------------------------------------------------- */
const struct kz_origin *kz_layer_origin(struct kz_layer *l, const char *plugin)
{
	struct kz_origin *o;

	if (!l->b->metadata)
		return NULL;
	o = gt_arena_new(l->b->a, struct kz_origin);
	if (o) {
		o->configured_in = l->kust.show;
		o->api_version = "builtin";
		o->kind = plugin;
	}
	return o;
}

void kz_note(struct kz_build *b, struct kz_accum *acc, const struct kz_origin *origin)
{
	for (uint32_t i = 0; i < acc->res.n && origin && b->metadata; i++) {
		struct kz_res *r = acc->res.v[i];

		if (r->origin && b->transforms)
			kz_push(b->a, &r->transforms, origin);
		else if (!r->origin)
			r->origin = origin;
	}
}

void kz_layer_note(struct kz_layer *l, const char *plugin)
{
	kz_accum_sweep(l->acc);
	if (l->b->metadata)
		kz_note(l->b, l->acc, kz_layer_origin(l, plugin));
}

static const struct kz_origin *file_origin(struct kz_build *b, const char *show)
{
	struct kz_origin *o;

	if (!b->metadata)
		return NULL;
	o = gt_arena_new(b->a, struct kz_origin);
	if (o)
		o->path = show;
	return o;
}

/* --- resources and components ----------------------------------------------------------------- */
static int add_file(struct kz_layer *l, struct gt_str name, struct gt_str text,
		    struct kz_accum *acc)
{
	const char *show = kz_show(l->b, l->dir, name);
	const struct kz_origin *origin = file_origin(l->b, show);
	struct kz_objects objects = {0};
	int rc = kz_read_objects(l->b, show, text, &objects);

	if (rc < 0)
		return gt_wrap(l->b->err, "%s", show);
	for (uint32_t i = 0; i < objects.n && rc == GT_OK; i++) {
		objects.v[i]->origin = origin;
		rc = kz_accum_append(l->b, acc, objects.v[i]);
	}
	return rc;
}

static int load_openapi(struct kz_build *b, const struct kz_dir *dir, const struct gt_node *kust);

static int enter_layer(struct kz_layer *parent, struct gt_str name, struct kz_layer *sub)
{
	struct kz_dir *dir = NULL;
	int rc = kz_dir_enter(parent->b, parent->dir, name, &dir);

	if (rc < 0)
		return rc;
	*sub = (struct kz_layer){.b = parent->b, .dir = dir};
	rc = kz_kust_load(parent->b, dir, &sub->kust);
	return rc < 0 ? rc : load_openapi(parent->b, dir, sub->kust.doc);
}

static int add_base(struct kz_layer *l, struct gt_str name, struct kz_accum *acc)
{
	struct kz_layer sub;
	int rc = enter_layer(l, name, &sub);

	if (rc < 0)
		return rc;
	if (sub.kust.component)
		return kz_fail(l->b, "expected kind != 'Component' for path '%s'", sub.dir->show);
	sub.acc = new_accum(l->b);
	if (!sub.acc)
		return kz_check(l->b);
	rc = kz_layer_run(&sub);
	if (rc < 0)
		return rc;
	rc = kz_accum_merge(l->b, acc, sub.acc);
	return rc < 0 ? gt_wrap(l->b->err, "merging from path '%s'", sub.dir->show) : rc;
}

static int add_resource(struct kz_layer *l, struct gt_str name, struct kz_accum *acc)
{
	enum kz_found found;
	struct gt_str text;
	int rc = kz_read(l->b, l->dir, name, &text, &found);

	if (rc < 0)
		return rc;
	return found == KZ_FOUND_DIR ? add_base(l, name, acc) : add_file(l, name, text, acc);
}

int kz_layer_resources(struct kz_layer *l, const struct gt_node *list, struct kz_accum *acc)
{
	gt_seq_for_each (list, item) {
		struct gt_str name = gt_node_text(item);
		int rc = add_resource(l, name, acc);

		if (rc < 0)
			return gt_wrap(l->b->err, "accumulating resources from '%.*s'",
				       GT_STR_ARG(name));
	}
	return kz_check(l->b);
}

static int run_components(struct kz_layer *l)
{
	gt_seq_for_each (field(l, "components"), item) {
		struct kz_layer sub;
		struct gt_str name = gt_node_text(item);
		int rc = enter_layer(l, name, &sub);

		if (rc == GT_OK && !sub.kust.component)
			rc = kz_fail(l->b,
				     "expected kind 'Component' for path '%s' but got "
				     "'Kustomization'",
				     sub.dir->show);
		if (rc == GT_OK) {
			sub.acc = l->acc;
			rc = kz_layer_run(&sub);
		}
		if (rc < 0)
			return gt_wrap(l->b->err, "accumulating components from '%.*s'",
				       GT_STR_ARG(name));
	}
	return GT_OK;
}

/* --- configuration ---------------------------------------------------------------------------- */
static int load_openapi(struct kz_build *b, const struct kz_dir *dir, const struct gt_node *kust)
{
	const struct gt_node *api = gt_node_get(kust, "openapi");
	const char *version = gt_node_cstr_or(gt_node_get(api, "version"), "");
	const char *path = gt_node_cstr_or(gt_node_get(api, "path"), "");
	struct gt_str text;
	struct gt_node *doc = NULL;

	if (*version && *path)
		return kz_fail(b, "builtin version and custom schema provided, cannot use both");
	if (b->openapi_set || (!*version && !*path))
		return GT_OK;
	b->openapi_set = true;
	if (*version)
		return strcmp(version, "v1.21.2") == 0
			       ? GT_OK
			       : kz_fail(b, "the specified OpenAPI version is not built in: %s",
					 version);
	int rc = kz_read(b, dir, gt_str(path), &text, NULL);
	if (rc == GT_OK)
		rc = kz_parse_values(b, text, &doc);
	if (rc == GT_OK)
		rc = kz_openapi_load(b, doc, &b->openapi, b->err);
	return rc < 0 ? gt_wrap(b->err, "openapi %s", path) : rc;
}

/* Reads the files of a list one after the other into *config. */
static int read_configs(struct kz_layer *l, const char *list,
			int (*read)(struct kz_build *, const struct gt_node *, struct kz_config **),
			struct kz_config **config)
{
	gt_seq_for_each (field(l, list), item) {
		struct gt_str name = gt_node_text(item), text;
		struct kz_config *one = NULL;
		struct gt_node *doc = NULL;
		int rc = kz_read(l->b, l->dir, name, &text, NULL);

		if (rc == GT_OK)
			rc = kz_parse_values(l->b, text, &doc);
		if (rc == GT_OK)
			rc = read(l->b, doc, &one);
		if (rc == GT_OK)
			rc = kz_config_merge(l->b, config, one);
		if (rc < 0)
			return gt_wrap(l->b->err, "%s: %.*s", list, GT_STR_ARG(name));
	}
	return GT_OK;
}

/*
 * What the bases brought along comes first, then the files of `configurations`, then the defaults:
 * of two specs for one field the earlier counts.
 */
static int add_configs(struct kz_layer *l)
{
	struct kz_config *own = NULL, *crds = NULL;
	int rc = read_configs(l, "configurations", kz_config_read, &own);

	if (rc == GT_OK && own)
		rc = kz_config_merge_defaults(l->b, &own);
	if (rc == GT_OK)
		rc = kz_config_merge(l->b, &l->acc->config, own ? own : l->b->defaults);
	if (rc < 0)
		return gt_wrap(l->b->err, "%s: configurations", l->kust.show);
	rc = read_configs(l, "crds", kz_config_read_crds, &crds);
	return rc < 0 ? rc : kz_config_merge(l->b, &l->acc->config, crds);
}

/* --- generators and transformers
 * ------------------------------------------------------------------ */
static int run_generators(struct kz_layer *l)
{
	static const struct {
		const char *field, *kind, *plugin;
	} generators[] = {
		{"configMapGenerator", "ConfigMap", "ConfigMapGenerator"},
		{"secretGenerator", "Secret", "SecretGenerator"},
	};

	for (size_t i = 0; i < GT_COUNT(generators); i++) {
		gt_seq_for_each (field(l, generators[i].field), args) {
			int rc = kz_generate(l, generators[i].kind, args,
					     field(l, "generatorOptions"),
					     kz_layer_origin(l, generators[i].plugin));

			if (rc < 0)
				return gt_wrap(l->b->err, "%s: %s '%s'", l->kust.show,
					       generators[i].field,
					       gt_node_cstr_or(gt_node_get(args, "name"), ""));
		}
	}
	if (gt_node_count(field(l, "helmCharts")) ||
	    gt_node_count(field(l, "helmChartInflationGenerator")))
		return gt_fail(l->b->err, GT_E_UNSUPPORTED,
			       "%s: helmCharts are not inflated (kustomize would need "
			       "--enable-helm); use a HelmRelease",
			       l->kust.show);
	return kz_run_generators(l, field(l, "generators"));
}

static int run_patches(struct kz_layer *l)
{
	const struct gt_node *strategic = field(l, "patchesStrategicMerge");

	if (gt_node_count(strategic)) {
		uint32_t count = 0;
		int rc = kz_transform_strategic(l, strategic, &count);

		if (rc == GT_OK && !count)
			rc = kz_fail(l->b, "patch appears to be empty");
		if (rc < 0)
			return gt_wrap(l->b->err, "%s: patchesStrategicMerge", l->kust.show);
		kz_layer_note(l, "PatchStrategicMergeTransformer");
	}
	gt_seq_for_each (field(l, "patches"), item) {
		int rc = kz_transform_patch(l, item);

		if (rc < 0)
			return gt_wrap(l->b->err, "%s: patches: entry at line %u", l->kust.show,
				       item->line);
		kz_layer_note(l, "PatchTransformer");
	}
	return GT_OK;
}

static int run_names(struct kz_layer *l)
{
	struct gt_str ns = gt_node_text(field(l, "namespace"));
	struct gt_str prefix = gt_node_text(field(l, "namePrefix"));
	struct gt_str suffix = gt_node_text(field(l, "nameSuffix"));
	const struct kz_config *config = l->acc->config;
	int rc = GT_OK;

	if (ns.n) {
		rc = kz_transform_namespace(l->b, l->acc, &(struct kz_namespace_opts){.ns = ns},
					    &config->sets[KZ_NAMESPACE]);
		kz_layer_note(l, "NamespaceTransformer");
	}
	if (prefix.n && rc == GT_OK) {
		rc = kz_transform_prefix(l->b, l->acc, prefix, &config->sets[KZ_NAME_PREFIX]);
		kz_layer_note(l, "PrefixTransformer");
	}
	if (suffix.n && rc == GT_OK) {
		rc = kz_transform_suffix(l->b, l->acc, suffix, &config->sets[KZ_NAME_SUFFIX]);
		kz_layer_note(l, "SuffixTransformer");
	}
	return rc < 0 ? gt_wrap(l->b->err, "%s", l->kust.show) : rc;
}

/* Which fields one entry of `labels` goes to. */
static int label_specs(struct kz_layer *l, const struct gt_node *entry, struct kz_specs *ret)
{
	const struct kz_config *config = l->acc->config;
	struct kz_gvk any = {0};
	int rc = kz_specs_read(l->b, gt_node_get(entry, "fields"), ret);

	if (rc == GT_OK)
		rc = kz_specs_merge(l->b, ret, &config->sets[KZ_LABELS]);
	if (rc == GT_OK && gt_node_truth(gt_node_get(entry, "includeSelectors"), false))
		return kz_specs_merge(l->b, ret, &config->sets[KZ_COMMON_LABELS]);
	if (rc == GT_OK && gt_node_truth(gt_node_get(entry, "includeTemplates"), false))
		rc = kz_specs_merge(l->b, ret, &config->sets[KZ_TEMPLATE_LABELS]);
	if (rc == GT_OK) {
		struct kz_spec own =
			kz_spec_make(l->b->a, &any, GT_STR_LIT("metadata/labels"), true);

		rc = kz_specs_add(l->b, ret, &own);
	}
	return rc;
}

static int run_labels(struct kz_layer *l)
{
	const struct kz_config *config = l->acc->config;
	int rc = GT_OK;

	gt_seq_for_each (field(l, "labels"), entry) {
		struct kz_specs specs = {0};

		rc = label_specs(l, entry, &specs);
		if (rc == GT_OK)
			rc = kz_transform_map(l->b, l->acc, gt_node_get(entry, "pairs"), &specs);
		if (rc < 0)
			return gt_wrap(l->b->err, "%s: labels", l->kust.show);
		kz_layer_note(l, "LabelTransformer");
	}
	if (gt_node_count(field(l, "commonLabels"))) {
		rc = kz_transform_map(l->b, l->acc, field(l, "commonLabels"),
				      &config->sets[KZ_COMMON_LABELS]);
		if (rc < 0)
			return gt_wrap(l->b->err, "%s: commonLabels", l->kust.show);
	}
	/* With `labels` alone it still runs, to no effect. */
	if (gt_node_count(field(l, "commonLabels")) || gt_node_count(field(l, "labels")))
		kz_layer_note(l, "LabelTransformer");
	if (gt_node_count(field(l, "commonAnnotations"))) {
		rc = kz_transform_map(l->b, l->acc, field(l, "commonAnnotations"),
				      &config->sets[KZ_COMMON_ANNOTATIONS]);
		if (rc < 0)
			return gt_wrap(l->b->err, "%s: commonAnnotations", l->kust.show);
		kz_layer_note(l, "AnnotationsTransformer");
	}
	return rc;
}

/* patchesJson6902, replicas, images, replacements: entry by entry. */
static int run_edits(struct kz_layer *l)
{
	const struct kz_config *config = l->acc->config;
	int rc = GT_OK;

	gt_seq_for_each (field(l, "patchesJson6902"), item) {
		rc = kz_transform_json_patch(l, item);
		if (rc < 0)
			return gt_wrap(l->b->err, "%s: patchesJson6902: entry at line %u",
				       l->kust.show, item->line);
		kz_layer_note(l, "PatchJson6902Transformer");
	}
	gt_seq_for_each (field(l, "replicas"), item) {
		rc = kz_transform_replicas(l->b, l->acc, item, &config->sets[KZ_REPLICAS]);
		if (rc < 0)
			return gt_wrap(l->b->err, "%s: replicas", l->kust.show);
		kz_layer_note(l, "ReplicaCountTransformer");
	}
	if (gt_node_count(field(l, "images"))) {
		rc = kz_transform_images(l->b, l->acc, field(l, "images"),
					 &config->sets[KZ_IMAGES]);
		if (rc < 0)
			return gt_wrap(l->b->err, "%s: images", l->kust.show);
		for (size_t i = 0; i < gt_node_count(field(l, "images")); i++)
			kz_layer_note(l, "ImageTagTransformer");
	}
	gt_seq_for_each (field(l, "replacements"), item) {
		rc = kz_transform_replacement(l, item);
		if (rc < 0)
			return gt_wrap(l->b->err, "%s: replacements: entry at line %u",
				       l->kust.show, item->line);
	}
	if (gt_node_count(field(l, "replacements")))
		kz_layer_note(l, "ReplacementTransformer");
	return rc;
}

static int run_transformers(struct kz_layer *l)
{
	int rc = run_patches(l);

	if (rc == GT_OK)
		rc = run_names(l);
	if (rc == GT_OK)
		rc = run_labels(l);
	if (rc == GT_OK)
		rc = run_edits(l);
	if (rc == GT_OK)
		rc = kz_run_transformers(l, field(l, "transformers"));
	return rc;
}

int kz_layer_run(struct kz_layer *l)
{
	int rc = kz_layer_resources(l, field(l, "resources"), l->acc);

	if (rc == GT_OK)
		rc = add_configs(l);
	if (rc == GT_OK)
		rc = run_generators(l);
	if (rc == GT_OK)
		rc = run_components(l);
	if (rc == GT_OK)
		rc = run_transformers(l);
	if (rc == GT_OK)
		rc = kz_run_validators(l, field(l, "validators"));
	if (rc == GT_OK)
		rc = kz_vars_add(l->b, l->acc, field(l, "vars"));
	return rc < 0 ? rc : kz_check(l->b);
}

/* --- the top
 * -------------------------------------------------------------------------------------- */
static void read_build_metadata(struct kz_build *b, const struct gt_node *kust)
{
	gt_seq_for_each (gt_node_get(kust, "buildMetadata"), item) {
		b->metadata = true;
		b->origins |= gt_node_is_text(item, "originAnnotations");
		b->transforms |= gt_node_is_text(item, "transformerAnnotations");
		b->managed_by |= gt_node_is_text(item, "managedByLabel");
	}
}

int kz_top_run(struct kz_build *b, struct kz_layer *top)
{
	const struct gt_kustomize_opts *opts = b->opts;
	struct kz_dir *dir = NULL;
	int rc = kz_dir_top(b, opts->path, &dir);

	if (rc < 0)
		return rc;
	*top = (struct kz_layer){.b = b, .dir = dir, .acc = new_accum(b)};
	if (!top->acc)
		return kz_check(b);
	if (opts->kustomization)
		rc = kz_kust_take(b, dir, opts->kustomization,
				  opts->kustomization_name ? opts->kustomization_name
							   : gt_kustomize_file_names[0],
				  &top->kust);
	else
		rc = kz_kust_load(b, dir, &top->kust);
	if (rc == GT_OK)
		rc = load_openapi(b, dir, top->kust.doc);
	if (rc < 0)
		return rc;
	read_build_metadata(b, top->kust.doc);
	return kz_layer_run(top);
}
