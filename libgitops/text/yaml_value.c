/* The YAML parser's leaves: scalars with their tags, keys, aliases. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/enc.h"
#include "text/node_impl.h"
#include "text/number.h"
#include "text/yaml_load.h"

#define TAG_PREFIX "tag:yaml.org,2002:"

const char gt_yaml__merge_key[] = "<<";

int gt_yaml__fail_at(const struct gt_yaml_loader *ld, uint32_t line, uint32_t col,
		     enum gt_code code, const char *cause, struct gt_str what)
{
	if (ld->opts->name)
		return gt_fail(ld->err, code, "%s:%u:%u: %s%.*s", ld->opts->name, line, col, cause,
			       GT_STR_ARG(what));
	return gt_fail(ld->err, code, "line %u: %s%.*s", line, cause, GT_STR_ARG(what));
}

int gt_yaml__fail_event(const struct gt_yaml_loader *ld, const yaml_event_t *ev, const char *cause,
			struct gt_str what)
{
	return gt_yaml__fail_at(ld, (uint32_t)ev->start_mark.line + 1,
				(uint32_t)ev->start_mark.column + 1, GT_E_INVALID, cause, what);
}

/* --- scalars ------------------------------------------------------------------------------ */

static uint8_t scalar_style(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE: return GT_STYLE_SINGLE;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE: return GT_STYLE_DOUBLE;
	case YAML_LITERAL_SCALAR_STYLE: return GT_STYLE_LITERAL;
	case YAML_FOLDED_SCALAR_STYLE: return GT_STYLE_FOLDED;
	default: return GT_STYLE_PLAIN;
	}
}

/* The type a tag of YAML's own asks for; false for other tags, whose scalars are strings. */
static bool type_of_tag(const char *tag, enum gt_yaml_type *ret_type)
{
	static const struct {
		const char *name;
		enum gt_yaml_type type;
	} tags[] = {
		{"str", GT_YAML_STR}, {"null", GT_YAML_NULL},   {"bool", GT_YAML_BOOL},
		{"int", GT_YAML_INT}, {"float", GT_YAML_FLOAT}, {"timestamp", GT_YAML_TIME},
	};

	if (strncmp(tag, TAG_PREFIX, sizeof TAG_PREFIX - 1) != 0)
		return false;
	for (size_t i = 0; i < GT_COUNT(tags); i++) {
		if (strcmp(tag + sizeof TAG_PREFIX - 1, tags[i].name) == 0) {
			*ret_type = tags[i].type;
			return true;
		}
	}
	return false;
}

static bool is_binary(const char *tag)
{
	return tag && strcmp(tag, TAG_PREFIX "binary") == 0;
}

static int resolve_event(struct gt_yaml_loader *ld, const yaml_event_t *ev,
			 enum gt_yaml_type *ret_type)
{
	const char *tag = (const char *)ev->data.scalar.tag;
	struct gt_str text = gt_strn((const char *)ev->data.scalar.value, ev->data.scalar.length);
	enum gt_yaml_type want;

	*ret_type = GT_YAML_STR;
	if (!tag) {
		if (ev->data.scalar.plain_implicit)
			*ret_type = gt_yaml__resolve(text, ld->opts->rules);
		return GT_OK;
	}
	if (!type_of_tag(tag, &want) || want == GT_YAML_STR)
		return GT_OK;
	enum gt_yaml_type got = gt_yaml__resolve(text, ld->opts->rules);
	bool float_ok = want == GT_YAML_FLOAT && (got == GT_YAML_INT || got == GT_YAML_INF_NAN);
	if (got != want && !float_ok)
		return gt_yaml__fail_event(ld, ev, "the value does not fit its tag !!",
					   gt_str(tag + sizeof TAG_PREFIX - 1));
	*ret_type = got;
	return GT_OK;
}

static bool word_is_true(struct gt_str text)
{
	return text.n && strchr("tTyY", text.p[0])
		       ? true
		       : gt_str_is(text, "on") || gt_str_is(text, "On") || gt_str_is(text, "ON");
}

static struct gt_node *binary_node(struct gt_yaml_loader *ld, struct gt_str text)
{
	gt_auto_buf bytes = {0};

	if (!gt_base64_decode(&bytes, text))
		return NULL;
	return gt_node_strn(ld->a, gt_buf_str(&bytes));
}

/* Version 2 leaves times as they are written; version 3 makes RFC 3339 of them. */
static struct gt_node *time_node(struct gt_yaml_loader *ld, struct gt_str text)
{
	gt_auto_buf buf = {0};

	if (ld->opts->rules == GT_YAML_GO_V2)
		return gt_node_strn(ld->a, text);
	gt_yaml__rfc3339(&buf, text);
	return gt_node_strn(ld->a, gt_buf_str(&buf));
}

int gt_yaml__make_scalar(struct gt_yaml_loader *ld, const yaml_event_t *ev,
			 struct gt_node **ret_node)
{
	struct gt_str text = gt_strn((const char *)ev->data.scalar.value, ev->data.scalar.length);
	enum gt_yaml_type type;
	enum gt_kind kind;
	struct gt_node *n = NULL;
	int rc = resolve_event(ld, ev, &type);

	if (rc < 0)
		return rc;
	switch (type) {
	case GT_YAML_NULL: n = gt_node_null(ld->a); break;
	case GT_YAML_BOOL: n = gt_node_bool(ld->a, word_is_true(text)); break;
	case GT_YAML_INT:
	case GT_YAML_FLOAT: {
		struct gt_str number = gt_yaml__number(ld->a, text, &kind);
		n = number.p ? gt_node_str_take(ld->a, number.p, number.n) : NULL;
		if (n)
			n->kind = (uint8_t)kind;
		break;
	}
	case GT_YAML_INF_NAN:
		return gt_yaml__fail_event(ld, ev, "a number that JSON does not have: ", text);
	case GT_YAML_TIME: n = time_node(ld, text); break;
	case GT_YAML_STR:
		if (is_binary((const char *)ev->data.scalar.tag)) {
			n = binary_node(ld, text);
			if (!n && !ld->a->failed)
				return gt_yaml__fail_event(ld, ev,
							   "!!binary value is no valid base64",
							   GT_STR_LIT(""));
		} else {
			n = gt_node_strn(ld->a, text);
		}
		break;
	}
	if (!n)
		return gt_arena_check(ld->a, ld->err);
	n->style = scalar_style(ev->data.scalar.style);
	n->line = (uint32_t)ev->start_mark.line + 1;
	n->col = (uint32_t)ev->start_mark.column + 1;
	*ret_node = n;
	return GT_OK;
}

/* The text sigs.k8s.io/yaml gives to a key that is no string; floats are printed as 32 bits. */
static struct gt_str usual_text(struct gt_yaml_loader *ld, struct gt_str text,
				enum gt_yaml_type type, char number[GT_DOUBLE_TEXT])
{
	enum gt_kind kind;
	int64_t i;
	double d;

	switch (type) {
	case GT_YAML_BOOL: return word_is_true(text) ? GT_STR_LIT("true") : GT_STR_LIT("false");
	case GT_YAML_INF_NAN:
		return gt_str((text.p[text.n - 1] | 0x20) == 'n' ? ".nan"
			      : text.p[0] == '-'                 ? "-.inf"
								 : ".inf");
	case GT_YAML_INT:
	case GT_YAML_FLOAT:
		text = gt_yaml__number(ld->a, text, &kind);
		if (type == GT_YAML_FLOAT && !(kind == GT_INT && gt_str_i64(text, &i)) &&
		    gt_number_double(text, &d)) {
			gt_float_g((float)d, number);
			return isinf((float)d) ? gt_str(d < 0 ? "-.inf" : ".inf") : gt_str(number);
		}
		return text;
	default: return text;
	}
}

/*
 * The text of a key.  Version 2 makes numbers and booleans into their usual text and has no null
 * keys; version 3 keeps what was written.
 */
int gt_yaml__make_key(struct gt_yaml_loader *ld, const yaml_event_t *ev, struct gt_pair *pair)
{
	struct gt_str text = gt_strn((const char *)ev->data.scalar.value, ev->data.scalar.length);
	char number[GT_DOUBLE_TEXT];
	enum gt_yaml_type type;
	int rc = resolve_event(ld, ev, &type);

	if (rc < 0)
		return rc;
	pair->line = (uint32_t)ev->start_mark.line + 1;
	if (gt_str_is(text, gt_yaml__merge_key) && ev->data.scalar.plain_implicit) {
		pair->key = gt_yaml__merge_key;
		pair->len = 2;
		ld->frames[ld->depth - 1].has_merge = true;
		return GT_OK;
	}
	if (ld->opts->rules == GT_YAML_GO_V2) {
		if (type == GT_YAML_NULL)
			return gt_yaml__fail_event(ld, ev, "null cannot be a key", GT_STR_LIT(""));
		text = usual_text(ld, text, type, number);
	}
	if (text.n > UINT32_MAX)
		return gt_fail(ld->err, GT_E_BUDGET, "key larger than 4 GiB");
	pair->key = text.p ? gt_arena_strndup(ld->a, text.p, text.n) : NULL;
	pair->len = (uint32_t)text.n;
	return pair->key ? GT_OK : gt_arena_check(ld->a, ld->err);
}

/* --- aliases ------------------------------------------------------------------------------ */

static size_t count_nodes(const struct gt_node *n, size_t limit)
{
	size_t count = 1;

	gt_map_each(n, pair)
	{
		if (count > limit)
			return count;
		count += count_nodes(pair->value, limit - count);
	}
	gt_seq_for_each (n, item) {
		if (count > limit)
			return count;
		count += count_nodes(item, limit - count);
	}
	return count;
}

static unsigned depth_of(const struct gt_node *n)
{
	unsigned deepest = 0;

	gt_map_each(n, pair)
	{
		unsigned d = depth_of(pair->value);
		deepest = d > deepest ? d : deepest;
	}
	gt_seq_for_each (n, item) {
		unsigned d = depth_of(item);
		deepest = d > deepest ? d : deepest;
	}
	return deepest + (gt_node_is(n, GT_MAP) || gt_node_is(n, GT_SEQ));
}

int gt_yaml__expand_alias(struct gt_yaml_loader *ld, const yaml_event_t *ev,
			  struct gt_node **ret_node)
{
	struct gt_str name = gt_str((const char *)ev->data.alias.anchor);
	const struct gt_node *n = gt_node_getn(ld->anchors, name);

	if (!n)
		return gt_yaml__fail_event(ld, ev, "unknown anchor referenced: ", name);
	if (n->flags & GT_NODE_MARK)
		return gt_yaml__fail_event(ld, ev, "anchor contains itself: ", name);
	size_t room = GT_LIMIT_ALIAS_NODES - ld->alias_nodes;
	size_t count = count_nodes(n, room);
	if (count > room)
		return gt_fail(ld->err, GT_E_BUDGET,
			       "line %zu: document contains excessive aliasing",
			       ev->start_mark.line + 1);
	ld->alias_nodes += count;
	if (ld->depth + depth_of(n) > GT_LIMIT_DEPTH)
		return gt_fail(ld->err, GT_E_BUDGET, "line %zu: nested deeper than %d levels",
			       ev->start_mark.line + 1, GT_LIMIT_DEPTH);
	*ret_node = gt_node_dup(ld->a, n);
	return gt_arena_check(ld->a, ld->err);
}
