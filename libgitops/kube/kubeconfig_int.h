/* What kube/rest_config.c needs of kube/kubeconfig.c. */
#ifndef GT_KUBE_KUBECONFIG_INT_H
#define GT_KUBE_KUBECONFIG_INT_H

#include "kube/kubeconfig.h"

/* As gt_kubeconfig_select, without looking at any file the configuration names. */
int gt_kubeconfig__select_remote(struct gt_kubeconfig *kc, struct gt_rest_config *ret_config,
				 struct gt_err *err);

#endif
