/*
 * Child processes of the supervisor.  A child gets a pipe on which it reports, in one line of JSON,
 * that it serves and where (--report-fd); its output is appended to a log file; it is terminated
 * by the kernel should the supervisor die.
 */
#ifndef CLI_SPAWN_H
#define CLI_SPAWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

struct cli_child {
	const char *name; /* of the program and its log */
	pid_t pid;        /* 0 when not running */
	int report_fd;    /* -1 once closed */
	struct gt_buf report;
	bool ready;
};

/* The folder of the running program; malloc'ed. */
char *cli_program_dir(void);

/*
 * Starts PROGRAM_DIR/name with the arguments (without argv[0]; NULL-terminated) followed by
 * --report-fd.  log_path is appended to; env ("NAME=value") is added to the environment.
 */
int cli_spawn(struct cli_child *c, const char *name, const char *const *args,
	      const char *const *env, const char *log_path, struct gt_err *err);

/* Reads what the child has to say, without waiting for more than there is; true once the whole
 * line is there (or the pipe was closed). */
bool cli_child_read(struct cli_child *c);

/* The same for a child that outlives us: a session of its own, no death signal. */
int cli_spawn_detached(struct cli_child *c, const char *name, const char *const *args,
		       const char *log_path, struct gt_err *err);

/* Waits for the report; false when the child ended without one, or after timeout_ns. */
bool cli_child_wait(struct cli_child *c, int64_t timeout_ns);

/* Runs a program of the folder to its end; its exit status, or a negative code. */
int cli_run_program(const char *name, const char *const *args, struct gt_err *err);

void cli_child_fini(struct cli_child *c);

#endif
