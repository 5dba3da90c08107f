/*
 * Field specs: which fields a transformer touches.  The defaults are a table; `configurations` and
 * `crds` add to them, and what a base adds, its overlays inherit.
 */
#ifndef GT_KUSTOMIZE_CONFIG_H
#define GT_KUSTOMIZE_CONFIG_H

#include "kustomize/kz.h"

struct kz_seg {
	struct gt_str name;
	bool list; /* "name[]": must be a list, never created */
};

struct kz_spec {
	struct kz_gvk gvk;
	struct gt_str path; /* as written */
	bool create;
	uint32_t nsegs;
	const struct kz_seg *segs;
};

struct kz_specs {
	struct kz_spec *v;
	uint32_t n, cap;
};

enum kz_spec_set {
	KZ_NAME_PREFIX,
	KZ_NAME_SUFFIX,
	KZ_NAMESPACE,
	KZ_COMMON_LABELS,
	KZ_LABELS,
	KZ_TEMPLATE_LABELS,
	KZ_COMMON_ANNOTATIONS,
	KZ_VAR_REFERENCE,
	KZ_IMAGES,
	KZ_REPLICAS,
	KZ_SPEC_SETS,
};

struct kz_ref { /* fields of other objects that name objects of this kind */
	struct kz_gvk target;
	struct kz_specs fields;
};

struct kz_config {
	struct kz_specs sets[KZ_SPEC_SETS];
	KZ_VEC(struct kz_ref) refs;
};

/* Makes a spec out of texts that live as long as the arena. */
struct kz_spec kz_spec_make(struct gt_arena *a, const struct kz_gvk *gvk, struct gt_str path,
			    bool create);
/* Adds unless it is there; the same field with another `create` is a conflict. */
int kz_specs_add(struct kz_build *b, struct kz_specs *set, const struct kz_spec *spec);
int kz_specs_merge(struct kz_build *b, struct kz_specs *set, const struct kz_specs *from);
int kz_specs_read(struct kz_build *b, const struct gt_node *list, struct kz_specs *ret);

struct kz_config *kz_config_defaults(struct gt_arena *a);
/*
 * Adds what `from` has: to a copy where *config is the defaults, in place otherwise.  NULL is an
 * empty config.
 */
int kz_config_merge(struct kz_build *b, struct kz_config **config, struct kz_config *from);
int kz_config_merge_defaults(struct kz_build *b, struct kz_config **config);
/* One file of `configurations`, as a tree of values. */
int kz_config_read(struct kz_build *b, const struct gt_node *doc, struct kz_config **ret);
/* One file of `crds`. */
int kz_config_read_crds(struct kz_build *b, const struct gt_node *doc, struct kz_config **ret);

/* --- walking an object along a spec ----------------------------------------------------------- */
struct kz_setter {
	/* Called with every node the path leads to; changes it in place. */
	int (*set)(struct kz_build *b, void *arg, struct gt_node *n);
	void *arg;
	enum gt_kind create; /* kind of a created leaf: GT_STR, GT_MAP, GT_SEQ, GT_NULL none */
	enum gt_raw_tag create_tag; /* of a created scalar */
};

/* Does nothing unless the spec's kind matches the object's current one. */
int kz_spec_apply(struct kz_build *b, struct kz_res *r, const struct kz_spec *spec,
		  const struct kz_setter *setter);

#endif
