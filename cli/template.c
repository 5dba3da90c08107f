/* gitops template: what a Helm chart renders to. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/glob.h"
#include "base/limits.h"
#include "command.h"
#include "helm/render.h"
#include "helm/values.h"
#include "print.h"
#include "text/json.h"
#include "text/regex.h"

static struct gt_flag_list value_files, sets, set_strings, set_files, set_jsons, set_literals;
static struct gt_flag_list api_versions, show_only;
static bool include_crds, skip_tests, no_hooks, is_upgrade, use_release_name, validate, skip_schema;
static const char *kube_version;

#define LIST(n, v, u)                                                      \
	{                                                                  \
		.name = n, .kind = GT_FLAG_ARRAY, .value = (v), .usage = u \
	}
#define BOOL(n, v, u)                                                     \
	{                                                                 \
		.name = n, .kind = GT_FLAG_BOOL, .value = (v), .usage = u \
	}

struct gt_flag cli_template_flags[] = {
	{.name = "api-versions",
	 .short_name = 'a',
	 .kind = GT_FLAG_STRINGS,
	 .value = &api_versions,
	 .usage = "API versions in .Capabilities.APIVersions, can be repeated"},
	BOOL("include-crds", &include_crds, "print the CRDs of the chart too"),
	BOOL("is-upgrade", &is_upgrade, "set .Release.IsUpgrade instead of .Release.IsInstall"),
	{.name = "kube-version",
	 .kind = GT_FLAG_STRING,
	 .value = &kube_version,
	 .usage = "version of Kubernetes in .Capabilities.KubeVersion"},
	BOOL("no-hooks", &no_hooks, "leave hooks out"),
	BOOL("release-name", &use_release_name, "accepted for scripts; there is no output folder"),
	LIST("set", &sets, "values as key=value, can be repeated"),
	LIST("set-file", &set_files, "values from files as key=path, can be repeated"),
	LIST("set-json", &set_jsons, "values in JSON as key=json or one object, can be repeated"),
	LIST("set-literal", &set_literals, "a literal string as key=text, can be repeated"),
	LIST("set-string", &set_strings, "values as key=string, can be repeated"),
	{.name = "show-only",
	 .short_name = 's',
	 .kind = GT_FLAG_ARRAY,
	 .value = &show_only,
	 .usage = "only what these templates made, can be repeated"},
	BOOL("skip-schema-validation", &skip_schema, "do not check values against the schema"),
	BOOL("skip-tests", &skip_tests, "leave tests out"),
	BOOL("validate", &validate, "not available: it needs a cluster"),
	{.name = "values",
	 .short_name = 'f',
	 .kind = GT_FLAG_STRINGS,
	 .value = &value_files,
	 .usage = "files with values, can be repeated"},
	GT_FLAG_END,
};

/* --- values ------------------------------------------------------------------------------- */

/* Files the user names, and "-" for standard input. */
static int read_file(void *arg, struct gt_str name, struct gt_buf *out, struct gt_err *err)
{
	char path[4096];
	gt_autoclose int fd = -1;

	(void)arg;
	if (name.n >= sizeof path)
		return gt_fail(err, GT_E_INVALID, "the name of a file is too long");
	memcpy(path, name.p, name.n);
	path[name.n] = '\0';
	if (strcmp(path, "-") == 0)
		return gt_fd_read_all(STDIN_FILENO, GT_LIMIT_FILE, out, err);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return gt_fail(err, GT_E_NOT_FOUND, "open %s: no such file or directory", path);
	int rc = gt_fd_read_all(fd, GT_LIMIT_FILE, out, err);
	return rc < 0 ? gt_wrap(err, "read %s", path) : rc;
}

static int merge_files(struct gt_arena *a, struct gt_value *values, struct gt_err *err)
{
	for (size_t i = 0; i < value_files.n; i++) {
		gt_auto_buf text = {0};
		struct gt_value one;
		int rc = read_file(NULL, gt_str(value_files.v[i]), &text, err);

		if (rc < 0)
			return rc;
		rc = gt_values_parse(a, gt_arena_str(a, gt_buf_str(&text)), &one, err);
		if (rc < 0)
			return gt_wrap(err, "failed to parse %s", value_files.v[i]);
		*values = gt_values_merge(a, *values, one);
	}
	return GT_OK;
}

/* --set-json takes a whole object too. */
static int set_json(struct gt_arena *a, struct gt_value *values, const char *text,
		    struct gt_err *err)
{
	struct gt_node *n;
	int rc;

	if (text[strspn(text, " \t\n")] != '{')
		return gt_values_set(a, *values, gt_str(text), GT_SET_JSON, NULL, NULL, err);
	rc = gt_json_parse(a, gt_str(text), GT_JSON_DUP_LAST, &n, err);
	if (rc == GT_OK)
		*values = gt_values_merge(a, *values, gt_value_of_node(a, n, false));
	return rc;
}

static int apply_sets(struct gt_arena *a, struct gt_value *values, struct gt_err *err)
{
	const struct {
		const char *flag;
		const struct gt_flag_list *list;
		enum gt_set_kind kind;
	} all[] = {
		{"set-json", &set_jsons, GT_SET_JSON},
		{"set", &sets, GT_SET},
		{"set-string", &set_strings, GT_SET_STRING},
		{"set-file", &set_files, GT_SET_FILE},
		{"set-literal", &set_literals, GT_SET_LITERAL},
	};

	for (size_t i = 0; i < GT_COUNT(all); i++) {
		for (size_t j = 0; j < all[i].list->n; j++) {
			const char *text = all[i].list->v[j];
			int rc = all[i].kind == GT_SET_JSON
					 ? set_json(a, values, text, err)
					 : gt_values_set(a, *values, gt_str(text), all[i].kind,
							 read_file, NULL, err);

			if (rc < 0 && all[i].kind == GT_SET_JSON)
				return gt_wrap(err, "failed parsing --set-json data %s", text);
			if (rc < 0)
				return gt_wrap(err, "failed parsing --%s data", all[i].flag);
		}
	}
	return GT_OK;
}

/* --- checks ------------------------------------------------------------------------------- */

static int check_name(const char *name, struct gt_err *err)
{
	static const char pattern[] =
		"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
	struct gt_regex *re;
	int rc = gt_regex_new(gt_str(pattern), &re, err);

	if (rc < 0)
		return rc;
	bool ok = gt_regex_match_full(re, gt_str(name)) && strlen(name) <= 53;
	gt_regex_free(re);
	if (ok)
		return GT_OK;
	return gt_fail(err, GT_E_INVALID,
		       "release name \"%s\": invalid release name, must match regex ^%s$ and the "
		       "length must not be longer than 53",
		       name, pattern);
}

static int check_chart(const struct gt_chart *c, struct gt_err *err)
{
	gt_auto_buf missing = {0};

	if (gt_str_is(c->type, "library"))
		return gt_fail(err, GT_E_INVALID, "library charts are not installable");
	for (size_t i = 0; i < c->ndeps; i++) {
		bool found = false;

		for (size_t j = 0; j < c->ncharts && !found; j++)
			found = gt_str_eq(c->charts[j]->name, c->deps[i].name);
		if (!found)
			gt_buf_printf(&missing, "%s%.*s", missing.n ? ", " : "",
				      GT_STR_ARG(c->deps[i].name));
	}
	if (missing.n == 0)
		return GT_OK;
	return gt_fail(err, GT_E_INVALID,
		       "found in Chart.yaml, but missing in charts/ directory: %s", missing.p);
}

/* --- output ------------------------------------------------------------------------------- */

static void put(struct gt_buf *out, const struct gt_manifest *m)
{
	gt_buf_adds(out, "---\n# Source: ");
	gt_buf_add_str(out, m->path);
	gt_buf_addc(out, '\n');
	gt_buf_add_str(out, m->content);
	gt_buf_addc(out, '\n');
}

static bool is_test(const struct gt_hook *h)
{
	for (uint32_t i = 0; i < gt_vlist_n(h->events); i++) {
		if (gt_str_is(h->events.list->v[i].s, "test"))
			return true;
	}
	return false;
}

static void put_all(struct gt_buf *out, const struct gt_helm_output *o)
{
	gt_auto_buf manifests = {0};

	for (size_t i = 0; include_crds && i < o->ncrds; i++)
		put(&manifests, &o->crds[i]);
	for (size_t i = 0; i < o->nmanifests; i++)
		put(&manifests, &o->manifests[i]);
	gt_buf_add_str(out, gt_str_trim(gt_buf_str(&manifests)));
	gt_buf_addc(out, '\n');
	for (size_t i = 0; !no_hooks && i < o->nhooks; i++) {
		if (!(skip_tests && is_test(&o->hooks[i])))
			put(out, &o->hooks[i].manifest);
	}
}

/* What follows "# Source: chart/" in a document. */
static bool source_of(struct gt_str doc, struct gt_str *ret)
{
	size_t at = gt_str_search(doc, GT_STR_LIT("# Source: "));
	struct gt_str line = gt_str_from(doc, at == SIZE_MAX ? doc.n : at + 10);
	size_t end = gt_str_find(line, '\n');

	line = gt_str_sub(line, 0, end == SIZE_MAX ? line.n : end);
	size_t slash = gt_str_find(line, '/');
	if (slash == SIZE_MAX || slash == 0)
		return false;
	*ret = gt_str_from(line, slash + 1);
	return true;
}

static int put_shown(struct gt_arena *a, struct gt_buf *out, struct gt_str all, struct gt_err *err)
{
	struct gt_value docs = gt_helm_split(a, all);

	for (size_t i = 0; i < show_only.n; i++) {
		bool missing = true;

		for (uint32_t j = 0; j < gt_vlist_n(docs); j++) {
			struct gt_str doc = docs.list->v[j].s, source;
			bool match = false;

			if (!source_of(doc, &source) ||
			    gt_glob_match(gt_str(show_only.v[i]), source, &match, NULL) < 0 ||
			    !match)
				continue;
			gt_buf_adds(out, "---\n");
			gt_buf_add_str(out, doc);
			gt_buf_addc(out, '\n');
			missing = false;
		}
		if (missing)
			return gt_fail(err, GT_E_NOT_FOUND, "could not find template %s in chart",
				       show_only.v[i]);
	}
	return GT_OK;
}

static const char *namespace_of(const struct cli_call *call)
{
	return call->globals->namespace_given && call->globals->namespace_
		       ? call->globals->namespace_
		       : "default";
}

static int render(const struct cli_call *call, struct gt_buf *out, struct gt_err *err)
{
	gt_auto_arena arena = {.budget = 4 * GT_BUDGET_RECONCILE};
	const char *name = call->nargs > 1 ? call->args[0] : "release-name";
	struct gt_value values = gt_vmap_new(&arena, GT_V_MAP);
	gt_auto_buf all = {0};
	struct gt_chart *chart;
	struct gt_helm_output o;
	int rc;

	if (validate)
		return gt_fail(err, GT_E_UNSUPPORTED, "--validate needs a cluster");
	gt_vec_push(&api_versions, NULL);
	struct gt_helm_opts opts = {.release = gt_str(name),
				    .namespace_ = gt_str(namespace_of(call)),
				    .is_upgrade = is_upgrade,
				    .kube_version = gt_str(kube_version),
				    .skip_schema = skip_schema,
				    .api_versions = (const char *const *)api_versions.v};
	rc = merge_files(&arena, &values, err);
	if (rc == GT_OK)
		rc = apply_sets(&arena, &values, err);
	if (rc == GT_OK)
		rc = gt_chart_load(&arena, call->args[call->nargs - 1], &chart, err);
	if (rc == GT_OK)
		rc = check_chart(chart, err);
	if (rc == GT_OK)
		rc = check_name(name, err);
	if (rc == GT_OK)
		rc = gt_helm_render(&arena, chart, values, &opts, &o, err);
	if (rc < 0)
		return rc;
	if (show_only.n == 0) {
		put_all(out, &o);
		return gt_buf_check(out, err);
	}
	put_all(&all, &o);
	return put_shown(&arena, out, gt_buf_str(&all), err);
}

int cli_template(const struct cli_call *call)
{
	struct gt_err err = {0};
	gt_auto_buf out = {0};

	if (render(call, &out, &err) < 0 || gt_fd_write_all(STDOUT_FILENO, out.p, out.n, &err) < 0)
		return cli_fail(&err);
	return 0;
}
