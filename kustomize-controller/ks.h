/*
 * kustomize-controller: what its files share.
 *
 * A reconcile is a struct ks_call: one run on a worker, from the object read to its status written.
 * The work it does (fetch, build, apply, wait) is a struct ks_run, which lives on while the call
 * gives its worker back to wait for health, and is resumed by the next call.
 */
#ifndef KS_KS_H
#define KS_KS_H

#include "api/kinds.h"
#include "artifact/fetch.h"
#include "kube/conditions.h"
#include "kube/object.h"
#include "kube/patch_helper.h"
#include "kube/ssa.h"
#include "net/pool.h"
#include "runtime/gotk_metrics.h"
#include "runtime/manager.h"
#include "runtime/unsupported.h"

#define KS_MANAGER "kustomize-controller"
#define KS_GROUP "kustomize.toolkit.fluxcd.io"

#define KS_REASON_ACCESS_DENIED "AccessDenied"
#define KS_REASON_ARTIFACT_FAILED "ArtifactFailed"
#define KS_REASON_BUILD_FAILED "BuildFailed"
#define KS_REASON_DEPENDENCY_NOT_READY "DependencyNotReady"
#define KS_REASON_HEALTH_CHECK_FAILED "HealthCheckFailed"
#define KS_REASON_PROGRESSING "Progressing"
#define KS_REASON_PROGRESSING_RETRY "ProgressingWithRetry"
#define KS_REASON_PRUNE_FAILED "PruneFailed"
#define KS_REASON_RECONCILIATION_FAILED "ReconciliationFailed"
#define KS_REASON_RECONCILIATION_SUCCEEDED "ReconciliationSucceeded"
#define KS_REASON_SUCCEEDED "Succeeded"

#define KS_SOURCES 4

/* The controller; set up once, then read-only but for what locks itself. */
struct ks {
	struct gt_manager *manager;
	struct gt_controller *controller;
	struct gt_informer *sources[KS_SOURCES];
	struct gt_http_client *http;
	struct gt_unpack *cache;
	struct gt_scratch *scratch; /* where the cache is */
	struct gt_artifact_fetch fetch;
	struct gt_pool *lanes; /* for the concurrent part of an apply */
	struct gt_gate gate;   /* builds: one a processor */
	struct gt_metric *duration;
};

/* What was applied, as much of it as outlives the apply. */
struct ks_entry {
	enum gt_ssa_action action;
	struct gt_ref ref; /* strings in the run's arena */
	const char *rv;    /* resourceVersion that the apply left, "" for none */
	bool current;      /* healthy as the apply left it */
	bool expires;      /* a Job that deletes itself when done */
};

enum ks_phase { KS_APPLYING, KS_CHECKING, KS_TERMINATING };

struct ks_run {
	struct gt_arena arena;
	struct ks *ks;
	struct gt_kube *target; /* identity that applies */
	enum ks_phase phase;
	const char *revision;
	const char *origin_revision; /* "" for none */
	const char *checksum;        /* of what was built */
	int64_t began, check_began;  /* monotonic */
	int64_t told;                /* when progress was last written */
	struct gt_node *objects;     /* to apply, normalised, in order of stage */
	size_t next;                 /* the first object of the stage to apply next */
	size_t waited_from;          /* entries of the stage waited for start here */
	GT_VEC(struct ks_entry) entries;
	struct gt_node *old_inventory;
	bool changed;     /* something was written */
	bool was_healthy; /* before the checks */
};

struct ks_call {
	struct gt_reconcile *r;
	struct ks *ks;
	struct gt_next *next;
	struct gt_arena *a; /* of this call */
	struct gt_node *obj;
	struct gt_patcher patcher;
	struct ks_run *run; /* NULL until the source is known */
	int64_t began;
	const char *was_ready; /* message of Ready before this call */
};

/* --- reconcile.c ---------------------------------------------------------------------------- */
int ks_reconcile(struct gt_reconcile *r, struct gt_next *next, struct gt_err *err);
void ks_gone(void *arg, struct gt_key key);

/* --- spec.c: fields of the object with their defaults ----------------------------------------- */
int64_t ks_interval(const struct gt_node *obj);
int64_t ks_retry_interval(const struct gt_node *obj);
int64_t ks_timeout(const struct gt_node *obj);
/* sourceRef; the namespace defaults to the object's own. */
struct gt_ref ks_source_ref(const struct gt_node *obj);
/* "Kind/namespace/name", or as written: without the namespace when sourceRef has none. */
const char *ks_source_text(struct gt_arena *a, const struct gt_node *obj, bool with_namespace);
/* Seconds with fraction, as Go prints a time.Duration, into the arena. */
const char *ks_duration_text(struct gt_arena *a, int64_t ns);
extern const struct gt_unsupported ks_unsupported[];

/* --- source.c ------------------------------------------------------------------------------- */
/* GT_E_FORBIDDEN when access is denied. */
int ks_find_source(struct ks_call *c, struct gt_node **ret_source, struct gt_err *err);

/* --- depends.c ------------------------------------------------------------------------------ */
/* GT_OK when all dependencies are ready for the source's revision. */
int ks_check_dependencies(struct ks_call *c, const struct gt_node *source, struct gt_err *err);
/* DEPENDS on all of them. */
void ks_wait_for_dependencies(struct ks_call *c);

/* --- status.c ------------------------------------------------------------------------------- */
int ks_patch(struct ks_call *c, unsigned flags, struct gt_err *err);
/*
 * Reconciling with the message.  It is written when it is news to somebody: not for a run that
 * repeats the last one, and not more often than people can read.
 */
int ks_progress(struct ks_call *c, struct gt_err *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Ready False for the reason with the error's text; returns err's code. */
int ks_not_ready(struct ks_call *c, const char *reason, const struct gt_err *err);
/* A snapshot in status.history. */
void ks_record_history(struct ks_call *c, const char *status);
/* metadata of an event about a revision; NULL strings are left out. */
void ks_event(struct ks_call *c, const char *type, const char *revision, const char *origin,
	      bool commit_status, const char *message);

/* --- run.c ---------------------------------------------------------------------------------- */
struct ks_run *ks_run_new(struct ks_call *c, const struct gt_node *source);
void ks_run_free(void *run);
/* Fetch, build, apply, prune, check: until it is done, failed, or waits (c->next says). */
int ks_run_start(struct ks_call *c, const struct gt_node *source, struct gt_err *err);
int ks_run_resume(struct ks_call *c, struct gt_err *err);

/* --- build.c -------------------------------------------------------------------------------- */
/* Fetches, builds, and leaves the objects to apply in the run. */
int ks_build(struct ks_call *c, const struct gt_node *source, struct gt_err *err);

/* --- apply.c -------------------------------------------------------------------------------- */
/* Applies stage by stage; true in *ret_wait when a stage must settle first. */
int ks_apply(struct ks_call *c, bool *ret_wait, struct gt_err *err);

/* --- inventory.c ---------------------------------------------------------------------------- */
const char *ks_inventory_id(struct gt_arena *a, const struct gt_ref *ref);
bool ks_inventory_parse(struct gt_arena *a, const char *id, const char *version,
			struct gt_ref *ret_ref);
struct gt_node *ks_inventory_of(struct gt_arena *a, const struct ks_entry *entries, size_t n);
/* Entries of the old inventory that the new one does not have, by id. */
struct gt_node *ks_inventory_stale(struct gt_arena *a, const struct gt_node *old,
				   const struct gt_node *current);

/* --- prune.c -------------------------------------------------------------------------------- */
/*
 * Deletes the stale objects.  *ret_log has a line an object; *ret_left the entries whose deletion
 * failed (NULL for none).
 */
int ks_prune(struct ks_call *c, struct gt_kube *target, const struct gt_node *stale,
	     struct gt_buf *log, struct gt_node **ret_left, struct gt_err *err);

/* --- finalize.c ----------------------------------------------------------------------------- */
int ks_finalize(struct ks_call *c, struct gt_err *err);
int ks_finalize_resume(struct ks_call *c, struct gt_err *err);

/* --- health.c ------------------------------------------------------------------------------- */
/* Entries [from, n) that must settle, as a wait with the deadline; false if there is none. */
bool ks_wait_for_stage(struct ks_call *c, size_t from);
/* What came of the wait for a stage. */
int ks_stage_result(struct ks_call *c, struct gt_err *err);
/* Starts the health checks; true in *ret_wait when there are any. */
int ks_check_health(struct ks_call *c, bool *ret_wait, struct gt_err *err);
int ks_health_result(struct ks_call *c, struct gt_err *err);

/* --- identity.c ----------------------------------------------------------------------------- */
/* The service account to act as, NULL for the controller's own identity; in the arena. */
const char *ks_service_account(struct ks_call *c);
struct gt_kube *ks_target(struct ks_call *c);

/* --- watch.c -------------------------------------------------------------------------------- */
void ks_watch_sources(struct ks *ks);

/* --- main.c: flags -------------------------------------------------------------------------- */
struct ks_flags {
	int64_t concurrent_ssa;
	bool no_remote_bases;
	struct gt_flag_list override_managers, custom_stage_kinds;
	const char *default_decryption_sa, *default_kubeconfig_sa, *sops_age_secret,
		*sops_vault_configmap;
	int64_t token_cache_max_size, token_cache_max_duration;
};
extern struct ks_flags ks_flags;

#endif
