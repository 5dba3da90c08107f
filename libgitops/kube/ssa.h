/*
 * Server-side apply as Flux's controllers do it: order, stages, and the decision whether an object
 * needs to be written at all (upstream: fluxcd/pkg/ssa).  Blocks; worker threads.
 */
#ifndef GT_KUBE_SSA_H
#define GT_KUBE_SSA_H

#include "kube/client.h"

/* Order within a stage: by kind, then group, kind, namespace, name. */
int gt_ssa_cmp(const struct gt_node *x, const struct gt_node *y);
int gt_ssa_cmp_ref(const struct gt_ref *x, const struct gt_ref *y);

enum gt_ssa_stage {
	GT_SSA_DEFINITIONS, /* CRDs, Namespaces, ClusterRoles: waited for */
	GT_SSA_CLASSES,     /* kinds ending in Class: waited for */
	GT_SSA_CUSTOM,
	GT_SSA_REST,
	GT_SSA_STAGES,
};
/* custom: NULL-terminated "group/Kind" (or "Kind" for core) names, may be NULL. */
enum gt_ssa_stage gt_ssa_stage_of(const struct gt_node *obj, const char *const *custom);

enum gt_ssa_action {
	GT_SSA_CREATED,
	GT_SSA_CONFIGURED,
	GT_SSA_UNCHANGED,
	GT_SSA_SKIPPED,
	GT_SSA_DELETED,
	GT_SSA_UNKNOWN,
};
const char *gt_ssa_action_name(enum gt_ssa_action a); /* "created", ... */

struct gt_ssa_opts {
	const char *field_manager; /* "kustomize-controller" */
	const char *owner_group;   /* prefix of the policy labels: "kustomize.toolkit.fluxcd.io" */
	bool force;                /* re-create objects that cannot be changed */
	const char *const *override_managers;   /* more managers to take over from; may be NULL */
	const char *const *cleanup_annotations; /* to remove; may be NULL */
	const char *const *cleanup_labels;
};

struct gt_ssa_entry {
	enum gt_ssa_action action;
	const struct gt_resource *res; /* NULL when unknown to the server and skipped */
	struct gt_ref ref;             /* as the server answered */
	struct gt_node *manifest;      /* what to apply (phase b) */
	struct gt_node *live;          /* before; NULL when absent */
	struct gt_node *merged;        /* result of the dry run or the apply */
};

/*
 * Phase a for one object: get, policy annotations, dry run, force, cleanup of managed fields,
 * drift. The manifest must be normalised (schema/normalize.h).  Nothing but cleanup patches and
 * forced deletions is written.
 */
int gt_ssa_plan(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a, struct gt_node *manifest,
		const struct gt_ssa_opts *opts, struct gt_ssa_entry *ret_entry, struct gt_err *err);

/* Phase b: writes a created or configured entry; others are left alone. */
int gt_ssa_write(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		 const struct gt_ssa_opts *opts, struct gt_ssa_entry *entry, struct gt_err *err);

struct gt_ssa_delete_opts {
	const char *propagation; /* NULL: "Background" */
	/* Only objects whose labels <owner_group>/name and /namespace are these; NULL: any. */
	const char *owner_group, *owner_name, *owner_namespace;
	/* Label or annotation <key> = <value> that protects an object; pairs, NULL-terminated. */
	const char *const *exclusions;
};
/* GET, checks, DELETE.  An absent object counts as deleted, a protected one as skipped. */
int gt_ssa_delete(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		  const struct gt_ref *ref, const struct gt_ssa_delete_opts *opts,
		  enum gt_ssa_action *ret_action, struct gt_err *err);

#endif
