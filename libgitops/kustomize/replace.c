/* replacements: a field of one object is copied into fields of others. */
#include <string.h>

#include "kustomize/decode.h"
#include "kustomize/layer.h"
#include "kustomize/path.h"
#include "kustomize/scalar.h"
#include "kustomize/select.h"
#include "text/json.h"
#include "text/yaml.h"

struct value_options {
	struct gt_str delimiter;
	int64_t index;
	bool create;
};

static struct value_options read_options(const struct gt_node *n)
{
	return (struct value_options){
		.delimiter = gt_node_text(gt_node_get(n, "delimiter")),
		.index = gt_node_int_or(gt_node_get(n, "index"), 0),
		.create = gt_node_truth(gt_node_get(n, "create"), false),
	};
}

/* --- the source ------------------------------------------------------------------------------- */
/* An identity as replacements see it: the namespace as it is written. */
static struct kz_id written_id(struct kz_build *b, struct kz_res *r, uint32_t i)
{
	struct kz_id id = i < r->prev.n ? kz_res_prev_id(b, r, i) : *kz_res_id(b, r);

	if (i >= r->prev.n)
		id.ns = kz_res_ns(r);
	return id;
}

static bool is_source(struct kz_build *b, struct kz_res *r, const struct kz_id *want)
{
	for (uint32_t i = 0; i <= r->prev.n; i++) {
		struct kz_id id = written_id(b, r, i);

		if (kz_gvk_matches(&id.gvk, &want->gvk) &&
		    (!want->name.n || gt_str_eq(id.name, want->name)) &&
		    (!want->ns.n || gt_str_eq(id.ns, want->ns) ||
		     gt_str_eq(kz_res_id(b, r)->ns, want->ns)))
			return true;
	}
	return false;
}

static int find_source(struct kz_build *b, struct kz_accum *acc, const struct gt_node *source,
		       struct kz_res **ret)
{
	struct kz_id want = {
		.gvk = {gt_node_text(gt_node_get(source, "group")),
			gt_node_text(gt_node_get(source, "version")),
			gt_node_text(gt_node_get(source, "kind"))},
		.name = gt_node_text(gt_node_get(source, "name")),
		.ns = gt_node_text(gt_node_get(source, "namespace")),
	};
	struct kz_res *found = NULL;
	int rc = kz_work(b, acc->res.n);

	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < acc->res.n; i++) {
		if (!is_source(b, acc->res.v[i], &want))
			continue;
		if (found)
			return kz_fail(b, "multiple matches for selector %s",
				       kz_id_text(b->a, &want));
		found = acc->res.v[i];
	}
	if (!found)
		return kz_fail(b, "nothing selected by %s", kz_id_text(b->a, &want));
	*ret = found;
	return GT_OK;
}

/* The piece of text between delimiters; false when there are not that many. */
static bool cut_piece(struct gt_str text, const struct value_options *o, struct gt_str *ret)
{
	for (int64_t i = 0;; i++) {
		size_t at = gt_str_search(text, o->delimiter);

		if (i == o->index) {
			*ret = at == SIZE_MAX ? text : gt_str_sub(text, 0, at);
			return true;
		}
		if (at == SIZE_MAX)
			return false;
		text = gt_str_from(text, at + o->delimiter.n);
	}
}

static bool is_missing(const struct gt_node *n)
{
	return kz_is_null(n) || (n->kind >= GT_SEQ && n->n == 0);
}

static int read_source(struct kz_build *b, struct kz_accum *acc, const struct gt_node *source,
		       struct gt_node **ret)
{
	struct value_options o = read_options(gt_node_get(source, "options"));
	struct gt_str field = gt_node_text(gt_node_get(source, "fieldPath")), piece;
	struct kz_res *r = NULL;
	struct kz_path path = {0};
	int rc = find_source(b, acc, source, &r);

	if (!field.n)
		field = GT_STR_LIT("metadata.name");
	if (rc == GT_OK)
		rc = kz_path_split(b, field, &path);
	if (rc < 0)
		return rc;
	struct gt_node *n = kz_path_get(r->root, path.v, path.n);
	if (is_missing(n))
		return kz_fail(b, "fieldPath `%.*s` is missing for replacement source %s",
			       GT_STR_ARG(field), kz_id_text(b->a, kz_res_id(b, r)));
	n = gt_node_dup(b->a, n);
	if (o.delimiter.n) {
		if (!kz_is_scalar(n))
			return kz_fail(b, "delimiter option can only be used with scalar nodes");
		if (o.index < 0 || !cut_piece(kz_text(n), &o, &piece))
			return kz_fail(b, "options.index %lld is out of bounds for value %.*s",
				       (long long)o.index, GT_STR_ARG(kz_text(n)));
		kz_scalar_retext(b->a, n, piece);
	}
	*ret = n;
	return kz_check(b);
}

/* --- writing ---------------------------------------------------------------------------------- */
/* The target's text with one piece replaced, or one added at either end. */
static void splice(struct gt_buf *out, struct gt_str old, struct gt_str value,
		   const struct value_options *o)
{
	struct gt_str piece;

	if (o->index < 0) {
		gt_buf_add_str(out, value);
		gt_buf_add_str(out, o->delimiter);
		gt_buf_add_str(out, old);
	} else if (!cut_piece(old, o, &piece)) {
		gt_buf_add_str(out, old);
		gt_buf_add_str(out, o->delimiter);
		gt_buf_add_str(out, value);
	} else {
		gt_buf_add(out, old.p, (size_t)(piece.p - old.p));
		gt_buf_add_str(out, value);
		gt_buf_add_str(out, gt_str_from(old, (size_t)(piece.p - old.p) + piece.n));
	}
}

static int write_value(struct kz_build *b, struct gt_node *target, const struct gt_node *value,
		       const struct value_options *o)
{
	gt_auto_buf text = {0};

	if (o->delimiter.n) {
		if (!kz_is_scalar(target))
			return kz_fail(b, "delimiter option can only be used with scalar nodes");
		splice(&text, kz_text(target), kz_text(value), o);
	} else if (!kz_is_scalar(target)) {
		struct gt_node *copy = gt_node_dup(b->a, value);

		if (copy)
			gt_node_become(target, copy);
		return kz_check(b);
	} else {
		gt_buf_add_str(&text, kz_text(value));
	}
	if (kz_is_implicit_null(target))
		kz_scalar_set(b->a, target, gt_buf_str(&text), GT_RAW_NONE);
	else
		kz_scalar_retext(b->a, target, gt_buf_str(&text));
	return kz_check(b);
}

/* --- inside of text that is JSON or YAML itself ----------------------------------------------- */
/* How many parts of the path lead to a scalar that reads as YAML; 0 if none does. */
static uint32_t find_structured(struct kz_build *b, const struct kz_res *r,
				const struct kz_path *path, struct gt_node **ret_scalar,
				struct gt_node **ret_inner)
{
	struct gt_err ignored;

	for (uint32_t i = 1; i < path->n; i++) {
		struct gt_node *n = kz_path_get(r->root, path->v, i), *inner = NULL;

		if (!n || !kz_is_scalar(n))
			continue;
		if (gt_yaml_raw_parse(b->a, kz_text(n), NULL, &inner, &ignored) < 0 || !inner ||
		    inner->kind < GT_SEQ)
			continue;
		*ret_scalar = n;
		*ret_inner = inner;
		return i;
	}
	return 0;
}

static int print_json(struct kz_build *b, struct gt_str old, struct gt_node *inner,
		      struct gt_buf *out)
{
	bool pretty = gt_str_find(old, '\n') != SIZE_MAX &&
		      gt_str_search(old, GT_STR_LIT("  ")) != SIZE_MAX;
	int rc = kz_to_values(b, inner, KZ_YAML_V3);

	if (rc < 0)
		return rc;
	gt_json_write(out, inner, GT_JSON_SORTED | GT_JSON_HTML | (pretty ? GT_JSON_INDENT : 0), 2);
	return gt_buf_check(out, b->err);
}

static int print_yaml(struct kz_build *b, struct gt_node *inner, struct gt_buf *out)
{
	kz_keep_texts(b->a, inner);
	gt_yaml_write(out, inner, GT_YAML_NO_FOLD | GT_YAML_KEEP_STYLE);
	while (out->n && (out->p[out->n - 1] == '\n' || out->p[out->n - 1] == ' '))
		out->n--;
	return gt_buf_check(out, b->err);
}

static int print_structured(struct kz_build *b, struct gt_str old, struct gt_node *inner,
			    struct gt_buf *out)
{
	struct gt_str trimmed = gt_str_trim(old);

	return trimmed.p[0] == '{' || trimmed.p[0] == '[' ? print_json(b, old, inner, out)
							  : print_yaml(b, inner, out);
}

/* GT_E_NOT_FOUND: the path does not lead into a text. */
static int replace_inside(struct kz_build *b, struct kz_res *r, const struct kz_path *path,
			  const struct gt_node *value, const struct value_options *o)
{
	struct gt_node *scalar = NULL, *inner = NULL;
	/* Delimiters do not count in here. */
	const struct value_options whole = {.create = o->create};
	struct kz_nodes found = {0};
	gt_auto_buf text = {0};
	uint32_t n = find_structured(b, r, path, &scalar, &inner);

	if (!n)
		return GT_E_NOT_FOUND;
	int rc = kz_path_match(b, inner, path->v + n, path->n - n,
			       o->create ? (enum gt_kind)value->kind : GT_NULL, &found);
	if (rc == GT_OK && !found.n)
		rc = kz_fail(b, "unable to find field in structured data");
	for (uint32_t i = 0; i < found.n && rc == GT_OK; i++)
		rc = write_value(b, found.v[i], value, &whole);
	if (rc == GT_OK)
		rc = print_structured(b, kz_text(scalar), inner, &text);
	if (rc == GT_OK)
		kz_scalar_retext(b->a, scalar, gt_buf_str(&text));
	return rc;
}

/* --- targets ---------------------------------------------------------------------------------- */
static int replace_field(struct kz_build *b, struct kz_res *r, struct gt_str field,
			 const struct gt_node *value, const struct value_options *o)
{
	struct gt_err *err = b->err, ignored;
	struct kz_path path = {0};
	struct kz_nodes found = {0};
	enum gt_kind create = GT_NULL;
	int rc = kz_path_split(b, field, &path);

	if (rc < 0)
		return rc;
	b->err = &ignored;
	rc = replace_inside(b, r, &path, value, o);
	b->err = err;
	if (rc == GT_OK)
		return rc;
	if (o->create)
		create = kz_is_scalar(value) ? GT_STR : (enum gt_kind)value->kind;
	rc = kz_path_match(b, r->root, path.v, path.n, create, &found);
	if (rc == GT_OK && !found.n)
		rc = kz_fail(b, "no such field");
	if (rc < 0)
		return gt_wrap(b->err, "unable to find%s field \"%.*s\" in replacement target %s",
			       o->create ? " or create" : "", GT_STR_ARG(field),
			       kz_id_text(b->a, kz_res_id(b, r)));
	for (uint32_t i = 0; i < found.n && rc == GT_OK; i++)
		rc = write_value(b, found.v[i], value, o);
	return rc;
}

struct target {
	const struct gt_node *node;
	struct kz_select select;
	KZ_VEC(struct kz_select) reject;
};

static bool id_selected(struct kz_build *b, const struct kz_select *s, struct kz_res *r)
{
	for (uint32_t i = 0; i <= r->prev.n; i++) {
		struct kz_id id = written_id(b, r, i);

		if (kz_pattern_match(&s->kind, id.gvk.kind) &&
		    kz_pattern_match(&s->group, id.gvk.group) &&
		    kz_pattern_match(&s->version, id.gvk.version) &&
		    kz_pattern_match(&s->name, id.name) && kz_pattern_match(&s->ns, id.ns))
			return true;
	}
	return false;
}

static bool has_id_fields(const struct kz_select *s)
{
	return s->kind.literal.n || s->group.literal.n || s->version.literal.n ||
	       s->name.literal.n || s->ns.literal.n;
}

static bool is_target(struct kz_build *b, const struct target *t, struct kz_res *r)
{
	if (!kz_select_meta(&t->select, r))
		return false;
	for (uint32_t i = 0; i < t->reject.n; i++) {
		const struct kz_select *s = &t->reject.v[i];

		if ((s->has_labels || s->has_annotations) && kz_select_meta(s, r))
			return false;
		if (has_id_fields(s) && id_selected(b, s, r))
			return false;
	}
	return id_selected(b, &t->select, r);
}

static int make_target(struct kz_build *b, const struct gt_node *node, struct target *t)
{
	const struct gt_node *select = gt_node_get(node, "select");

	t->node = node;
	if (!select)
		return kz_fail(b, "target must specify resources to select");
	int rc = kz_select_make(b, select, &t->select);
	gt_seq_for_each (gt_node_get(node, "reject"), item) {
		struct kz_select s = {0};

		if (rc < 0)
			break;
		rc = kz_select_make(b, item, &s);
		uint32_t was = t->reject.n;
		kz_push(b->a, &t->reject, s);
		if (t->reject.n == was)
			kz_select_fini(&s);
	}
	return rc < 0 ? rc : kz_check(b);
}

static int replace_target(struct kz_build *b, struct kz_accum *acc, const struct gt_node *node,
			  const struct gt_node *value)
{
	struct value_options o = read_options(gt_node_get(node, "options"));
	const struct gt_node *fields = gt_node_get(node, "fieldPaths");
	struct target t = {0};
	int rc = make_target(b, node, &t);

	if (rc == GT_OK)
		rc = kz_work(b, (uint64_t)acc->res.n * (t.reject.n + 1));

	for (uint32_t i = 0; i < acc->res.n && rc == GT_OK; i++) {
		struct kz_res *r = acc->res.v[i];

		if (!is_target(b, &t, r))
			continue;
		if (!gt_node_count(fields))
			rc = replace_field(b, r, GT_STR_LIT("metadata.name"), value, &o);
		gt_seq_for_each (fields, field) {
			rc = replace_field(b, r, gt_node_text(field), value, &o);
			if (rc < 0)
				break;
		}
		kz_res_touch(r);
	}
	kz_select_fini(&t.select);
	for (uint32_t i = 0; i < t.reject.n; i++)
		kz_select_fini(&t.reject.v[i]);
	return rc;
}

static int replace_one(struct kz_build *b, struct kz_accum *acc, const struct gt_node *item)
{
	const struct gt_node *source = gt_node_get(item, "source");
	const struct gt_node *text = gt_node_get(item, "sourceValue");
	struct gt_node *value = NULL;
	int rc = GT_OK;

	if ((!source && !text) || !gt_node_has(item, "targets"))
		return kz_fail(b, "replacements must specify a source and at least one target");
	if (source && text)
		return kz_fail(b, "value and resource selectors are mutually exclusive");
	if (text)
		value = kz_scalar(b->a, gt_node_text(text), GT_RAW_NONE);
	else
		rc = read_source(b, acc, source, &value);
	gt_seq_for_each (gt_node_get(item, "targets"), target) {
		if (rc < 0 || !value)
			break;
		rc = replace_target(b, acc, target, value);
	}
	kz_accum_touch(acc);
	return rc < 0 ? rc : kz_check(b);
}

/* A file holds one replacement or a list of them. */
static int replace_from_file(struct kz_layer *l, struct gt_str name)
{
	struct gt_node *doc = NULL, *list, *clean = NULL;
	struct gt_str text;
	int rc = kz_read(l->b, l->dir, name, &text, NULL);

	if (rc == GT_OK)
		rc = kz_parse_values(l->b, text, &doc);
	if (rc < 0)
		return rc;
	list = doc;
	if (!gt_node_is(doc, GT_SEQ)) {
		list = gt_node_seq(l->b->a);
		gt_node_append(l->b->a, list, doc);
	}
	gt_seq_for_each (list, item) {
		rc = kz_decode(l->b, item, kz_replacement_fields, KZ_STRICT, &clean);
		if (rc == GT_OK)
			rc = replace_one(l->b, l->acc, clean);
		if (rc < 0)
			return gt_wrap(l->b->err, "%s", kz_show(l->b, l->dir, name));
	}
	return GT_OK;
}

int kz_transform_replacement(struct kz_layer *l, const struct gt_node *item)
{
	struct gt_str path = gt_node_text(gt_node_get(item, "path"));

	if (!path.n)
		return replace_one(l->b, l->acc, item);
	if (gt_node_has(item, "source") || gt_node_has(item, "targets"))
		return kz_fail(l->b, "cannot specify both path and inline replacement");
	return replace_from_file(l, path);
}
