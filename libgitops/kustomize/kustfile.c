#include "kustomize/kustfile.h"

#include <string.h>

#include "base/fs.h"
#include "kustomize/decode.h"
#include "kustomize/scalar.h"

const char *const gt_kustomize_file_names[] = {"kustomization.yaml", "kustomization.yml",
					       "Kustomization", NULL};

int kz_kust_find(struct kz_build *b, const struct kz_dir *dir, const char **ret_name)
{
	const char *found = NULL;

	for (const char *const *name = gt_kustomize_file_names; *name; name++) {
		const char *path =
			dir->path.n ? gt_arena_printf(b->a, "%.*s/%s", GT_STR_ARG(dir->path), *name)
				    : *name;
		if (!path)
			return kz_check(b);
		if (!gt_fs_is_file(b->root, path))
			continue;
		if (found)
			return kz_fail(b, "Found multiple kustomization files under: %s",
				       kz_show(b, dir, gt_str(".")));
		found = *name;
	}
	if (!found)
		return gt_fail(b->err, GT_E_NOT_FOUND,
			       "unable to find one of 'kustomization.yaml', 'kustomization.yml' or "
			       "'Kustomization' in directory '%s'",
			       kz_show(b, dir, gt_str(".")));
	*ret_name = found;
	return GT_OK;
}

static void warn_deprecated(struct kz_build *b, const struct gt_node *doc)
{
	static const struct {
		const char *field, *instead, *note;
	} fields[] = {
		{"bases", "resources", ""},
		{"commonLabels", "labels", ""},
		{"helmChartInflationGenerator", "helmCharts", ""},
		{"imageTags", "images", ""},
		{"patchesJson6902", "patches", ""},
		{"patchesStrategicMerge", "patches", ""},
		{"vars", "replacements", "[EXPERIMENTAL] "},
	};

	for (size_t i = 0; i < GT_COUNT(fields) && b->opts->warn; i++) {
		if (!gt_node_has(doc, fields[i].field))
			continue;
		const char *text = gt_arena_printf(
			b->a,
			"# Warning: '%s' is deprecated. Please use '%s' instead. %sRun 'kustomize "
			"edit fix' to update your Kustomization automatically.",
			fields[i].field, fields[i].instead, fields[i].note);
		if (text)
			b->opts->warn(b->opts->warn_arg, text);
	}
}

/* Appends the list `from` to the list `to` of the map. */
static void move_list(struct kz_build *b, struct gt_node *doc, const char *from, const char *to)
{
	struct gt_node *list = gt_node_get(doc, from);

	if (!list)
		return;
	struct gt_node *into = gt_node_need_seq(b->a, doc, to);
	gt_seq_for_each (list, item)
		gt_node_append(b->a, into, item);
	gt_node_unset(doc, from);
}

static void fix_generators(struct kz_build *b, struct gt_node *list)
{
	gt_seq_for_each (list, item) {
		struct gt_node *env = gt_node_get(item, "env");

		if (env && env->n)
			gt_node_append(b->a, gt_node_need_seq(b->a, item, "envs"), env);
		gt_node_unset(item, "env");
	}
}

static bool is_empty(const struct gt_node *doc)
{
	gt_map_each(doc, p)
	{
		bool type_meta = strcmp(p->key, "apiVersion") == 0 || strcmp(p->key, "kind") == 0;

		if (!type_meta && !(gt_node_is(p->value, GT_STR) && p->value->n == 0))
			return false;
	}
	return true;
}

static int check_type(struct kz_build *b, struct kz_kust *k)
{
	const char *kind = gt_node_cstr_or(gt_node_get(k->doc, "kind"), "");
	const char *version = gt_node_cstr_or(gt_node_get(k->doc, "apiVersion"), "");

	if (!*kind)
		kind = "Kustomization";
	k->component = strcmp(kind, "Component") == 0;
	const char *want = k->component ? "kustomize.config.k8s.io/v1alpha1"
					: "kustomize.config.k8s.io/v1beta1";
	if (!k->component && strcmp(kind, "Kustomization") != 0)
		return kz_fail(b, "%s: kind should be Kustomization or Component, not %s", k->show,
			       kind);
	if (*version && strcmp(version, want) != 0)
		return kz_fail(b, "%s: apiVersion for %s should be %s, not %s", k->show, kind, want,
			       version);
	return GT_OK;
}

int kz_kust_take(struct kz_build *b, const struct kz_dir *dir, const struct gt_node *doc,
		 const char *name, struct kz_kust *ret)
{
	struct kz_kust k = {.name = name, .show = kz_show(b, dir, gt_str(name))};
	int rc = kz_decode(b, doc, kz_kustomization_fields, KZ_STRICT, &k.doc);

	if (rc < 0)
		return gt_wrap(b->err, "invalid Kustomization: %s", k.show);
	warn_deprecated(b, k.doc);
	move_list(b, k.doc, "bases", "resources");
	move_list(b, k.doc, "imageTags", "images");
	fix_generators(b, gt_node_get(k.doc, "configMapGenerator"));
	fix_generators(b, gt_node_get(k.doc, "secretGenerator"));
	if (is_empty(k.doc))
		return kz_fail(b, "%s is empty", k.show);
	rc = check_type(b, &k);
	if (rc == GT_OK)
		rc = kz_check(b);
	if (rc == GT_OK)
		*ret = k;
	return rc;
}

int kz_kust_load(struct kz_build *b, const struct kz_dir *dir, struct kz_kust *ret)
{
	struct gt_node *doc = NULL;
	struct gt_str text = {0};
	const char *name = NULL;
	int rc = kz_kust_find(b, dir, &name);

	if (rc == GT_OK)
		rc = kz_read(b, dir, gt_str(name), &text, NULL);
	if (rc < 0)
		return rc;
	rc = kz_parse_values(b, text, &doc);
	if (rc < 0)
		return gt_wrap(b->err, "invalid Kustomization: %s", kz_show(b, dir, gt_str(name)));
	return kz_kust_take(b, dir, doc, name, ret);
}
