#include "helm/schema_impl.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/limits.h"
#include "helm/schema_check_impl.h"
#include "text/json.h"
#include "text/regex.h"

#define WORK_MAX UINT64_C(5000000)

/* --- faults ------------------------------------------------------------------------------- */

void schema__take(struct faults *to, struct fault *f)
{
	if (!f)
		return;
	if (!to->tail)
		to->tail = &to->first;
	*to->tail = f;
	to->tail = &f->next;
	to->n++;
}

void schema__add(struct checker *c, struct faults *to, struct gt_str at, struct fault *causes,
		 const char *fmt, ...)
{
	struct fault *f = gt_arena_new(c->a, struct fault);
	gt_auto_buf text = {0};
	va_list ap;

	if (!f)
		return;
	va_start(ap, fmt);
	gt_buf_vprintf(&text, fmt, ap);
	va_end(ap);
	*f = (struct fault){
		.at = at, .text = gt_arena_str(c->a, gt_buf_str(&text)), .causes = causes};
	schema__take(to, f);
}

struct gt_str schema__quote(struct gt_arena *a, struct gt_str s)
{
	gt_auto_buf out = {0};

	gt_buf_addc(&out, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			gt_buf_addc(&out, '\\');
		gt_buf_addc(&out, s.p[i]);
	}
	gt_buf_addc(&out, '\'');
	return gt_arena_str(a, gt_buf_str(&out));
}

struct spot schema__child(struct checker *c, struct spot s, struct gt_str key,
			  const struct gt_node *value)
{
	gt_auto_buf at = {0};

	gt_buf_add_str(&at, s.at);
	gt_buf_addc(&at, '/');
	for (size_t i = 0; i < key.n; i++) {
		if (key.p[i] == '~' || key.p[i] == '/')
			gt_buf_adds(&at, key.p[i] == '~' ? "~0" : "~1");
		else
			gt_buf_addc(&at, key.p[i]);
	}
	return (struct spot){gt_arena_str(c->a, gt_buf_str(&at)), value};
}

struct spot schema__item(struct checker *c, struct spot s, size_t i)
{
	char *at = gt_arena_printf(c->a, "%.*s/%zu", GT_STR_ARG(s.at), i);

	return (struct spot){gt_str(at), gt_node_item(s.value, i)};
}

/* --- references --------------------------------------------------------------------------- */

static const struct gt_node *find_anchor(const struct gt_node *n, struct gt_str name,
					 unsigned depth)
{
	const struct gt_node *found = NULL;

	if (depth > GT_LIMIT_DEPTH)
		return NULL;
	if (gt_str_eq(gt_node_text(gt_node_get(n, "$anchor")), name) ||
	    gt_str_eq(gt_node_text(gt_node_get(n, "$dynamicAnchor")), name))
		return n;
	const char *id = gt_node_cstr(gt_node_get(n, "$id"));
	if (id && id[0] == '#' && gt_str_is(name, id + 1))
		return n;
	gt_map_each(n, pair)
	{
		if (!found)
			found = find_anchor(pair->value, name, depth + 1);
	}
	gt_seq_for_each (n, item) {
		if (!found)
			found = find_anchor(item, name, depth + 1);
	}
	return found;
}

static const struct gt_node *step(struct gt_arena *a, const struct gt_node *n, struct gt_str part)
{
	gt_auto_buf plain = {0}, key = {0};
	uint64_t index;

	if (!gt_percent_decode(&plain, part, false))
		return NULL;
	for (size_t i = 0; i < plain.n; i++) {
		if (plain.p[i] == '~' && i + 1 < plain.n)
			gt_buf_addc(&key, plain.p[++i] == '0' ? '~' : '/');
		else
			gt_buf_addc(&key, plain.p[i]);
	}
	(void)a;
	if (gt_node_is(n, GT_SEQ))
		return gt_str_u64(gt_buf_str(&key), &index) ? gt_node_item(n, index) : NULL;
	return gt_node_getn(n, gt_buf_str(&key));
}

/* A schema somewhere in the document that has the address. */
static const struct gt_node *find_id(const struct gt_node *n, struct gt_str id, unsigned depth)
{
	const struct gt_node *found = NULL;
	struct gt_str own = gt_node_text(gt_node_get(n, "$id"));

	if (depth > GT_LIMIT_DEPTH)
		return NULL;
	if (own.n && (gt_str_eq(own, id) || (own.n > id.n && own.p[own.n - id.n - 1] == '/' &&
					     gt_str_eq(gt_str_from(own, own.n - id.n), id))))
		return n;
	gt_map_each(n, pair)
	{
		if (!found)
			found = find_id(pair->value, id, depth + 1);
	}
	gt_seq_for_each (n, item) {
		if (!found)
			found = find_id(item, id, depth + 1);
	}
	return found;
}

/* NULL when the reference leads nowhere, which makes the schema broken, or when it admits all. */
static const struct gt_node *resolve(struct checker *c, struct gt_str ref)
{
	size_t hash = gt_str_find(ref, '#');
	struct gt_str base = gt_str_sub(ref, 0, hash == SIZE_MAX ? ref.n : hash);
	struct gt_str fragment = gt_str_from(ref, hash == SIZE_MAX ? ref.n : hash + 1);
	const struct gt_node *n = base.n ? find_id(c->root, base, 0) : c->root;

	if (!n) {
		/* A name cannot be fetched: as in Helm it stands for a schema that admits all. */
		if (!gt_str_starts(base, "urn:") && !c->broken)
			c->broken = gt_arena_printf(c->a,
						    "failing loading \"%.*s\": schemas outside of "
						    "values.schema.json are not read",
						    GT_STR_ARG(ref));
		return NULL;
	}
	if (fragment.n && fragment.p[0] == '/') {
		struct gt_split it = {.rest = gt_str_from(fragment, 1)};
		struct gt_str part;

		while (n && gt_split_next(&it, '/', &part))
			n = step(c->a, n, part);
	} else if (fragment.n) {
		n = find_anchor(n, fragment, 0);
	}
	if (!n && !c->broken)
		c->broken = gt_arena_printf(
			c->a, "json-pointer in \"file:///values.schema.json%s%.*s\" not found",
			base.n ? " " : "", GT_STR_ARG(ref));
	return n;
}

/* --- combining ---------------------------------------------------------------------------- */

static void check_all_of(struct checker *c, const struct gt_node *schema, struct spot s,
			 struct faults *to)
{
	struct faults causes = {0};

	gt_seq_for_each (gt_node_get(schema, "allOf"), sub)
		schema__take(&causes, schema__check(c, sub, s));
	if (causes.n)
		schema__add(c, to, s.at, causes.first, "'allOf' failed");
}

static void check_any_of(struct checker *c, const struct gt_node *schema, struct spot s,
			 struct faults *to)
{
	const struct gt_node *subs = gt_node_get(schema, "anyOf");
	struct faults causes = {0};
	bool matched = false;

	if (!gt_node_is(subs, GT_SEQ))
		return;
	gt_seq_for_each (subs, sub) {
		struct fault *f = schema__check(c, sub, s);

		matched |= !f;
		if (matched && !c->marks)
			return; /* nobody asks what the others look at */
		schema__take(&causes, f);
	}
	if (!matched)
		schema__add(c, to, s.at, causes.first, "'anyOf' failed");
}

static void check_one_of(struct checker *c, const struct gt_node *schema, struct spot s,
			 struct faults *to)
{
	const struct gt_node *subs = gt_node_get(schema, "oneOf");
	struct faults causes = {0};
	size_t matched[2] = {0}, n = 0;

	if (!gt_node_is(subs, GT_SEQ))
		return;
	for (size_t i = 0; n < 2 && i < gt_node_count(subs); i++) {
		struct fault *f = schema__check(c, gt_node_item(subs, i), s);

		if (f)
			schema__take(&causes, f);
		else
			matched[n++] = i;
	}
	if (n == 0)
		schema__add(c, to, s.at, causes.first, "'oneOf' failed, none matched");
	else if (n > 1)
		schema__add(c, to, s.at, NULL, "'oneOf' failed, subschemas %zu, %zu matched",
			    matched[0], matched[1]);
}

static void check_conditions(struct checker *c, const struct gt_node *schema, struct spot s,
			     struct faults *to)
{
	const struct gt_node *not_ = gt_node_get(schema, "not"), *if_ = gt_node_get(schema, "if");

	check_all_of(c, schema, s, to);
	check_any_of(c, schema, s, to);
	check_one_of(c, schema, s, to);
	if (not_ && !schema__check(c, not_, s))
		schema__add(c, to, s.at, NULL, "'not' failed");
	if (if_ && c->draft >= 7) {
		const char *branch = schema__check(c, if_, s) ? "else" : "then";
		const struct gt_node *sub = gt_node_get(schema, branch);

		if (sub)
			schema__take(to, schema__check(c, sub, s));
	}
}

/* --- objects ------------------------------------------------------------------------------ */

static void check_required(struct checker *c, const struct gt_node *names, struct spot s,
			   struct gt_str because, struct faults *to)
{
	gt_auto_buf missing = {0};
	unsigned n = 0;

	gt_seq_for_each (names, name) {
		if (!gt_node_is(name, GT_STR) || gt_node_getn(s.value, gt_node_text(name)))
			continue;
		struct gt_str quoted = schema__quote(c->a, gt_node_text(name));
		gt_buf_printf(&missing, "%s%.*s", n++ ? ", " : "", GT_STR_ARG(quoted));
	}
	if (n && because.n)
		schema__add(c, to, s.at, NULL, "properties %s required, if %.*s exists",
			    gt_buf_cstr(&missing), GT_STR_ARG(because));
	else if (n)
		schema__add(c, to, s.at, NULL, "missing propert%s %s", n == 1 ? "y" : "ies",
			    gt_buf_cstr(&missing));
}

static void check_dependents(struct checker *c, const struct gt_node *schema, struct spot s,
			     struct faults *to)
{
	static const char *const keywords[] = {"dependentRequired", "dependentSchemas",
					       "dependencies"};

	for (size_t i = 0; i < GT_COUNT(keywords); i++) {
		gt_map_each(gt_node_get(schema, keywords[i]), pair)
		{
			struct gt_str key = gt_strn(pair->key, pair->len);

			if (!gt_node_getn(s.value, key))
				continue;
			if (gt_node_is(pair->value, GT_SEQ))
				check_required(c, pair->value, s, schema__quote(c->a, key), to);
			else
				schema__take(to, schema__check(c, pair->value, s));
		}
	}
}

static bool matches(struct checker *c, const char *pattern, uint32_t len, struct gt_str name)
{
	struct gt_regex *re;
	bool match;

	if (gt_regex_new(gt_strn(pattern, len), &re, NULL) < 0) {
		c->broken = "a pattern that is no regular expression";
		return false;
	}
	match = gt_regex_match(re, name);
	gt_regex_free(re);
	return match;
}

/* One property against all the schemas that its name selects; false when none does. */
static bool check_property(struct checker *c, const struct gt_node *schema, struct spot child,
			   struct gt_str key, struct faults *to)
{
	const struct gt_node *own = gt_node_getn(gt_node_get(schema, "properties"), key);
	bool known = own != NULL;

	if (own)
		schema__take(to, schema__check(c, own, child));
	gt_map_each(gt_node_get(schema, "patternProperties"), pair)
	{
		if (matches(c, pair->key, pair->len, key)) {
			known = true;
			schema__take(to, schema__check(c, pair->value, child));
		}
	}
	return known;
}

static void check_properties(struct checker *c, const struct gt_node *schema, struct spot s,
			     struct faults *to)
{
	const struct gt_node *others = gt_node_get(schema, "additionalProperties");
	bool closed = gt_node_is(others, GT_BOOL) && !others->truth;
	gt_auto_buf extra = {0};
	size_t i = 0;

	gt_map_each(s.value, pair)
	{
		struct gt_str key = gt_strn(pair->key, pair->len);
		struct spot child = schema__child(c, s, key, pair->value);
		bool known = check_property(c, schema, child, key, to);

		if (known || others)
			schema__mark(c, i);
		i++;
		if (known || !others)
			continue;
		if (closed) {
			struct gt_str name = schema__quote(c->a, key);
			gt_buf_printf(&extra, "%s%.*s", extra.n ? ", " : "", GT_STR_ARG(name));
		} else {
			schema__take(to, schema__check(c, others, child));
		}
	}
	if (extra.n)
		schema__add(c, to, s.at, NULL, "additional properties %s not allowed",
			    gt_buf_cstr(&extra));
}

static void check_names(struct checker *c, const struct gt_node *schema, struct spot s,
			struct faults *to)
{
	const struct gt_node *names = gt_node_get(schema, "propertyNames");

	if (!names)
		return;
	gt_map_each(s.value, pair)
	{
		struct gt_str key = gt_strn(pair->key, pair->len), quoted;
		struct spot name = {GT_STR_LIT(""), gt_node_strn(c->a, key)};
		struct fault *f = schema__check(c, names, name);

		quoted = schema__quote(c->a, key);
		if (f)
			schema__add(c, to, name.at, f, "invalid propertyName %.*s",
				    GT_STR_ARG(quoted));
	}
}

static void check_object(struct checker *c, const struct gt_node *schema, struct spot s,
			 struct faults *to)
{
	schema__limit(c, schema, "minProperties", gt_node_count(s.value), false, s, to);
	schema__limit(c, schema, "maxProperties", gt_node_count(s.value), true, s, to);
	check_required(c, gt_node_get(schema, "required"), s, (struct gt_str){0}, to);
	check_dependents(c, schema, s, to);
	check_names(c, schema, s, to);
	check_properties(c, schema, s, to);
}

/* --- arrays ------------------------------------------------------------------------------- */

static void check_unique(struct checker *c, struct spot s, struct faults *to)
{
	size_t n = gt_node_count(s.value);

	for (size_t i = 1; i < n; i++) {
		for (size_t j = 0; j < i; j++) {
			if (++c->work > WORK_MAX)
				return;
			if (!gt_node_equal(gt_node_item(s.value, i), gt_node_item(s.value, j)))
				continue;
			schema__add(c, to, s.at, NULL, "items at %zu and %zu are equal", j, i);
			return;
		}
	}
}

/* The n items at the places found match what the array shall contain. */
static void check_matched(struct checker *c, const struct gt_node *schema, struct spot s, int64_t n,
			  const char *found, struct fault *causes, struct faults *to)
{
	const struct gt_node *least = c->draft >= 2019 ? gt_node_get(schema, "minContains") : NULL;
	const struct gt_node *most = c->draft >= 2019 ? gt_node_get(schema, "maxContains") : NULL;
	double min = 1, max = INFINITY;

	gt_node_get_double(least, &min);
	gt_node_get_double(most, &max);
	if ((double)n < min && !least)
		schema__add(c, to, s.at, causes, "no items match contains schema");
	else if ((double)n < min && n == 0)
		schema__add(c, to, s.at, causes,
			    "min %.0f items required to match contains schema, but none matched",
			    min);
	else if ((double)n < min)
		schema__add(c, to, s.at, causes,
			    "min %.0f items required to match contains schema, but matched %lld "
			    "items at %s",
			    min, (long long)n, found);
	if ((double)n > max)
		schema__add(c, to, s.at, NULL,
			    "max %.0f items required to match contains schema, but matched %lld "
			    "items at %s",
			    max, (long long)n, found);
}

static void check_contains(struct checker *c, const struct gt_node *schema, struct spot s,
			   struct faults *to)
{
	const struct gt_node *want = gt_node_get(schema, "contains");
	struct faults causes = {0};
	gt_auto_buf found = {0};
	int64_t n = 0;

	if (!want || c->draft < 6)
		return;
	for (size_t i = 0; i < gt_node_count(s.value); i++) {
		struct fault *f = schema__check(c, want, schema__item(c, s, i));

		schema__take(&causes, f);
		if (f)
			continue;
		gt_buf_printf(&found, "%s%zu", n++ ? " " : "", i);
		if (c->draft >= 2020)
			schema__mark(c, i);
	}
	check_matched(c, schema, s, n, gt_buf_cstr(&found), causes.first, to);
}

/* The schemas of the first items, and of those after them. */
static void check_items(struct checker *c, const struct gt_node *schema, struct spot s,
			struct faults *to)
{
	const struct gt_node *items = gt_node_get(schema, "items");
	const struct gt_node *prefix = c->draft >= 2020 ? gt_node_get(schema, "prefixItems")
				       : gt_node_is(items, GT_SEQ) ? items
								   : NULL;
	const struct gt_node *rest = gt_node_is(items, GT_SEQ) && c->draft < 2020
					     ? gt_node_get(schema, "additionalItems")
					     : items;
	size_t n = gt_node_count(s.value), fixed = gt_node_count(prefix);

	for (size_t i = 0; i < n && (rest || i < fixed); i++)
		schema__mark(c, i);
	for (size_t i = 0; i < n && i < fixed; i++)
		schema__take(to, schema__check(c, gt_node_item(prefix, i), schema__item(c, s, i)));
	if (!rest || n <= fixed)
		return;
	if (gt_node_is(rest, GT_BOOL) && !rest->truth) {
		schema__add(c, to, s.at, NULL, "last %zu additionalItem(s) not allowed", n - fixed);
		return;
	}
	for (size_t i = fixed; i < n; i++)
		schema__take(to, schema__check(c, rest, schema__item(c, s, i)));
}

static void check_array(struct checker *c, const struct gt_node *schema, struct spot s,
			struct faults *to)
{
	schema__limit(c, schema, "minItems", gt_node_count(s.value), false, s, to);
	schema__limit(c, schema, "maxItems", gt_node_count(s.value), true, s, to);
	if (gt_node_truth(gt_node_get(schema, "uniqueItems"), false))
		check_unique(c, s, to);
	check_items(c, schema, s, to);
	check_contains(c, schema, s, to);
}

/* --- one schema --------------------------------------------------------------------------- */

static void check_keywords(struct checker *c, const struct gt_node *schema, struct spot s,
			   struct faults *to)
{
	static const char *const refs[] = {"$ref", "$dynamicRef", "$recursiveRef"};

	for (size_t i = 0; i < GT_COUNT(refs); i++) {
		const struct gt_node *ref = gt_node_get(schema, refs[i]);
		const struct gt_node *target =
			gt_node_is(ref, GT_STR) ? resolve(c, gt_node_text(ref)) : NULL;

		if (target)
			schema__take(to, schema__check(c, target, s));
		if (ref && c->draft <= 7)
			return; /* older drafts ignore what stands beside a reference */
	}
	if (!schema__type(c, schema, s, to))
		return;
	schema__scalars(c, schema, s, to);
	if (gt_node_is(s.value, GT_MAP))
		check_object(c, schema, s, to);
	else if (gt_node_is(s.value, GT_SEQ))
		check_array(c, schema, s, to);
	check_conditions(c, schema, s, to);
	schema__unevaluated(c, schema, s, to);
}

struct fault *schema__check(struct checker *c, const struct gt_node *schema, struct spot s)
{
	struct faults found = {0};
	struct marks marks, *outer = c->marks;

	if (gt_node_is(schema, GT_BOOL)) {
		if (!schema->truth)
			schema__add(c, &found, s.at, NULL, "false schema");
		return found.first;
	}
	if (!gt_node_is(schema, GT_MAP)) {
		c->broken = "a schema that is neither an object nor a boolean";
		return NULL;
	}
	if (c->depth >= 2 * GT_LIMIT_DEPTH || ++c->work > WORK_MAX || c->a->failed) {
		c->broken = "validation takes too many steps";
		return NULL;
	}
	c->depth++;
	schema__marks_begin(c, &marks, schema, s.value);
	check_keywords(c, schema, s, &found);
	schema__marks_end(c, &marks, outer, found.n == 0);
	c->depth--;
	if (found.n <= 1)
		return found.first;
	struct faults group = {0};
	schema__add(c, &group, s.at, found.first, "validation failed");
	if (group.first)
		group.first->is_group = true;
	return group.first;
}

/* --- output ------------------------------------------------------------------------------- */

static int fault_order(const void *x, const void *y)
{
	const struct fault *p = *(struct fault *const *)x, *q = *(struct fault *const *)y;

	return gt_str_cmp(p->at, q->at);
}

static void print(struct gt_buf *out, struct gt_arena *a, const struct fault *first, unsigned depth)
{
	size_t n = 0, i = 0;

	for (const struct fault *f = first; f; f = f->next)
		n++;
	const struct fault **v = gt_arena_calloc(a, n + 1, sizeof(const struct fault *));
	if (!v)
		return;
	for (const struct fault *f = first; f; f = f->next)
		v[i++] = f;
	if (n > 1)
		qsort(v, n, sizeof(const struct fault *), fault_order);
	for (i = 0; i < n && depth < GT_LIMIT_DEPTH; i++) {
		struct gt_str at = schema__quote(a, v[i]->at);

		gt_buf_fill(out, ' ', 2 * (size_t)depth);
		gt_buf_printf(out, "- at %.*s: ", GT_STR_ARG(at));
		gt_buf_add_str(out, v[i]->text);
		gt_buf_addc(out, '\n');
		print(out, a, v[i]->causes, depth + 1);
	}
}

static unsigned draft_of(const struct gt_node *schema)
{
	static const struct {
		const char *part;
		unsigned draft;
	} drafts[] = {{"draft-04", 4}, {"draft-06", 6}, {"draft-07", 7}, {"2019-09", 2019}};
	struct gt_str uri = gt_node_text(gt_node_get(schema, "$schema"));

	for (size_t i = 0; i < GT_COUNT(drafts); i++) {
		if (gt_str_search(uri, gt_str(drafts[i].part)) != SIZE_MAX)
			return drafts[i].draft;
	}
	return 2020;
}

bool helm__check_schema(struct gt_arena *a, struct gt_str text, const struct gt_node *values,
			struct gt_buf *out)
{
	struct checker c = {.a = a};
	struct gt_node *schema;
	struct gt_err err;

	if (gt_json_parse(a, text, GT_JSON_DUP_LAST, &schema, &err) < 0) {
		gt_buf_adds(out, err.text);
		return true;
	}
	c.root = schema;
	c.draft = draft_of(schema);
	struct fault *f = schema__check(&c, schema, (struct spot){GT_STR_LIT(""), values});
	if (c.broken) {
		if (gt_str_starts(gt_str(c.broken), "json-pointer") ||
		    gt_str_starts(gt_str(c.broken), "failing loading"))
			gt_buf_adds(out, c.broken);
		else
			gt_buf_printf(out, "\"file:///values.schema.json#\" is not valid: %s",
				      c.broken);
		return true;
	}
	if (!f)
		return false;
	print(out, a, f->is_group ? f->causes : f, 0);
	gt_buf_addc(out, '\n');
	return true;
}

static bool check_chart(struct gt_arena *a, const struct gt_chart *chart, struct gt_value values,
			struct gt_buf *out)
{
	bool faults = false;

	if (chart->schema.p) {
		struct gt_node *n = gt_value_node(a, a, values);
		gt_auto_buf own = {0};

		if (n && helm__check_schema(a, chart->schema, n, &own)) {
			faults = true;
			gt_buf_printf(out, "%.*s:\n", GT_STR_ARG(chart->name));
			gt_buf_add_str(out, gt_buf_str(&own));
		}
	}
	for (size_t i = 0; i < chart->ncharts; i++) {
		const struct gt_value *sub = gt_vmap_find(values.map, chart->charts[i]->name);

		if (sub && sub->kind == GT_V_MAP)
			faults |= check_chart(a, chart->charts[i], *sub, out);
	}
	return faults;
}

int helm__check_schemas(struct gt_arena *a, const struct gt_chart *chart, struct gt_value values,
			struct gt_err *err)
{
	gt_auto_buf out = {0};

	if (!check_chart(a, chart, values, &out))
		return gt_arena_check(a, err);
	return gt_fail(err, GT_E_INVALID,
		       "values don't meet the specifications of the schema(s) in the following "
		       "chart(s):\n%s",
		       gt_buf_cstr(&out));
}
