#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/time.h"
#include "logs.h"
#include "text/json.h"

static bool is_any(const char *want, const char *have, bool fold)
{
	if (!want || !*want)
		return true;
	return fold ? strcasecmp(want, have) == 0 : strcmp(want, have) == 0;
}

void log_print_line(const struct log_filter *f, struct gt_str line)
{
	gt_auto_arena a = {0};
	struct gt_node *record;
	int64_t at = 0;

	if (line.n == 0 || line.p[0] != '{' || gt_json_parse(&a, line, 0, &record, NULL) < 0)
		return;
	const char *ts = gt_node_cstr_or(gt_node_get(record, "ts"), "");
	const char *level = gt_node_cstr_or(gt_node_get(record, "level"), "");
	const char *kind = gt_node_cstr_or(gt_node_get(record, "controllerKind"), "");
	const char *name = gt_node_cstr_or(gt_node_get(record, "name"), "");
	const char *ns = gt_node_cstr_or(gt_node_get(record, "namespace"), "");

	gt_rfc3339_parse(gt_str(ts), &at);
	if (!is_any(f->level, level, false) || !is_any(f->kind, kind, true) ||
	    !is_any(f->name, name, true) || !is_any(f->ns, ns, true) || at < f->since)
		return;
	printf("%s %s %s", ts, level, kind);
	if (*name)
		printf("%s%s.%s", *kind ? "/" : "", name, ns);
	printf(" - %s %s\n", gt_node_cstr_or(gt_node_get(record, "msg"), ""),
	       gt_node_cstr_or(gt_node_get(record, "error"), ""));
}
