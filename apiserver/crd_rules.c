/* What a CRD must be, and what its status says. */
#include <stdio.h>

#include "crd.h"
#include "names.h"
#include "openapi/openapi.h"
#include "server.h"
#include "status.h"
#include "strategy.h"

/* --- conditions --------------------------------------------------------------------------- */

/* Another resource of the group that has one of the names already. */
static bool names_taken(struct as_call *c, const struct gt_node *obj, const char **ret_reason)
{
	struct gt_str group = gt_node_text(gt_node_at(obj, "spec", "group"));
	const struct gt_node *names = gt_node_at(obj, "spec", "names");
	struct gt_str plural = gt_node_text(gt_node_get(names, "plural"));
	size_t n;
	struct as_resource **all = as_registry_all(c->server->registry, &n);
	bool taken = false;

	for (size_t i = 0; i < n && !taken; i++) {
		struct as_resource *r = all[i];
		if (!gt_str_is(group, r->group) || gt_str_is(plural, r->plural))
			continue;
		if (gt_node_is_text(gt_node_get(names, "singular"), r->singular))
			*ret_reason = "SingularConflict", taken = true;
		else if (gt_node_is_text(gt_node_get(names, "kind"), r->kind))
			*ret_reason = "KindConflict", taken = true;
		else if (gt_node_is_text(gt_node_get(names, "listKind"), r->list_kind))
			*ret_reason = "ListKindConflict", taken = true;
	}
	as_resources_free(all, n);
	return taken;
}

void as_crd_set_status(struct as_call *c, const struct gt_node *live, struct gt_node *obj)
{
	struct gt_arena *a = &c->arena;
	struct gt_node *status = gt_node_dup(a, gt_node_get(live, "status"));
	const char *reason = NULL;

	if (!gt_node_is(status, GT_MAP))
		status = gt_node_map(a);
	struct gt_node *conditions = gt_node_need_seq(a, status, "conditions");
	if (names_taken(c, obj, &reason)) {
		as_set_condition(c, conditions, "NamesAccepted", false, reason,
				 "the names are in use by another resource of the group");
		as_set_condition(c, conditions, "Established", false, "NotAccepted",
				 "not all names are accepted");
		gt_node_need_map(a, status, "acceptedNames");
	} else {
		as_set_condition(c, conditions, "NamesAccepted", true, "NoConflicts",
				 "no conflicts found");
		as_set_condition(c, conditions, "Established", true, "InitialNamesAccepted",
				 "the initial names have been accepted");
		gt_node_set(a, status, "acceptedNames",
			    gt_node_dup(a, gt_node_at(obj, "spec", "names")));
	}
	struct gt_node *stored = gt_node_need_seq(a, status, "storedVersions");
	gt_seq_for_each (gt_node_at(obj, "spec", "versions"), v) {
		bool there = false;
		if (!gt_node_truth(gt_node_get(v, "storage"), false))
			continue;
		gt_seq_for_each (stored, s)
			there |= gt_node_equal(s, gt_node_get(v, "name"));
		if (!there)
			gt_node_append(a, stored, gt_node_dup(a, gt_node_get(v, "name")));
	}
	gt_node_set(a, obj, "status", status);
}

void as_crd_warn(struct as_call *c, const struct gt_node *obj)
{
	gt_seq_for_each (gt_node_at(obj, "spec", "versions"), v) {
		struct gt_openapi *schema = NULL;
		const struct gt_node *doc = gt_node_at(v, "schema", "openAPIV3Schema");
		if (!doc || gt_openapi_new(doc, &schema, NULL) < 0)
			continue;
		if (gt_openapi_has_rules(schema))
			as_warn(c,
				"x-kubernetes-validations of version %s are stored, but not "
				"evaluated by this server",
				gt_node_cstr_or(gt_node_get(v, "name"), ""));
		gt_openapi_free(schema);
	}
}

/* --- validation --------------------------------------------------------------------------- */

static void check_names(const struct gt_node *spec, struct gt_field_errors *errs)
{
	static const char *const lower[] = {"plural", "singular"};
	const struct gt_node *names = gt_node_get(spec, "names");
	char field[64];

	for (size_t i = 0; i < GT_COUNT(lower); i++) {
		struct gt_str s = gt_node_text(gt_node_get(names, lower[i]));
		const char *why = as_name_problem(AS_NAME_LABEL_1035, s, false);
		snprintf(field, sizeof field, "spec.names.%s", lower[i]);
		if (s.n == 0)
			gt_field_required(errs, field, "");
		else if (why)
			gt_field_invalid(errs, field, gt_node_get(names, lower[i]), "%s", why);
	}
	if (gt_node_text(gt_node_get(names, "kind")).n == 0)
		gt_field_required(errs, "spec.names.kind", "");
	if (gt_node_is_text(gt_node_get(names, "kind"),
			    gt_node_cstr_or(gt_node_get(names, "listKind"), "")))
		gt_field_invalid(errs, "spec.names.listKind", gt_node_get(names, "listKind"),
				 "kind and listKind may not be the same");
}

static void check_version(const struct gt_node *v, size_t i, struct gt_field_errors *errs)
{
	const struct gt_node *schema = gt_node_at(v, "schema", "openAPIV3Schema");
	struct gt_arena *a = errs->arena;
	const char *at = gt_arena_printf(a, "spec.versions[%zu]", i);
	const char *why =
		as_name_problem(AS_NAME_LABEL_1035, gt_node_text(gt_node_get(v, "name")), false);

	if (why)
		gt_field_invalid(errs, gt_arena_printf(a, "%s.name", at), gt_node_get(v, "name"),
				 "%s", why);
	if (!schema)
		gt_field_required(errs, gt_arena_printf(a, "%s.schema.openAPIV3Schema", at),
				  "schemas are required");
	else
		gt_openapi_check_schema(schema, gt_arena_printf(a, "%s.schema.openAPIV3Schema", at),
					errs);
}

static void check_versions(const struct gt_node *spec, struct gt_field_errors *errs)
{
	const struct gt_node *versions = gt_node_get(spec, "versions");
	size_t storage = 0, n = gt_node_count(versions);

	if (n == 0)
		gt_field_required(errs, "spec.versions", "must have at least one version");
	for (size_t i = 0; i < n; i++) {
		const struct gt_node *v = gt_node_item(versions, i);
		storage += gt_node_truth(gt_node_get(v, "storage"), false);
		check_version(v, i, errs);
		for (size_t j = 0; j < i; j++) {
			if (gt_node_equal(gt_node_get(gt_node_item(versions, j), "name"),
					  gt_node_get(v, "name")))
				gt_field_invalid(errs, "spec.versions", gt_node_get(v, "name"),
						 "must contain unique version names");
		}
	}
	if (n > 0 && storage != 1)
		gt_field_invalid(errs, "spec.versions", versions,
				 "must have exactly one version marked as storage version");
}

void as_crd_validate(const struct gt_node *live, const struct gt_node *obj,
		     struct gt_field_errors *errs)
{
	const struct gt_node *spec = gt_node_get(obj, "spec");
	const char *group = gt_node_cstr_or(gt_node_get(spec, "group"), "");
	const char *plural = gt_node_cstr_or(gt_node_at(spec, "names", "plural"), "");
	const char *scope = gt_node_cstr_or(gt_node_get(spec, "scope"), "");
	const char *want = gt_arena_printf(errs->arena, "%s.%s", plural, group);
	static const char *const scopes[] = {"Cluster", "Namespaced", NULL};

	if (!group[0])
		gt_field_required(errs, "spec.group", "");
	if (!gt_node_is_text(gt_node_at(obj, "metadata", "name"), want))
		gt_field_invalid(errs, "metadata.name", gt_node_at(obj, "metadata", "name"),
				 "must be spec.names.plural+\".\"+spec.group");
	if (!scope[0])
		gt_field_required(errs, "spec.scope", "");
	else if (!gt_streq(scope, "Cluster") && !gt_streq(scope, "Namespaced"))
		gt_field_not_supported(errs, "spec.scope", gt_node_get(spec, "scope"), scopes);
	check_names(spec, errs);
	check_versions(spec, errs);
	if (!live)
		return;
	as_immutable(errs, "spec.group", gt_node_at(live, "spec", "group"),
		     gt_node_get(spec, "group"));
	as_immutable(errs, "spec.scope", gt_node_at(live, "spec", "scope"),
		     gt_node_get(spec, "scope"));
	as_immutable(errs, "spec.names.kind", gt_node_at(live, "spec", "names", "kind"),
		     gt_node_at(spec, "names", "kind"));
	as_immutable(errs, "spec.names.plural", gt_node_at(live, "spec", "names", "plural"),
		     gt_node_at(spec, "names", "plural"));
}
