#include "kustomize/vars.h"

#include <string.h>

#include "kustomize/config.h"
#include "kustomize/path.h"
#include "kustomize/scalar.h"

struct kz_var {
	struct gt_str name;
	struct kz_id want; /* ns may be empty: any */
	struct gt_str field;
	struct kz_res *res; /* found when the var was declared */
	const struct gt_node *value;
	bool used;
};

static struct kz_var *find_var(const struct kz_accum *acc, struct gt_str name)
{
	for (uint32_t i = 0; i < acc->vars.n; i++) {
		if (gt_str_eq(acc->vars.v[i]->name, name))
			return acc->vars.v[i];
	}
	return NULL;
}

static int add_var(struct kz_build *b, struct kz_accum *acc, struct kz_var *var)
{
	int rc = kz_work(b, acc->vars.n + acc->res.n);

	if (rc < 0)
		return rc;
	if (find_var(acc, var->name))
		return kz_fail(b, "var '%.*s' already encountered", GT_STR_ARG(var->name));
	kz_push(b->a, &acc->vars, var);
	return kz_check(b);
}

static bool id_wanted(const struct kz_id *id, const struct kz_id *want)
{
	return gt_str_eq(id->name, want->name) && kz_gvk_eq(&id->gvk, &want->gvk) &&
	       (!want->ns.n || gt_str_eq(id->ns, want->ns));
}

static bool any_id_wanted(struct kz_build *b, struct kz_res *r, const struct kz_id *want)
{
	if (id_wanted(kz_res_id(b, r), want))
		return true;
	for (uint32_t i = 0; i < r->prev.n; i++) {
		struct kz_id id = kz_res_prev_id(b, r, i);

		if (id_wanted(&id, want))
			return true;
	}
	return false;
}

static int find_object(struct kz_build *b, struct kz_accum *acc, struct kz_var *var)
{
	unsigned found = 0;

	for (uint32_t i = 0; i < acc->res.n; i++) {
		if (!any_id_wanted(b, acc->res.v[i], &var->want))
			continue;
		var->res = acc->res.v[i];
		found++;
	}
	if (found > 1)
		return kz_fail(b, "found %u resId matches for var %.*s", found,
			       GT_STR_ARG(var->name));
	return GT_OK;
}

int kz_vars_add(struct kz_build *b, struct kz_accum *acc, const struct gt_node *vars)
{
	gt_seq_for_each (vars, item) {
		const struct gt_node *ref = gt_node_get(item, "objref");
		struct gt_str version = gt_node_text(gt_node_get(ref, "apiVersion"));
		struct kz_var *var = gt_arena_new(b->a, struct kz_var);

		if (!var)
			return kz_check(b);
		var->name = gt_node_text(gt_node_get(item, "name"));
		var->want.gvk = (struct kz_gvk){
			gt_node_text(gt_node_get(ref, "group")),
			gt_node_text(gt_node_get(ref, "version")),
			gt_node_text(gt_node_get(ref, "kind")),
		};
		if (version.n)
			kz_api_version_split(version, &var->want.gvk);
		var->want.name = gt_node_text(gt_node_get(ref, "name"));
		var->want.ns = gt_node_text(gt_node_get(ref, "namespace"));
		var->field = gt_node_text(gt_node_get(gt_node_get(item, "fieldref"), "fieldPath"));
		if (!var->field.n)
			var->field = GT_STR_LIT("metadata.name");
		int rc = find_object(b, acc, var);
		if (rc == GT_OK)
			rc = add_var(b, acc, var);
		if (rc < 0)
			return gt_wrap(b->err, "vars");
	}
	return GT_OK;
}

int kz_vars_merge(struct kz_build *b, struct kz_accum *acc, const struct kz_accum *from)
{
	for (uint32_t i = 0; i < from->vars.n; i++) {
		int rc = add_var(b, acc, from->vars.v[i]);

		if (rc < 0)
			return rc;
	}
	return GT_OK;
}

/* --- resolving -------------------------------------------------------------------------------- */
static int read_value(struct kz_build *b, struct kz_var *var)
{
	if (!var->res || var->res->gone)
		return kz_fail(
			b,
			"var '%.*s' (%s %.*s) cannot be mapped to a field in the set of known "
			"resources",
			GT_STR_ARG(var->name), kz_id_text(b->a, &var->want),
			GT_STR_ARG(var->field));
	var->value = kz_path_get_indexed(var->res->root, var->field);
	if (!var->value)
		return kz_fail(b,
			       "field %.*s specified in var '%.*s' not found in corresponding "
			       "resource %s",
			       GT_STR_ARG(var->field), GT_STR_ARG(var->name),
			       kz_id_text(b->a, &var->want));
	return GT_OK;
}

/* "NAME)..." after "$(": the name's length, or SIZE_MAX. */
static size_t name_length(struct gt_str s)
{
	return gt_str_find(s, ')');
}

struct expansion {
	struct gt_buf out;
	const struct kz_var *whole; /* the text was exactly one reference */
	bool changed;
};

static void expand(struct kz_accum *acc, struct gt_str s, struct expansion *x)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '$' || i + 1 >= s.n) {
			gt_buf_addc(&x->out, s.p[i]);
			continue;
		}
		char next = s.p[i + 1];
		struct gt_str rest = gt_str_from(s, i + 2);
		size_t len = next == '(' ? name_length(rest) : SIZE_MAX;

		if (len == SIZE_MAX) {
			/* "$$" is a dollar; anything else stands for itself. */
			gt_buf_addc(&x->out, '$');
			if (next != '$')
				gt_buf_addc(&x->out, next);
			x->changed |= next == '$';
			i++;
			continue;
		}
		struct kz_var *var = find_var(acc, gt_str_sub(rest, 0, len));
		if (var && kz_is_scalar(var->value) && !kz_is_null(var->value)) {
			var->used = true;
			x->changed = true;
			if (i == 0 && len + 3 == s.n)
				x->whole = var;
			gt_buf_add_str(&x->out, kz_text(var->value));
		} else {
			gt_buf_printf(&x->out, "$(%.*s)", GT_STR_ARG(gt_str_sub(rest, 0, len)));
		}
		i += len + 2;
	}
}

static bool is_string(const struct gt_node *n)
{
	return kz_is_scalar(n) && kz_tag(n) == GT_RAW_STR;
}

static void resolve_scalar(struct kz_build *b, struct kz_accum *acc, struct gt_node *n)
{
	struct expansion x = {0};

	if (gt_str_find(kz_text(n), '$') == SIZE_MAX)
		return;
	b->work += (uint64_t)acc->vars.n * (n->n / 4 + 1);
	expand(acc, kz_text(n), &x);
	enum gt_raw_tag tag = x.whole ? kz_tag(x.whole->value) : GT_RAW_STR;
	kz_scalar_set(b->a, n, gt_buf_str(&x.out), tag);
	n->style = GT_STYLE_PLAIN;
	gt_buf_fini(&x.out);
}

static int resolve_leaf(struct kz_build *b, void *arg, struct gt_node *n)
{
	if (kz_is_null(n))
		return GT_OK;
	if (is_string(n))
		resolve_scalar(b, arg, n);
	gt_map_each(n, p)
	{
		if (is_string(p->value))
			resolve_scalar(b, arg, p->value);
	}
	gt_seq_for_each (n, item) {
		if (!is_string(item))
			return kz_fail(b, "line %u: invalid value type, expect a string",
				       item->line);
		resolve_scalar(b, arg, item);
	}
	return GT_OK;
}

static void warn_unused(struct kz_build *b, const struct kz_accum *acc)
{
	gt_auto_buf text = {0};

	for (uint32_t i = 0; i < acc->vars.n; i++) {
		if (acc->vars.v[i]->used)
			continue;
		gt_buf_printf(&text, "%s%.*s",
			      text.n ? "," : "well-defined vars that were never replaced: ",
			      GT_STR_ARG(acc->vars.v[i]->name));
	}
	if (text.n && b->opts->warn)
		b->opts->warn(b->opts->warn_arg, gt_buf_cstr(&text));
}

int kz_vars_resolve(struct kz_build *b, struct kz_accum *acc)
{
	const struct kz_specs *specs = &acc->config->sets[KZ_VAR_REFERENCE];
	struct kz_setter setter = {.set = resolve_leaf, .arg = acc};

	if (!acc->vars.n)
		return GT_OK;
	for (uint32_t i = 0; i < acc->vars.n; i++) {
		int rc = read_value(b, acc->vars.v[i]);

		if (rc < 0)
			return rc;
	}
	for (uint32_t i = 0; i < acc->res.n; i++) {
		for (uint32_t j = 0; j < specs->n; j++) {
			int rc = kz_spec_apply(b, acc->res.v[i], &specs->v[j], &setter);

			if (rc == GT_OK)
				rc = kz_work(b, 1);
			if (rc < 0)
				return rc;
		}
		kz_res_touch(acc->res.v[i]);
	}
	kz_accum_touch(acc);
	warn_unused(b, acc);
	return kz_check(b);
}
