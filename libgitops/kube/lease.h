/*
 * gt_lease - leader election on a coordination.k8s.io/v1 Lease (upstream: client-go
 * tools/leaderelection).  Expiry is judged by the local time of the last change seen, so clocks
 * need not agree.  Runs on a thread of its own.
 */
#ifndef GT_KUBE_LEASE_H
#define GT_KUBE_LEASE_H

#include "kube/client.h"

struct gt_lease;

struct gt_lease_opts {
	const char *ns, *name;
	const char *identity; /* NULL: "<hostname>_<uuid>" */
	int64_t duration_ns;  /* 35 s */
	int64_t renew_ns;     /* 30 s: not renewed that long, leadership is lost */
	int64_t retry_ns;     /* 5 s */
	bool release;         /* give it up on stop */
	const struct gt_log *log;
	/* On the lease's thread: leader now; leader no more, without having been asked. */
	void (*started)(void *arg, const char *identity);
	void (*lost)(void *arg, const char *identity);
	void *arg;
};

/* INVALID unless duration > renew > 1.2 retry.  Strings are copied. */
int gt_lease_new(struct gt_kube *kube, const struct gt_lease_opts *opts, struct gt_lease **ret,
		 struct gt_err *err);
/* Stops, releases when asked to, joins the thread. */
void gt_lease_free(struct gt_lease *l);
bool gt_lease_is_leader(const struct gt_lease *l);
const char *gt_lease_identity(const struct gt_lease *l);

#endif
