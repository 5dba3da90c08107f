#include "kustomize/decode.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kustomize/scalar.h"
#include "text/number.h"

int kz_parse_values(struct kz_build *b, struct gt_str text, struct gt_node **ret)
{
	struct gt_node *root = NULL;
	struct gt_yaml_raw_opts opts = {.dup_keys_ok = true, .key = kz_key_to_json};
	int rc = gt_yaml_raw_parse(b->a, text, &opts, &root, b->err);

	if (rc == GT_OK)
		rc = kz_to_values(b, root, KZ_YAML_V2);
	if (rc == GT_OK)
		*ret = root;
	return rc;
}

static const struct kz_field *find_field(const struct kz_field *fields, struct gt_str name)
{
	const struct kz_field *loose = NULL;

	for (const struct kz_field *f = fields; f->name; f++) {
		if (gt_str_is(name, f->name))
			return f;
		if (!loose && gt_str_ieq(name, gt_str(f->name)))
			loose = f;
	}
	return loose;
}

static const char *type_text(enum kz_field_type type)
{
	switch (type) {
	case KZ_F_STR: return "a string";
	case KZ_F_BOOL: return "a boolean";
	case KZ_F_INT: return "an integer";
	case KZ_F_STRS:
	case KZ_F_OBJS: return "a list";
	default: return "a map";
	}
}

static int mismatch(struct kz_build *b, const struct gt_node *n, uint32_t line, const char *name,
		    const char *want)
{
	return kz_fail(b, "line %u: field \"%s\" must be %s, not %s", n->line ? n->line : line,
		       name, want, gt_kind_name(gt_node_kind(n)));
}

static int decode_value(struct kz_build *b, const struct gt_node *n, uint32_t line,
			const struct kz_field *f, enum kz_decode_mode mode, struct gt_node **ret);

/* A fraction as Flux's decoder makes a string of it: the shortest text that a float32 needs. */
static struct gt_node *float_text(struct gt_arena *a, struct gt_str text)
{
	char digits[GT_DOUBLE_TEXT];
	float want = strtof(text.p, NULL);

	for (int places = 0; places < 9; places++) {
		snprintf(digits, sizeof digits, "%.*e", places, (double)want);
		if (strtof(digits, NULL) >= want && strtof(digits, NULL) <= want)
			break;
	}
	double d = strtod(digits, NULL);
	if (!isfinite(d))
		return gt_node_strn(a, text);
	gt_double_g(d, digits);
	return gt_node_str(a, digits);
}

/* A string, or with KZ_COERCE whatever scalar stands there, as text. */
static int decode_str(struct kz_build *b, const struct gt_node *n, uint32_t line, const char *name,
		      enum kz_decode_mode mode, struct gt_node **ret)
{
	if (gt_node_is_null(n)) {
		*ret = gt_node_str(b->a, "");
	} else if (gt_node_is(n, GT_STR)) {
		*ret = gt_node_copy(b->a, n);
	} else if (mode == KZ_COERCE && gt_node_is(n, GT_FLOAT)) {
		*ret = float_text(b->a, kz_text(n));
	} else if (mode == KZ_COERCE && kz_is_scalar(n)) {
		*ret = gt_node_strn(b->a, kz_text(n));
	} else {
		return mismatch(b, n, line, name, "a string");
	}
	return GT_OK;
}

static int decode_list(struct kz_build *b, const struct gt_node *n, uint32_t line,
		       const struct kz_field *f, enum kz_decode_mode mode, struct gt_node **ret)
{
	struct gt_node *list = gt_node_seq(b->a);

	if (!gt_node_is(n, GT_SEQ))
		return mismatch(b, n, line, f->name, type_text(f->type));
	gt_seq_for_each (n, item) {
		struct gt_node *clean = NULL;
		int rc;

		if (f->type == KZ_F_STRS)
			rc = decode_str(b, item, line, f->name, mode, &clean);
		else if (gt_node_is_null(item))
			clean = gt_node_map(b->a), rc = GT_OK;
		else if (!gt_node_is(item, GT_MAP))
			rc = mismatch(b, item, line, f->name, "a list of maps");
		else
			rc = kz_decode(b, item, f->sub, mode, &clean);
		if (rc < 0)
			return rc;
		if (clean && !clean->line && item)
			clean->line = item->line;
		gt_node_append(b->a, list, clean);
	}
	if (list)
		list->line = n->line;
	*ret = list;
	return GT_OK;
}

static int decode_strmap(struct kz_build *b, const struct gt_node *n, uint32_t line,
			 const struct kz_field *f, enum kz_decode_mode mode, struct gt_node **ret)
{
	struct gt_node *map = gt_node_map(b->a);

	if (!gt_node_is(n, GT_MAP))
		return mismatch(b, n, line, f->name, "a map");
	gt_map_each(n, p)
	{
		struct gt_node *clean = NULL;
		int rc = decode_str(b, p->value, p->line, p->key, mode, &clean);

		if (rc < 0)
			return rc;
		gt_node_setn(b->a, map, gt_strn(p->key, p->len), clean);
	}
	*ret = map;
	return GT_OK;
}

static int decode_value(struct kz_build *b, const struct gt_node *n, uint32_t line,
			const struct kz_field *f, enum kz_decode_mode mode, struct gt_node **ret)
{
	int64_t i;

	switch (f->type) {
	case KZ_F_STR: return decode_str(b, n, line, f->name, mode, ret);
	case KZ_F_STRS:
	case KZ_F_OBJS: return decode_list(b, n, line, f, mode, ret);
	case KZ_F_STRMAP: return decode_strmap(b, n, line, f, mode, ret);
	case KZ_F_OBJ:
		if (!gt_node_is(n, GT_MAP))
			return mismatch(b, n, line, f->name, "a map");
		return kz_decode(b, n, f->sub, mode, ret);
	case KZ_F_BOOL:
		if (!gt_node_is(n, GT_BOOL))
			return mismatch(b, n, line, f->name, "a boolean");
		break;
	case KZ_F_INT:
		if (!gt_node_get_int(n, &i))
			return mismatch(b, n, line, f->name, "an integer");
		break;
	case KZ_F_ANY: break;
	}
	*ret = gt_node_dup(b->a, n);
	return GT_OK;
}

int kz_decode(struct kz_build *b, const struct gt_node *doc, const struct kz_field *fields,
	      enum kz_decode_mode mode, struct gt_node **ret)
{
	struct gt_node *out = gt_node_map(b->a);

	if (!out)
		return kz_check(b);
	if (!gt_node_is_null(doc) && !gt_node_is(doc, GT_MAP))
		return kz_fail(b, "line %u: expected a map, not %s", doc->line,
			       gt_kind_name(gt_node_kind(doc)));
	gt_map_each(doc, p)
	{
		const struct kz_field *f = find_field(fields, gt_strn(p->key, p->len));
		struct gt_node *clean = NULL;

		if (!f && mode == KZ_STRICT)
			return kz_fail(b, "line %u: unknown field \"%s\"", p->line, p->key);
		if (!f || gt_node_is_null(p->value))
			continue;
		int rc = decode_value(b, p->value, p->line, f, mode, &clean);
		if (rc < 0)
			return rc;
		if (clean && !clean->line)
			clean->line = p->line;
		gt_node_set(b->a, out, f->name, clean);
	}
	if (doc)
		out->line = doc->line;
	*ret = out;
	return kz_check(b);
}
