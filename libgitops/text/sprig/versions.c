/* Semantic versions: comparing, and versions as objects with methods. */
#include <string.h>

#include "text/semver.h"
#include "text/sprig/sprig_impl.h"
#include "text/template/quote.h"

struct version {
	struct gt_vobj obj;
	struct gt_semver v;
};

static const struct gt_vclass version_class;

static struct gt_semver *version_of(struct gt_value v)
{
	return v.kind == GT_V_OBJ && v.obj->cls == &version_class ? &((struct version *)v.obj)->v
								  : NULL;
}

static struct gt_value new_version(struct gt_arena *a, struct gt_semver v)
{
	struct version *x = gt_arena_new(a, struct version);

	if (!x)
		return GT_VALUE_NIL;
	x->obj.cls = &version_class;
	x->v = v;
	return gt_vobj(&x->obj);
}

static int parse(struct gt_tmpl_call *c, struct gt_str text, struct gt_semver *ret)
{
	struct gt_err err;

	if (gt_semver_parse(text, ret, &err) >= 0)
		return GT_OK;
	return gt_tmpl_throw(c, "%s", err.text);
}

static int fn_semver(struct gt_tmpl_call *c)
{
	struct gt_semver v;
	int rc = parse(c, c->arg[0].s, &v);

	if (rc == GT_OK)
		c->ret = new_version(c->a, v);
	return rc;
}

/* The constraint in the message is quoted as Go quotes. */
static int bad_constraint(struct gt_tmpl_call *c, const char *error)
{
	static const char prefix[] = "improper constraint: \"";
	struct gt_str text = gt_str(error);
	gt_auto_buf out = {0};

	if (!gt_str_starts(text, prefix))
		return gt_tmpl_throw(c, "%s", error);
	text = gt_str_from(text, sizeof prefix - 1);
	gt_buf_add(&out, prefix, sizeof prefix - 2);
	gt_go_quote(&out, gt_str_sub(text, 0, text.n - 1), false);
	return gt_tmpl_throw_str(c, gt_buf_str(&out));
}

static int fn_compare(struct gt_tmpl_call *c)
{
	struct gt_constraint *constraint;
	struct gt_semver v;
	struct gt_err err;
	int rc;

	if (gt_constraint_parse(c->a, c->arg[0].s, &constraint, &err) < 0)
		return bad_constraint(c, err.text);
	rc = parse(c, c->arg[1].s, &v);
	return rc < 0 ? rc : sprig__bool(c, gt_constraint_match(constraint, &v));
}

/* --- methods ------------------------------------------------------------------------------ */

static int ret_uint(struct gt_tmpl_call *c, uint64_t u)
{
	c->ret = (struct gt_value){.kind = GT_V_UINT64, .u = u};
	return GT_OK;
}

static int m_major(struct gt_tmpl_call *c)
{
	return ret_uint(c, version_of(c->self)->major);
}

static int m_minor(struct gt_tmpl_call *c)
{
	return ret_uint(c, version_of(c->self)->minor);
}

static int m_patch(struct gt_tmpl_call *c)
{
	return ret_uint(c, version_of(c->self)->patch);
}

static int m_prerelease(struct gt_tmpl_call *c)
{
	return sprig__str(c, version_of(c->self)->pre);
}

static int m_metadata(struct gt_tmpl_call *c)
{
	return sprig__str(c, version_of(c->self)->meta);
}

static int m_original(struct gt_tmpl_call *c)
{
	return sprig__str(c, version_of(c->self)->original);
}

static int m_string(struct gt_tmpl_call *c)
{
	gt_auto_buf out = {0};

	gt_semver_write(&out, version_of(c->self));
	return gt_tmpl_return_buf(c, &out);
}

static int other_version(struct gt_tmpl_call *c, const struct gt_semver **ret)
{
	*ret = version_of(c->arg[0]);
	if (*ret)
		return GT_OK;
	return gt_tmpl_throw(c, "wrong type for value; expected *semver.Version; got %s",
			     gt_value_type(c->arg[0]));
}

static int compare(struct gt_tmpl_call *c, int *ret)
{
	const struct gt_semver *other;
	int rc = other_version(c, &other);

	if (rc == GT_OK)
		*ret = gt_semver_cmp(version_of(c->self), other);
	return rc;
}

static int m_compare(struct gt_tmpl_call *c)
{
	int order = 0, rc = compare(c, &order);

	c->ret = gt_vint(order < 0 ? -1 : order > 0);
	return rc;
}

static int m_less(struct gt_tmpl_call *c)
{
	int order = 0, rc = compare(c, &order);

	c->ret = gt_vbool(order < 0);
	return rc;
}

static int m_less_equal(struct gt_tmpl_call *c)
{
	int order = 0, rc = compare(c, &order);

	c->ret = gt_vbool(order <= 0);
	return rc;
}

static int m_greater(struct gt_tmpl_call *c)
{
	int order = 0, rc = compare(c, &order);

	c->ret = gt_vbool(order > 0);
	return rc;
}

static int m_greater_equal(struct gt_tmpl_call *c)
{
	int order = 0, rc = compare(c, &order);

	c->ret = gt_vbool(order >= 0);
	return rc;
}

static int m_equal(struct gt_tmpl_call *c)
{
	int order = 1, rc = compare(c, &order);

	c->ret = gt_vbool(order == 0);
	return rc;
}

/* The text of a changed version is written anew, with the v it had. */
static int changed(struct gt_tmpl_call *c, struct gt_semver v)
{
	const struct gt_semver *old = version_of(c->self);
	gt_auto_buf text = {0};

	if (old->original.n && old->original.p[0] == 'v')
		gt_buf_addc(&text, 'v');
	gt_semver_write(&text, &v);
	v.original = gt_arena_str(c->a, gt_buf_str(&text));
	c->ret = new_version(c->a, v);
	return GT_OK;
}

static int m_inc_major(struct gt_tmpl_call *c)
{
	return changed(c, (struct gt_semver){.major = version_of(c->self)->major + 1});
}

static int m_inc_minor(struct gt_tmpl_call *c)
{
	const struct gt_semver *v = version_of(c->self);

	return changed(c, (struct gt_semver){.major = v->major, .minor = v->minor + 1});
}

static int m_inc_patch(struct gt_tmpl_call *c)
{
	struct gt_semver v = *version_of(c->self);

	if (v.pre.n == 0)
		v.patch++;
	v.pre = v.meta = (struct gt_str){0};
	return changed(c, v);
}

/* Whether the text can stand as a prerelease or metadata: the parser says. */
static bool is_suffix(struct gt_tmpl_call *c, char sign)
{
	char *text = gt_arena_printf(c->a, "1.0.0%c%.*s", sign, GT_STR_ARG(c->arg[0].s));
	struct gt_semver v;

	return c->arg[0].s.n == 0 || (text && gt_semver_parse(gt_str(text), &v, NULL) >= 0);
}

static int m_set_prerelease(struct gt_tmpl_call *c)
{
	struct gt_semver v = *version_of(c->self);

	if (!is_suffix(c, '-'))
		return gt_tmpl_throw(c, "invalid prerelease string");
	v.pre = c->arg[0].s;
	return changed(c, v);
}

static int m_set_metadata(struct gt_tmpl_call *c)
{
	struct gt_semver v = *version_of(c->self);

	if (!is_suffix(c, '+'))
		return gt_tmpl_throw(c, "invalid metadata string");
	v.meta = c->arg[0].s;
	return changed(c, v);
}

static void print_version(struct gt_buf *out, const struct gt_vobj *obj)
{
	gt_semver_write(out, &((const struct version *)obj)->v);
}

static struct gt_value plain_version(struct gt_arena *a, const struct gt_vobj *obj)
{
	gt_auto_buf out = {0};

	print_version(&out, obj);
	return gt_vstr_buf(a, &out);
}

static int versions_equal(const struct gt_vobj *x, const struct gt_vobj *y)
{
	const struct version *p = (const struct version *)x, *q = (const struct version *)y;

	return gt_semver_cmp(&p->v, &q->v) == 0 && gt_str_eq(p->v.original, q->v.original);
}

static const struct gt_tmpl_func version_methods[] = {
	{"Compare", "a", m_compare},
	{"Equal", "a", m_equal},
	{"GreaterThan", "a", m_greater},
	{"GreaterThanEqual", "a", m_greater_equal},
	{"IncMajor", "", m_inc_major},
	{"IncMinor", "", m_inc_minor},
	{"IncPatch", "", m_inc_patch},
	{"LessThan", "a", m_less},
	{"LessThanEqual", "a", m_less_equal},
	{"Major", "", m_major},
	{"Metadata", "", m_metadata},
	{"Minor", "", m_minor},
	{"Original", "", m_original},
	{"Patch", "", m_patch},
	{"Prerelease", "", m_prerelease},
	{"SetMetadata", "s", m_set_metadata},
	{"SetPrerelease", "s", m_set_prerelease},
	{"String", "", m_string},
	{0},
};

static const struct gt_vclass version_class = {
	.type = "*semver.Version",
	.pointer = true,
	.methods = version_methods,
	.print = print_version,
	.plain = plain_version,
	.equal = versions_equal,
};

const struct gt_tmpl_func gt_sprig_versions[] = {
	{"semver", "s", fn_semver},
	{"semverCompare", "ss", fn_compare},
	{0},
};
