/* Values against a compiled schema.  Errors come in the order of the schema's properties. */
#include "openapi/model.h"

#include <math.h>
#include <stdio.h>

#include "base/utf8.h"
#include "text/json.h"

#define ERRORS_MAX 100

/* Where the walk is, and what it found. */
struct validating {
	struct gt_field_errors *errs;
	struct gt_buf path;
	unsigned matches; /* checks that held: picks the nearest of several alternatives */
	unsigned depth;
	bool ratchet; /* skip what did not change */
};

static void validate(struct validating *v, const struct oa_schema *s, const struct gt_node *n,
		     const struct gt_node *old);

static const char *path(const struct validating *v)
{
	return gt_buf_cstr(&v->path);
}

static void pop(struct validating *v, size_t was)
{
	v->path.n = was;
	if (v->path.p)
		v->path.p[was] = '\0';
}

static size_t push_key(struct validating *v, struct gt_str key)
{
	size_t was = v->path.n;

	if (was > 0)
		gt_buf_addc(&v->path, '.');
	gt_buf_add_str(&v->path, key);
	return was;
}

static const char *json_type(const struct gt_node *n)
{
	switch (gt_node_kind(n)) {
	case GT_NULL: return "null";
	case GT_BOOL: return "boolean";
	case GT_INT: return "integer";
	case GT_FLOAT: return "number";
	case GT_STR: return "string";
	case GT_SEQ: return "array";
	case GT_MAP: break;
	}
	return "object";
}

static bool whole(const struct gt_node *n)
{
	double d;

	return gt_node_get_double(n, &d) && d == floor(d) && fabs(d) < 9007199254740992.0;
}

static uint16_t types_of(const struct gt_node *n)
{
	switch (gt_node_kind(n)) {
	case GT_BOOL: return OA_BOOLEAN;
	case GT_INT: return OA_INTEGER | OA_NUMBER;
	case GT_FLOAT: return whole(n) ? OA_INTEGER | OA_NUMBER : OA_NUMBER;
	case GT_STR: return OA_STRING;
	case GT_SEQ: return OA_ARRAY;
	case GT_MAP: return OA_OBJECT;
	case GT_NULL: break;
	}
	return 0;
}

static void type_error(struct validating *v, const char *want, const char *got)
{
	struct gt_node *value = gt_node_str(v->errs->arena, got);

	gt_field_type_invalid(v->errs, path(v), value, "%s in body must be of type %s: \"%s\"",
			      path(v), want, got);
}

/* False when the value is of another kind: then nothing else is checked. */
static bool check_type(struct validating *v, const struct oa_schema *s, const struct gt_node *n)
{
	char want[64];

	if (gt_node_is_null(n)) {
		if (s->types && !(s->flags & OA_NULLABLE))
			type_error(v, oa_type_names(s->types, want), "null");
		return false;
	}
	if (!s->types || s->types & types_of(n)) {
		v->matches++;
		return true;
	}
	const char *got = json_type(n);
	type_error(v, oa_type_names(s->types, want), got);
	return false;
}

/* --- scalars ------------------------------------------------------------------------------ */

static void check_string(struct validating *v, const struct oa_schema *s, const struct gt_node *n)
{
	struct gt_str text = gt_node_text(n);
	size_t length = s->max_length >= 0 || s->min_length > 0 ? gt_utf8_count(text) : 0;

	if (s->max_length >= 0 && length > (size_t)s->max_length)
		gt_field_too_long(v->errs, path(v), s->max_length);
	else if (s->min_length > 0 && length < (size_t)s->min_length)
		gt_field_invalid(v->errs, path(v), n,
				 "%s in body should be at least %lld chars long", path(v),
				 (long long)s->min_length);
	else if (s->regex && !gt_regex_match(s->regex, text))
		gt_field_invalid(v->errs, path(v), n, "%s in body should match '%s'", path(v),
				 s->pattern);
	else
		v->matches++;
	if (s->format && !oa_format_check(s->format, text))
		gt_field_type_invalid(v->errs, path(v), n,
				      "%s in body must be of type %s: \"%.*s\"", path(v),
				      oa_format_name(s->format), GT_STR_ARG(text));
}

/* The sign of a - b; whole numbers are compared exactly. */
static int number_cmp(const struct gt_node *a, const struct gt_node *b)
{
	int64_t x, y;
	double dx = 0, dy = 0;

	if (gt_node_get_int(a, &x) && gt_node_get_int(b, &y))
		return x < y ? -1 : x > y;
	gt_node_get_double(a, &dx);
	gt_node_get_double(b, &dy);
	return dx < dy ? -1 : dx > dy;
}

static void check_range(struct validating *v, const struct oa_schema *s, const struct gt_node *n)
{
	int64_t i;
	bool fits = gt_node_get_int(n, &i) || n->kind == GT_FLOAT;

	if (!(s->types & OA_INTEGER))
		return;
	if (oa_format_is_int32(s->format)) {
		if (!fits || (n->kind == GT_INT && (i < INT32_MIN || i > INT32_MAX)))
			gt_field_invalid(v->errs, NULL, gt_node_str(v->errs->arena, ""),
					 "Checked value must be of type integer with format int32 "
					 "in %s",
					 path(v));
	} else if (!fits) {
		gt_field_invalid(v->errs, NULL, gt_node_str(v->errs->arena, ""),
				 "Checked value must be of type integer %s in %s",
				 s->format ? "with format int64" : "(default format)", path(v));
	}
}

static void check_number(struct validating *v, const struct oa_schema *s, const struct gt_node *n)
{
	double d = 0, factor = 0;
	struct gt_str text;

	check_range(v, s, n);
	if (s->multiple_of && gt_node_get_double(n, &d) &&
	    gt_node_get_double(s->multiple_of, &factor) && factor > 0 &&
	    d / factor != floor(d / factor)) {
		text = gt_node_text(s->multiple_of);
		gt_field_invalid(v->errs, path(v), n, "%s in body should be a multiple of %.*s",
				 path(v), GT_STR_ARG(text));
	}
	if (s->min) {
		bool exclusive = s->flags & OA_EXCLUSIVE_MIN;
		text = gt_node_text(s->min);
		if (number_cmp(n, s->min) < (exclusive ? 1 : 0))
			gt_field_invalid(v->errs, path(v), n,
					 "%s in body should be greater than %s%.*s", path(v),
					 exclusive ? "" : "or equal to ", GT_STR_ARG(text));
	}
	if (s->max) {
		bool exclusive = s->flags & OA_EXCLUSIVE_MAX;
		text = gt_node_text(s->max);
		if (number_cmp(n, s->max) > (exclusive ? -1 : 0))
			gt_field_invalid(v->errs, path(v), n,
					 "%s in body should be less than %s%.*s", path(v),
					 exclusive ? "" : "or equal to ", GT_STR_ARG(text));
	}
	v->matches++;
}

static void check_enum(struct validating *v, const struct oa_schema *s, const struct gt_node *n)
{
	size_t count = gt_node_count(s->enumeration);
	const char **names;

	if (count == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		if (gt_node_equal(gt_node_item(s->enumeration, i), n)) {
			v->matches++;
			return;
		}
	}
	names = gt_arena_calloc(v->errs->arena, count + 1, sizeof *names);
	for (size_t i = 0; names && i < count; i++) {
		const struct gt_node *allowed = gt_node_item(s->enumeration, i);
		gt_auto_buf json = {0};
		if (!gt_node_is(allowed, GT_STR))
			gt_json_write(&json, allowed, GT_JSON_SORTED, 0);
		names[i] = gt_node_cstr(allowed)
				   ? gt_node_cstr(allowed)
				   : gt_arena_strdup(v->errs->arena, gt_buf_cstr(&json));
	}
	if (names)
		gt_field_not_supported(v->errs, path(v), n, names);
}

/* --- alternatives ------------------------------------------------------------------------- */

/* Validates with errors of its own; the count of errors is returned. */
static uint32_t attempt(struct validating *v, const struct oa_schema *s, const struct gt_node *n,
			const struct gt_node *old, struct gt_field_errors *ret_errs,
			unsigned *ret_matches)
{
	struct gt_field_errors *outer = v->errs;
	unsigned matches = v->matches;

	gt_field_errors_init(ret_errs, outer->arena);
	v->errs = ret_errs;
	v->matches = 0;
	validate(v, s, n, old);
	*ret_matches = v->matches;
	v->errs = outer;
	v->matches = matches;
	return ret_errs->n;
}

static void take(struct validating *v, const struct gt_field_errors *from)
{
	for (uint32_t i = 0; i < from->n; i++)
		gt_field_errors_add(v->errs, &from->v[i]);
}

/* An error of the value as a whole: upstream gives it no field. */
static void composite(struct validating *v, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void composite(struct validating *v, const char *fmt, ...)
{
	gt_auto_buf text = {0};
	va_list ap;

	va_start(ap, fmt);
	gt_buf_vprintf(&text, fmt, ap);
	va_end(ap);
	gt_field_invalid(v->errs, NULL, gt_node_str(v->errs->arena, ""), "%s", gt_buf_cstr(&text));
}

/* How many of the list hold; the errors of the nearest failure are kept. */
static uint32_t count_valid(struct validating *v, const struct oa_list *list,
			    const struct gt_node *n, const struct gt_node *old, bool first_only,
			    struct gt_field_errors *ret_best)
{
	uint32_t valid = 0;
	unsigned best = 0;

	gt_field_errors_init(ret_best, v->errs->arena);
	for (uint32_t i = 0; i < list->n; i++) {
		struct gt_field_errors errs;
		unsigned matches;
		if (attempt(v, list->v[i], n, old, &errs, &matches) == 0) {
			valid++;
			ret_best->n = 0;
			if (first_only)
				break;
		} else if (valid == 0 && (ret_best->n == 0 || matches > best)) {
			*ret_best = errs;
			best = matches;
		}
	}
	return valid;
}

static void check_any_of(struct validating *v, const struct oa_schema *s, const struct gt_node *n,
			 const struct gt_node *old)
{
	struct gt_field_errors best;

	if (s->any_of.n == 0 || count_valid(v, &s->any_of, n, old, true, &best) > 0)
		return;
	composite(v, "\"%s\" must validate at least one schema (anyOf)", path(v));
	take(v, &best);
}

static void check_one_of(struct validating *v, const struct oa_schema *s, const struct gt_node *n,
			 const struct gt_node *old)
{
	struct gt_field_errors best;
	char found[64];
	uint32_t valid;

	if (s->one_of.n == 0)
		return;
	valid = count_valid(v, &s->one_of, n, old, false, &best);
	if (valid == 1)
		return;
	if (valid == 0)
		snprintf(found, sizeof found, "Found none valid");
	else
		snprintf(found, sizeof found, "Found %u valid alternatives", valid);
	composite(v, "\"%s\" must validate one and only one schema (oneOf). %s", path(v), found);
	take(v, &best);
}

static void check_combinations(struct validating *v, const struct oa_schema *s,
			       const struct gt_node *n, const struct gt_node *old)
{
	struct gt_field_errors errs;
	unsigned matches;
	uint32_t valid = 0;

	check_any_of(v, s, n, old);
	check_one_of(v, s, n, old);
	for (uint32_t i = 0; i < s->all_of.n; i++) {
		valid += attempt(v, s->all_of.v[i], n, old, &errs, &matches) == 0;
		take(v, &errs);
	}
	if (valid < s->all_of.n)
		composite(v, "\"%s\" must validate all the schemas (allOf)%s", path(v),
			  valid == 0 ? ". None validated" : "");
	if (s->not &&attempt(v, s->not, n, old, &errs, &matches) == 0)
		composite(v, "\"%s\" must not validate the schema (not)", path(v));
}

/* --- containers --------------------------------------------------------------------------- */

/* The keys of a list map's item, for comparing and for messages. */
static struct gt_node *item_keys(struct gt_arena *a, const struct oa_schema *s,
				 const struct gt_node *item)
{
	struct gt_node *keys = gt_node_map(a);

	for (uint32_t i = 0; i < s->n_keys; i++) {
		struct gt_node *value = gt_node_getn(item, s->keys[i]);
		if (value)
			gt_node_setn(a, keys, s->keys[i], value);
	}
	return keys;
}

/* What tells the items of a list apart: themselves, or their keys. */
static const struct gt_node *identity(struct validating *v, const struct oa_schema *s,
				      const struct gt_node *item)
{
	return s->flags & OA_LIST_MAP ? item_keys(v->errs->arena, s, item) : item;
}

struct hashed {
	uint64_t hash;
	size_t i;
	const struct gt_node *id;
};

static int hashed_cmp(const void *x, const void *y)
{
	const struct hashed *a = x, *b = y;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->i < b->i ? -1 : 1;
}

static int index_cmp(const void *x, const void *y)
{
	const size_t *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

/* Reports the second of each set of equal items, in order. */
static void check_doubles(struct validating *v, const struct oa_schema *s, const struct gt_node *n)
{
	size_t count = gt_node_count(n), found = 0;
	struct hashed *h;
	size_t *doubled;

	if (!(s->flags & (OA_LIST_SET | OA_LIST_MAP)) || count < 2)
		return;
	h = gt_arena_calloc(v->errs->arena, count, sizeof *h);
	doubled = gt_arena_calloc(v->errs->arena, count, sizeof *doubled);
	if (!h || !doubled)
		return;
	for (size_t i = 0; i < count; i++) {
		h[i].id = identity(v, s, gt_node_item(n, i));
		h[i].hash = gt_node_hash(h[i].id);
		h[i].i = i;
	}
	qsort(h, count, sizeof *h, hashed_cmp);
	for (size_t i = 1; i < count; i++) {
		bool again = i > 1 && h[i].hash == h[i - 2].hash;
		if (h[i].hash == h[i - 1].hash && !again && gt_node_equal(h[i].id, h[i - 1].id))
			doubled[found++] = h[i].i;
	}
	qsort(doubled, found, sizeof *doubled, index_cmp);
	for (size_t i = 0; i < found; i++) {
		size_t was = v->path.n;
		gt_buf_printf(&v->path, "[%zu]", doubled[i]);
		gt_field_duplicate(v->errs, path(v), identity(v, s, gt_node_item(n, doubled[i])));
		pop(v, was);
	}
}

/* The old item that is the same one, or NULL. */
static const struct gt_node *old_item(struct validating *v, const struct oa_schema *s,
				      const struct gt_node *old, const struct gt_node *item)
{
	if (!gt_node_is(old, GT_SEQ) || !(s->flags & OA_LIST_MAP))
		return NULL;
	const struct gt_node *keys = identity(v, s, item);
	for (size_t i = 0; i < gt_node_count(old); i++) {
		if (gt_node_equal(keys, identity(v, s, gt_node_item(old, i))))
			return gt_node_item(old, i);
	}
	return NULL;
}

static void check_array(struct validating *v, const struct oa_schema *s, const struct gt_node *n,
			const struct gt_node *old)
{
	int64_t count = (int64_t)gt_node_count(n);

	for (int64_t i = 0; s->items && i < count && v->errs->n < ERRORS_MAX; i++) {
		const struct gt_node *item = gt_node_item(n, (size_t)i);
		size_t was = v->path.n;
		gt_buf_printf(&v->path, "[%lld]", (long long)i);
		validate(v, s->items, item, v->ratchet ? old_item(v, s, old, item) : NULL);
		pop(v, was);
	}
	if (s->min_items >= 0 && count < s->min_items)
		gt_field_invalid(v->errs, path(v), gt_node_int(v->errs->arena, count),
				 "%s in body should have at least %lld items", path(v),
				 (long long)s->min_items);
	if (s->max_items >= 0 && count > s->max_items)
		gt_field_too_many(v->errs, path(v), count, s->max_items);
	check_doubles(v, s, n);
	v->matches++;
}

static void check_required(struct validating *v, const struct oa_schema *s, const struct gt_node *n)
{
	for (uint32_t i = 0; i < s->n_required; i++) {
		size_t was;
		if (gt_node_getn(n, s->required[i]))
			continue;
		was = push_key(v, s->required[i]);
		gt_field_required(v->errs, path(v), "");
		pop(v, was);
	}
}

static void check_object(struct validating *v, const struct oa_schema *s, const struct gt_node *n,
			 const struct gt_node *old)
{
	int64_t count = (int64_t)gt_node_count(n);

	if (s->min_props >= 0 && count < s->min_props)
		gt_field_invalid(v->errs, path(v), gt_node_int(v->errs->arena, count),
				 "%s in body should have at least %lld properties", path(v),
				 (long long)s->min_props);
	if (s->max_props >= 0 && count > s->max_props)
		gt_field_too_many(v->errs, path(v), count, s->max_props);
	gt_map_each(n, p)
	{
		struct gt_str key = gt_strn(p->key, p->len);
		const struct oa_schema *below = oa_prop(s, key);
		if (v->errs->n >= ERRORS_MAX)
			break;
		if (!below)
			below = s->extra;
		if (!below && s->flags & OA_NO_EXTRA)
			gt_field_invalid(v->errs, path(v), gt_node_strn(v->errs->arena, key),
					 "%s.%s in body is a forbidden property", path(v), p->key);
		if (!below)
			continue;
		size_t was = push_key(v, key);
		validate(v, below, p->value, gt_node_getn(old, key));
		pop(v, was);
	}
	check_required(v, s, n);
	v->matches++;
}

static void validate(struct validating *v, const struct oa_schema *s, const struct gt_node *n,
		     const struct gt_node *old)
{
	bool right;

	if (v->depth > GT_LIMIT_DEPTH || v->errs->n >= ERRORS_MAX ||
	    (v->ratchet && old && gt_node_equal(n, old)))
		return;
	v->depth++;
	right = check_type(v, s, n);
	if (n && !gt_node_is_null(n))
		check_combinations(v, s, n, old);
	switch (right ? gt_node_kind(n) : GT_NULL) {
	case GT_STR: check_string(v, s, n); break;
	case GT_INT:
	case GT_FLOAT: check_number(v, s, n); break;
	case GT_SEQ: check_array(v, s, n, old); break;
	case GT_MAP: check_object(v, s, n, old); break;
	default: break;
	}
	if (!(gt_node_is_null(n) && s->flags & OA_NULLABLE))
		check_enum(v, s, n);
	v->depth--;
}

void gt_openapi_validate(const struct gt_openapi *s, const struct gt_node *value,
			 const struct gt_node *old, struct gt_field_errors *errs)
{
	struct validating v = {.errs = errs};
	uint32_t before = errs->n;

	if (!s->root)
		return;
	validate(&v, s->root, value, NULL);
	/* What was wrong before may stay wrong; the second walk is rare. */
	if (old && errs->n > before) {
		errs->n = before;
		v.ratchet = true;
		validate(&v, s->root, value, old);
	}
	gt_buf_fini(&v.path);
}
