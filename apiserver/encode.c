#include "encode.h"

#include "base/limits.h"
#include "base/rand.h"
#include "base/time.h"
#include "convert.h"
#include "net/server.h"
#include "printer.h"
#include "read.h"
#include "server.h"
#include "status.h"
#include "text/json.h"
#include "write.h"

/* --- choosing ----------------------------------------------------------------------------- */

static struct gt_str parameter(struct gt_str clause, const char *name)
{
	struct gt_split it = {.rest = clause};
	struct gt_str part;

	while (gt_split_next(&it, ';', &part)) {
		size_t eq;
		part = gt_str_trim(part);
		eq = gt_str_find(part, '=');
		if (eq != SIZE_MAX && gt_str_is(gt_str_sub(part, 0, eq), name))
			return gt_str_from(part, eq + 1);
	}
	return (struct gt_str){0};
}

/* False for a clause this server cannot answer. */
static bool take_clause(struct as_call *c, struct gt_str clause)
{
	size_t semi = gt_str_find(clause, ';');
	struct gt_str type = gt_str_trim(gt_str_sub(clause, 0, semi == SIZE_MAX ? clause.n : semi));
	struct gt_str as = parameter(clause, "as"), v = parameter(clause, "v");

	if (!gt_str_is(type, "application/json") && !gt_str_is(type, "*/*") &&
	    !gt_str_is(type, "application/*") && !gt_str_is(type, "application/yaml"))
		return false;
	if (as.n == 0) {
		c->form = AS_FORM_OBJECT;
		return true;
	}
	if (!gt_str_is(parameter(clause, "g"), "meta.k8s.io") ||
	    (!gt_str_is(v, "v1") && !gt_str_is(v, "v1beta1")))
		return false;
	c->form_version = gt_str_is(v, "v1") ? "v1" : "v1beta1";
	if (gt_str_is(as, "Table"))
		c->form = AS_FORM_TABLE;
	else if (gt_str_is(as, "PartialObjectMetadata") ||
		 gt_str_is(as, "PartialObjectMetadataList"))
		c->form = AS_FORM_PARTIAL;
	else
		return false;
	return true;
}

int as_negotiate(struct as_call *c)
{
	struct gt_str accept = gt_http_request_header(c->http, "Accept");
	struct gt_split it = {.rest = accept};
	struct gt_str clause;

	if (accept.n == 0)
		return GT_OK;
	while (gt_split_next(&it, ',', &clause)) {
		if (take_clause(c, clause))
			return GT_OK;
	}
	return as_fail(c, 406, "NotAcceptable",
		       "only the following media types are accepted: application/json, "
		       "application/yaml, application/vnd.kubernetes.protobuf");
}

bool as_form_is_stored(const struct as_call *c)
{
	return c->form == AS_FORM_OBJECT && !as_convert_needed(c->r, c->v);
}

/* --- one object --------------------------------------------------------------------------- */

static struct gt_node *partial(struct as_call *c, struct gt_node *obj)
{
	struct gt_node *p = gt_node_map(&c->arena);

	gt_node_set_str(&c->arena, p, "kind", "PartialObjectMetadata");
	gt_node_set(&c->arena, p, "apiVersion",
		    gt_node_printf(&c->arena, "meta.k8s.io/%s", c->form_version));
	gt_node_set(&c->arena, p, "metadata", gt_node_get(obj, "metadata"));
	return p;
}

static struct gt_node *row(struct as_call *c, struct gt_node *obj)
{
	struct gt_node *r = gt_node_map(&c->arena);

	gt_node_set(&c->arena, r, "cells",
		    as_table_cells(&c->arena, c->r, c->v, obj, gt_now_wall()));
	if (gt_str_is(c->query.include_object, "Object"))
		gt_node_set(&c->arena, r, "object", obj);
	else if (!gt_str_is(c->query.include_object, "None"))
		gt_node_set(&c->arena, r, "object", partial(c, obj));
	return r;
}

static struct gt_node *empty_table(struct as_call *c, bool columns)
{
	struct gt_node *t = gt_node_map(&c->arena);

	gt_node_set_str(&c->arena, t, "kind", "Table");
	gt_node_set(&c->arena, t, "apiVersion",
		    gt_node_printf(&c->arena, "meta.k8s.io/%s", c->form_version));
	gt_node_set(&c->arena, t, "metadata", gt_node_map(&c->arena));
	if (columns)
		gt_node_set(&c->arena, t, "columnDefinitions",
			    as_table_columns(&c->arena, c->r, c->v));
	else
		gt_node_set(&c->arena, t, "columnDefinitions", gt_node_null(&c->arena));
	gt_node_set(&c->arena, t, "rows", gt_node_seq(&c->arena));
	return t;
}

static struct gt_node *shaped(struct as_call *c, struct gt_node *obj, bool columns)
{
	struct gt_node *t;

	switch (c->form) {
	case AS_FORM_PARTIAL: return partial(c, obj);
	case AS_FORM_TABLE:
		t = empty_table(c, columns);
		gt_node_set(&c->arena, gt_node_get(t, "metadata"), "resourceVersion",
			    gt_node_at(obj, "metadata", "resourceVersion"));
		gt_node_append(&c->arena, gt_node_get(t, "rows"), row(c, obj));
		return t;
	case AS_FORM_OBJECT: break;
	}
	return obj;
}

static unsigned style(const struct as_call *c)
{
	return c->query.pretty ? GT_JSON_INDENT : GT_JSON_COMPACT;
}

int as_encode_node(struct as_call *c, struct gt_buf *out, struct gt_node *obj, bool columns)
{
	struct gt_err err = {0};
	struct gt_node *n = shaped(c, obj, columns);

	if (gt_arena_check(&c->arena, &err) < 0)
		return as_fail_err(c, &err);
	gt_json_write(out, n, style(c), 2);
	return GT_OK;
}

int as_encode_object(struct as_call *c, struct gt_buf *out, const struct as_object *o, bool columns)
{
	struct gt_node *obj = NULL;
	int rc;

	/* Custom resources may have gained defaults since they were stored; built-in ones have no
	 * definition that could change. */
	if (as_form_is_stored(c) && !c->query.pretty && o->rev > c->r->defined) {
		gt_buf_add_str(out, o->json);
		return GT_OK;
	}
	rc = as_read(c, o, &obj);
	return rc < 0 ? rc : as_encode_node(c, out, obj, columns);
}

/* --- lists -------------------------------------------------------------------------------- */

static struct gt_node *list_metadata(struct as_call *c, const struct as_list_meta *meta)
{
	struct gt_node *m = gt_node_map(&c->arena);

	gt_node_set(&c->arena, m, "resourceVersion",
		    gt_node_printf(&c->arena, "%lld", (long long)meta->rev));
	if (meta->token.n > 0)
		gt_node_set(&c->arena, m, "continue", gt_node_strn(&c->arena, meta->token));
	if (meta->remaining > 0)
		gt_node_set_int(&c->arena, m, "remainingItemCount", meta->remaining);
	return m;
}

struct gt_node *as_list_object(struct as_call *c, struct gt_node *items, int64_t rev)
{
	struct as_list_meta meta = {.rev = rev};
	struct gt_node *l = gt_node_map(&c->arena);

	gt_node_set_str(&c->arena, l, "kind", c->r->list_kind);
	gt_node_set_str(&c->arena, l, "apiVersion", c->v->api_version);
	gt_node_set(&c->arena, l, "metadata", list_metadata(c, &meta));
	gt_node_set(&c->arena, l, "items", items);
	return l;
}

static int encode_table(struct as_call *c, struct gt_buf *out, const struct as_snapshot *snap,
			const struct as_list_meta *meta)
{
	struct gt_node *t = empty_table(c, true);
	struct gt_err err = {0};
	size_t head;

	gt_node_set(&c->arena, t, "metadata", list_metadata(c, meta));
	gt_json_write(out, t, GT_JSON_COMPACT, 0);
	/* The rows go where the empty list ends, one tree at a time. */
	head = out->n - 2;
	out->n = head;
	for (size_t i = 0; i < snap->n; i++) {
		struct gt_arena_mark mark = gt_arena_mark(&c->arena);
		struct gt_node *obj = NULL;
		int rc = as_read(c, snap->v[i], &obj);
		if (rc < 0)
			return rc;
		if (i > 0)
			gt_buf_addc(out, ',');
		gt_json_write(out, row(c, obj), GT_JSON_COMPACT, 0);
		if (gt_arena_check(&c->arena, &err) < 0)
			return as_fail_err(c, &err);
		gt_arena_rewind(&c->arena, mark);
	}
	gt_buf_adds(out, "]}");
	return GT_OK;
}

int as_encode_list(struct as_call *c, struct gt_buf *out, const struct as_snapshot *snap,
		   const struct as_list_meta *meta)
{
	bool partial_list = c->form == AS_FORM_PARTIAL;
	int rc = GT_OK;

	if (c->form == AS_FORM_TABLE)
		return encode_table(c, out, snap, meta);
	gt_buf_printf(out, "{\"kind\":\"%s\",\"apiVersion\":\"%s%s\",\"metadata\":",
		      partial_list ? "PartialObjectMetadataList" : c->r->list_kind,
		      partial_list ? "meta.k8s.io/" : "",
		      partial_list ? c->form_version : c->v->api_version);
	gt_json_write(out, list_metadata(c, meta), GT_JSON_COMPACT, 0);
	gt_buf_adds(out, ",\"items\":[");
	for (size_t i = 0; i < snap->n && rc == GT_OK; i++) {
		struct gt_arena_mark mark = gt_arena_mark(&c->arena);
		if (i > 0)
			gt_buf_addc(out, ',');
		rc = as_encode_object(c, out, snap->v[i], false);
		if (rc == GT_OK)
			gt_arena_rewind(&c->arena, mark);
	}
	gt_buf_adds(out, "]}");
	return rc;
}

/* --- sending ------------------------------------------------------------------------------ */

/* Warning texts are quoted strings. */
static void add_warning(struct as_call *c, const char *text)
{
	gt_auto_buf quoted = {0};

	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			gt_buf_addc(&quoted, '\\');
		gt_buf_addc(&quoted, (unsigned char)*p < 0x20 ? ' ' : *p);
	}
	gt_reply_headerf(c->reply, "Warning", "299 - \"%s\"", gt_buf_cstr(&quoted));
}

void as_common_headers(struct as_call *c)
{
	char uuid[GT_UUID_TEXT];

	gt_reply_header(c->reply, "Audit-Id", gt_uuid4(uuid));
	gt_reply_header(c->reply, "Cache-Control", "no-cache, private");
	gt_reply_header(c->reply, "X-Kubernetes-Pf-Flowschema-Uid", c->server->flow_uid);
	gt_reply_header(c->reply, "X-Kubernetes-Pf-Prioritylevel-Uid", c->server->level_uid);
	for (struct as_warning *w = c->warnings; w; w = w->next)
		add_warning(c, w->text);
}

void as_send(struct as_call *c, int code, const char *type, struct gt_buf *body)
{
	as_common_headers(c);
	gt_reply_send_take(c->reply, code, type, body);
}

static void send_status(struct as_call *c)
{
	int code = as_status_code(c->status);
	const struct gt_node *retry = gt_node_at(c->status, "details", "retryAfterSeconds");
	gt_auto_buf body = {0};

	gt_json_write(&body, c->status, style(c), 2);
	if (retry)
		gt_reply_headerf(c->reply, "Retry-After", "%lld",
				 (long long)gt_node_int_or(retry, 1));
	as_send(c, code, "application/json", &body);
}

/* A Status stays a Status in whatever form. */
static bool is_status(const struct gt_node *n)
{
	return gt_node_is_text(gt_node_get(n, "kind"), "Status") &&
	       gt_node_is_text(gt_node_get(n, "apiVersion"), "v1");
}

void as_respond(struct as_call *c)
{
	gt_auto_buf body = {0};
	int rc = GT_OK;

	if (!c->status && c->result && is_status(c->result))
		gt_json_write(&body, c->result, style(c), 2);
	else if (!c->status && c->result)
		rc = as_encode_node(c, &body, c->result, true);
	else if (!c->status && c->object)
		rc = as_encode_object(c, &body, c->object, true);
	if (rc == GT_OK && !c->status && gt_buf_check(&body, NULL) < 0)
		as_internal(c, "the answer is too large");
	if (c->status)
		send_status(c);
	else
		as_send(c, c->code, "application/json", &body);
}
