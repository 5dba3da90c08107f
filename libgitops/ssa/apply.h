/*
 * Server-side apply and the tracking of field managers in metadata.managedFields.
 *
 * The functions work on whole documents and on the decoded managed fields of one object.  They
 * know nothing of storage or HTTP; what must be known of other versions of the kind comes through
 * a callback.  Everything lives in the caller's arena.  One owner at a time.
 *
 * upstream: apimachinery managedfields and structured-merge-diff merge, in one place
 */
#ifndef GT_SSA_APPLY_H
#define GT_SSA_APPLY_H

#include "ssa/set.h"

struct gt_ssa_manager {
	struct gt_str name;
	struct gt_str version; /* apiVersion of the set */
	struct gt_str subresource;
	struct gt_str time; /* as written; empty for none */
	struct gt_ssa_set *set;
	bool applied;
	bool self; /* internal: the update in progress */
};

struct gt_ssa_managers {
	struct gt_ssa_manager *v;
	uint32_t n, cap;
};

/*
 * Reads metadata.managedFields (NULL: none).  GT_E_INVALID names the entry that is malformed.
 */
int gt_ssa_managers_parse(struct gt_arena *a, const struct gt_node *entries,
			  struct gt_ssa_managers *ret_managers, struct gt_err *err);

/* The entries in upstream's order: operation, time, manager, version, subresource. */
struct gt_node *gt_ssa_managers_node(struct gt_arena *a, const struct gt_ssa_managers *m);

/* What one version of a kind looks like. */
struct gt_ssa_request {
	struct gt_arena *arena;
	struct gt_type type;
	struct gt_str version; /* apiVersion of the request's documents */
	struct gt_str manager;
	struct gt_str subresource;
	struct gt_str now; /* RFC 3339 */
	/* What an object of the kind is before anything is set (Go's empty struct); NULL: nothing.
	 */
	const struct gt_node *empty;
	/* Paths whose changes are not recorded (and what is below them); NULL for none. */
	const struct gt_ssa_set *reset;
	/* If set, only changes at or below these are recorded. */
	const struct gt_ssa_set *only;
	/*
	 * Gives the document in another version, and its type; GT_E_NOT_FOUND when the version is
	 * gone.  May be NULL when the kind has one version.
	 */
	int (*convert)(void *arg, const struct gt_node *doc, struct gt_str version,
		       struct gt_node **ret_doc, struct gt_type *ret_type, struct gt_err *err);
	void *convert_arg;
};

struct gt_ssa_conflict {
	struct gt_str manager; /* printed: "name" [with subresource "s"] [using v at t] */
	struct gt_str path;
};

/* Conflicts of an apply that was not forced; n is 0 unless GT_E_CONFLICT was returned. */
struct gt_ssa_conflicts {
	struct gt_ssa_conflict *v;
	uint32_t n, cap;
};

/*
 * Records a create, update or patch from live (NULL for a create) to doc, both without
 * managedFields.  *managers is changed.  At most ten updaters are kept apart.
 */
int gt_ssa_update(const struct gt_ssa_request *req, const struct gt_node *live,
		  const struct gt_node *doc, struct gt_ssa_managers *managers, struct gt_err *err);

/*
 * Applies config to live (an empty object of the kind for a create).  *ret_doc is the result, or
 * NULL when it equals live; the caller then keeps live and the managers' times.  With conflicts and
 * no force: GT_E_CONFLICT, *ret_conflicts filled, *managers unspecified.
 */
int gt_ssa_apply(const struct gt_ssa_request *req, const struct gt_node *live,
		 const struct gt_node *config, bool force, struct gt_ssa_managers *managers,
		 struct gt_node **ret_doc, struct gt_ssa_conflicts *ret_conflicts,
		 struct gt_err *err);

/* "Apply failed with 1 conflict: ..." */
void gt_ssa_conflicts_print(struct gt_buf *out, const struct gt_ssa_conflicts *conflicts);

#endif
