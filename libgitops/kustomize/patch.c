/* patches, patchesStrategicMerge, patchesJson6902: what they say and which objects they change. */
#include <string.h>

#include "kustomize/decode.h"
#include "kustomize/layer.h"
#include "kustomize/read.h"
#include "kustomize/scalar.h"
#include "kustomize/select.h"
#include "kustomize/smp.h"
#include "text/json.h"
#include "text/patch.h"

struct patch {
	const char *show; /* for messages: the file, or "inline patch" */
	struct kz_objects merges;
	const struct gt_node *ops;
	bool allow_name, allow_kind;
	bool late; /* patchesJson6902: changes of identity go unnoticed */
};

/* --- reading ---------------------------------------------------------------------------------- */
static bool looks_like_list(struct gt_str text)
{
	text = gt_str_trim(text);
	for (;;) {
		if (text.n && text.p[0] == '#') {
			size_t nl = gt_str_find(text, '\n');

			text = gt_str_trim(gt_str_from(text, nl == SIZE_MAX ? text.n : nl));
		} else if (gt_str_starts(text, "---\n")) {
			text = gt_str_trim(gt_str_from(text, 4));
		} else {
			break;
		}
	}
	return text.n && (text.p[0] == '[' || gt_str_is(text, "-") || gt_str_starts(text, "- ") ||
			  gt_str_starts(text, "-\n"));
}

static int read_ops(struct kz_build *b, struct gt_str text, const struct gt_node **ret)
{
	struct gt_str trimmed = gt_str_trim(text);
	struct gt_node *ops = NULL;
	int rc = trimmed.n && trimmed.p[0] == '['
			 ? gt_json_parse(b->a, trimmed, GT_JSON_DUP_LAST, &ops, b->err)
			 : kz_parse_values(b, text, &ops);

	if (rc < 0)
		return gt_wrap(b->err, "JSON patch");
	if (!gt_node_is(ops, GT_SEQ))
		return kz_fail(b, "a JSON patch must be a list of operations");
	gt_seq_for_each (ops, op) {
		if (!gt_node_is(op, GT_MAP))
			return kz_fail(b, "line %u: an operation must be a map", op->line);
	}
	*ret = ops;
	return GT_OK;
}

static int read_patch(struct kz_build *b, struct gt_str text, struct patch *p)
{
	if (looks_like_list(text))
		return read_ops(b, text, &p->ops);
	return kz_read_objects(b, p->show, text, &p->merges);
}

/* The text of an entry: its `patch`, or the file of its `path`. */
static int entry_text(struct kz_layer *l, const struct gt_node *entry, const char *inline_field,
		      struct gt_str *ret, const char **ret_show)
{
	struct gt_str text = gt_str_trim(gt_node_text(gt_node_get(entry, inline_field)));
	struct gt_str path = gt_node_text(gt_node_get(entry, "path"));

	if (!text.n && !path.n)
		return kz_fail(l->b, "must specify one of patch and path");
	if (text.n && path.n)
		return kz_fail(l->b, "patch and path can't be set at the same time");
	if (text.n) {
		*ret = gt_node_text(gt_node_get(entry, inline_field));
		*ret_show = "inline patch";
		return GT_OK;
	}
	*ret_show = kz_show(l->b, l->dir, path);
	int rc = kz_read(l->b, l->dir, path, ret, NULL);
	return rc < 0 ? gt_wrap(l->b->err, "failed to get the patch file from path(%.*s)",
				GT_STR_ARG(path))
		      : rc;
}

/* Whether an operation of the patch replaces or removes all annotations of an object. */
static bool ops_reset_annotations(const struct gt_node *ops)
{
	gt_seq_for_each (ops, op) {
		static const char *const fields[] = {"path", "from"};

		for (size_t i = 0; i < GT_COUNT(fields); i++) {
			const struct gt_node *path = gt_node_get(op, fields[i]);
			bool source = i == 1;

			if (source && !gt_node_is_text(gt_node_get(op, "op"), "move"))
				continue;
			if (!source && gt_node_is_text(gt_node_get(op, "op"), "test"))
				continue;
			if (gt_node_is_text(path, "") || gt_node_is_text(path, "/metadata") ||
			    gt_node_is_text(path, "/metadata/annotations"))
				return true;
		}
	}
	return false;
}

static bool has_directive(const struct gt_node *n)
{
	struct gt_str word = kz_text(gt_node_get(n, "$patch"));

	return gt_str_is(word, "replace") || gt_str_is(word, "delete");
}

static bool merge_resets_annotations(const struct gt_node *patch)
{
	const struct gt_node *meta = gt_node_get(patch, "metadata");

	if (has_directive(meta))
		return true;
	return gt_node_has(meta, "annotations") &&
	       (kz_is_null(gt_node_get(meta, "annotations")) ||
		has_directive(gt_node_get(meta, "annotations")));
}

/* --- strategic merges ------------------------------------------------------------------------- */
static void restore_text(struct kz_build *b, struct gt_node *map, const char *key,
			 struct gt_str text)
{
	struct gt_node *n = gt_node_get(map, key);

	if (!text.n)
		gt_node_unset(map, key);
	else if (!n || !kz_is_scalar(n))
		gt_node_set(b->a, map, key, kz_scalar(b->a, text, GT_RAW_STR));
	else if (!gt_str_eq(kz_text(n), text))
		kz_scalar_set(b->a, n, text, GT_RAW_STR);
}

static int merge_into(struct kz_build *b, const struct patch *p, struct kz_res *r,
		      struct gt_node *patch)
{
	struct kz_id was = *kz_res_id(b, r);
	struct gt_str ns = kz_res_ns(r);
	struct kz_schema schema = kz_schema_of(b->openapi, &was.gvk);
	struct gt_node *merged = NULL;

	if (p->allow_name || p->allow_kind)
		kz_res_remember_id(b, r);
	if (merge_resets_annotations(patch))
		kz_res_forget(r, true);
	int rc = kz_smp_object(b, r->root, patch, &schema, &merged);
	if (rc < 0)
		return gt_wrap(b->err, "%s: merge into %s", p->show, kz_id_text(b->a, &was));
	if (!merged || !gt_node_count(merged)) {
		r->gone = true;
		return GT_OK;
	}
	r->root = merged;
	struct gt_node *meta = gt_node_need_map(b->a, merged, "metadata");
	if (!p->allow_kind)
		restore_text(b, merged, "kind", was.gvk.kind);
	if (!p->allow_name)
		restore_text(b, meta, "name", was.name);
	restore_text(b, meta, "namespace", ns);
	kz_res_touch(r);
	return kz_check(b);
}

static int merge_by_id(struct kz_layer *l, const struct patch *p, struct kz_res *patch)
{
	struct kz_build *b = l->b;
	const struct kz_id *id = kz_res_id(b, patch);
	const struct kz_index *ids = kz_accum_any_ids(b, l->acc);
	const struct kz_link *link = kz_index_find(ids, kz_id_key(b->a, id));
	struct kz_res *found = NULL;

	for (; link; link = kz_index_next(ids, link)) {
		struct kz_res *r = l->acc->res.v[link->value];

		if (r->gone || r == found)
			continue;
		if (found)
			return kz_fail(b, "%s: multiple matches for Id %s", p->show,
				       kz_id_text(b->a, id));
		found = r;
	}
	if (!found)
		return kz_fail(b,
			       "%s: no resource matches strategic merge patch \"%s\": no matches "
			       "for Id %s; failed to find unique target for patch",
			       p->show, kz_id_text(b->a, id), kz_id_text(b->a, id));
	int rc = merge_into(b, p, found, gt_node_dup(b->a, patch->root));
	if (p->allow_name || p->allow_kind)
		kz_accum_touch(l->acc);
	return rc;
}

/* The target says which objects; the patch's own identity does not count, unless it may. */
static struct gt_node *anonymous(struct kz_build *b, const struct patch *p)
{
	struct gt_node *copy = gt_node_dup(b->a, p->merges.v[0]->root);
	struct gt_node *meta = gt_node_get(copy, "metadata");

	gt_node_unset(copy, "apiVersion");
	gt_node_unset(meta, "namespace");
	if (!p->allow_kind)
		gt_node_unset(copy, "kind");
	if (!p->allow_name)
		gt_node_unset(meta, "name");
	return copy;
}

static int merge_by_target(struct kz_layer *l, const struct patch *p, const struct kz_select *sel)
{
	if (p->merges.n != 1)
		return kz_fail(l->b,
			       "%s: Multiple Strategic-Merge Patches in one `patches` entry is not "
			       "allowed to set `patches.target` field",
			       p->show);
	for (uint32_t i = 0; i < l->acc->res.n; i++) {
		struct kz_res *r = l->acc->res.v[i];

		if (r->gone || !kz_select_match(l->b, sel, r))
			continue;
		int rc = merge_into(l->b, p, r, anonymous(l->b, p));
		if (rc < 0)
			return rc;
	}
	return p->allow_name || p->allow_kind ? kz_accum_check_unique(l->b, l->acc) : GT_OK;
}

/* --- JSON patches ----------------------------------------------------------------------------- */
static bool copies(const struct gt_node *ops)
{
	gt_seq_for_each (ops, op) {
		if (gt_node_is_text(gt_node_get(op, "op"), "copy"))
			return true;
	}
	return false;
}

static int json_patch_into(struct kz_build *b, const struct patch *p, struct kz_res *r)
{
	static const struct gt_json_patch_opts opts = {.negative_indices = true,
						       .replace_adds = true};
	const char *who = kz_id_text(b->a, kz_res_id(b, r));
	struct gt_node *patched = NULL;
	int rc;

	if (!p->late)
		kz_res_remember_id(b, r);
	kz_res_show_bookkeeping(b, r);
	rc = kz_to_values(b, r->root, KZ_YAML_V3);
	/* Objects may not share what the patch adds: each gets a copy. */
	struct gt_node *ops = gt_node_dup(b->a, p->ops);
	if (rc == GT_OK)
		rc = gt_json_patch(b->a, r->root, ops, &opts, &patched, b->err);
	if (rc == GT_OK && !gt_node_is(patched, GT_MAP))
		rc = kz_fail(b, "what is left is no object");
	if (rc < 0)
		return gt_wrap(b->err, "%s: JSON patch of %s", p->show, who);
	r->root = copies(ops) ? gt_node_dup(b->a, patched) : patched;
	kz_from_values(b->a, r->root);
	if (ops_reset_annotations(p->ops))
		kz_res_forget(r, false);
	kz_res_touch(r);
	return kz_check(b);
}

static int json_patch_all(struct kz_layer *l, const struct patch *p, const struct kz_select *sel)
{
	for (uint32_t i = 0; i < l->acc->res.n; i++) {
		struct kz_res *r = l->acc->res.v[i];

		if (r->gone || !kz_select_match(l->b, sel, r))
			continue;
		int rc = json_patch_into(l->b, p, r);
		if (rc < 0)
			return rc;
	}
	kz_accum_touch(l->acc);
	return GT_OK;
}

/* --- entries ---------------------------------------------------------------------------------- */
static int apply_patch(struct kz_layer *l, const struct patch *p, const struct gt_node *target)
{
	struct kz_select sel = {0};
	int rc = GT_OK;

	if (!target) {
		if (p->ops)
			return kz_fail(l->b, "%s: must specify a target for JSON patch", p->show);
		for (uint32_t i = 0; i < p->merges.n && rc == GT_OK; i++)
			rc = merge_by_id(l, p, p->merges.v[i]);
		return rc;
	}
	if (!p->ops && !p->merges.n)
		return GT_OK;
	rc = kz_select_make(l->b, target, &sel);
	if (rc == GT_OK)
		rc = kz_work(l->b, l->acc->res.n);
	if (rc == GT_OK)
		rc = p->ops ? json_patch_all(l, p, &sel) : merge_by_target(l, p, &sel);
	kz_select_fini(&sel);
	return rc;
}

int kz_transform_patch(struct kz_layer *l, const struct gt_node *entry)
{
	const struct gt_node *options = gt_node_get(entry, "options");
	struct patch p = {
		.allow_name = gt_node_truth(gt_node_get(options, "allowNameChange"), false),
		.allow_kind = gt_node_truth(gt_node_get(options, "allowKindChange"), false),
	};
	struct gt_str text;
	int rc = entry_text(l, entry, "patch", &text, &p.show);

	if (rc == GT_OK)
		rc = read_patch(l->b, text, &p);
	if (rc < 0)
		return gt_wrap(l->b->err, "unable to parse SM or JSON patch from %s",
			       p.show ? p.show : "the entry");
	rc = apply_patch(l, &p, gt_node_get(entry, "target"));
	kz_accum_sweep(l->acc);
	return rc;
}

int kz_transform_json_patch(struct kz_layer *l, const struct gt_node *entry)
{
	const struct gt_node *target = gt_node_get(entry, "target");
	const char *field = gt_node_has(entry, "jsonOp") ? "jsonOp" : "patch";
	struct patch p = {.late = true};
	struct gt_str text;

	if (!gt_node_text(gt_node_get(target, "name")).n)
		return kz_fail(l->b, "must specify the target name");
	int rc = entry_text(l, entry, field, &text, &p.show);
	if (rc == GT_OK)
		rc = read_ops(l->b, text, &p.ops);
	if (rc == GT_OK && !gt_node_count(p.ops))
		rc = kz_fail(l->b, "%s: patch appears to be empty", p.show);
	return rc < 0 ? rc : apply_patch(l, &p, target);
}

static int merge_texts(struct kz_layer *l, struct patch *p, uint32_t *count)
{
	int rc = GT_OK;

	for (uint32_t i = 0; i < p->merges.n && rc == GT_OK; i++)
		rc = merge_by_id(l, p, p->merges.v[i]);
	*count += p->merges.n;
	kz_accum_sweep(l->acc);
	return rc;
}

int kz_transform_strategic_text(struct kz_layer *l, struct gt_str text, uint32_t *count)
{
	struct patch p = {.show = "inline patch"};
	int rc = kz_read_objects(l->b, p.show, text, &p.merges);

	return rc < 0 ? rc : merge_texts(l, &p, count);
}

/* A path reads as a scalar, a patch as a map. */
static bool is_inline(struct kz_build *b, struct gt_str entry)
{
	struct gt_node *root = NULL;
	struct gt_err ignored;

	return gt_yaml_raw_parse(b->a, entry, NULL, &root, &ignored) == GT_OK &&
	       gt_node_is(root, GT_MAP);
}

int kz_transform_strategic(struct kz_layer *l, const struct gt_node *entries, uint32_t *count)
{
	gt_seq_for_each (entries, item) {
		struct gt_str entry = gt_node_text(item), text;
		struct patch p = {.show = kz_show(l->b, l->dir, entry)};
		int rc;

		if (is_inline(l->b, entry)) {
			rc = kz_transform_strategic_text(l, entry, count);
		} else {
			rc = kz_read(l->b, l->dir, entry, &text, NULL);
			if (rc == GT_OK)
				rc = kz_read_objects(l->b, p.show, text, &p.merges);
			if (rc == GT_OK)
				rc = merge_texts(l, &p, count);
		}
		if (rc < 0)
			return rc;
	}
	return GT_OK;
}
