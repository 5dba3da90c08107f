/* Parses a template and runs it over a small document, with small budgets. */
#include <stddef.h>
#include <stdint.h>

#include "text/sprig/sprig.h"
#include "text/template/template.h"
#include "text/yaml.h"

/* Without the functions that are slow on purpose. */
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
	gt_sprig_toml,
	gt_tmpl_engine_funcs,
	NULL,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	gt_auto_arena a = {.budget = (size_t)16 << 20};
	struct gt_tmpl_opts opts = {.arena = &a,
				    .tables = tables,
				    .max_steps = 20000,
				    .max_stack = (size_t)512 << 10,
				    .max_output = (size_t)1 << 20};
	struct gt_yaml_opts yaml = {.rules = GT_YAML_GO_V2};
	gt_auto_buf out = {.max = (size_t)1 << 20};
	struct gt_node *n;
	struct gt_err err;

	if (gt_yaml_parse(&a, gt_str("{s: text, n: 3, l: [a, 1], m: {k: {x: y}}, z: null}"), &yaml,
			  &n, NULL) < 0)
		return 0;
	struct gt_tmpl_set *set = gt_tmpl_set_new(&opts);
	if (set && gt_tmpl_parse(set, "t", gt_strn((const char *)data, size), &err) == GT_OK)
		gt_tmpl_execute(set, gt_str("t"), gt_value_of_node(&a, n, false), &out, &err);
	gt_tmpl_set_fini(set);
	return 0;
}
