/*
 * The engine's own types: a build, its objects, its identities.  Names that start with kz_ are
 * private to libgitops/kustomize.
 *
 * Objects are representation trees (text/yaml_raw.h) until the very end: what a field becomes
 * depends on how it was written.  Everything lives in the build's arena.  Functions that can fail
 * return GT_OK or a negative code with the text in b->err; allocation failures are sticky in the
 * arena and reported by kz_check() at the end of a step.
 */
#ifndef GT_KUSTOMIZE_KZ_H
#define GT_KUSTOMIZE_KZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "kustomize/kustomize.h"
#include "text/node.h"
#include "text/yaml_raw.h"

/* --- growing arrays in the arena -------------------------------------------------------------- */
#define KZ_VEC(type)             \
	struct {                 \
		type *v;         \
		uint32_t n, cap; \
	}

void *kz_vec_grow(struct gt_arena *a, void *v, uint32_t n, uint32_t *cap, size_t size);

/* Appends; does nothing once the arena has failed. */
#define kz_push(a, vec, ...)                                                                      \
	do {                                                                                      \
		void *kz_p = kz_vec_grow((a), (vec)->v, (vec)->n, &(vec)->cap, sizeof *(vec)->v); \
		if (kz_p) {                                                                       \
			(vec)->v = kz_p;                                                          \
			(vec)->v[(vec)->n++] = (__VA_ARGS__);                                     \
		}                                                                                 \
	} while (0)

/* --- an index: text to the positions that have it, in ascending order ------------------------- */
struct kz_index {
	struct kz_bucket *slots; /* open addressing */
	uint32_t mask, used;
	KZ_VEC(struct kz_link) links;
};
struct kz_bucket {
	struct gt_str key;
	uint32_t first, last; /* link + 1; first 0: free */
};
struct kz_link {
	uint32_t value;
	uint32_t next; /* link + 1 */
};

void kz_index_add(struct gt_arena *a, struct kz_index *ix, struct gt_str key, uint32_t value);
/* The first link, NULL when there is none; kz_index_next goes on. */
const struct kz_link *kz_index_find(const struct kz_index *ix, struct gt_str key);
const struct kz_link *kz_index_next(const struct kz_index *ix, const struct kz_link *link);

/* --- identities ------------------------------------------------------------------------------- */
struct kz_gvk {
	struct gt_str group, version, kind;
};

/* Empty members of `want` match everything. */
bool kz_gvk_matches(const struct kz_gvk *have, const struct kz_gvk *want);
bool kz_gvk_eq(const struct kz_gvk *x, const struct kz_gvk *y);
void kz_api_version_split(struct gt_str api_version, struct kz_gvk *gvk);

#define KZ_NS_CLUSTER "_non_namespaceable_"
#define KZ_NS_DEFAULT "default"

struct kz_id {
	struct kz_gvk gvk;
	struct gt_str name;
	struct gt_str ns; /* effective: never empty */
};

bool kz_id_eq(const struct kz_id *x, const struct kz_id *y);
/* "Deployment.v1.apps/web.shop", as users know it from kustomize. */
const char *kz_id_text(struct gt_arena *a, const struct kz_id *id);
/* An unambiguous text for indexes. */
struct gt_str kz_id_key(struct gt_arena *a, const struct kz_id *id);

/* --- objects ---------------------------------------------------------------------------------- */
enum kz_behavior {
	KZ_CREATE,
	KZ_MERGE,
	KZ_REPLACE,
};

struct kz_prev {
	struct gt_str name, ns, kind;
};

struct kz_origin { /* where an object comes from; text of buildMetadata annotations */
	const char *path;
	const char *configured_in;
	const char *api_version, *kind, *name, *ns; /* configuredBy */
};

struct kz_res {
	struct gt_node *root;
	struct kz_id id; /* current; valid while id_known */
	KZ_VEC(struct kz_prev) prev;
	KZ_VEC(struct gt_str) prefixes;
	KZ_VEC(struct gt_str) suffixes;
	KZ_VEC(const struct kz_origin *) transforms;
	const struct kz_origin *origin;
	const char *file; /* that it was read from, or the generator's; for errors */
	enum kz_behavior behavior;
	bool id_known;
	bool cluster; /* valid with id: known to be cluster-scoped */
	bool needs_hash;
	bool generated;
	bool gone;
};

struct kz_build;

const struct kz_id *kz_res_id(struct kz_build *b, struct kz_res *r);
/* The first previous identity, else the current one. */
struct kz_id kz_res_original_id(struct kz_build *b, struct kz_res *r);
struct kz_id kz_res_prev_id(struct kz_build *b, struct kz_res *r, uint32_t i);
void kz_res_remember_id(struct kz_build *b, struct kz_res *r);
static inline void kz_res_touch(struct kz_res *r)
{
	r->id_known = false;
}
struct gt_str kz_res_name(const struct kz_res *r);
struct gt_str kz_res_ns(const struct kz_res *r); /* as written, maybe empty */
const struct gt_node *kz_res_labels(const struct kz_res *r);
const struct gt_node *kz_res_annotations(const struct kz_res *r);

/*
 * kustomize keeps what it knows of an object in annotations.  That shows when a patch looks at
 * them: they exist once there is something to know, and whoever replaces all annotations makes
 * kustomize forget, everything or only the origin.
 */
void kz_res_show_bookkeeping(struct kz_build *b, struct kz_res *r);
void kz_res_forget(struct kz_res *r, bool everything);

/* Adds the field metadata.name with the text, keeping the style of what stood there. */
void kz_res_set_name(struct kz_build *b, struct kz_res *r, struct gt_str name, enum gt_raw_tag tag);

struct kz_config;
struct kz_var;

/* What a kustomization has accumulated. */
struct kz_accum {
	KZ_VEC(struct kz_res *) res;
	struct kz_config *config;
	KZ_VEC(struct kz_var *) vars;
	struct kz_index ids;     /* current id -> position; valid while ids_known */
	struct kz_index any_ids; /* any id -> position; valid while any_known */
	bool ids_known, any_known;
};

/* Positions whose current id, or any id, is the given one. */
const struct kz_index *kz_accum_ids(struct kz_build *b, struct kz_accum *acc);
const struct kz_index *kz_accum_any_ids(struct kz_build *b, struct kz_accum *acc);
void kz_accum_touch(struct kz_accum *acc); /* ids may have changed */
int kz_accum_append(struct kz_build *b, struct kz_accum *acc, struct kz_res *r);
int kz_accum_merge(struct kz_build *b, struct kz_accum *acc, struct kz_accum *from);
void kz_accum_sweep(struct kz_accum *acc); /* drops objects that are gone */
/* An error that names the id if two objects have come to share one. */
int kz_accum_check_unique(struct kz_build *b, struct kz_accum *acc);

/* --- the build -------------------------------------------------------------------------------- */
struct kz_dir;
struct kz_openapi;

struct kz_build {
	struct gt_arena *a;
	int root;
	struct gt_str root_path; /* once it was needed */
	const struct gt_kustomize_opts *opts;
	struct gt_err *err;
	size_t max_file, max_total, max_objects;
	unsigned max_depth;
	size_t total, objects;
	uint64_t work; /* steps spent on what multiplies: patches by objects and the like */
	struct kz_config *defaults;
	struct kz_openapi *openapi; /* of a custom schema, or NULL */
	bool openapi_set;
	bool origins, transforms, managed_by; /* buildMetadata of the top file */
	bool metadata;                        /* it has any */
};

/* err must not be NULL; opts may be. */
void kz_build_init(struct kz_build *b, struct gt_arena *a, int root,
		   const struct gt_kustomize_opts *opts, struct gt_err *err);
int kz_fail(struct kz_build *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Counts n steps; GT_E_BUDGET once a build has spent more than any sensible one does. */
int kz_work(struct kz_build *b, uint64_t n);
int kz_check(struct kz_build *b); /* GT_E_BUDGET once an allocation has failed */

#endif
