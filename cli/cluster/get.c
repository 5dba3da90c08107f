/* `gitops get`: tables of objects and how they stand. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/time.h"
#include "kinds.h"
#include "kube/conditions.h"
#include "kube/watch.h"
#include "output.h"

static const char *const titles[] = {
	[COLUMN_NAME] = "Name",     [COLUMN_REVISION] = "Revision",
	[COLUMN_SOURCE] = "Source", [COLUMN_SUSPENDED] = "Suspended",
	[COLUMN_READY] = "Ready",   [COLUMN_MESSAGE] = "Message",
};

struct getting {
	struct cluster *c;
	bool all_namespaces, header, prefix_kind;
	/* --status-selector */
	char *condition, *status;
	bool negate;
};

static void ready_and_message(const struct getting *g, const struct kind *k,
			      const struct gt_node *obj, const char **ret_ready,
			      const char **ret_message)
{
	const struct gt_node *ready = gt_cond_get(obj, GT_COND_READY);

	if (kind_is_static(k, obj)) {
		*ret_ready = "True";
		*ret_message = k->res == &gt_res_helm_repository
				       ? "Helm repository is Ready"
				       : gt_arena_printf(&g->c->arena, "%s is Ready", k->res->kind);
	} else if (!ready) {
		*ret_ready = "False";
		*ret_message = "waiting to be reconciled";
	} else {
		*ret_ready = gt_node_cstr_or(gt_node_get(ready, "status"), "Unknown");
		*ret_message = gt_node_cstr_or(gt_node_get(ready, "message"), "");
		if (k->res != &gt_res_receiver && k->res != &gt_res_helm_release)
			*ret_message = shorten_hashes(&g->c->arena, *ret_message);
	}
}

static const char *source_text(struct gt_arena *a, const struct gt_node *obj)
{
	const struct gt_node *ref = gt_node_at(obj, "spec", "sourceRef");
	const char *ns = gt_node_cstr_or(gt_node_get(ref, "namespace"), gt_obj_namespace(obj));

	if (!ref)
		return "";
	return gt_arena_printf(a, "%s/%s/%s", gt_node_cstr_or(gt_node_get(ref, "kind"), ""), ns,
			       gt_node_cstr_or(gt_node_get(ref, "name"), ""));
}

static const char *cell(const struct getting *g, const struct kind *k, const struct gt_node *obj,
			enum kind_column column)
{
	struct gt_arena *a = &g->c->arena;
	const char *ready, *message;

	switch (column) {
	case COLUMN_NAME:
		if (!g->prefix_kind)
			return gt_obj_name(obj);
		char *name = gt_arena_printf(a, "%s/%s", k->res->kind, gt_obj_name(obj));
		for (char *p = name; p && *p != '/'; p++)
			*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
		return name;
	case COLUMN_REVISION:
		return k->keeps_revision ? kind_revision(k, obj)
					 : shorten_hashes(a, kind_revision(k, obj));
	case COLUMN_SOURCE: return source_text(a, obj);
	case COLUMN_SUSPENDED:
		return gt_node_truth(gt_node_at(obj, "spec", "suspend"), false) ? "True" : "False";
	case COLUMN_READY: ready_and_message(g, k, obj, &ready, &message); return ready;
	case COLUMN_MESSAGE: ready_and_message(g, k, obj, &ready, &message); return message;
	}
	return "";
}

static bool selected(const struct getting *g, const struct gt_node *obj)
{
	if (!g->condition)
		return true;
	gt_seq_for_each (gt_node_at(obj, "status", "conditions"), condition) {
		const char *type = gt_node_cstr_or(gt_node_get(condition, "type"), "");
		const char *status = gt_node_cstr_or(gt_node_get(condition, "status"), "");

		if (strcasecmp(type, g->condition) == 0)
			return (strcasecmp(status, g->status) == 0) != g->negate;
	}
	return false;
}

static struct cli_table *new_table(const struct getting *g, const struct kind *k)
{
	const char *columns[MAX_COLUMNS];
	size_t n = 0;

	if (g->all_namespaces)
		columns[n++] = "Namespace";
	for (size_t i = 0; i < k->ncolumns; i++)
		columns[n++] = titles[k->columns[i]];
	return cli_table_new(columns, n);
}

static void add_row(const struct getting *g, const struct kind *k, struct cli_table *t,
		    const struct gt_node *obj)
{
	const char *cells[MAX_COLUMNS];
	size_t n = 0;

	if (g->all_namespaces)
		cells[n++] = gt_obj_namespace(obj);
	for (size_t i = 0; i < k->ncolumns; i++)
		cells[n++] = cell(g, k, obj, k->columns[i]);
	cli_table_add(t, cells);
}

static int list(const struct getting *g, const struct kind *k, const char *name,
		struct gt_node **ret_items, struct gt_err *err)
{
	struct cluster *c = g->c;
	struct gt_list_opts opts = {.label_selector = cli_flag_string(c->call, "label-selector")};
	struct gt_node *answer;

	if (name)
		opts.field_selector = gt_arena_printf(&c->arena, "metadata.name=%s", name);
	if (!*opts.label_selector)
		opts.label_selector = NULL;
	int rc = gt_kube_list(c->kube, &c->ctx, &c->arena, k->res, g->all_namespaces ? NULL : c->ns,
			      &opts, &answer, err);
	if (rc < 0)
		return rc;
	*ret_items = gt_node_seq(&c->arena);
	gt_seq_for_each (gt_node_get(answer, "items"), item) {
		if (selected(g, item))
			gt_node_append(&c->arena, *ret_items, item);
	}
	return GT_OK;
}

static int nothing_found(const struct getting *g, const struct kind *k, const char *name)
{
	if (name && g->all_namespaces)
		return cli_failf("%s object '%s' not found in any namespace", k->res->kind, name);
	if (name)
		return cli_failf("%s object '%s' not found in \"%s\" namespace", k->res->kind, name,
				 g->c->ns);
	if (g->all_namespaces)
		return cli_failf("no %s objects found in any namespace", k->res->kind);
	return cli_failf("no %s objects found in \"%s\" namespace", k->res->kind, g->c->ns);
}

static int get_kind(const struct getting *g, const struct kind *k, const char *name)
{
	struct gt_node *items;
	struct gt_err err;

	if (list(g, k, name, &items, &err) < 0)
		return cli_fail(&err);
	if (gt_node_count(items) == 0)
		return nothing_found(g, k, name);
	if (*cli_flag_string(g->c->call, "output"))
		return output_objects(g->c, items, name != NULL);
	struct cli_table *t = new_table(g, k);
	gt_seq_for_each (items, item)
		add_row(g, k, t, item);
	cli_table_print(t, g->header);
	cli_table_free(t);
	return 0;
}

struct watching {
	const struct getting *g;
	const struct kind *k;
	bool header;
};

static int print_event(void *arg, enum gt_event_type type, struct gt_node *obj, struct gt_err *err)
{
	struct watching *w = arg;

	(void)err;
	if (type == GT_EVENT_BOOKMARK || !selected(w->g, obj))
		return 0;
	struct cli_table *t = new_table(w->g, w->k);
	add_row(w->g, w->k, t, obj);
	cli_table_print(t, w->header);
	cli_table_free(t);
	w->header = false;
	return 0;
}

static int watch_kind(const struct getting *g, const struct kind *k, const char *name)
{
	struct cluster *c = g->c;
	struct watching w = {g, k, g->header};
	struct gt_watch_opts opts = {.label_selector = cli_flag_string(c->call, "label-selector")};
	struct gt_err err;

	if (!*opts.label_selector)
		opts.label_selector = NULL;
	if (name)
		opts.field_selector = gt_arena_printf(&c->arena, "metadata.name=%s", name);
	int rc = gt_watch_each(c->kube, &c->ctx, k->res, g->all_namespaces ? NULL : c->ns, &opts,
			       print_event, &w, &err);
	return rc < 0 && rc != GT_E_TIMEOUT ? cli_fail(&err) : 0;
}

/* Tables of several kinds, a blank line between; kinds without objects are left out. */
static int get_several(struct getting *g, const char *group)
{
	bool first = true;
	int status = 0;

	g->prefix_kind = true;
	for (const struct kind *k = kinds; k->res; k++) {
		struct gt_node *items;
		struct gt_err err;

		if (group && strcmp(k->res->group, group) != 0)
			continue;
		int rc = list(g, k, NULL, &items, &err);
		if (rc == GT_E_NOT_FOUND || (rc == GT_OK && gt_node_count(items) == 0))
			continue;
		if (rc < 0) {
			status = cli_fail(&err);
			if (rc == GT_E_UNAVAILABLE || rc == GT_E_TIMEOUT || rc == GT_E_AUTH)
				break;
			continue;
		}
		if (!first)
			putchar('\n');
		first = false;
		struct cli_table *t = new_table(g, k);
		gt_seq_for_each (items, item)
			add_row(g, k, t, item);
		cli_table_print(t, g->header);
		cli_table_free(t);
	}
	return status;
}

/* "type=status" or "type!=status". */
static bool parse_status_selector(struct getting *g)
{
	const char *text = cli_flag_string(g->c->call, "status-selector");
	const char *equals = strchr(text, '=');

	if (!*text)
		return true;
	if (!equals || equals == text)
		return false;
	g->negate = equals[-1] == '!';
	size_t n = (size_t)(equals - text) - g->negate;
	g->condition = gt_arena_strndup(&g->c->arena, text, n);
	g->status = gt_arena_strdup(&g->c->arena, equals + 1);
	return n > 0;
}

int cluster_get(struct cluster *c)
{
	const char *path = c->call->command->path;
	const char *name = c->call->nargs ? c->call->args[0] : NULL;
	struct getting g = {
		.c = c,
		.all_namespaces = cli_flag_bool(c->call, "all-namespaces"),
		.header = !cli_flag_bool(c->call, "no-header"),
	};
	bool watch = cli_flag_bool(c->call, "watch");

	if (!parse_status_selector(&g))
		return cli_failf("invalid status selector '%s', must be type=status",
				 cli_flag_string(c->call, "status-selector"));
	if (c->call->command->complete) {
		const struct kind *k = kind_named(c->call->command->complete);

		return watch ? watch_kind(&g, k, name) : get_kind(&g, k, name);
	}
	if (watch)
		return cli_failf("watch is not supported with multiple kinds");
	return get_several(&g, strcmp(path, "get sources all") == 0 ? gt_res_bucket.group : NULL);
}
