/*
 * The YAML parser: libyaml's events become a tree, without recursion.  Open collections lie on a
 * stack of frames, their finished children on a stack of pairs, as in the JSON parser.  Leaves are
 * made in yaml_value.c.
 */
#include <string.h>

#include "base/alloc.h"
#include "text/json.h"
#include "text/node_impl.h"
#include "text/yaml_load.h"

/*
 * What libyaml complains about.  With a name the place is exact; without one the line is the one
 * that Go's libraries print, which differs between them and is left out for the first line.
 */
static int fail_syntax(const struct gt_yaml_loader *ld)
{
	const yaml_parser_t *y = &ld->yaml;
	const char *cause = y->problem ? y->problem : "unknown problem parsing YAML content";

	if (y->error == YAML_MEMORY_ERROR)
		return gt_fail(ld->err, GT_E_BUDGET, "out of memory while parsing YAML");
	if (y->error == YAML_READER_ERROR)
		return gt_fail(ld->err, GT_E_INVALID, "%s%s%s at byte %zu",
			       ld->opts->name ? ld->opts->name : "", ld->opts->name ? ": " : "",
			       cause, y->problem_offset);
	if (ld->opts->name)
		return gt_fail(ld->err, GT_E_INVALID, "%s:%zu:%zu: %s", ld->opts->name,
			       y->problem_mark.line + 1, y->problem_mark.column + 1, cause);

	size_t context = y->context ? y->context_mark.line : 0, problem = y->problem_mark.line;
	bool context_first = ld->opts->rules == GT_YAML_GO_V3;
	size_t line = context_first && context ? context : problem ? problem : context;
	if (line && (y->error == YAML_SCANNER_ERROR) && (context_first || problem))
		line++;
	if (line == 0)
		return gt_fail(ld->err, GT_E_INVALID, "%s", cause);
	return gt_fail(ld->err, GT_E_INVALID, "line %zu: %s", line, cause);
}

static int next_event(struct gt_yaml_loader *ld, yaml_event_t *ev)
{
	return yaml_parser_parse(&ld->yaml, ev) ? GT_OK : fail_syntax(ld);
}

/* Pairs are at most as large as the nodes they point to, so the arena's budget bounds them. */
static struct gt_pair *push_pair(struct gt_yaml_loader *ld)
{
	if (ld->npairs == ld->cap) {
		ld->cap = ld->cap ? ld->cap * 2 : 64;
		ld->pairs = gt_xrealloc(ld->pairs, ld->cap * sizeof *ld->pairs);
	}
	ld->pairs[ld->npairs] = (struct gt_pair){0};
	return &ld->pairs[ld->npairs++];
}

/* --- collections -------------------------------------------------------------------------- */

static int fail_merge(const struct gt_yaml_loader *ld, const struct gt_pair *pair)
{
	return gt_yaml__fail_at(ld, pair->line, 1, GT_E_INVALID,
				"map merge requires map or sequence of maps as the value",
				GT_STR_LIT(""));
}

/* Pushes the pairs of a << value; of a sequence the first map wins, so it goes in last. */
static int push_merged(struct gt_yaml_loader *ld, const struct gt_pair *from)
{
	struct gt_pair merge = *from; /* the stack may move */

	if (gt_node_is(merge.value, GT_MAP)) {
		gt_map_each(merge.value, pair) * push_pair(ld) = *pair;
		return GT_OK;
	}
	if (!gt_node_is(merge.value, GT_SEQ))
		return fail_merge(ld, from);
	for (size_t i = gt_node_count(merge.value); i-- > 0;) {
		const struct gt_node *item = gt_node_item(merge.value, i);

		if (!gt_node_is(item, GT_MAP))
			return fail_merge(ld, &merge);
		gt_map_each(item, pair) * push_pair(ld) = *pair;
	}
	return GT_OK;
}

/* Pushes the children from first to end once more, those of << keys taken apart. */
static int push_children(struct gt_yaml_loader *ld, size_t first, size_t end, bool merged, bool own)
{
	for (size_t i = first; i < end; i++) {
		struct gt_pair pair = ld->pairs[i]; /* the stack may move */
		int rc;

		if (pair.key != gt_yaml__merge_key) {
			if (own)
				*push_pair(ld) = pair;
		} else if (merged && (rc = push_merged(ld, &pair)) < 0) {
			return rc;
		}
	}
	return GT_OK;
}

static const struct gt_pair *children(const struct gt_yaml_loader *ld,
				      const struct gt_yaml_frame *f)
{
	return ld->pairs ? ld->pairs + f->base : NULL;
}

static int fail_duplicate(const struct gt_yaml_loader *ld, const struct gt_pair *pair)
{
	return gt_yaml__fail_at(ld, pair->line, 1, GT_E_INVALID,
				"duplicate key: ", gt_strn(pair->key, pair->len));
}

/*
 * A map with << keys: its own keys are checked for repetition without the merged ones.  Version 2
 * merges in order of appearance, so that a later << wins over an earlier key; in version 3 the
 * map's own keys always win.
 */
static int close_merged_map(struct gt_yaml_loader *ld, const struct gt_yaml_frame *f,
			    struct gt_node **ret_node)
{
	size_t end = ld->npairs, dup;
	bool in_order = ld->opts->rules == GT_YAML_GO_V2;

	push_children(ld, f->base, end, false, true);
	gt_node__map_of(ld->a, ld->pairs + end, ld->npairs - end, &dup);
	if (dup != SIZE_MAX && !ld->opts->dup_keys_ok)
		return fail_duplicate(ld, &ld->pairs[end + dup]);

	ld->npairs = end;
	int rc = push_children(ld, f->base, end, true, in_order);
	if (rc < 0)
		return rc;
	if (!in_order)
		push_children(ld, f->base, end, false, true);
	*ret_node = gt_node__map_of(ld->a, ld->pairs + end, ld->npairs - end, NULL);
	return GT_OK;
}

static int close_map(struct gt_yaml_loader *ld, const struct gt_yaml_frame *f,
		     struct gt_node **ret_node)
{
	size_t dup = SIZE_MAX;

	if (f->has_merge)
		return close_merged_map(ld, f, ret_node);
	*ret_node = gt_node__map_of(ld->a, children(ld, f), ld->npairs - f->base, &dup);
	if (dup != SIZE_MAX && !ld->opts->dup_keys_ok)
		return fail_duplicate(ld, &ld->pairs[f->base + dup]);
	return GT_OK;
}

static void set_anchor(struct gt_yaml_loader *ld, const char *name, struct gt_node *n)
{
	if (!ld->anchors)
		ld->anchors = gt_node_map(ld->a);
	gt_node_set(ld->a, ld->anchors, name, n);
}

/* Puts a finished node where it belongs: at the root, under the pending key, or in the list. */
static void attach(struct gt_yaml_loader *ld, struct gt_node *n)
{
	struct gt_yaml_frame *f = ld->depth ? &ld->frames[ld->depth - 1] : NULL;

	if (!f) {
		ld->root = n;
	} else if (f->is_map) {
		ld->pairs[ld->npairs - 1].value = n;
		f->key_pending = false;
	} else {
		push_pair(ld)->value = n;
	}
}

static bool at_key(const struct gt_yaml_loader *ld)
{
	const struct gt_yaml_frame *f = ld->depth ? &ld->frames[ld->depth - 1] : NULL;

	return f && f->is_map && !f->key_pending;
}

static int on_open(struct gt_yaml_loader *ld, const yaml_event_t *ev)
{
	bool is_map = ev->type == YAML_MAPPING_START_EVENT;
	const char *anchor = (const char *)(is_map ? ev->data.mapping_start.anchor
						   : ev->data.sequence_start.anchor);
	bool flow = is_map ? ev->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
			   : ev->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;

	if (at_key(ld))
		return gt_yaml__fail_event(ld, ev, "a map or a list cannot be a key",
					   GT_STR_LIT(""));
	if (ld->depth == GT_LIMIT_DEPTH)
		return gt_fail(ld->err, GT_E_BUDGET, "line %zu: nested deeper than %d levels",
			       ev->start_mark.line + 1, GT_LIMIT_DEPTH);
	struct gt_yaml_frame *f = &ld->frames[ld->depth++];
	*f = (struct gt_yaml_frame){
		.base = ld->npairs,
		.is_map = is_map,
		.style = flow ? GT_STYLE_FLOW : GT_STYLE_ANY,
		.line = (uint32_t)ev->start_mark.line + 1,
		.col = (uint32_t)ev->start_mark.column + 1,
		.anchor = gt_arena_strdup(ld->a, anchor),
	};
	if (f->anchor) {
		struct gt_node *open = gt_node_null(ld->a);
		if (open)
			open->flags = GT_NODE_MARK;
		set_anchor(ld, f->anchor, open);
	}
	return gt_arena_check(ld->a, ld->err);
}

static int on_close(struct gt_yaml_loader *ld)
{
	struct gt_yaml_frame *f = &ld->frames[--ld->depth];
	struct gt_node *n = NULL;
	int rc = GT_OK;

	if (f->is_map)
		rc = close_map(ld, f, &n);
	else
		n = gt_node__seq_of(ld->a, children(ld, f), ld->npairs - f->base);
	if (rc < 0)
		return rc;
	if (!n)
		return gt_arena_check(ld->a, ld->err);
	n->style = f->style;
	n->line = f->line;
	n->col = f->col;
	ld->npairs = f->base;
	if (f->anchor)
		set_anchor(ld, f->anchor, n);
	attach(ld, n);
	return GT_OK;
}

static int on_scalar(struct gt_yaml_loader *ld, const yaml_event_t *ev)
{
	const char *anchor = (const char *)ev->data.scalar.anchor;
	struct gt_node *n = NULL;
	int rc;

	if (at_key(ld)) {
		struct gt_pair pair = {0};

		rc = gt_yaml__make_key(ld, ev, &pair);
		if (rc < 0)
			return rc;
		*push_pair(ld) = pair;
		ld->frames[ld->depth - 1].key_pending = true;
		if (anchor)
			set_anchor(ld, anchor, gt_node_str_take(ld->a, pair.key, pair.len));
		return GT_OK;
	}
	rc = gt_yaml__make_scalar(ld, ev, &n);
	if (rc < 0)
		return rc;
	if (anchor)
		set_anchor(ld, anchor, n);
	attach(ld, n);
	return GT_OK;
}

static int on_alias(struct gt_yaml_loader *ld, const yaml_event_t *ev)
{
	struct gt_node *n = NULL;
	int rc = gt_yaml__expand_alias(ld, ev, &n);

	if (rc < 0)
		return rc;
	if (!at_key(ld)) {
		attach(ld, n);
		return GT_OK;
	}
	struct gt_str text = gt_node_text(n);
	if (!text.p)
		return gt_yaml__fail_event(ld, ev, "the anchor's value cannot be a key: ",
					   gt_str((const char *)ev->data.alias.anchor));
	*push_pair(ld) =
		(struct gt_pair){text.p, (uint32_t)text.n, (uint32_t)ev->start_mark.line + 1, NULL};
	ld->frames[ld->depth - 1].key_pending = true;
	return GT_OK;
}

static int on_event(struct gt_yaml_loader *ld, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_SCALAR_EVENT: return on_scalar(ld, ev);
	case YAML_ALIAS_EVENT: return on_alias(ld, ev);
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT: return on_open(ld, ev);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT: return on_close(ld);
	default: return GT_OK;
	}
}

/* --- documents ---------------------------------------------------------------------------- */

/* Reads one document into *ret_node; *ret_end is set instead at the end of the stream. */
static int load_document(struct gt_yaml_loader *ld, struct gt_node **ret_node, bool *ret_end)
{
	ld->root = NULL;
	ld->anchors = NULL;
	*ret_end = false;
	for (;;) {
		yaml_event_t ev;
		int rc = next_event(ld, &ev);

		if (rc < 0)
			return rc;
		yaml_event_type_t type = ev.type;
		rc = on_event(ld, &ev);
		yaml_event_delete(&ev);
		if (rc < 0)
			return rc;
		if (type == YAML_DOCUMENT_END_EVENT) {
			*ret_node = ld->root;
			return gt_arena_check(ld->a, ld->err);
		}
		if (type == YAML_STREAM_END_EVENT || type == YAML_NO_EVENT) {
			*ret_end = true;
			return GT_OK;
		}
	}
}

static int loader_init(struct gt_yaml_loader *ld, struct gt_arena *a, struct gt_str text,
		       const struct gt_yaml_opts *opts, struct gt_err *err)
{
	static const struct gt_yaml_opts defaults;

	memset(ld, 0, sizeof *ld);
	ld->a = a;
	ld->opts = opts ? opts : &defaults;
	ld->err = err;
	if (text.n > UINT32_MAX)
		return gt_fail(err, GT_E_BUDGET, "YAML text larger than 4 GiB");
	if (!yaml_parser_initialize(&ld->yaml))
		return gt_fail(err, GT_E_BUDGET, "out of memory while parsing YAML");
	yaml_parser_set_input_string(&ld->yaml, (const unsigned char *)(text.p ? text.p : ""),
				     text.n);
	return GT_OK;
}

static void loader_fini(struct gt_yaml_loader *ld)
{
	yaml_parser_delete(&ld->yaml);
	free(ld->pairs);
}

static int fail_more_documents(const struct gt_yaml_loader *ld)
{
	return gt_yaml__fail_at(ld, (uint32_t)ld->yaml.mark.line + 1, 1, GT_E_INVALID,
				"expected a single document, found another", GT_STR_LIT(""));
}

int gt_yaml_parse(struct gt_arena *a, struct gt_str text, const struct gt_yaml_opts *opts,
		  struct gt_node **ret_node, struct gt_err *err)
{
	struct gt_yaml_loader ld;
	struct gt_node *first = NULL, *second;
	bool end;
	int rc = loader_init(&ld, a, text, opts, err);

	if (rc < 0)
		return rc;
	rc = load_document(&ld, &first, &end);
	if (rc >= 0 && !end) {
		rc = load_document(&ld, &second, &end);
		if (rc >= 0 && !end)
			rc = fail_more_documents(&ld);
	}
	loader_fini(&ld);
	if (rc < 0)
		return rc;
	if (!first)
		first = gt_node_null(a);
	rc = gt_arena_check(a, err);
	if (rc >= 0)
		*ret_node = first;
	return rc;
}

int gt_yaml_parse_all(struct gt_arena *a, struct gt_str text, const struct gt_yaml_opts *opts,
		      struct gt_node **ret_docs, struct gt_err *err)
{
	struct gt_yaml_loader ld;
	struct gt_node *docs, *doc;
	bool end = false;
	int rc = loader_init(&ld, a, text, opts, err);

	if (rc < 0)
		return rc;
	docs = gt_node_seq(a);
	for (;;) {
		rc = load_document(&ld, &doc, &end);
		if (rc < 0 || end)
			break;
		if (gt_node_count(docs) == GT_LIMIT_DOCUMENTS) {
			rc = gt_fail(err, GT_E_BUDGET, "more than %d documents in one stream",
				     GT_LIMIT_DOCUMENTS);
			break;
		}
		gt_node_append(a, docs, doc);
	}
	loader_fini(&ld);
	if (rc >= 0)
		rc = gt_arena_check(a, err);
	if (rc >= 0)
		*ret_docs = docs;
	return rc;
}

int gt_yaml_or_json_parse(struct gt_arena *a, struct gt_str text, const struct gt_yaml_opts *opts,
			  struct gt_node **ret_node, struct gt_err *err)
{
	struct gt_str body = gt_str_trim(text);
	bool strict = !opts || !opts->dup_keys_ok;

	if (body.n == 0 || (body.p[0] != '{' && body.p[0] != '['))
		return gt_yaml_parse(a, text, opts, ret_node, err);
	int rc = gt_json_parse(a, text, strict ? GT_JSON_DUP_ERROR : GT_JSON_DUP_LAST, ret_node,
			       err);
	/* Flow style YAML starts with a bracket as well. */
	if (rc == GT_E_INVALID && gt_yaml_parse(a, text, opts, ret_node, NULL) >= 0)
		return GT_OK;
	if (rc < 0 && opts && opts->name)
		gt_wrap(err, "%s", opts->name);
	return rc;
}
