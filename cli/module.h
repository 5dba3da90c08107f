/*
 * The seam between the program and the cluster module: the module exports one function, and the
 * program lends it what both print with.
 */
#ifndef CLI_MODULE_H
#define CLI_MODULE_H

#include "command.h"

#define CLI_MODULE_ENTRY "cli_cluster_run"

/* Exported by the module.  Runs the call's command by its path; the exit code. */
int cli_cluster_run(const struct cli_call *call);

#endif
