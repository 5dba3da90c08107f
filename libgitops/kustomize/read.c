#include "kustomize/read.h"

#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "kustomize/scalar.h"

struct reader {
	struct kz_build *b;
	const char *file;
	KZ_VEC(struct gt_node *) docs;
};

struct kz_res *kz_res_new(struct kz_build *b, struct gt_node *root, const char *file)
{
	struct kz_res *r = gt_arena_new(b->a, struct kz_res);

	if (!r)
		return NULL;
	r->root = root;
	r->file = file;
	const struct gt_node *annotations = kz_res_annotations(r);
	const struct gt_node *hash =
		gt_node_get(annotations, "internal.config.kubernetes.io/needsHashSuffix");
	r->needs_hash = hash && gt_str_is(kz_text(hash), "enabled");
	return r;
}

/* "\r\n" becomes "\n"; other carriage returns stay. */
static struct gt_str unix_lines(struct gt_arena *a, struct gt_str text)
{
	if (gt_str_search(text, GT_STR_LIT("\r\n")) == SIZE_MAX)
		return text;
	char *out = gt_arena_alloc(a, text.n + 1);
	size_t n = 0;
	if (!out)
		return gt_strn("", 0);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '\r' || i + 1 == text.n || text.p[i + 1] != '\n')
			out[n++] = text.p[i];
	}
	out[n] = '\0';
	return gt_strn(out, n);
}

/* Finds the next separator line at or after `from`: its line break, and where the next text is. */
static bool next_separator(struct gt_str text, size_t from, size_t *ret_at, size_t *ret_next)
{
	while (from < text.n) {
		const char *nl = memchr(text.p + from, '\n', text.n - from);
		if (!nl)
			return false;
		size_t at = (size_t)(nl - text.p);

		if (at + 4 <= text.n && memcmp(nl, "\n---", 4) == 0) {
			const char *end = memchr(nl + 4, '\n', text.n - at - 4);

			if (!end)
				return false;
			*ret_at = at;
			*ret_next = (size_t)(end - text.p) + 1;
			return true;
		}
		from = at + 1;
	}
	return false;
}

static bool separator_ok(struct gt_str rest)
{
	rest = gt_str_trim(rest);
	return !rest.n || rest.p[0] == '#';
}

static int read_chunk(struct reader *rd, struct gt_str chunk, uint32_t line)
{
	struct gt_yaml_raw_opts opts = {.first_line = line, .key = kz_key_check};
	struct gt_node *root = NULL;
	int rc = gt_yaml_raw_parse(rd->b->a, chunk, &opts, &root, rd->b->err);

	if (rc < 0)
		return rc;
	if (kz_is_null(root))
		return GT_OK;
	if (rd->docs.n >= GT_LIMIT_DOCUMENTS)
		return gt_fail(rd->b->err, GT_E_BUDGET, "more than %d documents",
			       GT_LIMIT_DOCUMENTS);
	kz_push(rd->b->a, &rd->docs, root);
	return kz_check(rd->b);
}

static uint32_t count_lines(struct gt_str s)
{
	uint32_t n = 0;

	for (const char *p = s.p; p && (p = memchr(p, '\n', s.n - (size_t)(p - s.p))); p++)
		n++;
	return n;
}

static int read_chunks(struct reader *rd, struct gt_str text)
{
	size_t start = 0, at, next;
	uint32_t line = 1;

	while (next_separator(text, start, &at, &next)) {
		struct gt_str rest = gt_str_sub(text, at + 4, next - at - 5);
		int rc = read_chunk(rd, gt_str_sub(text, start, at + 1 - start), line);

		if (rc < 0)
			return rc;
		line += count_lines(gt_str_sub(text, start, next - start));
		if (!separator_ok(rest))
			return kz_fail(rd->b, "line %u: invalid document separator: ---%.*s",
				       line - 1, GT_STR_ARG(rest));
		start = next;
	}
	return read_chunk(rd, gt_str_from(text, start), line);
}

static bool is_list_kind(const struct gt_node *n)
{
	return gt_str_ends(kz_text(gt_node_get(n, "kind")), "List");
}

static int check_object(struct kz_build *b, const struct gt_node *n)
{
	if (!gt_node_is(n, GT_MAP))
		return kz_fail(b, "line %u: expected an object, not %s", n->line,
			       gt_kind_name(kz_kind(n)));
	const struct gt_node *meta = gt_node_get(n, "metadata");
	if (!gt_node_has(n, "apiVersion") && !gt_node_has(n, "kind") && !meta)
		return kz_fail(b, "line %u: missing Resource metadata", n->line);
	if (meta && !kz_is_null(meta) && !gt_node_is(meta, GT_MAP))
		return kz_fail(b, "line %u: metadata must be a map", meta->line);
	struct gt_str kind = kz_text(gt_node_get(n, "kind"));
	struct gt_str name = kz_text(gt_node_get(meta, "name"));
	if (!kind.n || kz_is_null(gt_node_get(n, "kind")))
		return kz_fail(b, "line %u: missing kind in object (metadata.name \"%.*s\")",
			       n->line, GT_STR_ARG(name));
	if ((!name.n || kz_is_null(gt_node_get(meta, "name"))) && !is_list_kind(n))
		return kz_fail(b, "line %u: missing metadata.name in object of kind %.*s", n->line,
			       GT_STR_ARG(kind));
	return GT_OK;
}

static int add_object(struct reader *rd, struct gt_node *n, struct kz_objects *ret)
{
	if (++rd->b->objects > rd->b->max_objects)
		return gt_fail(rd->b->err, GT_E_BUDGET, "more than %zu objects",
			       rd->b->max_objects);
	kz_push(rd->b->a, ret, kz_res_new(rd->b, n, rd->file));
	return kz_check(rd->b);
}

/* The items of a list, and the items of lists among them. */
static int expand(struct reader *rd, struct gt_node *list, struct kz_objects *ret, unsigned depth)
{
	struct gt_node *items = gt_node_get(list, "items");

	if (depth > GT_LIMIT_DEPTH)
		return gt_fail(rd->b->err, GT_E_BUDGET, "lists within lists");
	if (kz_is_null(items))
		return GT_OK;
	if (!gt_node_is(items, GT_SEQ))
		return kz_fail(rd->b, "line %u: items must be a list", items->line);
	gt_seq_for_each (items, item) {
		int rc = check_object(rd->b, item);

		if (rc == GT_OK)
			rc = kz_to_values(rd->b, item, KZ_YAML_V3);
		if (rc < 0)
			return rc;
		kz_from_values(rd->b->a, item);
		if (is_list_kind(item) && gt_node_has(item, "items"))
			rc = expand(rd, item, ret, depth + 1);
		else
			rc = add_object(rd, item, ret);
		if (rc < 0)
			return rc;
	}
	return GT_OK;
}

/* A file that is one List stands for its items. */
static int unwrap_list(struct reader *rd)
{
	struct gt_node *doc = rd->docs.n == 1 ? rd->docs.v[0] : NULL;
	struct gt_str kind = kz_text(gt_node_get(doc, "kind"));

	if ((!gt_str_is(kind, "List") && !gt_str_is(kind, "ResourceList")) ||
	    (!gt_node_has(doc, "items") && !gt_node_has(doc, "functionConfig")))
		return GT_OK;
	rd->docs.n = 0;
	const struct gt_node *items = gt_node_get(doc, "items");
	if (items && !kz_is_null(items) && !gt_node_is(items, GT_SEQ))
		return kz_fail(rd->b, "line %u: items must be a list", items->line);
	gt_seq_for_each (items, item)
		kz_push(rd->b->a, &rd->docs, item);
	return kz_check(rd->b);
}

static int add_docs(struct reader *rd, struct kz_objects *ret)
{
	for (uint32_t i = 0; i < rd->docs.n; i++) {
		struct gt_node *doc = rd->docs.v[i];
		int rc = check_object(rd->b, doc);

		if (rc == GT_OK && !(is_list_kind(doc) && gt_node_has(doc, "items")))
			rc = add_object(rd, doc, ret);
		if (rc < 0)
			return rc;
	}
	for (uint32_t i = 0; i < rd->docs.n; i++) {
		struct gt_node *doc = rd->docs.v[i];
		int rc = GT_OK;

		if (is_list_kind(doc) && gt_node_has(doc, "items"))
			rc = expand(rd, doc, ret, 0);
		if (rc < 0)
			return rc;
	}
	return GT_OK;
}

int kz_read_objects(struct kz_build *b, const char *file, struct gt_str text,
		    struct kz_objects *ret)
{
	struct reader rd = {.b = b, .file = file};

	if (!gt_utf8_valid(text))
		return kz_fail(b, "not valid UTF-8");
	int rc = read_chunks(&rd, unix_lines(b->a, text));
	if (rc == GT_OK)
		rc = unwrap_list(&rd);
	if (rc == GT_OK)
		rc = add_docs(&rd, ret);
	return rc;
}
