/* crds: definitions whose x-kubernetes-* hints say which fields are names, labels, references. */
#include <string.h>

#include "base/limits.h"
#include "kustomize/config.h"

struct walk {
	struct kz_build *b;
	const struct gt_node *doc;
	struct kz_config *config;
	struct kz_gvk gvk;
	unsigned depth;
};

static const struct gt_node *properties_of(const struct gt_node *type)
{
	return gt_node_at(type, "Schema", "properties");
}

static int add_spec(struct walk *w, enum kz_spec_set set, const char *path, bool create)
{
	struct kz_spec spec = kz_spec_make(w->b->a, &w->gvk, gt_str(path), create);

	return kz_specs_add(w->b, &w->config->sets[set], &spec);
}

static int add_reference(struct walk *w, const struct gt_node *property, const char *path)
{
	const char *version =
		gt_node_cstr(gt_node_get(property, "x-kubernetes-object-ref-api-version"));
	const char *kind = gt_node_cstr(gt_node_get(property, "x-kubernetes-object-ref-kind"));
	const char *key =
		gt_node_cstr_or(gt_node_get(property, "x-kubernetes-object-ref-name-key"), "name");

	if (!version || !kind)
		return GT_OK;
	struct kz_config add = {0}, *into = w->config;
	struct kz_ref ref = {.target = {.kind = gt_str(kind)}};
	kz_api_version_split(gt_str(version), &ref.target);
	const char *field = gt_arena_printf(w->b->a, "%s/%s", path, key);
	if (!field)
		return kz_check(w->b);
	kz_push(w->b->a, &ref.fields, kz_spec_make(w->b->a, &w->gvk, gt_str(field), false));
	kz_push(w->b->a, &add.refs, ref);
	return kz_config_merge(w->b, &into, &add);
}

static int walk_type(struct walk *w, const char *name, const char *path);

static int walk_property(struct walk *w, const struct gt_node *property, const char *path)
{
	int rc = GT_OK;

	if (gt_node_has(property, "x-kubernetes-annotation"))
		rc = add_spec(w, KZ_COMMON_ANNOTATIONS, path, false);
	if (rc == GT_OK && gt_node_has(property, "x-kubernetes-label-selector"))
		rc = add_spec(w, KZ_COMMON_LABELS, path, false);
	if (rc == GT_OK && gt_node_has(property, "x-kubernetes-identity"))
		rc = add_spec(w, KZ_NAME_PREFIX, path, false);
	if (rc == GT_OK)
		rc = add_reference(w, property, path);
	const char *ref = gt_node_cstr(gt_node_get(property, "$ref"));
	if (rc == GT_OK && ref)
		rc = walk_type(w, ref, path);
	return rc;
}

static int walk_type(struct walk *w, const char *name, const char *path)
{
	const struct gt_node *properties = properties_of(gt_node_get(w->doc, name));

	if (w->depth > GT_LIMIT_DEPTH / 2)
		return gt_fail(w->b->err, GT_E_BUDGET, "definitions refer to each other endlessly");
	w->depth++;
	gt_map_each(properties, p)
	{
		const char *sub = *path ? gt_arena_printf(w->b->a, "%s/%s", path, p->key) : p->key;
		int rc = sub ? walk_property(w, p->value, sub) : kz_check(w->b);

		if (rc < 0)
			return rc;
	}
	w->depth--;
	return GT_OK;
}

int kz_config_read_crds(struct kz_build *b, const struct gt_node *doc, struct kz_config **ret)
{
	struct walk w = {.b = b, .doc = doc, .config = gt_arena_new(b->a, struct kz_config)};

	if (!w.config)
		return kz_check(b);
	gt_map_each(doc, p)
	{
		const struct gt_node *properties = properties_of(p->value);

		if (!gt_node_is(p->value, GT_MAP))
			return kz_fail(
				b,
				"line %u: unable to parse open API definition: \"%s\" is no "
				"definition (a CustomResourceDefinition belongs in resources)",
				p->line, p->key);
		if (!gt_node_has(properties, "apiVersion") || !gt_node_has(properties, "kind") ||
		    !gt_node_has(properties, "metadata"))
			continue;
		const char *dot = strrchr(p->key, '.');
		w.gvk = (struct kz_gvk){.kind = gt_str(dot ? dot + 1 : p->key)};
		int rc = walk_type(&w, p->key, "");
		if (rc < 0)
			return rc;
	}
	*ret = w.config;
	return kz_check(b);
}
