#include "kustomize/select.h"

#include <string.h>

#include "text/regex.h"

int kz_pattern_make(struct kz_build *b, struct gt_str text, struct kz_pattern *ret)
{
	bool plain = true;

	for (size_t i = 0; i < text.n && plain; i++)
		plain = !strchr("\\.[]()*+?|^${}", text.p[i]);
	*ret = (struct kz_pattern){.literal = text};
	if (plain)
		return GT_OK;
	const char *anchored = gt_arena_printf(b->a, "^(?:%.*s)$", GT_STR_ARG(text));
	if (!anchored)
		return kz_check(b);
	int rc = gt_regex_new(gt_str(anchored), &ret->re, b->err);
	return rc < 0 ? gt_wrap(b->err, "selector '%.*s'", GT_STR_ARG(text)) : rc;
}

bool kz_pattern_match(const struct kz_pattern *p, struct gt_str text)
{
	if (p->re)
		return gt_regex_match(p->re, text);
	return !p->literal.n || gt_str_eq(p->literal, text);
}

void kz_pattern_fini(struct kz_pattern *p)
{
	gt_regex_free(p->re);
	p->re = NULL;
}

static int make_meta(struct kz_build *b, const struct gt_node *selector, const char *field,
		     struct gt_selector *ret, bool *ret_has)
{
	struct gt_str text = gt_node_text(gt_node_get(selector, field));

	*ret_has = text.n != 0;
	return text.n ? gt_selector_parse(b->a, text, ret, b->err) : GT_OK;
}

int kz_select_make(struct kz_build *b, const struct gt_node *selector, struct kz_select *ret)
{
	struct kz_select *s = ret;
	const struct {
		const char *field;
		struct kz_pattern *pattern;
	} patterns[] = {
		{"group", &s->group}, {"version", &s->version}, {"kind", &s->kind},
		{"name", &s->name},   {"namespace", &s->ns},
	};

	*ret = (struct kz_select){0};
	for (size_t i = 0; i < GT_COUNT(patterns); i++) {
		int rc = kz_pattern_make(b, gt_node_text(gt_node_get(selector, patterns[i].field)),
					 patterns[i].pattern);

		if (rc < 0)
			return rc;
	}
	int rc = make_meta(b, selector, "labelSelector", &s->labels, &s->has_labels);
	if (rc == GT_OK)
		rc = make_meta(b, selector, "annotationSelector", &s->annotations,
			       &s->has_annotations);
	return rc;
}

void kz_select_fini(struct kz_select *s)
{
	kz_pattern_fini(&s->group);
	kz_pattern_fini(&s->version);
	kz_pattern_fini(&s->kind);
	kz_pattern_fini(&s->name);
	kz_pattern_fini(&s->ns);
}

bool kz_select_meta(const struct kz_select *s, const struct kz_res *r)
{
	if (s->has_labels && !gt_selector_match(&s->labels, kz_res_labels(r)))
		return false;
	return !s->has_annotations || gt_selector_match(&s->annotations, kz_res_annotations(r));
}

bool kz_select_match(struct kz_build *b, const struct kz_select *s, struct kz_res *r)
{
	const struct kz_id *now = kz_res_id(b, r);

	/* Expressions are much slower than equality. */
	b->work += (s->kind.re != NULL) + 4 * (s->name.re != NULL);
	if (!kz_pattern_match(&s->kind, now->gvk.kind) ||
	    !kz_pattern_match(&s->group, now->gvk.group) ||
	    !kz_pattern_match(&s->version, now->gvk.version))
		return false;
	struct kz_id first = kz_res_original_id(b, r);
	if (!kz_pattern_match(&s->name, first.name) && !kz_pattern_match(&s->name, now->name))
		return false;
	if (!kz_pattern_match(&s->ns, first.ns) && !kz_pattern_match(&s->ns, now->ns))
		return false;
	return kz_select_meta(s, r);
}
