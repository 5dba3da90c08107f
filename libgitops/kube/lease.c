#include "kube/lease.h"

#include <pthread.h>
#include <stdio.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/rand.h"
#include "base/time.h"
#include "kube/object.h"

static const struct gt_resource lease_resource = {"coordination.k8s.io", "v1", "Lease", "leases",
						  true};

struct gt_lease {
	struct gt_kube *kube;
	struct gt_lease_opts opts;
	char *ns, *name, *identity;
	struct gt_ctx ctx;
	pthread_t thread;
	atomic_bool leading;

	/* Of the thread: the record as last seen. */
	struct gt_arena arena;
	struct gt_node *record; /* NULL: never seen */
	int64_t observed_at;    /* monotonic time of its last change */
};

/* --- the record ------------------------------------------------------------------------------ */

static const struct gt_node *spec(const struct gt_node *record)
{
	return gt_node_get(record, "spec");
}

static const char *holder(const struct gt_node *record)
{
	return gt_node_cstr_or(gt_node_get(spec(record), "holderIdentity"), "");
}

static int64_t transitions(const struct gt_node *record)
{
	return gt_node_int_or(gt_node_get(spec(record), "leaseTransitions"), 0);
}

/* Remembers a record; the time counts from when it was seen to change. */
static void observe(struct gt_lease *l, struct gt_arena *from, struct gt_node *record)
{
	if (!l->record || !gt_node_equal(spec(l->record), spec(record)))
		l->observed_at = gt_now_mono();
	gt_arena_fini(&l->arena);
	l->arena = *from;
	*from = (struct gt_arena){0};
	l->record = record;
}

/* The record that says we hold it; base is what is there now, NULL for nothing. */
static struct gt_node *claim(struct gt_lease *l, struct gt_arena *a, const struct gt_node *base)
{
	struct gt_node *r =
		base ? gt_node_dup(a, base) : gt_obj_new(a, &lease_resource, l->ns, l->name);
	struct gt_node *s = gt_node_need_map(a, r, "spec");
	bool mine = base && strcmp(holder(base), l->identity) == 0;
	char now[GT_TIME_TEXT];

	gt_rfc3339_us(gt_now_wall(), now);
	gt_node_set_str(a, s, "holderIdentity", l->identity);
	gt_node_set_int(a, s, "leaseDurationSeconds", l->opts.duration_ns / GT_NS_PER_S);
	gt_node_set_str(a, s, "renewTime", now);
	if (!mine) {
		gt_node_set_str(a, s, "acquireTime", now);
		gt_node_set_int(a, s, "leaseTransitions", base ? transitions(base) + 1 : 0);
	}
	return r;
}

/* --- one attempt ----------------------------------------------------------------------------- */

/* The time that one request may take. */
static int64_t request_timeout(const struct gt_lease *l)
{
	int64_t half = l->opts.renew_ns / 2;

	return half > GT_NS_PER_S ? half : GT_NS_PER_S;
}

static int put(struct gt_lease *l, struct gt_ctx *ctx, const struct gt_node *record,
	       struct gt_err *err)
{
	struct gt_arena a = {.budget = GT_MIB(1)};
	struct gt_node *answer = NULL;
	int rc;

	if (*gt_obj_rv(record))
		rc = gt_kube_update(l->kube, ctx, &a, &lease_resource, record, NULL, &answer, err);
	else
		rc = gt_kube_create(l->kube, ctx, &a, &lease_resource, record, NULL, &answer, err);
	if (rc == GT_OK)
		observe(l, &a, answer);
	gt_arena_fini(&a);
	return rc;
}

static int get(struct gt_lease *l, struct gt_ctx *ctx, struct gt_err *err)
{
	struct gt_arena a = {.budget = GT_MIB(1)};
	struct gt_node *record = NULL;
	int rc = gt_kube_get(l->kube, ctx, &a, &lease_resource, l->ns, l->name, &record, err);

	if (rc == GT_OK)
		observe(l, &a, record);
	gt_arena_fini(&a);
	return rc;
}

/* Acquires or renews; GT_E_CONFLICT while somebody else holds it. */
static int attempt(struct gt_lease *l, struct gt_err *err)
{
	gt_auto_arena a = {.budget = GT_MIB(1)};
	gt_auto_ctx ctx;

	gt_ctx_init(&ctx, &l->ctx, request_timeout(l));
	/* Still holding: no need to look first. */
	if (l->leading && l->record && strcmp(holder(l->record), l->identity) == 0 &&
	    put(l, &ctx, claim(l, &a, l->record), err) == GT_OK)
		return GT_OK;
	int rc = get(l, &ctx, err);
	if (rc == GT_E_NOT_FOUND)
		return put(l, &ctx, claim(l, &a, NULL), err);
	if (rc < 0)
		return rc;
	const char *who = holder(l->record);
	bool mine = strcmp(who, l->identity) == 0;
	bool expired = gt_now_mono() - l->observed_at > l->opts.duration_ns;
	if (*who && !mine && !expired)
		return gt_fail(err, GT_E_CONFLICT, "lease is held by %s and has not yet expired",
			       who);
	return put(l, &ctx, claim(l, &a, l->record), err);
}

static void give_up(struct gt_lease *l)
{
	gt_auto_arena a = {.budget = GT_MIB(1)};
	gt_auto_ctx ctx;
	char now[GT_TIME_TEXT];

	if (!l->record || strcmp(holder(l->record), l->identity) != 0)
		return;
	gt_ctx_init(&ctx, NULL, request_timeout(l));
	struct gt_node *r = gt_node_dup(&a, l->record);
	struct gt_node *s = gt_node_need_map(&a, r, "spec");
	gt_rfc3339_us(gt_now_wall(), now);
	gt_node_set_str(&a, s, "holderIdentity", "");
	gt_node_set_int(&a, s, "leaseDurationSeconds", 1);
	gt_node_set_str(&a, s, "renewTime", now);
	gt_node_set_str(&a, s, "acquireTime", now);
	put(l, &ctx, r, NULL);
}

/* --- the thread ------------------------------------------------------------------------------ */

/* True when the lease is ours, false when told to stop. */
static bool acquire(struct gt_lease *l)
{
	struct gt_err err;
	char last[GT_ERR_TEXT_MAX] = "";

	while (gt_ctx_check(&l->ctx, NULL) == GT_OK) {
		if (attempt(l, &err) == GT_OK)
			return true;
		if (strcmp(last, err.text) != 0) {
			gt_log_info(l->opts.log, "waiting for leadership",
				    gt_kv_str("lease", l->name), gt_kv_str("cause", err.text));
			snprintf(last, sizeof last, "%s", err.text);
		}
		double wait = (double)l->opts.retry_ns * (1 + 1.2 * gt_rand_unit());
		gt_ctx_sleep(&l->ctx, (int64_t)wait, NULL);
	}
	return false;
}

/* Renews until told to stop (true) or until it cannot be done in time (false). */
static bool hold(struct gt_lease *l)
{
	int64_t renewed = gt_now_mono();
	struct gt_err err;

	while (gt_ctx_sleep(&l->ctx, l->opts.retry_ns, NULL) == GT_OK) {
		int64_t began = gt_now_mono();
		int rc = attempt(l, &err);
		if (rc == GT_OK)
			renewed = began;
		else if (gt_now_mono() - renewed > l->opts.renew_ns)
			return false;
	}
	return true;
}

static void *run(void *arg)
{
	struct gt_lease *l = arg;

	if (!acquire(l))
		return NULL;
	l->leading = true;
	gt_log_info(l->opts.log, "became leader", gt_kv_str("identity", l->identity));
	if (l->opts.started)
		l->opts.started(l->opts.arg, l->identity);
	bool asked = hold(l);
	if (asked && l->opts.release)
		give_up(l);
	l->leading = false;
	if (!asked && l->opts.lost)
		l->opts.lost(l->opts.arg, l->identity);
	return NULL;
}

/* --- life ------------------------------------------------------------------------------------ */

static char *new_identity(void)
{
	char host[256] = "";
	char uuid[GT_UUID_TEXT];

	if (gethostname(host, sizeof host - 1) < 0)
		host[0] = '\0';
	return gt_xasprintf("%s_%s", host, gt_uuid4(uuid));
}

int gt_lease_new(struct gt_kube *kube, const struct gt_lease_opts *opts, struct gt_lease **ret,
		 struct gt_err *err)
{
	if (opts->duration_ns <= opts->renew_ns)
		return gt_fail(err, GT_E_INVALID,
			       "leaseDuration must be greater than renewDeadline");
	if ((double)opts->renew_ns <= 1.2 * (double)opts->retry_ns || opts->retry_ns <= 0)
		return gt_fail(err, GT_E_INVALID,
			       "renewDeadline must be greater than retryPeriod*JitterFactor");
	struct gt_lease *l = gt_new(struct gt_lease);
	l->kube = gt_kube_ref(kube);
	l->opts = *opts;
	l->ns = gt_xstrdup(opts->ns);
	l->name = gt_xstrdup(opts->name);
	l->identity = opts->identity ? gt_xstrdup(opts->identity) : new_identity();
	gt_ctx_init(&l->ctx, NULL, 0);
	int rc = pthread_create(&l->thread, NULL, run, l);
	if (rc != 0) {
		gt_fail_errno(err, rc, "start the thread of the lease");
		l->thread = 0;
		gt_lease_free(l);
		return GT_E_IO;
	}
	*ret = l;
	return GT_OK;
}

void gt_lease_free(struct gt_lease *l)
{
	if (!l)
		return;
	gt_ctx_cancel(&l->ctx, "stopping");
	if (l->thread)
		pthread_join(l->thread, NULL);
	gt_arena_fini(&l->arena);
	gt_kube_unref(l->kube);
	gt_ctx_fini(&l->ctx);
	free(l->ns);
	free(l->name);
	free(l->identity);
	free(l);
}

bool gt_lease_is_leader(const struct gt_lease *l)
{
	return l->leading;
}

const char *gt_lease_identity(const struct gt_lease *l)
{
	return l->identity;
}
