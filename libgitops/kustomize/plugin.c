/* generators, transformers and validators: builtin plugins with configurations of their own. */
#include <string.h>

#include "kustomize/decode.h"
#include "kustomize/layer.h"
#include "kustomize/read.h"
#include "kustomize/scalar.h"

/* One configured plugin. */
struct plugin {
	struct kz_layer *layer;
	const char *kind;
	struct gt_node *config; /* decoded */
	struct kz_specs specs;
};

/* --- loading ---------------------------------------------------------------------------------- */
/* Entries that are objects themselves come before those that name files or directories. */
static int load_configs(struct kz_layer *l, const struct gt_node *list, struct kz_accum *acc)
{
	struct gt_node *paths = gt_node_seq(l->b->a);
	struct gt_err *err = l->b->err, ignored;

	gt_seq_for_each (list, item) {
		struct kz_objects objects = {0};
		const struct kz_origin *origin = NULL;

		l->b->err = &ignored;
		int rc = kz_read_objects(l->b, l->kust.show, gt_node_text(item), &objects);
		l->b->err = err;
		if (rc < 0) {
			gt_node_append(l->b->a, paths, item);
			continue;
		}
		if (l->b->metadata) {
			struct kz_origin *o = gt_arena_new(l->b->a, struct kz_origin);

			if (o)
				o->path = l->kust.show;
			origin = o;
		}
		for (uint32_t i = 0; i < objects.n; i++) {
			objects.v[i]->origin = origin;
			rc = kz_accum_append(l->b, acc, objects.v[i]);
			if (rc < 0)
				return rc;
		}
	}
	return kz_layer_resources(l, paths, acc);
}

static const struct kz_origin *plugin_origin(struct kz_build *b, struct kz_res *r)
{
	struct kz_origin *o = NULL;

	if (b->metadata)
		o = gt_arena_new(b->a, struct kz_origin);
	if (!o)
		return NULL;
	struct gt_str version = kz_text(gt_node_get(r->root, "apiVersion"));
	o->configured_in = r->origin ? r->origin->path : NULL;
	o->api_version = gt_arena_strndup(b->a, version.p, version.n);
	o->kind = gt_arena_strndup(b->a, kz_res_id(b, r)->gvk.kind.p, kz_res_id(b, r)->gvk.kind.n);
	o->name = gt_arena_strndup(b->a, kz_res_name(r).p, kz_res_name(r).n);
	o->ns = gt_arena_strndup(b->a, kz_res_ns(r).p ? kz_res_ns(r).p : "", kz_res_ns(r).n);
	return o;
}

static int configure(struct kz_layer *l, struct kz_res *r, struct plugin *p)
{
	struct kz_build *b = l->b;
	const struct kz_id *id = kz_res_id(b, r);

	if (id->gvk.group.n || !gt_str_is(id->gvk.version, "builtin"))
		return gt_fail(b->err, GT_E_UNSUPPORTED,
			       "external plugins disabled; unable to load external plugin '%.*s'",
			       GT_STR_ARG(id->gvk.kind));
	*p = (struct plugin){.layer = l};
	p->kind = gt_arena_strndup(b->a, id->gvk.kind.p, id->gvk.kind.n);
	int rc = kz_to_values(b, r->root, KZ_YAML_V3);
	if (rc == GT_OK)
		rc = kz_decode(b, r->root, kz_plugin_fields, KZ_LENIENT, &p->config);
	if (rc == GT_OK)
		rc = kz_specs_read(b, gt_node_get(p->config, "fieldSpecs"), &p->specs);
	return rc < 0 ? rc : kz_check(b);
}

static int unknown(struct plugin *p, const char *what)
{
	return kz_fail(p->layer->b, "unable to load builtin %s.builtin.[noGrp]: no such %s",
		       p->kind, what);
}

/* --- generators ------------------------------------------------------------------------------- */
/* Names and options where the generator fields of a kustomization have them. */
static struct gt_node *generator_args(struct kz_build *b, const struct gt_node *config)
{
	struct gt_node *args = gt_node_copy(b->a, config);
	static const char *const names[] = {"name", "namespace"};

	for (size_t i = 0; i < GT_COUNT(names); i++) {
		struct gt_node *n = gt_node_get(gt_node_get(config, "metadata"), names[i]);

		if (n && !gt_node_text(gt_node_get(args, names[i])).n)
			gt_node_set(b->a, args, names[i], n);
	}
	struct gt_node *env = gt_node_get(args, "env");
	if (env && env->n)
		gt_node_append(b->a, gt_node_need_seq(b->a, args, "envs"), env);
	return args;
}

/* A ServiceAccount bound to a cloud identity. */
static int generate_iam(struct plugin *p, const struct kz_origin *origin)
{
	struct kz_build *b = p->layer->b;
	const struct gt_node *ksa = gt_node_get(p->config, "kubernetesService");
	const struct gt_node *account = gt_node_get(p->config, "serviceAccount");
	struct gt_str cloud = gt_node_text(gt_node_get(p->config, "cloud"));
	struct gt_str ns = gt_node_text(gt_node_get(ksa, "namespace"));

	if (!gt_str_is(cloud, "gke"))
		return kz_fail(b, "cloud provider %.*s not supported", GT_STR_ARG(cloud));
	struct gt_node *root = gt_node_map(b->a);
	gt_node_set(b->a, root, "apiVersion", kz_scalar(b->a, GT_STR_LIT("v1"), GT_RAW_STR));
	gt_node_set(b->a, root, "kind", kz_scalar(b->a, GT_STR_LIT("ServiceAccount"), GT_RAW_STR));
	struct gt_node *meta = gt_node_need_map(b->a, root, "metadata");
	const char *who = gt_arena_printf(b->a, "%s@%s.iam.gserviceaccount.com",
					  gt_node_cstr_or(gt_node_get(account, "name"), ""),
					  gt_node_cstr_or(gt_node_get(account, "projectId"), ""));
	gt_node_set(b->a, gt_node_need_map(b->a, meta, "annotations"),
		    "iam.gke.io/gcp-service-account", kz_scalar(b->a, gt_str(who), GT_RAW_STR));
	gt_node_set(b->a, meta, "name",
		    kz_scalar(b->a, gt_node_text(gt_node_get(ksa, "name")), GT_RAW_STR));
	if (ns.n)
		gt_node_set(b->a, meta, "namespace", kz_scalar(b->a, ns, GT_RAW_STR));
	struct kz_res *r = kz_res_new(b, root, p->layer->kust.show);
	if (!r)
		return kz_check(b);
	r->origin = origin;
	return kz_absorb(b, p->layer->acc, r);
}

static int run_generator(struct plugin *p, const struct kz_origin *origin)
{
	struct kz_layer *l = p->layer;
	struct gt_node *args = generator_args(l->b, p->config);

	if (strcmp(p->kind, "ConfigMapGenerator") == 0)
		return kz_generate(l, "ConfigMap", args, NULL, origin);
	if (strcmp(p->kind, "SecretGenerator") == 0)
		return kz_generate(l, "Secret", args, NULL, origin);
	if (strcmp(p->kind, "IAMPolicyGenerator") == 0)
		return generate_iam(p, origin);
	if (strcmp(p->kind, "HelmChartInflationGenerator") == 0)
		return gt_fail(l->b->err, GT_E_UNSUPPORTED,
			       "helm charts are not inflated (kustomize would need --enable-helm)");
	return unknown(p, "generator");
}

int kz_run_generators(struct kz_layer *l, const struct gt_node *list)
{
	struct kz_accum configs = {.config = l->b->defaults};
	int rc = gt_node_count(list) ? load_configs(l, list, &configs) : GT_OK;

	for (uint32_t i = 0; i < configs.res.n && rc == GT_OK; i++) {
		const struct kz_origin *origin = plugin_origin(l->b, configs.res.v[i]);
		struct plugin p;

		rc = configure(l, configs.res.v[i], &p);
		if (rc == GT_OK)
			rc = run_generator(&p, origin);
	}
	return rc < 0 ? gt_wrap(l->b->err, "%s: generators", l->kust.show) : rc;
}

/* --- transformers ----------------------------------------------------------------------------- */
static struct gt_str config_text(const struct plugin *p, const char *field)
{
	return gt_node_text(gt_node_get(p->config, field));
}

static int run_annotations(struct plugin *p)
{
	return kz_transform_map(p->layer->b, p->layer->acc, gt_node_get(p->config, "annotations"),
				&p->specs);
}

static int run_labels(struct plugin *p)
{
	return kz_transform_map(p->layer->b, p->layer->acc, gt_node_get(p->config, "labels"),
				&p->specs);
}

static int run_hash(struct plugin *p)
{
	return kz_transform_hash(p->layer->b, p->layer->acc);
}

static int run_image(struct plugin *p)
{
	struct gt_node *images = gt_node_seq(p->layer->b->a);

	gt_node_append(p->layer->b->a, images, gt_node_get(p->config, "imageTag"));
	return kz_transform_images(p->layer->b, p->layer->acc, images, &p->specs);
}

static int run_namespace(struct plugin *p)
{
	struct kz_namespace_opts opts = {
		.ns = gt_node_text(gt_node_get(gt_node_get(p->config, "metadata"), "namespace")),
		.unset_only = gt_node_truth(gt_node_get(p->config, "unsetOnly"), false),
		.subjects = config_text(p, "setRoleBindingSubjects"),
	};

	if (!opts.ns.n)
		return GT_OK;
	return kz_transform_namespace(p->layer->b, p->layer->acc, &opts, &p->specs);
}

static int run_affixes(struct plugin *p)
{
	struct kz_layer *l = p->layer;
	int rc = GT_OK;

	if (!p->specs.n)
		return kz_fail(l->b, "fieldSpecs is not expected to be nil");
	if (strcmp(p->kind, "SuffixTransformer") != 0)
		rc = kz_transform_prefix(l->b, l->acc, config_text(p, "prefix"), &p->specs);
	if (rc == GT_OK && strcmp(p->kind, "PrefixTransformer") != 0)
		rc = kz_transform_suffix(l->b, l->acc, config_text(p, "suffix"), &p->specs);
	return rc;
}

static int run_patch(struct plugin *p)
{
	return kz_transform_patch(p->layer, p->config);
}

static int run_json_patch(struct plugin *p)
{
	return kz_transform_json_patch(p->layer, p->config);
}

static int run_strategic(struct plugin *p)
{
	const struct gt_node *patches = gt_node_get(p->config, "patches");
	uint32_t count = 0;
	int rc = kz_transform_strategic(p->layer, gt_node_get(p->config, "paths"), &count);

	if (rc == GT_OK && gt_node_text(patches).n)
		rc = kz_transform_strategic_text(p->layer, gt_node_text(patches), &count);
	return rc < 0 || count ? rc : kz_fail(p->layer->b, "patch appears to be empty");
}

static int run_replacements(struct plugin *p)
{
	gt_seq_for_each (gt_node_get(p->config, "replacements"), item) {
		int rc = kz_transform_replacement(p->layer, item);

		if (rc < 0)
			return rc;
	}
	return GT_OK;
}

static int run_replicas(struct plugin *p)
{
	return kz_transform_replicas(p->layer->b, p->layer->acc, gt_node_get(p->config, "replica"),
				     &p->specs);
}

static int run_value_add(struct plugin *p)
{
	return kz_transform_value_add(p->layer->b, p->layer->acc, config_text(p, "value"),
				      gt_node_get(p->config, "targets"));
}

static const struct transformer {
	const char *kind;
	int (*run)(struct plugin *p);
} transformers[] = {
	{"AnnotationsTransformer", run_annotations},
	{"HashTransformer", run_hash},
	{"ImageTagTransformer", run_image},
	{"LabelTransformer", run_labels},
	{"NamespaceTransformer", run_namespace},
	{"PatchJson6902Transformer", run_json_patch},
	{"PatchStrategicMergeTransformer", run_strategic},
	{"PatchTransformer", run_patch},
	{"PrefixSuffixTransformer", run_affixes},
	{"PrefixTransformer", run_affixes},
	{"SuffixTransformer", run_affixes},
	{"ReplacementTransformer", run_replacements},
	{"ReplicaCountTransformer", run_replicas},
	{"ValueAddTransformer", run_value_add},
};

static int run_transformer(struct plugin *p)
{
	for (size_t i = 0; i < GT_COUNT(transformers); i++) {
		if (strcmp(p->kind, transformers[i].kind) == 0)
			return transformers[i].run(p);
	}
	return unknown(p, "transformer");
}

int kz_run_transformers(struct kz_layer *l, const struct gt_node *list)
{
	struct kz_accum configs = {.config = l->b->defaults};
	int rc = gt_node_count(list) ? load_configs(l, list, &configs) : GT_OK;

	for (uint32_t i = 0; i < configs.res.n && rc == GT_OK; i++) {
		const struct kz_origin *origin = plugin_origin(l->b, configs.res.v[i]);
		struct plugin p;

		rc = configure(l, configs.res.v[i], &p);
		if (rc == GT_OK)
			rc = run_transformer(&p);
		if (rc == GT_OK) {
			kz_accum_sweep(l->acc);
			kz_note(l->b, l->acc, origin);
		}
	}
	return rc < 0 ? gt_wrap(l->b->err, "%s: transformers", l->kust.show) : rc;
}

/* --- validators ------------------------------------------------------------------------------- */
/* Copies of all objects, to see afterwards whether anything changed. */
static struct gt_node *snapshot(struct kz_layer *l)
{
	struct gt_node *copy = gt_node_seq(l->b->a);

	for (uint32_t i = 0; i < l->acc->res.n; i++) {
		struct gt_node *root = gt_node_dup(l->b->a, l->acc->res.v[i]->root);

		gt_node_unset(gt_node_at(root, "metadata", "labels"), "validated-by");
		gt_node_append(l->b->a, copy, root);
	}
	return copy;
}

int kz_run_validators(struct kz_layer *l, const struct gt_node *list)
{
	if (!gt_node_count(list))
		return GT_OK;
	struct gt_node *before = snapshot(l);
	int rc = kz_run_transformers(l, list);
	if (rc == GT_OK)
		rc = kz_check(l->b);
	if (rc == GT_OK && !gt_node_equal(before, snapshot(l)))
		rc = kz_fail(l->b, "%s: validator shouldn't modify the resource map", l->kust.show);
	return rc;
}
