/* What kube/watch_each.c needs of kube/watch.c. */
#ifndef GT_KUBE_WATCH_INT_H
#define GT_KUBE_WATCH_INT_H

#include "kube/watch.h"

/* As gt_watch_start; with raw set, the undecoded elements go there instead of fns->event. */
struct gt_watch *gt_watch__start(struct gt_kube *k, const struct gt_resource *r, const char *ns,
				 const struct gt_watch_opts *opts, const struct gt_watch_fns *fns,
				 int (*raw)(void *arg, struct gt_str text, struct gt_err *err));

#endif
