/*
 * The local instance: what `gitops up` keeps in its data folder, and how other commands find it.
 *
 *	DATA/lock          held by the supervisor while it runs
 *	DATA/up.json       what runs where, replaced atomically
 *	DATA/kubeconfig    0600
 *	DATA/apiserver/    state of the API server
 *	DATA/storage/      artifacts
 *	DATA/logs/         one file a process
 */
#ifndef CLI_LOCAL_H
#define CLI_LOCAL_H

#include <stdbool.h>
#include <sys/types.h>

#include "text/node.h"

/* The folder: the flag's value, else $XDG_DATA_HOME/gitops, else ~/.local/share/gitops.  Absolute;
 * malloc'ed. */
int cli_local_dir(const char *flag, char **ret_dir, struct gt_err *err);

/* Makes the folder and takes the lock.  GT_E_EXISTS names the process that holds it. */
int cli_local_lock(const char *dir, int *ret_fd, struct gt_err *err);

/* The supervisor that holds the lock, 0 when none does. */
pid_t cli_local_running(const char *dir);

int cli_local_write_state(const char *dir, const struct gt_node *state, struct gt_err *err);
/* GT_E_NOT_FOUND when nothing was ever started there. */
int cli_local_read_state(struct gt_arena *a, const char *dir, struct gt_node **ret_state,
			 struct gt_err *err);

#endif
