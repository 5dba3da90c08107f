/* Sets of field specs: merging them and reading them from `configurations`. */
#include "kustomize/config.h"

#include <string.h>

#include "kustomize/decode.h"
#include "kustomize/scalar.h"

int kz_specs_add(struct kz_build *b, struct kz_specs *set, const struct kz_spec *spec)
{
	int rc = kz_work(b, set->n);

	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < set->n; i++) {
		const struct kz_spec *have = &set->v[i];

		if (!gt_str_eq(have->path, spec->path) || !kz_gvk_matches(&have->gvk, &spec->gvk))
			continue;
		if (have->create != spec->create)
			return kz_fail(b, "conflicting fieldspecs for path %.*s",
				       GT_STR_ARG(spec->path));
		return GT_OK;
	}
	kz_push(b->a, set, *spec);
	return GT_OK;
}

int kz_specs_merge(struct kz_build *b, struct kz_specs *set, const struct kz_specs *from)
{
	for (uint32_t i = 0; i < from->n; i++) {
		int rc = kz_specs_add(b, set, &from->v[i]);

		if (rc < 0)
			return rc;
	}
	return GT_OK;
}

int kz_specs_read(struct kz_build *b, const struct gt_node *list, struct kz_specs *ret)
{
	gt_seq_for_each (list, item) {
		struct kz_gvk gvk = {
			gt_node_text(gt_node_get(item, "group")),
			gt_node_text(gt_node_get(item, "version")),
			gt_node_text(gt_node_get(item, "kind")),
		};
		struct kz_spec spec =
			kz_spec_make(b->a, &gvk, gt_node_text(gt_node_get(item, "path")),
				     gt_node_truth(gt_node_get(item, "create"), false));
		kz_push(b->a, ret, spec);
	}
	return kz_check(b);
}

static const char *const set_names[KZ_SPEC_SETS] = {
	[KZ_NAME_PREFIX] = "namePrefix",
	[KZ_NAME_SUFFIX] = "nameSuffix",
	[KZ_NAMESPACE] = "namespace",
	[KZ_COMMON_LABELS] = "commonLabels",
	[KZ_LABELS] = "labels",
	[KZ_TEMPLATE_LABELS] = "templateLabels",
	[KZ_COMMON_ANNOTATIONS] = "commonAnnotations",
	[KZ_VAR_REFERENCE] = "varReference",
	[KZ_IMAGES] = "images",
	[KZ_REPLICAS] = "replicas",
};

static struct kz_config *copy_config(struct gt_arena *a, const struct kz_config *from)
{
	struct kz_config *copy = gt_arena_new(a, struct kz_config);

	if (!copy)
		return NULL;
	for (int set = 0; set < KZ_SPEC_SETS; set++) {
		for (uint32_t i = 0; i < from->sets[set].n; i++)
			kz_push(a, &copy->sets[set], from->sets[set].v[i]);
	}
	for (uint32_t i = 0; i < from->refs.n; i++) {
		struct kz_ref ref = {.target = from->refs.v[i].target};

		for (uint32_t j = 0; j < from->refs.v[i].fields.n; j++)
			kz_push(a, &ref.fields, from->refs.v[i].fields.v[j]);
		kz_push(a, &copy->refs, ref);
	}
	return copy;
}

static int merge_refs(struct kz_build *b, struct kz_config *into, const struct kz_ref *from)
{
	int rc = kz_work(b, into->refs.n);

	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < into->refs.n; i++) {
		if (kz_gvk_eq(&into->refs.v[i].target, &from->target))
			return kz_specs_merge(b, &into->refs.v[i].fields, &from->fields);
	}
	struct kz_ref ref = {.target = from->target};
	rc = kz_specs_merge(b, &ref.fields, &from->fields);
	kz_push(b->a, &into->refs, ref);
	return rc;
}

static int merge_sets(struct kz_build *b, struct kz_config *into, const struct kz_config *from)
{
	for (int set = 0; set < KZ_SPEC_SETS; set++) {
		int rc = kz_specs_merge(b, &into->sets[set], &from->sets[set]);

		if (rc < 0)
			return gt_wrap(b->err, "failed to merge %s", set_names[set]);
	}
	for (uint32_t i = 0; i < from->refs.n; i++) {
		int rc = merge_refs(b, into, &from->refs.v[i]);

		if (rc < 0)
			return gt_wrap(b->err, "failed to merge nameReference");
	}
	return kz_check(b);
}

int kz_config_merge(struct kz_build *b, struct kz_config **config, struct kz_config *from)
{
	if (!from || from == *config || (*config && from == b->defaults))
		return GT_OK;
	if (!*config) {
		*config = from;
		return GT_OK;
	}
	if (*config == b->defaults)
		*config = copy_config(b->a, *config);
	return *config ? merge_sets(b, *config, from) : kz_check(b);
}

int kz_config_merge_defaults(struct kz_build *b, struct kz_config **config)
{
	return merge_sets(b, *config, b->defaults);
}

static int read_refs(struct kz_build *b, const struct gt_node *list, struct kz_config *config)
{
	gt_seq_for_each (list, item) {
		struct kz_ref ref = {.target = {
					     gt_node_text(gt_node_get(item, "group")),
					     gt_node_text(gt_node_get(item, "version")),
					     gt_node_text(gt_node_get(item, "kind")),
				     }};
		struct kz_ref read = ref;
		int rc = kz_specs_read(b, gt_node_get(item, "fieldSpecs"), &read.fields);

		if (rc == GT_OK)
			rc = merge_refs(b, config, &read);
		if (rc < 0)
			return rc;
	}
	return GT_OK;
}

int kz_config_read(struct kz_build *b, const struct gt_node *doc, struct kz_config **ret)
{
	struct kz_config *config = gt_arena_new(b->a, struct kz_config);
	struct gt_node *clean = NULL;
	int rc = kz_decode(b, doc, kz_config_fields, KZ_STRICT, &clean);

	if (rc < 0 || !config)
		return rc < 0 ? rc : kz_check(b);
	for (int set = 0; set < KZ_SPEC_SETS; set++) {
		rc = kz_specs_read(b, gt_node_get(clean, set_names[set]), &config->sets[set]);
		if (rc < 0)
			return rc;
	}
	rc = read_refs(b, gt_node_get(clean, "nameReference"), config);
	if (rc == GT_OK)
		*ret = config;
	return rc;
}
