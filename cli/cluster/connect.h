/* Opening and closing a command's connection to the cluster. */
#ifndef CLI_CONNECT_H
#define CLI_CONNECT_H

#include "cluster.h"

/*
 * Fills *c from the global flags: kubeconfig, or the local instance when there is no kubeconfig at
 * all; namespace; deadline.  offline: no client is made.  cluster_close() in any case.
 */
int cluster_open(struct cluster *c, bool offline, struct gt_err *err);
void cluster_close(struct cluster *c);

#endif
