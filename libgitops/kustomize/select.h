/* Selecting objects: the `target` of a patch, the `select` and `reject` of a replacement. */
#ifndef GT_KUSTOMIZE_SELECT_H
#define GT_KUSTOMIZE_SELECT_H

#include "kustomize/kz.h"
#include "text/selector.h"

struct gt_regex;

/* A text that must match whole. */
struct kz_pattern {
	struct gt_str literal;
	struct gt_regex *re; /* NULL: the literal, or anything when that is empty */
};

int kz_pattern_make(struct kz_build *b, struct gt_str text, struct kz_pattern *ret);
bool kz_pattern_match(const struct kz_pattern *p, struct gt_str text);
void kz_pattern_fini(struct kz_pattern *p);

struct kz_select {
	struct kz_pattern group, version, kind, name, ns;
	struct gt_selector labels, annotations;
	bool has_labels, has_annotations;
};

/* Always pair with kz_select_fini(), also after a failure. */
int kz_select_make(struct kz_build *b, const struct gt_node *selector, struct kz_select *ret);
void kz_select_fini(struct kz_select *s);

/* By the rules of a patch target: name and namespace of the first or the current identity. */
bool kz_select_match(struct kz_build *b, const struct kz_select *s, struct kz_res *r);
/* Whether the labels and annotations fit. */
bool kz_select_meta(const struct kz_select *s, const struct kz_res *r);

#endif
