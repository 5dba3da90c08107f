/* The engine: which templates there are, what they see, and in which order they run. */
#include "helm/render.h"

#include <stdlib.h>
#include <string.h>

#include "helm/objects_impl.h"
#include "helm/schema_impl.h"
#include "helm/values.h"
#include "text/sprig/sprig.h"

struct renderable {
	struct gt_str name, base_path;
	struct gt_str text;
	struct gt_value top; /* of the chart it belongs to */
	unsigned slashes;
};

struct engine {
	struct gt_arena *a;
	struct gt_err *err;
	struct renderable *v;
	size_t n, cap;
	struct gt_value capabilities, release;
};

/* --- what a template sees ----------------------------------------------------------------- */

static struct gt_value dependency_list(struct gt_arena *a, const struct gt_chart *c)
{
	struct gt_value list = gt_vlist_new(a, GT_V_LIST, c->ndeps);

	for (size_t i = 0; i < c->ndeps; i++) {
		const struct gt_chart_dep *d = &c->deps[i];
		struct gt_value m = gt_vmap_new(a, GT_V_MAP);

		gt_vmap_put(a, m, "Name", gt_vstr(d->name));
		gt_vmap_put(a, m, "Version", gt_vstr(d->version));
		gt_vmap_put(a, m, "Repository", gt_vstr(d->repository));
		gt_vmap_put(a, m, "Condition", gt_vstr(d->condition));
		gt_vmap_put(a, m, "Tags", d->tags);
		gt_vmap_put(a, m, "Enabled", gt_vbool(d->enabled));
		gt_vmap_put(a, m, "ImportValues",
			    gt_value_is_list(d->import_values) ? d->import_values
							       : gt_vlist_new(a, GT_V_LIST, 0));
		gt_vmap_put(a, m, "Alias", gt_vstr(d->alias));
		gt_vlist_add(a, list, m);
	}
	return list;
}

static struct gt_value chart_object(struct gt_arena *a, const struct gt_chart *c)
{
	struct gt_value meta = c->meta;

	gt_vmap_put(a, meta, "Dependencies", dependency_list(a, c));
	gt_vmap_put(a, meta, "IsRoot", gt_vbool(!c->parent));
	return meta;
}

static struct gt_value release_object(struct gt_arena *a, const struct gt_helm_opts *opts)
{
	struct gt_value r = gt_vmap_new(a, GT_V_MAP);

	gt_vmap_put(a, r, "Name", gt_vstr(opts->release));
	gt_vmap_put(a, r, "Namespace", gt_vstr(opts->namespace_));
	gt_vmap_put(a, r, "IsUpgrade", gt_vbool(opts->is_upgrade));
	gt_vmap_put(a, r, "IsInstall", gt_vbool(!opts->is_upgrade));
	gt_vmap_put(a, r, "Revision", gt_vint(opts->revision ? opts->revision : 1));
	gt_vmap_put(a, r, "Service", gt_vcstr("Helm"));
	return r;
}

static void add_template(struct engine *en, const struct gt_chart *c, struct gt_str chart_path,
			 const struct gt_chart_file *f, struct gt_value top)
{
	struct gt_str base = gt_str_from(f->name, gt_str_rfind(f->name, '/') + 1);
	char *name, *folder;

	if (gt_str_is(c->type, "library") && !gt_str_starts(base, "_"))
		return;
	if (en->n == en->cap) {
		size_t cap = en->cap ? en->cap * 2 : 32;
		struct renderable *v =
			gt_arena_grow(en->a, en->v, en->n * sizeof *v, cap * sizeof *v);

		if (!v)
			return;
		en->v = v;
		en->cap = cap;
	}
	name = gt_arena_printf(en->a, "%.*s/%.*s", GT_STR_ARG(chart_path), GT_STR_ARG(f->name));
	folder = gt_arena_printf(en->a, "%.*s/templates", GT_STR_ARG(chart_path));
	if (!name || !folder)
		return;
	struct renderable r = {
		.name = gt_str(name), .base_path = gt_str(folder), .text = f->data, .top = top};
	for (size_t i = 0; i < r.name.n; i++)
		r.slashes += r.name.p[i] == '/';
	en->v[en->n++] = r;
}

/* One object for all templates of a chart; values of a child are the section of its parent. */
static struct gt_value collect(struct engine *en, const struct gt_chart *c, struct gt_value values)
{
	struct gt_arena *a = en->a;
	struct gt_value top = gt_vmap_new(a, GT_V_MAP), below = gt_vmap_new(a, GT_V_MAP);
	struct gt_str path = gt_chart_path(a, c);

	values.kind = GT_V_VALUES;
	gt_vmap_put(a, top, "Chart", chart_object(a, c));
	gt_vmap_put(a, top, "Files", helm__files(a, c));
	gt_vmap_put(a, top, "Release", en->release);
	gt_vmap_put(a, top, "Capabilities", en->capabilities);
	gt_vmap_put(a, top, "Values", values);
	gt_vmap_put(a, top, "Subcharts", below);
	for (size_t i = 0; i < c->ncharts && !a->failed; i++) {
		struct gt_value own = gt_values_table(values, c->charts[i]->name);

		if (own.kind == GT_V_INVALID)
			own = gt_vmap_new(a, GT_V_MAP);
		gt_vmap_set(a, below.map, c->charts[i]->name, collect(en, c->charts[i], own));
	}
	for (size_t i = 0; i < c->templates.n; i++)
		add_template(en, c, path, &c->templates.v[i], top);
	return top;
}

/* Deeper paths first, then the order of bytes backwards. */
static int template_order(const void *x, const void *y)
{
	const struct renderable *p = x, *q = y;

	if (p->slashes != q->slashes)
		return p->slashes > q->slashes ? -1 : 1;
	return gt_str_cmp(q->name, p->name);
}

/* --- errors ------------------------------------------------------------------------------- */

/* Keeps the place and the last part of "template: place: a: b: message". */
static int parse_error(struct engine *en, const struct gt_err *inner, const struct renderable *r)
{
	struct gt_str text = gt_str(inner->text), rest = text;
	size_t at = gt_str_search(rest, GT_STR_LIT(": ")), last = 0;

	if (inner->code == GT_E_BUDGET)
		return gt_fail(en->err, GT_E_BUDGET, "%s", inner->text);
	if (at == SIZE_MAX)
		return gt_fail(en->err, GT_E_INVALID, "parse error in (%.*s): %s",
			       GT_STR_ARG(r->name), inner->text);
	rest = gt_str_from(rest, at + 2);
	size_t end = gt_str_search(rest, GT_STR_LIT(": "));
	struct gt_str place = gt_str_sub(rest, 0, end == SIZE_MAX ? rest.n : end);
	for (size_t i = 0; i + 1 < text.n; i++) {
		if (text.p[i] == ':' && text.p[i + 1] == ' ')
			last = i + 2;
	}
	struct gt_str message = gt_str_from(text, last);
	return gt_fail(en->err, GT_E_INVALID, "parse error at (%.*s): %.*s", GT_STR_ARG(place),
		       GT_STR_ARG(message));
}

/* The second part of "template: place: rest". */
static struct gt_str place_of(struct gt_str text)
{
	size_t at = gt_str_search(text, GT_STR_LIT(": "));
	struct gt_str rest = gt_str_from(text, at == SIZE_MAX ? text.n : at + 2);
	size_t end = gt_str_search(rest, GT_STR_LIT(": "));

	return gt_str_sub(rest, 0, end == SIZE_MAX ? rest.n : end);
}

static struct gt_str before(struct gt_str s, const char *cut)
{
	size_t at = gt_str_search(s, gt_str(cut));

	return gt_str_sub(s, 0, at == SIZE_MAX ? s.n : at);
}

/* One level of the layout with a line each for place, node and message; false if it is not one. */
static bool put_level(struct gt_buf *out, struct gt_str text)
{
	struct gt_str rest;
	size_t at;

	if (!gt_str_starts(text, "template: "))
		return false;
	rest = gt_str_from(text, strlen("template: "));
	if (gt_str_starts(rest, "no template ")) {
		gt_buf_add_str(out, text);
		gt_buf_addc(out, '\n');
		return true;
	}
	at = gt_str_search(rest, GT_STR_LIT(": executing \""));
	if (at != SIZE_MAX) {
		struct gt_str place = gt_str_sub(rest, 0, at);
		struct gt_str name = gt_str_from(rest, at + strlen(": executing \""));
		size_t quote = gt_str_find(name, '"');
		struct gt_str node = gt_str_from(name, quote == SIZE_MAX ? name.n : quote + 1);
		size_t close = gt_str_search(node, GT_STR_LIT(">: "));

		if (gt_str_starts(node, " at <") && close != SIZE_MAX) {
			struct gt_str message = before(gt_str_from(node, close + 3), " template:");

			gt_buf_printf(out, "%.*s\n  executing \"%.*s\" at <", GT_STR_ARG(place),
				      (int)quote, name.p);
			gt_buf_add_str(out, gt_str_sub(node, 5, close - 5));
			gt_buf_adds(out, ">:\n    ");
			gt_buf_add_str(out, message);
			gt_buf_addc(out, '\n');
			return true;
		}
		return false;
	}
	at = SIZE_MAX;
	for (size_t i = 0; i + 1 < rest.n; i++) {
		if (rest.p[i] == ':' && rest.p[i + 1] == ' ')
			at = i;
	}
	if (at == SIZE_MAX)
		return false;
	struct gt_str message = before(gt_str_from(rest, at + 2), " template:");
	gt_buf_printf(out, "%.*s\n  %.*s\n", (int)at, rest.p, GT_STR_ARG(message));
	return true;
}

static struct gt_str level_text(struct gt_arena *a, const struct gt_tmpl_error *e)
{
	gt_auto_buf text = {0};

	gt_tmpl_error_text(&text, e);
	return gt_arena_str(a, gt_buf_str(&text));
}

static int exec_error(struct engine *en, const struct gt_tmpl_error *failure)
{
	gt_auto_buf out = {0}, level = {0};
	struct gt_str all = level_text(en->a, failure);
	bool chain = true;

	for (const struct gt_tmpl_error *e = failure; e; e = e->cause) {
		if (e->warning)
			return gt_fail(en->err, GT_E_INVALID, "execution error at (%.*s): %.*s",
				       GT_STR_ARG(place_of(all)), GT_STR_ARG(e->prefix));
	}
	struct gt_str last = {0};
	for (const struct gt_tmpl_error *e = failure; e && chain; e = e->cause) {
		gt_buf_reset(&level);
		chain = put_level(&level, level_text(en->a, e));
		if (!gt_str_eq(gt_buf_str(&level), last))
			gt_buf_add_str(&out, gt_buf_str(&level));
		last = gt_arena_str(en->a, gt_buf_str(&level));
	}
	if (!chain)
		return gt_fail(en->err, GT_E_INVALID, "%.*s", GT_STR_ARG(all));
	return gt_fail(en->err, GT_E_INVALID, "%.*s", GT_STR_ARG(gt_str_trim(gt_buf_str(&out))));
}

/* --- rendering ---------------------------------------------------------------------------- */

static const struct gt_tmpl_func *const tables[] = {
	gt_tmpl_builtins,
	gt_sprig_strings,
	gt_sprig_cases,
	gt_sprig_numbers,
	gt_sprig_lists,
	gt_sprig_dicts,
	gt_sprig_values,
	gt_sprig_encodings,
	gt_sprig_regexes,
	gt_sprig_versions,
	gt_sprig_documents,
	gt_sprig_paths,
	gt_sprig_dates,
	gt_sprig_urls,
	gt_sprig_crypto,
	gt_sprig_toml,
	gt_tmpl_engine_funcs,
	helm__functions,
	NULL,
};

/* The text without what marks a missing value. */
static struct gt_str clean(struct gt_arena *a, struct gt_str s)
{
	struct gt_str mark = GT_STR_LIT("<no value>");
	gt_auto_buf out = {0};
	size_t at = gt_str_search(s, mark);

	if (at == SIZE_MAX)
		return gt_arena_str(a, s);
	for (; at != SIZE_MAX; at = gt_str_search(s, mark)) {
		gt_buf_add(&out, s.p, at);
		s = gt_str_from(s, at + mark.n);
	}
	gt_buf_add_str(&out, s);
	return gt_arena_str(a, gt_buf_str(&out));
}

static int execute(struct engine *en, struct gt_tmpl_set *set, const struct renderable *r,
		   struct gt_value files)
{
	struct gt_value info = gt_vmap_new(en->a, GT_V_VALUES), top = r->top;
	struct gt_str base = gt_str_from(r->name, gt_str_rfind(r->name, '/') + 1);
	gt_auto_buf out = {0};

	if (gt_str_starts(base, "_"))
		return GT_OK;
	gt_vmap_put(en->a, info, "Name", gt_vstr(r->name));
	gt_vmap_put(en->a, info, "BasePath", gt_vstr(r->base_path));
	gt_vmap_put(en->a, top, "Template", info);
	top.kind = GT_V_VALUES;
	int rc = gt_tmpl_execute(set, r->name, top, &out, en->err);
	if (rc == GT_E_BUDGET)
		return rc;
	if (rc < 0)
		return exec_error(en, gt_tmpl_failure(set));
	gt_vmap_set(en->a, files.map, r->name, gt_vstr(clean(en->a, gt_buf_str(&out))));
	return gt_arena_check(en->a, en->err);
}

static int run_set(struct engine *en, struct gt_tmpl_set *set, struct gt_value files)
{
	struct gt_err inner;
	int rc = GT_OK;

	for (size_t i = 0; i < en->n; i++) {
		if (gt_tmpl_parse(set, en->v[i].name.p, en->v[i].text, &inner) < 0)
			return parse_error(en, &inner, &en->v[i]);
	}
	for (size_t i = 0; rc == GT_OK && i < en->n; i++)
		rc = execute(en, set, &en->v[i], files);
	return rc;
}

static int render(struct engine *en, const struct gt_helm_opts *opts, struct gt_value files)
{
	struct gt_tmpl_opts topts = {.arena = en->a,
				     .tables = tables,
				     .max_steps = opts->max_steps,
				     .values_methods = helm__values_methods,
				     .files_methods = helm__files_methods,
				     .versions_methods = helm__versions_methods};
	struct gt_tmpl_set *set = gt_tmpl_set_new(&topts);
	int rc;

	if (!set)
		return gt_arena_check(en->a, en->err);
	if (en->n)
		qsort(en->v, en->n, sizeof *en->v, template_order);
	rc = run_set(en, set, files);
	gt_tmpl_set_fini(set);
	return rc;
}

/* --- the whole ---------------------------------------------------------------------------- */

static void collect_crds(struct gt_arena *a, const struct gt_chart *c, struct gt_helm_output *out)
{
	struct gt_str path = gt_chart_path(a, c);

	for (size_t i = 0; i < c->files.n; i++) {
		const struct gt_chart_file *f = &c->files.v[i];

		if (!gt_str_starts(f->name, "crds/") ||
		    !(gt_str_ends(f->name, ".yaml") || gt_str_ends(f->name, ".yml") ||
		      gt_str_ends(f->name, ".json")))
			continue;
		struct gt_manifest *v = gt_arena_grow(a, out->crds, out->ncrds * sizeof *v,
						      (out->ncrds + 1) * sizeof *v);
		char *name = gt_arena_printf(a, "%.*s/%.*s", GT_STR_ARG(path), GT_STR_ARG(f->name));
		if (!v || !name)
			return;
		out->crds = v;
		v[out->ncrds++] = (struct gt_manifest){.path = gt_str(name), .content = f->data};
	}
	for (size_t i = 0; i < c->ncharts; i++)
		collect_crds(a, c->charts[i], out);
}

/* Takes the notes out of the files; those of charts below are not shown. */
static struct gt_value take_notes(struct engine *en, const struct gt_chart *c,
				  struct gt_value files, struct gt_str *ret_notes)
{
	struct gt_value rest = gt_vmap_new(en->a, GT_V_STRMAP);
	char *own = gt_arena_printf(en->a, "%.*s/templates/NOTES.txt", GT_STR_ARG(c->name));
	const struct gt_ventry *e;

	for (uint32_t i = 0; (e = gt_vmap_at(en->a, files.map, i)) != NULL; i++) {
		struct gt_str path = gt_strn(e->key, e->len);

		if (!gt_str_ends(path, "NOTES.txt"))
			gt_vmap_set(en->a, rest.map, path, e->value);
		else if (own && gt_str_is(path, own))
			*ret_notes = e->value.s;
	}
	return rest;
}

int gt_helm_render(struct gt_arena *a, struct gt_chart *chart, struct gt_value user,
		   const struct gt_helm_opts *opts, struct gt_helm_output *ret, struct gt_err *err)
{
	struct engine en = {.a = a, .err = err};
	struct gt_str version;
	int rc = gt_chart_process_dependencies(a, chart, user, err);

	if (rc < 0)
		rc = gt_wrap(err, "chart dependencies processing failed");
	*ret = (struct gt_helm_output){.files = gt_vmap_new(a, GT_V_STRMAP)};
	if (rc == GT_OK)
		rc = helm__capabilities(a, opts->kube_version, opts->api_versions, &en.capabilities,
					&version, err);
	if (rc == GT_OK)
		rc = gt_values_coalesce(a, chart, user, false, &ret->values, err);
	if (rc == GT_OK && !opts->skip_schema)
		rc = helm__check_schemas(a, chart, ret->values, err);
	if (rc < 0)
		return rc;
	if (chart->kube_version.n && !gt_chart_version_ok(a, chart->kube_version, version))
		return gt_fail(err, GT_E_INVALID,
			       "chart requires kubeVersion: %.*s which is incompatible with "
			       "Kubernetes %.*s",
			       GT_STR_ARG(chart->kube_version), GT_STR_ARG(version));
	en.release = release_object(a, opts);
	collect(&en, chart, ret->values);
	rc = gt_arena_check(a, err);
	if (rc == GT_OK)
		rc = render(&en, opts, ret->files);
	if (rc < 0)
		return rc;
	collect_crds(a, chart, ret);
	return gt_helm_sort(a, take_notes(&en, chart, ret->files, &ret->notes), ret, err);
}
