/* Objects, and what a kustomization has accumulated of them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "kustomize/config.h"
#include "kustomize/kz.h"
#include "kustomize/openapi.h"
#include "kustomize/scalar.h"
#include "kustomize/vars.h"

int kz_fail(struct kz_build *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int rc = gt_vfail(b->err, GT_E_INVALID, fmt, ap);
	va_end(ap);
	return rc;
}

int kz_work(struct kz_build *b, uint64_t n)
{
	b->work += n;
	if (b->work <= GT_LIMIT_KUSTOMIZE_WORK)
		return GT_OK;
	return gt_fail(
		b->err, GT_E_BUDGET,
		"the build takes too much work: too many patches, replacements or references "
		"for so many objects");
}

int kz_check(struct kz_build *b)
{
	return gt_arena_check(b->a, b->err);
}

static struct gt_str child_text(const struct gt_node *map, const char *key)
{
	return kz_text(gt_node_get(map, key));
}

struct gt_str kz_res_name(const struct kz_res *r)
{
	return child_text(gt_node_get(r->root, "metadata"), "name");
}

struct gt_str kz_res_ns(const struct kz_res *r)
{
	return child_text(gt_node_get(r->root, "metadata"), "namespace");
}

const struct gt_node *kz_res_labels(const struct kz_res *r)
{
	return gt_node_at(r->root, "metadata", "labels");
}

const struct gt_node *kz_res_annotations(const struct kz_res *r)
{
	return gt_node_at(r->root, "metadata", "annotations");
}

const struct kz_id *kz_res_id(struct kz_build *b, struct kz_res *r)
{
	if (r->id_known)
		return &r->id;
	struct kz_gvk gvk = {.kind = child_text(r->root, "kind")};
	kz_api_version_split(child_text(r->root, "apiVersion"), &gvk);
	if (!r->id.gvk.kind.p || !kz_gvk_eq(&gvk, &r->id.gvk))
		r->cluster = kz_is_cluster_scoped(b->openapi, &gvk);
	r->id.gvk = gvk;
	r->id.name = kz_res_name(r);
	r->id.ns = kz_res_ns(r);
	if (r->cluster)
		r->id.ns = GT_STR_LIT(KZ_NS_CLUSTER);
	else if (!r->id.ns.n)
		r->id.ns = GT_STR_LIT(KZ_NS_DEFAULT);
	r->id_known = true;
	return &r->id;
}

struct kz_id kz_res_prev_id(struct kz_build *b, struct kz_res *r, uint32_t i)
{
	struct kz_id id = *kz_res_id(b, r);

	id.gvk.kind = r->prev.v[i].kind;
	id.name = r->prev.v[i].name;
	id.ns = r->prev.v[i].ns;
	return id;
}

struct kz_id kz_res_original_id(struct kz_build *b, struct kz_res *r)
{
	return r->prev.n ? kz_res_prev_id(b, r, 0) : *kz_res_id(b, r);
}

void kz_res_remember_id(struct kz_build *b, struct kz_res *r)
{
	const struct kz_id *id = kz_res_id(b, r);

	/* The texts may be changed in place later, never freed: views are enough. */
	kz_push(b->a, &r->prev, (struct kz_prev){id->name, id->ns, id->gvk.kind});
}

void kz_res_set_name(struct kz_build *b, struct kz_res *r, struct gt_str name, enum gt_raw_tag tag)
{
	struct gt_node *meta = gt_node_need_map(b->a, r->root, "metadata");
	struct gt_node *old = gt_node_get(meta, "name");

	if (kz_is_scalar(old))
		kz_scalar_set(b->a, old, name, tag);
	else
		gt_node_set(b->a, meta, "name", kz_scalar(b->a, name, tag));
	kz_res_touch(r);
}

void kz_res_show_bookkeeping(struct kz_build *b, struct kz_res *r)
{
	struct gt_node *meta = gt_node_get(r->root, "metadata");

	if (!r->prev.n && !r->generated && !(b->metadata && r->origin))
		return;
	if (gt_node_is(meta, GT_MAP) && kz_is_null(gt_node_get(meta, "annotations")))
		gt_node_set(b->a, meta, "annotations", gt_node_map(b->a));
}

void kz_res_forget(struct kz_res *r, bool everything)
{
	r->origin = NULL;
	r->transforms.n = 0;
	if (!everything)
		return;
	r->prev.n = 0;
	r->prefixes.n = 0;
	r->suffixes.n = 0;
	r->needs_hash = false;
	r->generated = false;
}

/* --- accumulators ----------------------------------------------------------------------------- */
void kz_accum_touch(struct kz_accum *acc)
{
	acc->ids_known = false;
	acc->any_known = false;
}

const struct kz_index *kz_accum_ids(struct kz_build *b, struct kz_accum *acc)
{
	if (acc->ids_known)
		return &acc->ids;
	acc->ids = (struct kz_index){0};
	for (uint32_t i = 0; i < acc->res.n; i++)
		kz_index_add(b->a, &acc->ids, kz_id_key(b->a, kz_res_id(b, acc->res.v[i])), i);
	acc->ids_known = true;
	return &acc->ids;
}

static void add_any_ids(struct kz_build *b, struct kz_accum *acc, uint32_t at)
{
	struct kz_res *r = acc->res.v[at];

	for (uint32_t i = 0; i < r->prev.n; i++) {
		struct kz_id id = kz_res_prev_id(b, r, i);

		kz_index_add(b->a, &acc->any_ids, kz_id_key(b->a, &id), at);
	}
	kz_index_add(b->a, &acc->any_ids, kz_id_key(b->a, kz_res_id(b, r)), at);
}

const struct kz_index *kz_accum_any_ids(struct kz_build *b, struct kz_accum *acc)
{
	if (acc->any_known)
		return &acc->any_ids;
	acc->any_ids = (struct kz_index){0};
	for (uint32_t i = 0; i < acc->res.n; i++)
		add_any_ids(b, acc, i);
	acc->any_known = true;
	return &acc->any_ids;
}

int kz_accum_append(struct kz_build *b, struct kz_accum *acc, struct kz_res *r)
{
	struct gt_str key = kz_id_key(b->a, kz_res_id(b, r));
	const struct kz_link *link = kz_index_find(kz_accum_ids(b, acc), key);

	if (link) {
		const struct kz_res *other = acc->res.v[link->value];

		return kz_fail(b,
			       "may not add resource with an already registered id: %s (first in "
			       "%s, again in %s)",
			       kz_id_text(b->a, &r->id), other->file ? other->file : "a generator",
			       r->file ? r->file : "a generator");
	}
	uint32_t at = acc->res.n;
	kz_push(b->a, &acc->res, r);
	if (acc->res.n == at)
		return kz_check(b);
	kz_index_add(b->a, &acc->ids, key, at);
	if (acc->any_known)
		add_any_ids(b, acc, at);
	return GT_OK;
}

int kz_accum_merge(struct kz_build *b, struct kz_accum *acc, struct kz_accum *from)
{
	for (uint32_t i = 0; i < from->res.n; i++) {
		int rc = kz_accum_append(b, acc, from->res.v[i]);

		if (rc < 0)
			return rc;
	}
	int rc = kz_config_merge(b, &acc->config, from->config);
	return rc < 0 ? rc : kz_vars_merge(b, acc, from);
}

void kz_accum_sweep(struct kz_accum *acc)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < acc->res.n; i++) {
		if (!acc->res.v[i]->gone)
			acc->res.v[kept++] = acc->res.v[i];
	}
	if (kept != acc->res.n)
		kz_accum_touch(acc);
	acc->res.n = kept;
}

int kz_accum_check_unique(struct kz_build *b, struct kz_accum *acc)
{
	const struct kz_index *ids;

	kz_accum_sweep(acc);
	kz_accum_touch(acc);
	ids = kz_accum_ids(b, acc);
	for (uint32_t i = 0; i < acc->res.n; i++) {
		const struct kz_id *id = kz_res_id(b, acc->res.v[i]);
		const struct kz_link *link = kz_index_find(ids, kz_id_key(b->a, id));

		if (link && kz_index_next(ids, link))
			return kz_fail(b, "may not add resource with an already registered id: %s",
				       kz_id_text(b->a, id));
	}
	return GT_OK;
}
