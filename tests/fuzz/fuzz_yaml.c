/* YAML: what parses is written as YAML, parsed again and equal, under both sets of rules. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text/json.h"
#include "text/yaml.h"

/* Line separators of Unicode break lines in YAML 1.1 and are lost where a line is broken. */
static bool has_separators(const struct gt_buf *text)
{
	return text->p && (strstr(text->p, "\xe2\x80\xa8") || strstr(text->p, "\xe2\x80\xa9"));
}

/* Numbers are printed as Go prints doubles, so the comparison is made after that. */
static struct gt_node *as_go(struct gt_arena *a, const struct gt_node *n)
{
	gt_auto_buf text = {0};
	struct gt_node *out = NULL;

	gt_json_write(&text, n, GT_JSON_GO_NUMBERS, 0);
	if (gt_json_parse(a, gt_buf_str(&text), 0, &out, NULL) < 0)
		return NULL;
	return out;
}

static void check(struct gt_arena *a, const struct gt_node *n, unsigned style)
{
	static const struct gt_yaml_opts opts = {.rules = GT_YAML_GO_V2};
	gt_auto_buf out = {0};
	struct gt_node *again;
	struct gt_err err;

	gt_yaml_write(&out, n, style);
	if (has_separators(&out))
		return;
	int rc = gt_yaml_parse(a, gt_buf_str(&out), &opts, &again, &err);
	if (rc == GT_E_BUDGET || a->failed)
		return;
	struct gt_node *x = rc < 0 ? NULL : as_go(a, n), *y = rc < 0 ? NULL : as_go(a, again);
	if (!a->failed && (!x || !y || !gt_node_equal(x, y)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum gt_yaml_rules rules[] = {GT_YAML_GO_V2, GT_YAML_GO_V3};
	struct gt_str text = gt_strn((const char *)data, size);

	for (int i = 0; i < 2; i++) {
		struct gt_yaml_opts opts = {.rules = rules[i], .dup_keys_ok = true};
		gt_auto_arena a = {0};
		struct gt_node *docs;

		gt_arena_init(&a, (size_t)64 << 20);
		if (gt_yaml_parse_all(&a, text, &opts, &docs, NULL) < 0)
			continue;
		gt_seq_for_each (docs, doc) {
			check(&a, doc, GT_YAML_SORTED);
			check(&a, doc, GT_YAML_SEQ_INDENT | GT_YAML_NO_FOLD);
		}
	}
	return 0;
}
