#include "helm/objects_impl.h"

#include <string.h>

#include "base/enc.h"
#include "base/fs.h"
#include "text/sprig/sprig.h"

/* --- .Values ------------------------------------------------------------------------------ */

/* As upstream quotes a path in these errors. */
static int no_table(struct gt_tmpl_call *c, struct gt_str name)
{
	return gt_tmpl_throw(c, "\"%.*s\" is not a table", GT_STR_ARG(name));
}

static int find_table(struct gt_tmpl_call *c, struct gt_str path, struct gt_value *ret)
{
	struct gt_split parts = {.rest = path};
	struct gt_value at = c->self;
	struct gt_str part;

	while (gt_split_next(&parts, '.', &part)) {
		const struct gt_value *v = gt_vmap_find(at.map, part);

		if (!v || (v->kind != GT_V_MAP && v->kind != GT_V_VALUES))
			return no_table(c, part);
		at = *v;
	}
	*ret = at;
	return GT_OK;
}

static int m_table(struct gt_tmpl_call *c)
{
	int rc = find_table(c, c->arg[0].s, &c->ret);

	c->ret.kind = GT_V_VALUES;
	return rc;
}

static int m_path_value(struct gt_tmpl_call *c)
{
	struct gt_str path = c->arg[0].s;
	size_t dot = gt_str_rfind(path, '.');
	struct gt_value table = c->self;
	int rc = GT_OK;

	if (path.n == 0)
		return gt_tmpl_throw(c, "YAML path cannot be empty");
	if (dot != SIZE_MAX)
		rc = find_table(c, gt_str_sub(path, 0, dot), &table);
	if (rc < 0)
		return rc;
	const struct gt_value *v =
		gt_vmap_find(table.map, dot == SIZE_MAX ? path : gt_str_from(path, dot + 1));
	if (!v || v->kind == GT_V_MAP)
		return gt_tmpl_throw(c, "\"%.*s\" is not a value", GT_STR_ARG(path));
	c->ret = *v;
	return GT_OK;
}

static int m_yaml(struct gt_tmpl_call *c)
{
	gt_auto_buf out = {0};

	if (!gt_sprig_yaml(&out, c->a, c->self))
		return gt_tmpl_throw(c, "error marshaling into JSON");
	gt_buf_addc(&out, '\n');
	return gt_tmpl_return_buf(c, &out);
}

static int m_as_map(struct gt_tmpl_call *c)
{
	c->ret = c->self;
	c->ret.kind = GT_V_MAP;
	if (gt_vmap_n(c->self) == 0)
		c->ret = gt_vmap_new(c->a, GT_V_MAP);
	return GT_OK;
}

const struct gt_tmpl_func helm__values_methods[] = {
	{"AsMap", "", m_as_map},
	{"PathValue", "s", m_path_value},
	{"Table", "s", m_table},
	{"YAML", "", m_yaml},
	{0},
};

/* --- .Files ------------------------------------------------------------------------------- */

struct gt_value helm__files(struct gt_arena *a, const struct gt_chart *chart)
{
	struct gt_value files = gt_vmap_new(a, GT_V_FILES);

	for (size_t i = 0; i < chart->files.n; i++) {
		struct gt_value bytes = {.kind = GT_V_BYTES, .s = chart->files.v[i].data};

		gt_vmap_set(a, files.map, chart->files.v[i].name, bytes);
	}
	return files;
}

static struct gt_str file_of(const struct gt_tmpl_call *c)
{
	const struct gt_value *v = gt_vmap_find(c->self.map, c->arg[0].s);

	return v ? v->s : GT_STR_LIT("");
}

static int m_get(struct gt_tmpl_call *c)
{
	c->ret = gt_vstr(file_of(c));
	return GT_OK;
}

static int m_get_bytes(struct gt_tmpl_call *c)
{
	c->ret = (struct gt_value){.kind = GT_V_BYTES, .s = file_of(c)};
	return GT_OK;
}

static int m_lines(struct gt_tmpl_call *c)
{
	struct gt_split lines = {.rest = file_of(c)};
	struct gt_str line;

	c->ret = gt_vlist_new(c->a, GT_V_STRS, 0);
	if (!gt_vmap_find(c->self.map, c->arg[0].s))
		return GT_OK;
	if (lines.rest.n == 0)
		return gt_tmpl_throw(c, "runtime error: index out of range [-1]");
	if (lines.rest.p[lines.rest.n - 1] == '\n')
		lines.rest.n--;
	while (gt_split_next(&lines, '\n', &line))
		gt_vlist_add(c->a, c->ret, gt_vstr(line));
	return GT_OK;
}

static int m_glob(struct gt_tmpl_call *c)
{
	const struct gt_ventry *e;
	bool valid = true;

	c->ret = gt_vmap_new(c->a, GT_V_FILES);
	for (uint32_t i = 0; (e = gt_vmap_at(c->a, c->self.map, i)) != NULL; i++) {
		struct gt_str name = gt_strn(e->key, e->len);

		if (helm__glob(c->arg[0].s, name, &valid) || !valid)
			gt_vmap_set(c->a, c->ret.map, name, e->value);
	}
	return GT_OK;
}

static int flatten(struct gt_tmpl_call *c, bool encode)
{
	struct gt_value out = gt_vmap_new(c->a, GT_V_STRMAP);
	gt_auto_buf yaml = {0};
	const struct gt_ventry *e;

	for (uint32_t i = 0; (e = gt_vmap_at(c->a, c->self.map, i)) != NULL; i++) {
		struct gt_str text = e->value.s;
		gt_auto_buf base64 = {0};

		if (encode) {
			gt_base64_encode(&base64, text);
			text = gt_arena_str(c->a, gt_buf_str(&base64));
		}
		gt_vmap_set(c->a, out.map, gt_path_base(gt_strn(e->key, e->len)), gt_vstr(text));
	}
	if (!gt_sprig_yaml(&yaml, c->a, out))
		gt_buf_reset(&yaml);
	return gt_tmpl_return_buf(c, &yaml);
}

static int m_as_config(struct gt_tmpl_call *c)
{
	return flatten(c, false);
}

static int m_as_secrets(struct gt_tmpl_call *c)
{
	return flatten(c, true);
}

const struct gt_tmpl_func helm__files_methods[] = {
	{"AsConfig", "", m_as_config},
	{"AsSecrets", "", m_as_secrets},
	{"Get", "s", m_get},
	{"GetBytes", "s", m_get_bytes},
	{"Glob", "s", m_glob},
	{"Lines", "s", m_lines},
	{0},
};

/* --- .Capabilities ------------------------------------------------------------------------ */

/* An object whose fields are those of a map, in the order of `names`. */
struct record {
	struct gt_vobj obj;
	struct gt_value fields;
	struct gt_str text; /* of String(), or empty */
};

static bool record_field(struct gt_arena *a, struct gt_vobj *obj, struct gt_str name,
			 struct gt_value *ret)
{
	const struct gt_value *v = gt_vmap_find(((struct record *)obj)->fields.map, name);

	(void)a;
	if (v)
		*ret = *v;
	return v != NULL;
}

static struct gt_value record_plain(struct gt_arena *a, const struct gt_vobj *obj)
{
	(void)a;
	return ((const struct record *)obj)->fields;
}

/* Fields in the order they were put in, as Go prints a struct. */
static void record_print(struct gt_buf *out, const struct gt_vobj *obj)
{
	const struct record *r = (const struct record *)obj;
	gt_auto_arena scratch = {0};

	gt_buf_addc(out, '{');
	for (uint32_t i = 0; i < r->fields.map->used; i++) {
		if (i)
			gt_buf_addc(out, ' ');
		gt_value_print(out, &scratch, r->fields.map->e[i].value);
		if (i == 0 && r->text.n) /* a field that templates cannot name */
			gt_buf_printf(out, " %.*s", GT_STR_ARG(r->text));
	}
	gt_buf_addc(out, '}');
}

static void kube_show(struct gt_buf *out, const struct gt_vobj *obj)
{
	gt_buf_add_str(out, ((const struct record *)obj)->text);
}

static int m_string(struct gt_tmpl_call *c)
{
	c->ret = gt_vstr(((struct record *)c->self.obj)->text);
	return GT_OK;
}

static int m_git_version(struct gt_tmpl_call *c)
{
	c->ret = gt_vmap_get(((struct record *)c->self.obj)->fields, GT_STR_LIT("Version"));
	return GT_OK;
}

static int m_has(struct gt_tmpl_call *c)
{
	c->ret = gt_vbool(false);
	for (uint32_t i = 0; i < gt_vlist_n(c->self); i++) {
		if (gt_str_eq(c->self.list->v[i].s, c->arg[0].s))
			c->ret = gt_vbool(true);
	}
	return GT_OK;
}

const struct gt_tmpl_func helm__versions_methods[] = {{"Has", "s", m_has}, {0}};

static const struct gt_tmpl_func kube_methods[] = {
	{"GitVersion", "", m_git_version}, {"String", "", m_string}, {0}};

static const struct gt_vclass caps_class = {.type = "*common.Capabilities",
					    .pointer = true,
					    .field = record_field,
					    .print = record_print,
					    .plain = record_plain};
static const struct gt_vclass kube_class = {.type = "common.KubeVersion",
					    .field = record_field,
					    .methods = kube_methods,
					    .show = kube_show,
					    .print = record_print,
					    .plain = record_plain};
/* Encoders know the fields by other names. */
static struct gt_value build_plain(struct gt_arena *a, const struct gt_vobj *obj)
{
	static const char *const names[][2] = {{"Version", "version"},
					       {"GitCommit", "git_commit"},
					       {"GitTreeState", "git_tree_state"},
					       {"GoVersion", "go_version"},
					       {"KubeClientVersion", "kube_client_version"}};
	const struct record *r = (const struct record *)obj;
	struct gt_value out = gt_vmap_new(a, GT_V_MAP);

	for (size_t i = 0; i < GT_COUNT(names); i++)
		gt_vmap_put(a, out, names[i][1], gt_vmap_get(r->fields, gt_str(names[i][0])));
	return out;
}

static const struct gt_vclass build_class = {.type = "version.BuildInfo",
					     .field = record_field,
					     .print = record_print,
					     .plain = build_plain};

static struct record *new_record(struct gt_arena *a, const struct gt_vclass *cls)
{
	struct record *r = gt_arena_new(a, struct record);

	if (r) {
		r->obj.cls = cls;
		r->fields = gt_vmap_new(a, GT_V_MAP);
	}
	return r;
}

/* The groups that Helm 4.2 knows without a cluster. */
static const char *const known_versions[] = {
	"v1",
	"admissionregistration.k8s.io/v1",
	"admissionregistration.k8s.io/v1alpha1",
	"admissionregistration.k8s.io/v1beta1",
	"internal.apiserver.k8s.io/v1alpha1",
	"apps/v1",
	"apps/v1beta1",
	"apps/v1beta2",
	"authentication.k8s.io/v1",
	"authentication.k8s.io/v1alpha1",
	"authentication.k8s.io/v1beta1",
	"authorization.k8s.io/v1",
	"authorization.k8s.io/v1beta1",
	"autoscaling/v1",
	"autoscaling/v2",
	"batch/v1",
	"batch/v1beta1",
	"certificates.k8s.io/v1",
	"certificates.k8s.io/v1beta1",
	"certificates.k8s.io/v1alpha1",
	"coordination.k8s.io/v1alpha2",
	"coordination.k8s.io/v1beta1",
	"coordination.k8s.io/v1",
	"discovery.k8s.io/v1",
	"discovery.k8s.io/v1beta1",
	"events.k8s.io/v1",
	"events.k8s.io/v1beta1",
	"extensions/v1beta1",
	"flowcontrol.apiserver.k8s.io/v1",
	"flowcontrol.apiserver.k8s.io/v1beta1",
	"flowcontrol.apiserver.k8s.io/v1beta2",
	"flowcontrol.apiserver.k8s.io/v1beta3",
	"networking.k8s.io/v1",
	"networking.k8s.io/v1beta1",
	"node.k8s.io/v1",
	"node.k8s.io/v1alpha1",
	"node.k8s.io/v1beta1",
	"policy/v1",
	"policy/v1beta1",
	"rbac.authorization.k8s.io/v1",
	"rbac.authorization.k8s.io/v1beta1",
	"rbac.authorization.k8s.io/v1alpha1",
	"resource.k8s.io/v1",
	"resource.k8s.io/v1beta2",
	"resource.k8s.io/v1beta1",
	"resource.k8s.io/v1alpha3",
	"scheduling.k8s.io/v1alpha2",
	"scheduling.k8s.io/v1beta1",
	"scheduling.k8s.io/v1",
	"storage.k8s.io/v1beta1",
	"storage.k8s.io/v1",
	"storage.k8s.io/v1alpha1",
	"storagemigration.k8s.io/v1beta1",
	"apiextensions.k8s.io/v1beta1",
	"apiextensions.k8s.io/v1",
};

static struct gt_value versions(struct gt_arena *a, const char *const *more)
{
	struct gt_value list = gt_vlist_new(a, GT_V_VERSIONS, GT_COUNT(known_versions));

	for (size_t i = 0; i < GT_COUNT(known_versions); i++)
		gt_vlist_add(a, list, gt_vcstr(known_versions[i]));
	for (; more && *more; more++)
		gt_vlist_add(a, list, gt_vcstr(*more));
	return list;
}

/* [v]MAJOR.MINOR[.PATCH...][anything]: the parts that are numbers count. */
static int parse_kube_version(struct gt_str text, uint64_t part[3], struct gt_err *err)
{
	struct gt_str s = gt_str_trim(text);
	unsigned n = 0;

	s = gt_str_from(s, s.n && s.p[0] == 'v');
	while (n < 3 && s.n) {
		size_t digits = 0;

		while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
			digits++;
		if (!gt_str_u64(gt_str_sub(s, 0, digits), &part[n]))
			break;
		n++;
		s = gt_str_from(s, digits);
		if (s.n == 0 || s.p[0] != '.')
			break;
		s = gt_str_from(s, 1);
	}
	if (n < 2)
		return gt_fail(err, GT_E_INVALID, "could not parse \"%.*s\" as version",
			       GT_STR_ARG(text));
	return GT_OK;
}

static int kube_version(struct gt_arena *a, struct gt_str text, struct record *r,
			struct gt_err *err)
{
	uint64_t part[3] = {0};
	bool v = text.n && text.p[0] == 'v';
	int rc = parse_kube_version(text, part, err);

	if (rc < 0)
		return rc;
	char *full = gt_arena_printf(a, "%s%.*s", v ? "" : "v", GT_STR_ARG(text));
	char *normal = gt_arena_printf(a, "v%llu.%llu.%llu", (unsigned long long)part[0],
				       (unsigned long long)part[1], (unsigned long long)part[2]);
	char *major = gt_arena_printf(a, "%llu", (unsigned long long)part[0]);
	char *minor = gt_arena_printf(a, "%llu", (unsigned long long)part[1]);
	if (!full || !normal || !major || !minor)
		return gt_arena_check(a, err);
	r->text = gt_str(normal);
	gt_vmap_put(a, r->fields, "Version", gt_vcstr(full));
	gt_vmap_put(a, r->fields, "Major", gt_vcstr(major));
	gt_vmap_put(a, r->fields, "Minor", gt_vcstr(minor));
	return GT_OK;
}

int helm__capabilities(struct gt_arena *a, struct gt_str version, const char *const *api_versions,
		       struct gt_value *ret_caps, struct gt_str *ret_version, struct gt_err *err)
{
	static const char *const build[][2] = {
		{"Version", "v4.2.3"},
		{"GitCommit", "43e8b7feece8beb0fcba47059ec9b522fd929a64"},
		{"GitTreeState", "clean"},
		{"GoVersion", "go1.26.5"},
		{"KubeClientVersion", "v1.36"},
	};
	struct record *caps = new_record(a, &caps_class), *kube = new_record(a, &kube_class),
		      *info = new_record(a, &build_class);

	if (!caps || !kube || !info)
		return gt_arena_check(a, err);
	int rc = kube_version(a, version.n ? version : GT_STR_LIT("v1.36.0"), kube, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < GT_COUNT(build); i++)
		gt_vmap_put(a, info->fields, build[i][0], gt_vcstr(build[i][1]));
	gt_vmap_put(a, caps->fields, "KubeVersion", gt_vobj(&kube->obj));
	gt_vmap_put(a, caps->fields, "APIVersions", versions(a, api_versions));
	gt_vmap_put(a, caps->fields, "HelmVersion", gt_vobj(&info->obj));
	*ret_caps = gt_vobj(&caps->obj);
	*ret_version = kube->text;
	return gt_arena_check(a, err);
}

/* --- functions ---------------------------------------------------------------------------- */

/* Without a cluster nothing is found. */
static int fn_lookup(struct gt_tmpl_call *c)
{
	c->ret = gt_vmap_new(c->a, GT_V_MAP);
	return GT_OK;
}

const struct gt_tmpl_func helm__functions[] = {{"lookup", "ssss", fn_lookup}, {0}};
