/* The representation tree, from libyaml's events. */
#include "text/yaml_raw.h"

#include <string.h>

#include <yaml.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "text/node_impl.h"

struct anchor {
	struct gt_node *node;
	size_t nodes; /* in the subtree */
};

struct frame {
	size_t first;       /* of its pairs on the stack */
	size_t nodes;       /* when it was opened */
	char *anchor;       /* arena, or NULL */
	struct gt_pair key; /* of a map: the key whose value comes next */
	bool map, has_key, merge_key;
	bool flow;
	uint32_t line, col;
};

struct loader {
	struct gt_arena *a;
	const struct gt_yaml_raw_opts *opts;
	struct gt_err *err;
	yaml_parser_t parser;
	GT_VEC(struct frame) frames;
	GT_VEC(struct gt_pair) pairs;
	GT_VEC(struct gt_node *) merges; /* values of merge keys, NULL between maps */
	struct gt_map anchors;           /* name -> struct anchor in the arena */
	struct gt_node *root;
	size_t nodes, alias_nodes;
	uint32_t line0;
	bool done;
};

static uint32_t line_of(const struct loader *l, yaml_mark_t mark)
{
	return l->line0 + (uint32_t)mark.line;
}

static int fail_at(struct loader *l, uint32_t line, const char *cause)
{
	return gt_fail(l->err, GT_E_INVALID, "line %u: %s", line, cause);
}

static int parser_error(struct loader *l)
{
	const yaml_parser_t *p = &l->parser;

	if (p->error == YAML_MEMORY_ERROR)
		return gt_fail(l->err, GT_E_BUDGET, "out of memory");
	if (p->error == YAML_READER_ERROR)
		return gt_fail(l->err, GT_E_INVALID, "offset %zu: %s", p->problem_offset,
			       p->problem ? p->problem : "unreadable");
	return fail_at(l, line_of(l, p->problem_mark), p->problem ? p->problem : "malformed");
}

static enum gt_raw_tag tag_of(const yaml_char_t *tag)
{
	static const struct {
		const char *name;
		enum gt_raw_tag tag;
	} tags[] = {
		{"str", GT_RAW_STR},        {"int", GT_RAW_INT},   {"float", GT_RAW_FLOAT},
		{"bool", GT_RAW_BOOL},      {"null", GT_RAW_NULL}, {"binary", GT_RAW_BINARY},
		{"timestamp", GT_RAW_TIME},
	};
	static const char prefix[] = "tag:yaml.org,2002:";
	const char *s = (const char *)tag;

	if (!s || strncmp(s, prefix, sizeof prefix - 1) != 0)
		return s && strcmp(s, "!") == 0 ? GT_RAW_STR : GT_RAW_NONE;
	for (size_t i = 0; i < GT_COUNT(tags); i++) {
		if (strcmp(s + sizeof prefix - 1, tags[i].name) == 0)
			return tags[i].tag;
	}
	return GT_RAW_NONE;
}

static enum gt_style style_of(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE: return GT_STYLE_SINGLE;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE: return GT_STYLE_DOUBLE;
	case YAML_LITERAL_SCALAR_STYLE: return GT_STYLE_LITERAL;
	case YAML_FOLDED_SCALAR_STYLE: return GT_STYLE_FOLDED;
	default: return GT_STYLE_PLAIN;
	}
}

static struct frame *top(struct loader *l)
{
	return l->frames.n ? &l->frames.v[l->frames.n - 1] : NULL;
}

static void remember(struct loader *l, const char *name, struct gt_node *node, size_t nodes)
{
	struct anchor *an = name ? gt_arena_new(l->a, struct anchor) : NULL;

	if (!an)
		return;
	*an = (struct anchor){node, nodes};
	gt_map_put(&l->anchors, gt_str(name), an);
}

/* Hangs a finished value into the open collection. */
static int emit(struct loader *l, struct gt_node *node)
{
	struct frame *f = top(l);

	if (!node)
		return gt_arena_check(l->a, l->err);
	if (!f) {
		l->root = node;
		l->done = true;
		return GT_OK;
	}
	if (f->map && f->merge_key) {
		gt_vec_push(&l->merges, node);
		f->merge_key = false;
	} else if (f->map) {
		f->key.value = node;
		gt_vec_push(&l->pairs, f->key);
	} else {
		gt_vec_push(&l->pairs, (struct gt_pair){.value = node});
	}
	f->has_key = false;
	return GT_OK;
}

static int take_key(struct loader *l, struct frame *f, struct gt_str text, const char *copy,
		    enum gt_style style, enum gt_raw_tag tag, uint32_t line)
{
	f->has_key = true;
	f->merge_key = style == GT_STYLE_PLAIN && tag == GT_RAW_NONE && gt_str_is(text, "<<");
	if (f->merge_key)
		return GT_OK;
	const char *given = text.p;
	if (l->opts->key && !l->opts->key(l->a, &text, style, tag, l->frames.n == 1))
		return gt_fail(l->err, GT_E_INVALID,
			       "line %u: the key %.*s is not a string; put it in quotes", line,
			       GT_STR_ARG(text));
	if (text.p != given)
		copy = text.p;
	if (text.n > UINT32_MAX - 1)
		return fail_at(l, line, "key too long");
	if (!copy)
		copy = gt_arena_strndup(l->a, text.p, text.n);
	f->key = (struct gt_pair){.key = copy, .len = (uint32_t)text.n, .line = line};
	return copy ? GT_OK : gt_arena_check(l->a, l->err);
}

static int on_scalar(struct loader *l, const yaml_event_t *ev)
{
	struct frame *f = top(l);
	struct gt_str text = gt_strn((const char *)ev->data.scalar.value, ev->data.scalar.length);
	enum gt_style style = style_of(ev->data.scalar.style);
	enum gt_raw_tag tag = tag_of(ev->data.scalar.tag);
	uint32_t line = line_of(l, ev->start_mark);

	if (!f && style == GT_STYLE_PLAIN && text.n == 0 && tag == GT_RAW_NONE) {
		l->done = true; /* an empty document */
		return GT_OK;
	}
	if (f && f->map && !f->has_key) {
		int rc = take_key(l, f, text, NULL, style, tag, line);

		if (rc == GT_OK && ev->data.scalar.anchor) {
			struct gt_node *key = gt_node_strn(l->a, text);

			if (key)
				key->style = (uint8_t)style;
			remember(l, gt_arena_strdup(l->a, (const char *)ev->data.scalar.anchor),
				 key, 1);
		}
		return rc;
	}
	if (f && f->map && f->flow && style == GT_STYLE_PLAIN && text.n == 0)
		tag = GT_RAW_STR;
	struct gt_node *node = gt_node_strn(l->a, text);
	if (!node)
		return gt_arena_check(l->a, l->err);
	/* An explicit tag decides, however the text was quoted. */
	node->style = (uint8_t)(tag > GT_RAW_STR ? GT_STYLE_PLAIN : style);
	node->flags = (uint8_t)tag;
	node->line = line;
	node->col = (uint32_t)ev->start_mark.column + 1;
	l->nodes++;
	if (ev->data.scalar.anchor)
		remember(l, gt_arena_strdup(l->a, (const char *)ev->data.scalar.anchor), node, 1);
	return emit(l, node);
}

static int on_open(struct loader *l, const yaml_event_t *ev, bool map)
{
	struct frame *f = top(l);
	const yaml_char_t *anchor =
		map ? ev->data.mapping_start.anchor : ev->data.sequence_start.anchor;
	uint32_t line = line_of(l, ev->start_mark);

	if (f && f->map && !f->has_key)
		return fail_at(l, line, "a map or list cannot be a key");
	if (l->frames.n >= GT_LIMIT_DEPTH)
		return gt_fail(l->err, GT_E_BUDGET, "line %u: nested deeper than %d levels", line,
			       GT_LIMIT_DEPTH);
	bool flow = map ? ev->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
			: ev->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
	gt_vec_push(&l->frames,
		    (struct frame){
			    .first = l->pairs.n,
			    .nodes = l->nodes++,
			    .anchor = anchor ? gt_arena_strdup(l->a, (const char *)anchor) : NULL,
			    .map = map,
			    .flow = flow,
			    .line = line,
			    .col = (uint32_t)ev->start_mark.column + 1,
		    });
	if (map)
		gt_vec_push(&l->merges, NULL);
	return GT_OK;
}

static int merge_map(struct loader *l, struct gt_node *map, const struct gt_node *from,
		     uint32_t line)
{
	if (!gt_node_is(from, GT_MAP))
		return fail_at(l, line, "map merge requires map or sequence of maps as the value");
	gt_map_each(from, p)
	{
		struct gt_str key = gt_strn(p->key, p->len);

		if (gt_node_getn(map, key))
			continue;
		struct gt_pair pair = *p;
		pair.value = gt_node_dup(l->a, p->value);
		gt_node__add(l->a, map, &pair);
	}
	return GT_OK;
}

/* Applies the merge keys of the map that ends; explicit keys win, then the first of a list. */
static int apply_merges(struct loader *l, struct gt_node *map, uint32_t line)
{
	size_t first = l->merges.n;
	int rc = GT_OK;

	while (l->merges.v[first - 1])
		first--;
	for (size_t i = first; i < l->merges.n && rc == GT_OK; i++) {
		struct gt_node *from = l->merges.v[i];

		if (!gt_node_is(from, GT_SEQ)) {
			rc = merge_map(l, map, from, line);
			continue;
		}
		gt_seq_for_each (from, item) {
			rc = merge_map(l, map, item, line);
			if (rc < 0)
				break;
		}
	}
	l->merges.n = first - 1;
	return rc;
}

static int on_close(struct loader *l)
{
	struct frame f = *top(l);
	size_t n = l->pairs.n - f.first, dup = SIZE_MAX;
	const struct gt_pair *pairs = n ? &l->pairs.v[f.first] : NULL;
	struct gt_node *node =
		f.map ? gt_node__map_of(l->a, pairs, n, &dup) : gt_node__seq_of(l->a, pairs, n);

	if (!node)
		return gt_arena_check(l->a, l->err);
	if (dup != SIZE_MAX && !l->opts->dup_keys_ok) {
		size_t was = 0;

		while (was < dup && !gt_str_eq(gt_strn(pairs[was].key, pairs[was].len),
					       gt_strn(pairs[dup].key, pairs[dup].len)))
			was++;
		return gt_fail(l->err, GT_E_INVALID,
			       "line %u: mapping key \"%s\" already defined at line %u",
			       pairs[dup].line, pairs[dup].key, pairs[was].line);
	}
	node->line = f.line;
	node->col = f.col;
	node->style = f.flow ? GT_STYLE_FLOW : GT_STYLE_ANY;
	l->pairs.n = f.first;
	l->frames.n--;
	if (f.map) {
		int rc = apply_merges(l, node, f.line);

		if (rc < 0)
			return rc;
	}
	remember(l, f.anchor, node, l->nodes - f.nodes);
	return emit(l, node);
}

static int on_alias(struct loader *l, const yaml_event_t *ev)
{
	const char *name = (const char *)ev->data.alias.anchor;
	const struct anchor *an = gt_map_find(&l->anchors, gt_str(name));
	struct frame *f = top(l);
	uint32_t line = line_of(l, ev->start_mark);

	if (!an)
		return gt_fail(l->err, GT_E_INVALID, "line %u: unknown anchor '%s' referenced",
			       line, name);
	l->alias_nodes += an->nodes;
	l->nodes += an->nodes;
	if (l->alias_nodes > GT_LIMIT_ALIAS_NODES)
		return gt_fail(l->err, GT_E_BUDGET, "line %u: aliases expand to over %d nodes",
			       line, GT_LIMIT_ALIAS_NODES);
	if (f && f->map && !f->has_key) {
		if (!gt_node_is(an->node, GT_STR))
			return fail_at(l, line, "a map or list cannot be a key");
		return take_key(l, f, gt_node_text(an->node), an->node->s,
				(enum gt_style)an->node->style, (enum gt_raw_tag)an->node->flags,
				line);
	}
	return emit(l, gt_node_dup(l->a, an->node));
}

static int on_event(struct loader *l, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_SCALAR_EVENT: return on_scalar(l, ev);
	case YAML_ALIAS_EVENT: return on_alias(l, ev);
	case YAML_MAPPING_START_EVENT: return on_open(l, ev, true);
	case YAML_SEQUENCE_START_EVENT: return on_open(l, ev, false);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT: return on_close(l);
	case YAML_DOCUMENT_END_EVENT:
	case YAML_STREAM_END_EVENT: l->done = true; return GT_OK;
	default: return GT_OK;
	}
}

static int load(struct loader *l)
{
	while (!l->done) {
		yaml_event_t ev;

		if (!yaml_parser_parse(&l->parser, &ev))
			return parser_error(l);
		int rc = on_event(l, &ev);
		yaml_event_delete(&ev);
		if (rc < 0)
			return rc;
	}
	return gt_arena_check(l->a, l->err);
}

/* Reads on to the end of the document, so that rubbish after the root is noticed. */
static int finish(struct loader *l)
{
	yaml_event_t ev;

	if (!l->root)
		return GT_OK;
	if (!yaml_parser_parse(&l->parser, &ev))
		return parser_error(l);
	yaml_event_delete(&ev);
	return GT_OK;
}

int gt_yaml_raw_parse(struct gt_arena *a, struct gt_str text, const struct gt_yaml_raw_opts *opts,
		      struct gt_node **ret_node, struct gt_err *err)
{
	static const struct gt_yaml_raw_opts none;
	struct loader l = {.a = a, .opts = opts ? opts : &none, .err = err};

	l.line0 = l.opts->first_line ? l.opts->first_line : 1;
	if (!yaml_parser_initialize(&l.parser))
		return gt_fail(err, GT_E_BUDGET, "out of memory");
	yaml_parser_set_input_string(&l.parser, (const unsigned char *)(text.p ? text.p : ""),
				     text.n);
	yaml_parser_set_encoding(&l.parser, YAML_UTF8_ENCODING);
	int rc = load(&l);
	if (rc == GT_OK)
		rc = finish(&l);
	yaml_parser_delete(&l.parser);
	gt_map_fini(&l.anchors);
	gt_vec_fini(&l.frames);
	gt_vec_fini(&l.pairs);
	gt_vec_fini(&l.merges);
	if (rc == GT_OK)
		*ret_node = l.root;
	return rc;
}
