/* images: new names, tags and digests for container images. */
#include <string.h>

#include "base/utf8.h"
#include "kustomize/layer.h"
#include "kustomize/scalar.h"
#include "text/regex.h"

struct entry {
	struct gt_str name, new_name, new_tag, suffix, digest;
	struct gt_regex *re; /* NULL: the name has no more than dots in it */
};

struct leaves {
	struct gt_node **v;
	uint32_t n, cap;
};

/* --- does an image have the name? ------------------------------------------------------------- */
static size_t tag_run(struct gt_str s, size_t i)
{
	while (i < s.n && (strchr("_.{}-", s.p[i])
				   ? s.p[i] != '\0'
				   : (s.p[i] >= '0' && s.p[i] <= '9') ||
					     ((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z')))
		i++;
	return i;
}

/* ^NAME(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$ for a NAME whose only operator is ".". */
static bool match_simple(struct gt_str name, struct gt_str s)
{
	size_t i = 0;

	for (size_t j = 0; j < name.n; j++) {
		size_t len = 1;

		if (i >= s.n)
			return false;
		if (name.p[j] == '.') {
			if (s.p[i] == '\n')
				return false;
			gt_utf8_decode(gt_str_from(s, i), &len);
		} else if (s.p[i] != name.p[j]) {
			return false;
		}
		i += len;
	}
	if (i < s.n && s.p[i] == ':')
		i = tag_run(s, i + 1);
	if (gt_str_starts(gt_str_from(s, i), "@sha256:"))
		i = tag_run(s, i + 8);
	return i == s.n;
}

static bool matches(const struct entry *e, struct gt_str s)
{
	return e->re ? gt_regex_match(e->re, s) : match_simple(e->name, s);
}

static int make_entry(struct kz_build *b, const struct gt_node *image, struct entry *e)
{
	*e = (struct entry){
		.name = gt_node_text(gt_node_get(image, "name")),
		.new_name = gt_node_text(gt_node_get(image, "newName")),
		.new_tag = gt_node_text(gt_node_get(image, "newTag")),
		.suffix = gt_node_text(gt_node_get(image, "tagSuffix")),
		.digest = gt_node_text(gt_node_get(image, "digest")),
	};
	bool plain = true;
	for (size_t i = 0; i < e->name.n && plain; i++)
		plain = !strchr("\\[]()*+?|^${}", e->name.p[i]);
	if (plain)
		return GT_OK;
	const char *pattern =
		gt_arena_printf(b->a, "^%.*s(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$",
				GT_STR_ARG(e->name));
	if (!pattern)
		return kz_check(b);
	int rc = gt_regex_new(gt_str(pattern), &e->re, b->err);
	return rc < 0 ? gt_wrap(b->err, "image name %.*s", GT_STR_ARG(e->name)) : rc;
}

/* --- the new value ---------------------------------------------------------------------------- */
static void split_image(struct gt_str s, struct gt_str *name, struct gt_str *tag,
			struct gt_str *digest)
{
	size_t slash = gt_str_find(s, '/'), from = slash == SIZE_MAX ? 0 : slash;
	struct gt_str rest = gt_str_from(s, from);
	size_t at = gt_str_find(rest, '@'), colon = gt_str_find(gt_str_sub(rest, 0, at), ':');

	*digest = at == SIZE_MAX ? gt_strn("", 0) : gt_str_from(rest, at + 1);
	*tag = colon == SIZE_MAX
		       ? gt_strn("", 0)
		       : gt_str_sub(rest, colon + 1, (at == SIZE_MAX ? rest.n : at) - colon - 1);
	size_t end = colon != SIZE_MAX ? colon : at != SIZE_MAX ? at : rest.n;
	*name = gt_str_sub(s, 0, from + end);
}

static void set_image(struct gt_arena *a, const struct entry *e, struct gt_node *n)
{
	struct gt_str name, tag, digest;
	gt_auto_buf out = {0};

	split_image(kz_text(n), &name, &tag, &digest);
	if (e->new_name.n)
		name = e->new_name;
	gt_buf_add_str(&out, name);
	if (e->new_tag.n || e->digest.n) {
		tag = e->new_tag;
		digest = e->digest;
	} else if (e->suffix.n) {
		digest = gt_strn("", 0);
	}
	bool suffix = e->suffix.n && !e->new_tag.n && !e->digest.n;
	if (tag.n || suffix)
		gt_buf_printf(&out, ":%.*s", GT_STR_ARG(tag));
	if (suffix)
		gt_buf_add_str(&out, e->suffix);
	if (digest.n)
		gt_buf_printf(&out, "@%.*s", GT_STR_ARG(digest));
	kz_scalar_set(a, n, gt_buf_str(&out), GT_RAW_NONE);
}

/* --- where images are ------------------------------------------------------------------------- */
static int add_leaf(struct kz_build *b, void *arg, struct gt_node *n)
{
	if (!kz_is_scalar(n))
		return kz_fail(b, "line %u: an image must be a scalar, not %s", n->line,
			       gt_node_is(n, GT_MAP) ? "a map" : "a list");
	struct leaves *leaves = arg;
	kz_push(b->a, leaves, n);
	return GT_OK;
}

/* Containers at any depth. */
static int find_containers(struct kz_build *b, struct gt_node *n, struct leaves *leaves)
{
	int rc = GT_OK;

	gt_map_each(n, p)
	{
		if (gt_node_is(p->value, GT_SEQ) &&
		    (gt_str_is(gt_strn(p->key, p->len), "containers") ||
		     gt_str_is(gt_strn(p->key, p->len), "initContainers"))) {
			gt_seq_for_each (p->value, item) {
				struct gt_node *image = gt_node_get(item, "image");

				if (image && !kz_is_null(image))
					rc = add_leaf(b, leaves, image);
				if (rc < 0)
					return rc;
			}
		}
		if (p->value && p->value->kind >= GT_SEQ)
			rc = find_containers(b, p->value, leaves);
		if (rc < 0)
			return rc;
	}
	gt_seq_for_each (n, item) {
		if (item->kind >= GT_SEQ)
			rc = find_containers(b, item, leaves);
		if (rc < 0)
			return rc;
	}
	return rc;
}

static int find_leaves(struct kz_build *b, struct kz_accum *acc, const struct kz_specs *specs,
		       struct leaves *containers, struct leaves *fields)
{
	struct kz_setter setter = {.set = add_leaf, .arg = fields};
	int rc = GT_OK;

	for (uint32_t i = 0; i < acc->res.n && rc == GT_OK; i++) {
		struct kz_res *r = acc->res.v[i];

		if (gt_str_is(kz_res_id(b, r)->gvk.kind, "CustomResourceDefinition"))
			continue;
		rc = find_containers(b, r->root, containers);
		for (uint32_t j = 0; j < specs->n && rc == GT_OK; j++)
			rc = kz_spec_apply(b, r, &specs->v[j], &setter);
	}
	return rc;
}

static void apply_to(struct gt_arena *a, const struct entry *e, const struct leaves *leaves)
{
	for (uint32_t i = 0; i < leaves->n; i++) {
		if (matches(e, kz_text(leaves->v[i])))
			set_image(a, e, leaves->v[i]);
	}
}

int kz_transform_images(struct kz_build *b, struct kz_accum *acc, const struct gt_node *images,
			const struct kz_specs *specs)
{
	struct leaves containers = {0}, fields = {0};
	int rc = find_leaves(b, acc, specs, &containers, &fields);

	if (rc < 0)
		return rc;
	gt_seq_for_each (images, image) {
		struct entry e;

		rc = kz_work(b, containers.n + fields.n);
		if (rc == GT_OK)
			rc = make_entry(b, image, &e);
		if (rc < 0)
			return rc;
		apply_to(b->a, &e, &containers);
		apply_to(b->a, &e, &fields);
		gt_regex_free(e.re);
	}
	for (uint32_t i = 0; i < acc->res.n; i++)
		kz_res_touch(acc->res.v[i]); /* an image field may be anywhere */
	kz_accum_touch(acc);
	return kz_check(b);
}
