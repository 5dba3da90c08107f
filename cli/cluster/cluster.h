/*
 * The cluster module: what its commands share.  Each command is a row of the table in run.c.
 */
#ifndef CLI_CLUSTER_H
#define CLI_CLUSTER_H

#include "api/kinds.h"
#include "base/ctx.h"
#include "command.h"
#include "kube/client.h"
#include "kube/object.h"
#include "print.h"

/* A command under way: the client, the deadline (--timeout), memory. */
struct cluster {
	const struct cli_call *call;
	struct gt_loop *loop;
	struct gt_kube *kube;
	struct gt_ctx ctx;
	struct gt_arena arena;
	const char *ns; /* the effective namespace */
	struct gt_rest_config config;
};

typedef int (*cluster_fn)(struct cluster *c);

/* The commands; the exit code. */
int cluster_get(struct cluster *c);
int cluster_reconcile(struct cluster *c);
int cluster_suspend(struct cluster *c);
int cluster_resume(struct cluster *c);
int cluster_create_source_git(struct cluster *c);
int cluster_create_kustomization(struct cluster *c);
int cluster_delete(struct cluster *c);
int cluster_export(struct cluster *c);
int cluster_events(struct cluster *c);
int cluster_logs(struct cluster *c);
int cluster_check(struct cluster *c);
int cluster_version(struct cluster *c);
int cluster_install(struct cluster *c);

/* Prints the names that complete the last argument. */
int cluster_complete(struct cluster *c);

#endif
