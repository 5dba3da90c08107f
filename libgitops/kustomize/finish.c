/* From objects at work to documents: annotations, bookkeeping, values. */
#include <string.h>

#include "gt_version.h"
#include "kustomize/layer.h"
#include "kustomize/scalar.h"

#define KUSTOMIZE_VERSION "v" GT_COMPAT_KUSTOMIZE

static const char *const bookkeeping[] = {
	"internal.config.kubernetes.io/previousKinds",
	"internal.config.kubernetes.io/previousNames",
	"internal.config.kubernetes.io/prefixes",
	"internal.config.kubernetes.io/suffixes",
	"internal.config.kubernetes.io/previousNamespaces",
	"internal.config.kubernetes.io/allowNameChange",
	"internal.config.kubernetes.io/allowKindChange",
	"internal.config.kubernetes.io/refBy",
	"internal.config.kubernetes.io/generatorBehavior",
	"internal.config.kubernetes.io/needsHashSuffix",
	"internal.config.kubernetes.io/path",
	"internal.config.kubernetes.io/index",
	"internal.config.kubernetes.io/seqindent",
	"internal.config.kubernetes.io/id",
	"internal.config.kubernetes.io/annotations-migration-resource-id",
	"internal.config.kubernetes.io/helm-generated",
	"config.kubernetes.io/path",
	"config.kubernetes.io/index",
	"config.k8s.io/id",
	"config.kubernetes.io/origin",
	"alpha.config.kubernetes.io/transformations",
};

static bool is_bookkeeping(struct gt_str key)
{
	if (gt_str_search(key, GT_STR_LIT("config.k")) == SIZE_MAX)
		return false;
	for (size_t i = 0; i < GT_COUNT(bookkeeping); i++) {
		if (gt_str_is(key, bookkeeping[i]))
			return true;
	}
	return false;
}

/* --- origins ---------------------------------------------------------------------------------- */
static void add_line(struct gt_buf *out, const char *indent, const char *key, const char *value)
{
	if (value && *value)
		gt_buf_printf(out, "%s%s: %s\n", indent, key, value);
}

static void origin_text(struct gt_buf *out, const struct kz_origin *o, const char *first,
			const char *indent)
{
	const char *lead = first;
	char nested[16];

	if (o->path) {
		add_line(out, lead, "path", o->path);
		lead = indent;
	}
	if (o->configured_in) {
		add_line(out, lead, "configuredIn", o->configured_in);
		lead = indent;
	}
	if (!o->kind)
		return;
	gt_buf_printf(out, "%sconfiguredBy:\n", lead);
	size_t n = strlen(indent);
	memcpy(nested, indent, n);
	memcpy(nested + n, "  ", 3);
	add_line(out, nested, "apiVersion", o->api_version);
	add_line(out, nested, "kind", o->kind);
	add_line(out, nested, "name", o->name);
	add_line(out, nested, "namespace", o->ns);
}

static void set_annotation(struct kz_build *b, struct kz_res *r, const char *key,
			   const struct gt_buf *text)
{
	struct gt_node *meta = gt_node_need_map(b->a, r->root, "metadata");
	struct gt_node *annotations = gt_node_need_map(b->a, meta, "annotations");

	gt_node_set(b->a, annotations, key, kz_scalar(b->a, gt_buf_str(text), GT_RAW_STR));
}

static void add_origins(struct kz_build *b, struct kz_res *r)
{
	gt_auto_buf text = {0};

	if (b->origins && r->origin) {
		origin_text(&text, r->origin, "", "");
		set_annotation(b, r, "config.kubernetes.io/origin", &text);
	}
	if (!b->transforms || !r->transforms.n)
		return;
	gt_buf_reset(&text);
	for (uint32_t i = 0; i < r->transforms.n; i++)
		origin_text(&text, r->transforms.v[i], "- ", "  ");
	set_annotation(b, r, "alpha.config.kubernetes.io/transformations", &text);
}

/* --- annotations ------------------------------------------------------------------------------ */
/* Every value becomes the text it was written with; what is kept for the engine goes away. */
static int clean_annotations(struct kz_build *b, struct kz_res *r)
{
	struct gt_node *meta = gt_node_get(r->root, "metadata");
	struct gt_node *annotations = gt_node_get(meta, "annotations");

	if (!gt_node_is(meta, GT_MAP)) {
		gt_node_set(b->a, r->root, "metadata", gt_node_map(b->a));
		return GT_OK;
	}
	for (size_t i = gt_node_is(annotations, GT_MAP) ? annotations->n : 0; i-- > 0;) {
		const struct gt_pair *p = gt_node_pair(annotations, i);
		struct gt_str key = gt_strn(p->key, p->len);

		if (is_bookkeeping(key)) {
			gt_node_unsetn(annotations, key);
			continue;
		}
		if (!kz_key_is_string(key))
			return kz_fail(b, "annotation key %s would not be read as a string",
				       p->key);
		struct gt_node *value = kz_scalar(b->a, kz_text(p->value), GT_RAW_STR);
		gt_node_setn(b->a, annotations, key, value);
	}
	if (annotations && !gt_node_is(annotations, GT_MAP) && !kz_is_null(annotations) &&
	    kz_text(annotations).n)
		return kz_fail(b, "line %u: annotations must be a map", annotations->line);
	if (!gt_node_count(annotations))
		gt_node_unset(meta, "annotations");
	return GT_OK;
}

static bool is_local(const struct kz_res *r)
{
	const struct gt_node *n =
		gt_node_get(kz_res_annotations(r), "config.kubernetes.io/local-config");

	return n && !gt_str_is(kz_text(n), "false");
}

static int add_managed_by(struct kz_build *b, struct kz_accum *acc)
{
	struct gt_node *pairs = gt_node_map(b->a);
	struct kz_gvk any = {0};
	struct kz_spec spec = kz_spec_make(b->a, &any, GT_STR_LIT("metadata/labels"), true);
	struct kz_specs specs = {.v = &spec, .n = 1};

	gt_node_set_str(b->a, pairs, "app.kubernetes.io/managed-by",
			"kustomize-" KUSTOMIZE_VERSION);
	return kz_transform_map(b, acc, pairs, &specs);
}

static int finish_object(struct kz_build *b, struct kz_res *r, struct gt_node *docs)
{
	int rc = clean_annotations(b, r);

	if (rc == GT_OK) {
		add_origins(b, r);
		rc = kz_to_values(b, r->root, KZ_YAML_V3);
	}
	if (rc < 0)
		return gt_wrap(b->err, "%s%s%s", r->file ? r->file : "", r->file ? ": " : "",
			       kz_id_text(b->a, kz_res_id(b, r)));
	gt_node_append(b->a, docs, r->root);
	return GT_OK;
}

int kz_drop_local(struct kz_accum *acc)
{
	for (uint32_t i = 0; i < acc->res.n; i++)
		acc->res.v[i]->gone |= is_local(acc->res.v[i]);
	kz_accum_sweep(acc);
	return GT_OK;
}

int kz_finish(struct kz_build *b, struct kz_accum *acc, struct gt_node **ret_docs)
{
	struct gt_node *docs = gt_node_seq(b->a);
	int rc = b->managed_by ? add_managed_by(b, acc) : GT_OK;

	for (uint32_t i = 0; i < acc->res.n && rc == GT_OK; i++)
		rc = finish_object(b, acc->res.v[i], docs);
	if (rc == GT_OK)
		rc = kz_check(b);
	if (rc == GT_OK)
		*ret_docs = docs;
	return rc;
}
