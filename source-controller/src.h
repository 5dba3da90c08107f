/*
 * source-controller: what its files share.
 *
 * A reconcile is a struct src_call on one worker.  It runs steps in order; a step answers a result
 * and, when it failed, leaves an error of one of five classes in the call; the end of the reconcile
 * (engine.c) turns both into conditions, events, a status patch and what to wake on.  The engine is
 * the same for every kind of source; a struct src_kind holds what differs.
 */
#ifndef SRC_SRC_H
#define SRC_SRC_H

#include "api/kinds.h"
#include "kube/conditions.h"
#include "kube/object.h"
#include "kube/patch_helper.h"
#include "net/pool.h"
#include "runtime/gotk_metrics.h"
#include "runtime/manager.h"
#include "store/artifact.h"
#include "store/scratch.h"

#define SRC_MANAGER "source-controller"
#define SRC_GROUP "source.toolkit.fluxcd.io"

#define SRC_COND_ARTIFACT_IN_STORAGE "ArtifactInStorage"
#define SRC_COND_ARTIFACT_OUTDATED "ArtifactOutdated"
#define SRC_COND_FETCH_FAILED "FetchFailed"
#define SRC_COND_INCLUDE_UNAVAILABLE "IncludeUnavailable"
#define SRC_COND_SOURCE_VERIFIED "SourceVerified"
#define SRC_COND_STORAGE_FAILED "StorageOperationFailed"

#define SRC_REASON_ARCHIVE_FAILED "ArchiveOperationFailed"
#define SRC_REASON_AUTH_FAILED "AuthenticationFailed"
#define SRC_REASON_DIR_CREATION_FAILED "DirectoryCreationFailed"
#define SRC_REASON_GIT_FAILED "GitOperationFailed"
#define SRC_REASON_GIT_SUCCEEDED "GitOperationSucceeded"
#define SRC_REASON_INVALID_PROVIDER "InvalidProviderConfiguration"
#define SRC_REASON_PATCH_FAILED "PatchOperationFailed"
#define SRC_REASON_PROGRESSING "Progressing"
#define SRC_REASON_PROGRESSING_RETRY "ProgressingWithRetry"
#define SRC_REASON_SUCCEEDED "Succeeded"
#define SRC_REASON_UP_TO_DATE "ArtifactUpToDate"
#define SRC_REASON_URL_INVALID "URLInvalid"

struct gt_fileserver;
struct gt_http_server;

/* The controller; set up once, then read-only but for what locks itself. */
struct src {
	struct gt_manager *manager;
	struct gt_loop *loop;
	struct gt_store *store;
	struct gt_scratch *scratch; /* where the working directories are */
	struct gt_gate gate;        /* archiving: one a processor */
	struct gt_metric *duration;
	struct gt_fileserver *files;
	struct gt_http_server *server;
	char *kex_algos, *hostkey_algos; /* comma lists, NULL for the defaults */
};

struct src_flags {
	const char *storage_path, *storage_addr, *storage_adv_addr, *digest_algo;
	int64_t retention_ttl, retention_records;
	int64_t helm_index_max, helm_chart_max, helm_chart_file_max, helm_cache_max;
	const char *helm_cache_ttl, *helm_cache_purge;
	struct gt_flag_list kex_algos, hostkey_algos;
	int64_t token_cache_max_size, token_cache_max_duration;
};
extern struct src_flags src_flags;

/* --- the engine ------------------------------------------------------------------------------ */

enum src_result {
	SRC_EMPTY,   /* nothing more to do; with an error, the error says it */
	SRC_REQUEUE, /* again, with back-off */
	SRC_SUCCESS, /* again after the interval */
};

enum src_class {
	SRC_OK,
	SRC_GENERIC,  /* a Warning, and again with back-off */
	SRC_IGNORED,  /* nothing to do after all: as a success */
	SRC_WAITING,  /* again after a time of its own, without an error */
	SRC_STALLING, /* not before the spec changes */
	SRC_UNTYPED,  /* again with back-off, without an event */
};

/* What differs between the kinds; lists are NULL-terminated. */
struct src_kind {
	const struct gt_resource *res;
	const char *const *owned;    /* condition types that are ours */
	const char *const *summary;  /* what Ready is made of, by priority */
	const char *const *negative; /* of which True is bad */
	const char *const *failures; /* whose end is a recovery */
	bool verifies;               /* SourceVerified=False is Ready=False */
};

struct src_call {
	struct gt_reconcile *r;
	struct src *src;
	const struct src_kind *kind;
	struct gt_arena *a;
	struct gt_node *obj;
	const struct gt_node *before; /* the object as the reconcile began */
	struct gt_patcher patcher;
	int64_t began;
	char *workdir; /* temporary, NULL when there is none */

	enum src_class error;
	const char *reason, *message; /* of the error */
	int64_t wait;                 /* SRC_WAITING: ns, 0 for the interval */
	enum gt_code code;
};

/* Steps return these.  The message is cut into the arena. */
enum src_result src_fail(struct src_call *c, enum src_class class, const char *reason,
			 const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* As src_fail, and sets the condition True with reason and message. */
enum src_result src_fail_cond(struct src_call *c, const char *cond, enum src_class class,
			      const char *reason, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Events; type "Normal", "Warning" or "Trace".  A trace event is logged as well. */
void src_event(struct src_call *c, const char *type, const char *reason, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Writes what changed so far.  False after a failure, which is then the call's error. */
bool src_patch(struct src_call *c);

/*
 * One reconcile: deletion, finalizer, suspension, progress, steps, end.  steps is NULL-terminated.
 * notify is told of a run that succeeded (or had nothing to do) with an artifact; it returns the
 * message of the event.
 */
typedef enum src_result (*src_step_fn)(struct src_call *c);
int src_reconcile(struct src_call *c, const src_step_fn *steps,
		  const char *(*message)(struct src_call *c), struct gt_next *next,
		  struct gt_err *err);
void src_call_init(struct src_call *c, const struct src_kind *kind, struct gt_reconcile *r);

/* Ends a wholly unsupported kind's object: refuses it, or lets it be deleted. */
int src_refuse_kind(struct gt_reconcile *r, struct gt_next *next, struct gt_err *err);

/* --- storage.c -------------------------------------------------------------------------------- */
/* The first step of every kind: garbage, and whether the artifact is still there and whole. */
enum src_result src_step_storage(struct src_call *c);
/* Removes everything stored for the object. */
enum src_result src_remove_all(struct src_call *c);
/* status.artifact of something stored. */
struct gt_node *src_artifact_new(struct src_call *c, const char *path, const char *revision,
				 const struct gt_stored *stored);
/* Whether a path that status names is a file in the object's own folder. */
bool src_path_is_of(const char *path, const char *kind, const char *ns, const char *name);
bool src_has_revision(const struct gt_node *artifact, const char *revision);

/* --- secrets.c -------------------------------------------------------------------------------- */
int src_secret_get(struct src_call *c, const char *name, struct gt_node **ret_secret,
		   struct gt_err *err);
bool src_secret_has(const struct gt_node *secret, const char *key);
/* A value decoded; false when it is absent, empty or malformed. */
bool src_secret_value(const struct gt_node *secret, const char *key, struct gt_secret *ret);
/* The same for what is no secret, into the arena; {NULL, 0} when absent. */
struct gt_str src_secret_text(struct gt_arena *a, const struct gt_node *secret, const char *key);

struct src_proxy {
	const char *url, *user;
	struct gt_secret password;
};
int src_proxy_get(struct src_call *c, const char *secret_name, struct src_proxy *ret_proxy,
		  struct gt_err *err);

/* --- kinds ------------------------------------------------------------------------------------ */
int src_git_reconcile(struct gt_reconcile *r, struct gt_next *next, struct gt_err *err);

/* --- artifact_server.c ------------------------------------------------------------------------ */
int src_server_start(void *arg, struct gt_err *err);
void src_server_stop(void *arg);

#endif
