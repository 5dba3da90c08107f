/* The module's entry: connects, runs the command, cleans up. */
#include <signal.h>
#include <string.h>

#include "cluster.h"
#include "connect.h"
#include "module.h"

static const struct {
	const char *path; /* a command, or with a trailing blank all below it */
	cluster_fn fn;
	bool offline_with_export; /* needs no cluster with --export */
} table[] = {
	{"get ", cluster_get, false},
	{"reconcile ", cluster_reconcile, false},
	{"suspend ", cluster_suspend, false},
	{"resume ", cluster_resume, false},
	{"create source git", cluster_create_source_git, true},
	{"create kustomization", cluster_create_kustomization, true},
	{"delete ", cluster_delete, false},
	{"export ", cluster_export, false},
	{"events", cluster_events, false},
	{"logs", cluster_logs, false},
	{"check", cluster_check, false},
	{"version", cluster_version, false},
	{"__install", cluster_install, false},
};

static bool row_is(const char *row, const char *path)
{
	size_t n = strlen(row);

	return row[n - 1] == ' ' ? strncmp(row, path, n) == 0 : strcmp(row, path) == 0;
}

/* Exported: the program finds it by name. */
__attribute__((visibility("default"))) int cli_cluster_run(const struct cli_call *call)
{
	struct cluster c = {.call = call};
	struct gt_err err;

	for (size_t i = 0; i < GT_COUNT(table); i++) {
		if (!row_is(table[i].path, call->command->path))
			continue;
		bool offline = table[i].offline_with_export && !call->complete &&
			       cli_flag_bool(call, "export");
		int rc = cluster_open(&c, offline, &err);
		if (rc < 0)
			rc = call->complete ? 1 : cli_fail(&err);
		else
			rc = call->complete ? cluster_complete(&c) : table[i].fn(&c);
		cluster_close(&c);
		return rc;
	}
	return cli_failf("the cluster module does not know \"%s\"", call->command->path);
}
