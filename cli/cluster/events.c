/* `gitops events`: the Kubernetes Events about the toolkit's objects. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/time.h"
#include "kinds.h"
#include "kube/watch.h"

struct eventing {
	struct cluster *c;
	bool all_namespaces, header;
	const char *kind, *name; /* of --for, NULL for any */
};

static int64_t time_of(const struct gt_node *event, const char *field)
{
	const char *text = gt_node_cstr(gt_node_get(event, field));
	int64_t ns = 0;

	if (text)
		gt_rfc3339_parse(gt_str(text), &ns);
	return ns;
}

static int64_t last_seen(const struct gt_node *event)
{
	int64_t last = time_of(event, "lastTimestamp");

	if (!last)
		last = time_of(event, "eventTime");
	if (!last) {
		const char *text = gt_node_cstr_at(event, "metadata", "creationTimestamp");

		if (text)
			gt_rfc3339_parse(gt_str(text), &last);
	}
	return last;
}

static const char *age_text(struct gt_arena *a, int64_t since)
{
	char text[GT_TIME_TEXT];

	if (!since)
		return "<unknown>";
	return gt_arena_strdup(a, gt_human_duration(gt_now_wall() - since, text));
}

static const char *last_seen_text(struct gt_arena *a, const struct gt_node *event)
{
	int64_t count = gt_node_int_or(gt_node_get(event, "count"), 1);
	const char *age = age_text(a, last_seen(event));

	if (count <= 1)
		return age;
	return gt_arena_printf(a, "%s (x%lld over %s)", age, (long long)count,
			       age_text(a, time_of(event, "firstTimestamp")));
}

static bool type_selected(const struct cluster *c, const char *type)
{
	const struct gt_flag_list *types = cli_flag_list(c->call, "types");

	for (size_t i = 0; i < types->n; i++) {
		if (strcasecmp(types->v[i], type) == 0)
			return true;
	}
	return types->n == 0;
}

static bool selected(const struct eventing *e, const struct gt_node *event)
{
	const struct gt_node *about = gt_node_get(event, "involvedObject");
	const char *kind = gt_node_cstr_or(gt_node_get(about, "kind"), "");
	const char *name = gt_node_cstr_or(gt_node_get(about, "name"), "");

	if (!kind_named(kind) ||
	    !strstr(gt_node_cstr_or(gt_node_get(about, "apiVersion"), ""), ".toolkit.fluxcd.io/"))
		return false;
	if (e->kind && strcasecmp(e->kind, kind) != 0)
		return false;
	if (e->name && strcmp(e->name, name) != 0)
		return false;
	return type_selected(e->c, gt_node_cstr_or(gt_node_get(event, "type"), ""));
}

static struct cli_table *new_table(const struct eventing *e)
{
	static const char *const columns[] = {"Namespace", "Last seen", "Type",
					      "Reason",    "Object",    "Message"};
	size_t skip = e->all_namespaces ? 0 : 1;

	return cli_table_new(columns + skip, GT_COUNT(columns) - skip);
}

static void add_row(const struct eventing *e, struct cli_table *t, const struct gt_node *event)
{
	struct gt_arena *a = &e->c->arena;
	const struct gt_node *about = gt_node_get(event, "involvedObject");
	const char *cells[] = {
		gt_node_cstr_or(gt_node_get(about, "namespace"), ""),
		last_seen_text(a, event),
		gt_node_cstr_or(gt_node_get(event, "type"), ""),
		gt_node_cstr_or(gt_node_get(event, "reason"), ""),
		gt_arena_printf(a, "%s/%s", gt_node_cstr_or(gt_node_get(about, "kind"), ""),
				gt_node_cstr_or(gt_node_get(about, "name"), "")),
		gt_node_cstr_or(gt_node_get(event, "message"), ""),
	};

	cli_table_add(t, cells + (e->all_namespaces ? 0 : 1));
}

static int by_last_seen(const struct gt_node *x, const struct gt_node *y, void *arg)
{
	int64_t a = last_seen(x), b = last_seen(y);

	(void)arg;
	return a < b ? -1 : a > b;
}

static int print_event(void *arg, enum gt_event_type type, struct gt_node *event,
		       struct gt_err *err)
{
	struct eventing *e = arg;

	(void)err;
	if (type == GT_EVENT_BOOKMARK || type == GT_EVENT_DELETED || !selected(e, event))
		return 0;
	struct cli_table *t = new_table(e);
	add_row(e, t, event);
	cli_table_print(t, e->header);
	cli_table_free(t);
	e->header = false;
	return 0;
}

/* Kind[/name]. */
static bool parse_for(struct eventing *e)
{
	const char *text = cli_flag_string(e->c->call, "for");
	const char *slash = strchr(text, '/');

	if (!*text)
		return true;
	e->kind =
		gt_arena_strndup(&e->c->arena, text, slash ? (size_t)(slash - text) : strlen(text));
	e->name = slash ? slash + 1 : NULL;
	return kind_named(e->kind) != NULL;
}

int cluster_events(struct cluster *c)
{
	struct eventing e = {
		.c = c,
		.all_namespaces = cli_flag_bool(c->call, "all-namespaces"),
		.header = true,
	};
	const char *ns = e.all_namespaces ? NULL : c->ns;
	struct gt_node *list;
	struct gt_err err;

	if (!parse_for(&e))
		return cli_failf("unknown kind in --for %s", cli_flag_string(c->call, "for"));
	if (cli_flag_bool(c->call, "watch")) {
		struct gt_watch_opts opts = {0};
		int rc = gt_watch_each(c->kube, &c->ctx, &gt_res_event, ns, &opts, print_event, &e,
				       &err);

		return rc < 0 && rc != GT_E_TIMEOUT ? cli_fail(&err) : 0;
	}
	if (gt_kube_list(c->kube, &c->ctx, &c->arena, &gt_res_event, ns, NULL, &list, &err) < 0)
		return cli_fail(&err);
	struct gt_node *items = gt_node_get(list, "items");
	gt_node_sort_items(items, by_last_seen, NULL);
	struct cli_table *t = new_table(&e);
	gt_seq_for_each (items, event) {
		if (selected(&e, event))
			add_row(&e, t, event);
	}
	if (cli_table_rows(t))
		cli_table_print(t, true);
	else
		cli_failure("No events found in %s namespace.", e.all_namespaces ? "any" : c->ns);
	cli_table_free(t);
	return 0;
}
