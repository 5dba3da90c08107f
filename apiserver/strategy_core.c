/* Particulars of the core kinds. */
#include <stdio.h>

#include "base/enc.h"
#include "base/limits.h"
#include "base/rand.h"
#include "names.h"
#include "server.h"
#include "services.h"
#include "status.h"
#include "strategy.h"

/* --- secrets and config maps -------------------------------------------------------------- */

static bool is_key(struct gt_str s)
{
	if (s.n == 0 || s.n > 253 || gt_str_is(s, ".") || gt_str_is(s, "..") ||
	    gt_str_starts(s, ".."))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char ch = s.p[i];
		if (!(ch >= 'a' && ch <= 'z') && !(ch >= 'A' && ch <= 'Z') &&
		    !(ch >= '0' && ch <= '9') && ch != '-' && ch != '_' && ch != '.')
			return false;
	}
	return true;
}

static size_t check_keys(const struct gt_node *map, const char *field, struct gt_field_errors *errs)
{
	size_t total = 0;

	gt_map_each(map, p)
	{
		struct gt_str key = gt_strn(p->key, p->len);
		total += gt_node_text(p->value).n;
		if (is_key(key))
			continue;
		gt_field_invalid(
			errs, gt_arena_printf(errs->arena, "%s[%s]", field, p->key),
			gt_node_strn(errs->arena, key),
			"a valid config key must consist of alphanumeric characters, '-', "
			"'_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex "
			"used for validation is '[-._a-zA-Z0-9]+')");
	}
	return total;
}

static bool same(const struct gt_node *x, const struct gt_node *y)
{
	return gt_node_equal(x, y) || (gt_node_count(x) == 0 && gt_node_count(y) == 0 &&
				       gt_node_kind(x) != GT_BOOL && gt_node_kind(y) != GT_BOOL);
}

static void check_frozen(const struct gt_node *live, const struct gt_node *obj, const char *second,
			 struct gt_field_errors *errs)
{
	static const char why[] = "field is immutable when `immutable` is set";

	if (!gt_node_truth(gt_node_get(live, "immutable"), false))
		return;
	if (!gt_node_truth(gt_node_get(obj, "immutable"), false))
		gt_field_forbidden(errs, "immutable", "%s", why);
	if (!same(gt_node_get(live, "data"), gt_node_get(obj, "data")))
		gt_field_forbidden(errs, "data", "%s", why);
	if (second && !same(gt_node_get(live, second), gt_node_get(obj, second)))
		gt_field_forbidden(errs, second, "%s", why);
}

static void validate_secret(struct as_call *c, const struct gt_node *live,
			    const struct gt_node *obj, struct gt_field_errors *errs)
{
	static const struct {
		const char *type, *key;
	} needed[] = {
		{"kubernetes.io/tls", "tls.crt"},
		{"kubernetes.io/tls", "tls.key"},
		{"kubernetes.io/dockerconfigjson", ".dockerconfigjson"},
		{"kubernetes.io/dockercfg", ".dockercfg"},
		{"kubernetes.io/ssh-auth", "ssh-privatekey"},
	};
	const char *type = gt_node_cstr_or(gt_node_get(obj, "type"), "");

	(void)c;
	if (check_keys(gt_node_get(obj, "data"), "data", errs) > GT_MIB(1) / 3 * 4 + 4)
		gt_field_too_long(errs, "data", GT_MIB(1));
	for (size_t i = 0; i < GT_COUNT(needed); i++) {
		if (gt_streq(type, needed[i].type) &&
		    !gt_node_has(gt_node_get(obj, "data"), needed[i].key))
			gt_field_required(
				errs, gt_arena_printf(errs->arena, "data[%s]", needed[i].key), "");
	}
	if (!live)
		return;
	as_immutable(errs, "type", gt_node_get(live, "type"), gt_node_get(obj, "type"));
	check_frozen(live, obj, NULL, errs);
}

static void validate_config_map(struct as_call *c, const struct gt_node *live,
				const struct gt_node *obj, struct gt_field_errors *errs)
{
	size_t total = check_keys(gt_node_get(obj, "data"), "data", errs);

	(void)c;
	total += check_keys(gt_node_get(obj, "binaryData"), "binaryData", errs) / 4 * 3;
	if (total > GT_MIB(1))
		gt_field_too_long(errs, "", GT_MIB(1));
	gt_map_each(gt_node_get(obj, "binaryData"), p)
	{
		if (gt_node_has(gt_node_get(obj, "data"), p->key))
			gt_field_invalid(errs, gt_arena_printf(errs->arena, "data[%s]", p->key),
					 gt_node_str(errs->arena, p->key),
					 "duplicate of key present in binaryData");
	}
	if (live)
		check_frozen(live, obj, "binaryData", errs);
}

/* --- namespaces --------------------------------------------------------------------------- */

static int prepare_namespace(struct as_call *c, struct gt_node *obj)
{
	struct gt_node *spec = gt_node_need_map(&c->arena, obj, "spec");
	struct gt_node *list = gt_node_need_seq(&c->arena, spec, "finalizers");

	gt_seq_for_each (list, f) {
		if (gt_node_is_text(f, "kubernetes"))
			return GT_OK;
	}
	gt_node_append(&c->arena, list, gt_node_str(&c->arena, "kubernetes"));
	return GT_OK;
}

/* Only /finalize changes them. */
static int keep_finalizers(struct as_call *c, const struct gt_node *live, struct gt_node *obj)
{
	gt_node_set(&c->arena, obj, "spec", gt_node_dup(&c->arena, gt_node_get(live, "spec")));
	return GT_OK;
}

/* --- volumes ------------------------------------------------------------------------------ */

static void validate_claim(struct as_call *c, const struct gt_node *live, const struct gt_node *obj,
			   struct gt_field_errors *errs)
{
	const struct gt_node *spec = gt_node_get(obj, "spec"), *before = gt_node_get(live, "spec");

	(void)c;
	if (gt_node_count(gt_node_get(spec, "accessModes")) == 0)
		gt_field_required(errs, "spec.accessModes", "at least 1 access mode is required");
	if (!gt_node_at(spec, "resources", "requests", "storage"))
		gt_field_required(errs, "spec.resources[storage]", "");
	gt_map_each(before, p)
	{
		if (gt_streq(p->key, "resources") || gt_streq(p->key, "volumeAttributesClassName"))
			continue;
		if (gt_node_equal(p->value, gt_node_get(spec, p->key)))
			continue;
		gt_field_forbidden(errs, "spec",
				   "spec is immutable after creation except resources.requests and "
				   "volumeAttributesClassName for bound claims");
		return;
	}
}

static void validate_volume(struct as_call *c, const struct gt_node *live,
			    const struct gt_node *obj, struct gt_field_errors *errs)
{
	static const char *const free_fields[] = {
		"accessModes",  "capacity",     "claimRef",         "persistentVolumeReclaimPolicy",
		"mountOptions", "nodeAffinity", "storageClassName", "volumeAttributesClassName",
		"volumeMode",
	};
	const struct gt_node *spec = gt_node_get(obj, "spec");

	(void)c;
	if (gt_node_count(gt_node_get(spec, "capacity")) == 0)
		gt_field_required(errs, "spec.capacity", "");
	if (gt_node_count(gt_node_get(spec, "accessModes")) == 0)
		gt_field_required(errs, "spec.accessModes", "");
	gt_map_each(gt_node_get(live, "spec"), p)
	{
		bool may = false;
		for (size_t i = 0; i < GT_COUNT(free_fields) && !may; i++)
			may = gt_streq(p->key, free_fields[i]);
		if (!may && !gt_node_equal(p->value, gt_node_get(spec, p->key)))
			gt_field_forbidden(
				errs, "spec.persistentvolumesource",
				"spec.persistentvolumesource is immutable after creation");
	}
}

const struct as_strategy as_strategies_core[] = {
	{"", "configmaps", NULL, NULL, validate_config_map},
	{"", "namespaces", prepare_namespace, keep_finalizers, NULL},
	{"", "persistentvolumeclaims", NULL, NULL, validate_claim},
	{"", "persistentvolumes", NULL, NULL, validate_volume},
	{"", "secrets", NULL, NULL, validate_secret},
	{"", "services", as_service_prepare_create, as_service_prepare_update, as_service_validate},
	{0},
};
