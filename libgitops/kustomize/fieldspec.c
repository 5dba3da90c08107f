/* Walking an object along a field spec. */
#include <string.h>

#include "kustomize/config.h"
#include "kustomize/scalar.h"

static uint32_t count_segs(struct gt_str path)
{
	uint32_t n = 1;

	for (size_t i = 0; i < path.n; i++) {
		if (path.p[i] == '\\')
			i++;
		else if (path.p[i] == '/')
			n++;
	}
	return n;
}

/* One segment without its escapes. */
static struct kz_seg make_seg(struct gt_arena *a, struct gt_str raw)
{
	char *text = gt_arena_alloc(a, raw.n + 1);
	size_t n = 0;

	if (!text)
		return (struct kz_seg){.name = GT_STR_LIT("")};
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\\' && i + 1 < raw.n && raw.p[i + 1] == '/')
			i++;
		text[n++] = raw.p[i];
	}
	bool list = n >= 2 && text[n - 2] == '[' && text[n - 1] == ']';
	return (struct kz_seg){gt_strn(text, list ? n - 2 : n), list};
}

struct kz_spec kz_spec_make(struct gt_arena *a, const struct kz_gvk *gvk, struct gt_str path,
			    bool create)
{
	struct kz_spec spec = {.gvk = *gvk, .path = path, .create = create};

	if (path.n && path.p[0] == '/')
		path = gt_str_from(path, 1);
	if (!path.n)
		return spec;
	struct kz_seg *segs = gt_arena_calloc(a, count_segs(path), sizeof *segs);
	if (!segs)
		return spec;
	size_t start = 0;
	for (size_t i = 0; i <= path.n; i++) {
		if (i < path.n && path.p[i] == '\\') {
			i++;
			continue;
		}
		if (i < path.n && path.p[i] != '/')
			continue;
		size_t end = i > path.n ? path.n : i;
		segs[spec.nsegs++] = make_seg(a, gt_str_sub(path, start, end - start));
		start = i + 1;
	}
	spec.segs = segs;
	return spec;
}

struct walk {
	struct kz_build *b;
	const struct kz_spec *spec;
	const struct kz_setter *setter;
};

static int descend(const struct walk *w, struct gt_node *n, uint32_t seg);

static struct gt_node *create_node(const struct walk *w, enum gt_kind kind, bool leaf)
{
	if (kind == GT_MAP)
		return gt_node_map(w->b->a);
	if (kind == GT_SEQ)
		return gt_node_seq(w->b->a);
	return kz_scalar(w->b->a, gt_strn("", 0), leaf ? w->setter->create_tag : GT_RAW_NONE);
}

static int descend_map(const struct walk *w, struct gt_node *map, uint32_t seg)
{
	const struct kz_seg *s = &w->spec->segs[seg];
	bool leaf = seg + 1 == w->spec->nsegs;
	enum gt_kind kind = GT_NULL;
	struct gt_node *field = gt_node_getn(map, s->name);

	if (!s->name.n)
		return kz_fail(w->b, "cannot set or create an empty field name");
	if (!w->spec->create || w->setter->create == GT_NULL || s->list) {
		if (s->list)
			kind = GT_SEQ;
	} else {
		kind = leaf ? w->setter->create : GT_MAP;
	}
	if (!field && (kind == GT_NULL || s->list))
		return GT_OK;
	if (!field || (kind != GT_NULL && kz_is_null(field))) {
		field = create_node(w, kind, leaf);
		gt_node_setn(w->b->a, map, s->name, field);
		if (!field)
			return kz_check(w->b);
	}
	return descend(w, field, seg + 1);
}

static int descend(const struct walk *w, struct gt_node *n, uint32_t seg)
{
	if (seg == w->spec->nsegs)
		return w->setter->set(w->b, w->setter->arg, n);
	if (kz_is_null(n))
		return GT_OK;
	if (gt_node_is(n, GT_MAP))
		return descend_map(w, n, seg);
	if (!gt_node_is(n, GT_SEQ))
		return kz_fail(w->b, "expected sequence or mapping node");
	gt_seq_for_each (n, item) {
		int rc = descend(w, item, seg);

		if (rc < 0)
			return rc;
	}
	return GT_OK;
}

int kz_spec_apply(struct kz_build *b, struct kz_res *r, const struct kz_spec *spec,
		  const struct kz_setter *setter)
{
	struct walk w = {b, spec, setter};

	if (!kz_gvk_matches(&kz_res_id(b, r)->gvk, &spec->gvk))
		return GT_OK;
	int rc = descend(&w, r->root, 0);
	if (rc < 0)
		return gt_wrap(b->err, "considering field '%.*s' of object %s",
			       GT_STR_ARG(spec->path), kz_id_text(b->a, kz_res_id(b, r)));
	return rc;
}
