/* Groups, versions, kinds and the identities made of them. */
#include <stdio.h>
#include <string.h>

#include "kustomize/kz.h"

void kz_api_version_split(struct gt_str api_version, struct kz_gvk *gvk)
{
	size_t slash = gt_str_find(api_version, '/');

	if (slash == SIZE_MAX) {
		gvk->group = gt_strn("", 0);
		gvk->version = api_version;
	} else {
		gvk->group = gt_str_sub(api_version, 0, slash);
		gvk->version = gt_str_from(api_version, slash + 1);
	}
}

bool kz_gvk_matches(const struct kz_gvk *have, const struct kz_gvk *want)
{
	return (!want->kind.n || gt_str_eq(have->kind, want->kind)) &&
	       (!want->group.n || gt_str_eq(have->group, want->group)) &&
	       (!want->version.n || gt_str_eq(have->version, want->version));
}

bool kz_gvk_eq(const struct kz_gvk *x, const struct kz_gvk *y)
{
	return gt_str_eq(x->kind, y->kind) && gt_str_eq(x->group, y->group) &&
	       gt_str_eq(x->version, y->version);
}

bool kz_id_eq(const struct kz_id *x, const struct kz_id *y)
{
	return gt_str_eq(x->name, y->name) && gt_str_eq(x->ns, y->ns) &&
	       kz_gvk_eq(&x->gvk, &y->gvk);
}

static struct gt_str or_else(struct gt_str s, const char *fallback)
{
	return s.n ? s : gt_str(fallback);
}

const char *kz_id_text(struct gt_arena *a, const struct kz_id *id)
{
	struct gt_str kind = or_else(id->gvk.kind, "[noKind]");
	struct gt_str version = or_else(id->gvk.version, "[noVer]");
	struct gt_str group = or_else(id->gvk.group, "[noGrp]");
	struct gt_str name = or_else(id->name, "[noName]");
	struct gt_str ns = id->ns;
	const char *text;

	if (!ns.n || gt_str_is(ns, KZ_NS_DEFAULT) || gt_str_is(ns, KZ_NS_CLUSTER))
		ns = gt_str("[noNs]");
	text = gt_arena_printf(a, "%.*s.%.*s.%.*s/%.*s.%.*s", GT_STR_ARG(kind), GT_STR_ARG(version),
			       GT_STR_ARG(group), GT_STR_ARG(name), GT_STR_ARG(ns));
	return text ? text : "";
}

struct gt_str kz_id_key(struct gt_arena *a, const struct kz_id *id)
{
	const struct gt_str parts[] = {id->gvk.group, id->gvk.version, id->gvk.kind, id->name,
				       id->ns};
	size_t n = GT_COUNT(parts), at = 0;

	for (size_t i = 0; i < GT_COUNT(parts); i++)
		n += parts[i].n;
	char *key = gt_arena_alloc(a, n);
	if (!key)
		return gt_strn("", 0);
	for (size_t i = 0; i < GT_COUNT(parts); i++) {
		if (parts[i].n)
			memcpy(key + at, parts[i].p, parts[i].n);
		at += parts[i].n;
		key[at++] = '\0';
	}
	return gt_strn(key, n);
}
