/* namePrefix, nameSuffix, namespace, replicas: transformers that write one scalar. */
#include <string.h>

#include "kustomize/layer.h"
#include "kustomize/scalar.h"

/* --- prefix and suffix ------------------------------------------------------------------------ */
struct affix {
	struct gt_str text;
	bool prefix;
};

static int set_affix(struct kz_build *b, void *arg, struct gt_node *n)
{
	const struct affix *affix = arg;

	if (!kz_is_scalar(n))
		return kz_fail(b, "line %u: a name must be a scalar", n->line);
	struct gt_str old = kz_text(n);
	struct gt_str one = affix->prefix ? affix->text : old;
	struct gt_str two = affix->prefix ? old : affix->text;
	const char *text = gt_arena_printf(b->a, "%.*s%.*s", GT_STR_ARG(one), GT_STR_ARG(two));
	if (text)
		kz_scalar_set(b->a, n, gt_str(text), GT_RAW_NONE);
	return GT_OK;
}

/* Kinds whose names other systems depend on. */
static bool keeps_name(const struct kz_gvk *gvk)
{
	return gt_str_is(gvk->kind, "CustomResourceDefinition") ||
	       gt_str_is(gvk->kind, "Namespace") ||
	       (gt_str_is(gvk->kind, "APIService") &&
		gt_str_is(gvk->group, "apiregistration.k8s.io"));
}

static int affix_object(struct kz_build *b, struct kz_res *r, struct affix *affix,
			const struct kz_specs *specs)
{
	struct kz_setter setter = {.set = set_affix, .arg = affix};
	struct kz_id original = kz_res_original_id(b, r);

	if (keeps_name(&original.gvk))
		return GT_OK;
	for (uint32_t i = 0; i < specs->n; i++) {
		const struct kz_spec *spec = &specs->v[i];

		if (!kz_gvk_matches(&original.gvk, &spec->gvk))
			continue;
		if (gt_str_is(spec->path, "metadata/name")) {
			if (affix->prefix)
				kz_push(b->a, &r->prefixes, affix->text);
			else
				kz_push(b->a, &r->suffixes, affix->text);
			if (affix->text.n)
				kz_res_remember_id(b, r);
		}
		int rc = kz_spec_apply(b, r, spec, &setter);
		if (rc < 0)
			return rc;
		kz_res_touch(r);
	}
	return GT_OK;
}

static int affix_all(struct kz_build *b, struct kz_accum *acc, struct affix affix,
		     const struct kz_specs *specs)
{
	for (uint32_t i = 0; i < acc->res.n; i++) {
		int rc = affix_object(b, acc->res.v[i], &affix, specs);

		if (rc < 0)
			return rc;
	}
	kz_accum_touch(acc);
	return kz_check(b);
}

int kz_transform_prefix(struct kz_build *b, struct kz_accum *acc, struct gt_str prefix,
			const struct kz_specs *specs)
{
	return affix_all(b, acc, (struct affix){prefix, true}, specs);
}

int kz_transform_suffix(struct kz_build *b, struct kz_accum *acc, struct gt_str suffix,
			const struct kz_specs *specs)
{
	return affix_all(b, acc, (struct affix){suffix, false}, specs);
}

/* --- namespace -------------------------------------------------------------------------------- */
static int set_namespace(struct kz_build *b, void *arg, struct gt_node *n)
{
	const struct kz_namespace_opts *opts = arg;

	if (!kz_is_scalar(n))
		return kz_fail(b, "line %u: a namespace must be a scalar", n->line);
	if (opts->unset_only && !kz_is_null(n) && kz_text(n).n)
		return GT_OK;
	kz_scalar_set(b->a, n, opts->ns, GT_RAW_STR);
	return GT_OK;
}

static const struct kz_seg metadata_namespace[] = {
	{GT_STR_LIT("metadata"), false},
	{GT_STR_LIT("namespace"), false},
};

/* Whether the subject of a role binding gets the namespace. */
static int subject_counts(struct kz_build *b, const struct kz_namespace_opts *opts,
			  const struct gt_node *subject, bool *ret)
{
	if (!opts->subjects.n || gt_str_is(opts->subjects, "defaultOnly"))
		*ret = gt_str_is(kz_text(gt_node_get(subject, "name")), "default");
	else if (gt_str_is(opts->subjects, "allServiceAccounts"))
		*ret = gt_str_is(kz_text(gt_node_get(subject, "kind")), "ServiceAccount");
	else if (gt_str_is(opts->subjects, "none"))
		*ret = false;
	else
		return kz_fail(b,
			       "invalid value \"%.*s\" for setRoleBindingSubjects: must be one of "
			       "\"defaultOnly\", \"none\" or \"allServiceAccounts\"",
			       GT_STR_ARG(opts->subjects));
	return GT_OK;
}

static int set_subjects(struct kz_build *b, struct kz_res *r, struct kz_namespace_opts *opts)
{
	struct gt_node *subjects = gt_node_get(r->root, "subjects");

	gt_seq_for_each (subjects, subject) {
		bool counts = false;
		int rc = subject_counts(b, opts, subject, &counts);

		if (rc < 0)
			return rc;
		if (!counts || !gt_node_is(subject, GT_MAP))
			continue;
		struct gt_node *ns = gt_node_get(subject, "namespace");
		if (!ns || kz_is_null(ns)) {
			ns = kz_scalar(b->a, gt_strn("", 0), GT_RAW_STR);
			gt_node_set(b->a, subject, "namespace", ns);
		}
		rc = ns ? set_namespace(b, opts, ns) : kz_check(b);
		if (rc < 0)
			return rc;
	}
	return GT_OK;
}

static int namespace_object(struct kz_build *b, struct kz_res *r, struct kz_namespace_opts *opts,
			    const struct kz_specs *specs)
{
	static const struct kz_spec own = {
		.path = {"metadata/namespace", 18},
		.create = true,
		.nsegs = 2,
		.segs = metadata_namespace,
	};
	struct kz_setter setter = {set_namespace, opts, GT_STR, GT_RAW_STR};
	struct gt_str kind = kz_res_id(b, r)->gvk.kind;
	int rc = GT_OK;

	kz_res_remember_id(b, r);
	if (!r->cluster)
		rc = kz_spec_apply(b, r, &own, &setter);
	if (rc == GT_OK &&
	    (gt_str_is(kind, "RoleBinding") || gt_str_is(kind, "ClusterRoleBinding")))
		rc = set_subjects(b, r, opts);
	for (uint32_t i = 0; i < specs->n && rc == GT_OK; i++) {
		const struct kz_spec *spec = &specs->v[i];

		if (gt_str_is(spec->path, "metadata/namespace"))
			continue;
		if (gt_str_is(spec->path, "metadata/name") &&
		    gt_str_is(spec->gvk.kind, "Namespace") &&
		    !gt_str_is(kz_text(gt_node_get(r->root, "apiVersion")), "v1"))
			continue;
		rc = kz_spec_apply(b, r, spec, &setter);
	}
	kz_res_touch(r);
	return rc;
}

int kz_transform_namespace(struct kz_build *b, struct kz_accum *acc,
			   const struct kz_namespace_opts *opts, const struct kz_specs *specs)
{
	struct kz_namespace_opts mine = *opts;

	for (uint32_t i = 0; i < acc->res.n; i++) {
		int rc = namespace_object(b, acc->res.v[i], &mine, specs);

		if (rc < 0)
			return rc;
	}
	kz_accum_touch(acc);
	const struct kz_index *ids = kz_accum_ids(b, acc);
	int rc = kz_check(b);
	for (uint32_t i = 0; i < acc->res.n && rc == GT_OK; i++) {
		const struct kz_id *id = kz_res_id(b, acc->res.v[i]);
		const struct kz_link *link = kz_index_find(ids, kz_id_key(b->a, id));

		if (link && kz_index_next(ids, link))
			return kz_fail(b, "namespace transformation produces ID conflict: %s",
				       kz_id_text(b->a, id));
	}
	return rc;
}

/* --- replicas --------------------------------------------------------------------------------- */
static int set_replicas(struct kz_build *b, void *arg, struct gt_node *n)
{
	if (!kz_is_scalar(n))
		return kz_fail(b, "line %u: replicas must be a scalar", n->line);
	kz_scalar_set(b->a, n, *(const struct gt_str *)arg, GT_RAW_INT);
	return GT_OK;
}

/* Some identity of the object has the name and a kind of the spec. */
static bool has_name(struct kz_build *b, struct kz_res *r, struct gt_str name,
		     const struct kz_gvk *gvk)
{
	const struct kz_id *id = kz_res_id(b, r);

	if (gt_str_eq(id->name, name) && kz_gvk_matches(&id->gvk, gvk))
		return true;
	for (uint32_t i = 0; i < r->prev.n; i++) {
		struct kz_id prev = kz_res_prev_id(b, r, i);

		if (gt_str_eq(prev.name, name) && kz_gvk_matches(&prev.gvk, gvk))
			return true;
	}
	return false;
}

static int no_replicas(struct kz_build *b, struct gt_str name, const struct kz_specs *specs)
{
	gt_auto_buf kinds = {0};

	for (uint32_t i = 0; i < specs->n; i++)
		gt_buf_printf(&kinds, "%s%.*s", i ? " " : "", GT_STR_ARG(specs->v[i].gvk.kind));
	return kz_fail(
		b, "resource with name %.*s does not match a config with the following GVK [%s]",
		GT_STR_ARG(name), gt_buf_cstr(&kinds));
}

int kz_transform_replicas(struct kz_build *b, struct kz_accum *acc, const struct gt_node *replica,
			  const struct kz_specs *specs)
{
	struct gt_str name = gt_node_text(gt_node_get(replica, "name"));
	struct gt_str count = kz_text(gt_node_get(replica, "count"));
	struct kz_setter setter = {set_replicas, &count, GT_STR, GT_RAW_INT};
	bool found = false;

	if (!count.n)
		count = GT_STR_LIT("0");
	int worked = kz_work(b, (uint64_t)acc->res.n * (specs->n + 1));
	if (worked < 0)
		return worked;
	for (uint32_t i = 0; i < acc->res.n; i++) {
		for (uint32_t j = 0; j < specs->n; j++) {
			struct kz_res *r = acc->res.v[i];

			if (!has_name(b, r, name, &specs->v[j].gvk))
				continue;
			found = true;
			int rc = kz_spec_apply(b, r, &specs->v[j], &setter);
			if (rc < 0)
				return rc;
		}
	}
	return found ? kz_check(b) : no_replicas(b, name, specs);
}
