#include "decode.h"

#include "base/limits.h"
#include "defaults.h"
#include "net/server.h"
#include "schema/normalize.h"
#include "schema/protobuf.h"
#include "status.h"
#include "text/json.h"
#include "text/yaml.h"

/* --- media types -------------------------------------------------------------------------- */

static bool media_is(struct gt_str type, const char *name)
{
	size_t semicolon = gt_str_find(type, ';');

	if (semicolon != SIZE_MAX)
		type.n = semicolon;
	return gt_str_ieq(gt_str_trim(type), gt_str(name));
}

enum as_patch_type as_patch_type(struct gt_str type)
{
	static const struct {
		const char *name;
		enum as_patch_type type;
	} types[] = {
		{"application/json-patch+json", AS_PATCH_JSON},
		{"application/merge-patch+json", AS_PATCH_MERGE},
		{"application/strategic-merge-patch+json", AS_PATCH_STRATEGIC},
		{"application/apply-patch+yaml", AS_PATCH_APPLY},
	};

	for (size_t i = 0; i < GT_COUNT(types); i++) {
		if (media_is(type, types[i].name))
			return types[i].type;
	}
	return AS_PATCH_NONE;
}

static int unsupported_media(struct as_call *c, const char *accepted)
{
	return as_fail(c, 415, "UnsupportedMediaType",
		       "the body of the request was in an unknown format - accepted media types "
		       "include: %s",
		       accepted);
}

/* --- parsing ------------------------------------------------------------------------------ */

/* Parses JSON; a repeated key is an error, a warning or nothing, as the query wants. */
static int parse_json(struct as_call *c, struct gt_str text, struct gt_node **ret)
{
	struct gt_err err = {0}, dup = {0};

	if (c->query.fields != AS_FIELDS_IGNORE) {
		if (gt_json_parse(&c->arena, text, GT_JSON_DUP_ERROR, ret, &dup) == GT_OK)
			return GT_OK;
		if (c->arena.failed)
			return as_fail_err(c, &dup);
	}
	if (gt_json_parse(&c->arena, text, GT_JSON_DUP_LAST, ret, &err) < 0)
		return c->arena.failed ? as_fail_err(c, &err)
				       : as_bad_request(c,
							"the object provided is unrecognized (must "
							"be of type %s): %s",
							c->r ? c->r->kind : "object", err.text);
	if (dup.code && c->query.fields == AS_FIELDS_STRICT)
		return as_bad_request(c, "strict decoding error: %s", dup.text);
	if (dup.code)
		as_warn(c, "%s", dup.text);
	return GT_OK;
}

static int parse_yaml(struct as_call *c, struct gt_str text, struct gt_node **ret)
{
	struct gt_yaml_opts opts = {
		.rules = GT_YAML_GO_V2,
		.dup_keys_ok = c->query.fields != AS_FIELDS_STRICT,
	};
	struct gt_err err = {0};
	size_t i = 0;

	while (i < text.n && strchr(" \t\r\n", text.p[i]))
		i++;
	if (i < text.n && text.p[i] == '{')
		return parse_json(c, text, ret);
	if (gt_yaml_parse(&c->arena, text, &opts, ret, &err) < 0)
		return c->arena.failed ? as_fail_err(c, &err)
				       : as_bad_request(c, "error decoding YAML: %s", err.text);
	return GT_OK;
}

static int parse_protobuf(struct as_call *c, struct gt_str body, struct gt_node **ret)
{
	struct gt_err err = {0};
	const struct gt_schema_kind *expect = c->v ? c->v->kind : NULL;

	c->protobuf_body = true;
	if (gt_protobuf_decode(&c->arena, body, expect, ret, NULL, &err) < 0)
		return err.code == GT_E_UNSUPPORTED
			       ? unsupported_media(c, "application/json, application/yaml")
			       : as_fail_err(c, &err);
	return GT_OK;
}

int as_decode_body(struct as_call *c)
{
	struct gt_str type = gt_http_request_header(c->http, "Content-Type");
	struct gt_str body = c->http->body;

	c->body = NULL;
	if (body.n == 0)
		return GT_OK;
	if (gt_protobuf_is(body) || media_is(type, GT_PROTOBUF_MEDIA_TYPE))
		return parse_protobuf(c, body, &c->body);
	if (type.n == 0 || media_is(type, "application/json"))
		return parse_json(c, body, &c->body);
	if (media_is(type, "application/yaml"))
		return parse_yaml(c, body, &c->body);
	return unsupported_media(c, "application/json, application/yaml, "
				    "application/vnd.kubernetes.protobuf");
}

int as_decode_patch(struct as_call *c)
{
	struct gt_str type = gt_http_request_header(c->http, "Content-Type");
	bool custom = c->r->flags & AS_R_CUSTOM;

	c->patch = as_patch_type(type);
	if (c->patch == AS_PATCH_NONE || (custom && c->patch == AS_PATCH_STRATEGIC))
		return unsupported_media(c, custom ? "application/json-patch+json, "
						     "application/merge-patch+json, "
						     "application/apply-patch+yaml"
						   : "application/json-patch+json, "
						     "application/merge-patch+json, "
						     "application/strategic-merge-patch+json, "
						     "application/apply-patch+yaml");
	if (c->patch == AS_PATCH_APPLY)
		return parse_yaml(c, c->http->body, &c->body);
	return parse_json(c, c->http->body, &c->body);
}

/* --- unknown fields ----------------------------------------------------------------------- */

struct noting {
	struct as_call *c;
	struct gt_buf *notes;
	struct gt_buf path;
	unsigned depth;
};

void as_strict_note(struct as_call *c, struct gt_buf *notes, const char *fmt, ...)
{
	gt_auto_buf text = {0};
	va_list ap;

	va_start(ap, fmt);
	gt_buf_vprintf(&text, fmt, ap);
	va_end(ap);
	if (c->query.fields == AS_FIELDS_WARN)
		as_warn(c, "%s", gt_buf_cstr(&text));
	if (c->query.fields != AS_FIELDS_STRICT)
		return;
	if (notes->n > 0)
		gt_buf_adds(notes, ", ");
	gt_buf_add_str(notes, gt_buf_str(&text));
}

static void cut(struct gt_buf *b, size_t n)
{
	b->n = n;
	if (b->p)
		b->p[n] = '\0';
}

static void note_unknown(struct noting *n, struct gt_type type, const struct gt_node *value);

static void note_map(struct noting *n, struct gt_type type, const struct gt_node *map)
{
	gt_map_each(map, p)
	{
		struct gt_type below = gt_type_child(type, p->key, p->len);
		size_t was = n->path.n;
		gt_buf_printf(&n->path, "%s%s", was ? "." : "", p->key);
		if (gt_type_kind(below) == GT_TYPE_NONE)
			as_strict_note(n->c, n->notes, "unknown field \"%s\"",
				       gt_buf_cstr(&n->path));
		else
			note_unknown(n, below, p->value);
		cut(&n->path, was);
	}
}

static void note_unknown(struct noting *n, struct gt_type type, const struct gt_node *value)
{
	enum gt_type_kind kind = gt_type_kind(type);

	if (n->depth > GT_LIMIT_DEPTH)
		return;
	n->depth++;
	if ((kind == GT_TYPE_STRUCT || kind == GT_TYPE_MAP) && gt_node_is(value, GT_MAP))
		note_map(n, type, value);
	if (kind == GT_TYPE_LIST && gt_node_is(value, GT_SEQ)) {
		for (size_t i = 0; i < gt_node_count(value); i++) {
			size_t was = n->path.n;
			gt_buf_printf(&n->path, "[%zu]", i);
			note_unknown(n, gt_type_elem(type), gt_node_item(value, i));
			cut(&n->path, was);
		}
	}
	n->depth--;
}

static void note_pruned(void *arg, const char *path)
{
	struct noting *n = arg;

	as_strict_note(n->c, n->notes, "unknown field \"%s\"", path);
}

/* --- admitting ---------------------------------------------------------------------------- */

static struct gt_type meta_type(void)
{
	return gt_schema_find_type(gt_schema_get(GT_SCHEMA_K8S),
				   "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
}

static int strict_error(struct as_call *c, const struct gt_buf *notes)
{
	if (notes->n == 0)
		return GT_OK;
	if (c->r->flags & AS_R_CUSTOM || c->patch != AS_PATCH_NONE)
		return as_bad_request(c, "strict decoding error: %s", gt_buf_cstr(notes));
	return as_bad_request(c,
			      "%s in version \"%s\" cannot be handled as a %s: strict decoding "
			      "error: %s",
			      c->r->kind, c->v->name, c->r->kind, gt_buf_cstr(notes));
}

static int admit_builtin(struct as_call *c, struct gt_node *obj, struct noting *n,
			 struct gt_node **ret)
{
	struct gt_err err = {0};
	int rc;

	/* What came as protobuf cannot have unknown fields. */
	if (c->query.fields != AS_FIELDS_IGNORE && !c->protobuf_body) {
		note_unknown(n, c->v->type, obj);
		rc = strict_error(c, n->notes);
		if (rc < 0)
			return rc;
	}
	rc = gt_typed_round_trip(&c->arena, c->v->type, obj, ret, &err);
	if (rc == GT_E_INVALID)
		return as_bad_request(c, "%s in version \"%s\" cannot be handled as a %s: %s",
				      c->r->kind, c->v->name, c->r->kind, err.text);
	return rc < 0 ? as_fail_err(c, &err) : GT_OK;
}

static int admit_metadata(struct as_call *c, struct gt_node *obj, struct noting *n)
{
	struct gt_node *meta = gt_node_get(obj, "metadata"), *typed = NULL;
	struct gt_err err = {0};
	int rc;

	if (!meta)
		return GT_OK;
	if (!gt_node_is(meta, GT_MAP))
		return as_bad_request(c, "metadata must be an object");
	gt_buf_adds(&n->path, "metadata");
	note_unknown(n, meta_type(), meta);
	cut(&n->path, 0);
	rc = gt_typed_round_trip(&c->arena, meta_type(), meta, &typed, &err);
	if (rc == GT_E_INVALID)
		return as_bad_request(c, "metadata: %s", err.text);
	if (rc < 0)
		return as_fail_err(c, &err);
	gt_node_set(&c->arena, obj, "metadata", typed);
	return GT_OK;
}

static int admit_custom(struct as_call *c, struct gt_node *obj, struct noting *n)
{
	int rc = admit_metadata(c, obj, n);

	if (rc < 0)
		return rc;
	gt_openapi_prune(c->v->schema, obj, note_pruned, n);
	return strict_error(c, n->notes);
}

int as_admit(struct as_call *c, struct gt_node *obj, struct gt_node **ret_obj)
{
	gt_auto_buf notes = {0};
	struct noting n = {.c = c, .notes = &notes};
	struct gt_node *out = obj;
	int rc;

	if (!gt_node_is(obj, GT_MAP))
		return as_bad_request(c, "the object provided is not an object");
	if (c->r->flags & AS_R_CUSTOM) {
		out = gt_node_dup(&c->arena, obj);
		rc = admit_custom(c, out, &n);
	} else {
		rc = admit_builtin(c, obj, &n, &out);
	}
	gt_buf_fini(&n.path);
	if (rc < 0)
		return rc;
	as_default(c, out);
	struct gt_err err = {0};
	if (gt_arena_check(&c->arena, &err) < 0)
		return as_fail_err(c, &err);
	*ret_obj = out;
	return GT_OK;
}

int as_empty_object(struct as_call *c, struct gt_node **ret_obj)
{
	struct gt_node *obj = gt_node_map(&c->arena);
	struct gt_err err = {0};

	gt_node_set_str(&c->arena, obj, "apiVersion", c->v->api_version);
	gt_node_set_str(&c->arena, obj, "kind", c->r->kind);
	*ret_obj = obj;
	if (c->r->flags & AS_R_CUSTOM)
		return GT_OK;
	if (gt_typed_round_trip(&c->arena, c->v->type, obj, ret_obj, &err) < 0)
		return as_fail_err(c, &err);
	return GT_OK;
}

void as_default(struct as_call *c, struct gt_node *obj)
{
	if (c->r->flags & AS_R_CUSTOM)
		gt_openapi_default(c->v->schema, &c->arena, obj);
	else
		as_defaults_apply(&c->arena, c->r->group, c->r->kind, obj);
}
