/* Log lines of the controllers: reading their JSON, choosing, printing. */
#ifndef CLI_LOGS_H
#define CLI_LOGS_H

#include "cluster.h"

struct log_filter {
	const char *level, *kind, *name, *ns; /* NULL or "" for any */
	int64_t since;                        /* wall nanoseconds, 0 for any */
};

/* Prints the line if it is one of a controller and passes; others are dropped. */
void log_print_line(const struct log_filter *f, struct gt_str line);

/* From the files of the local instance; tail < 0 for everything.  The exit code. */
int logs_from_files(struct cluster *c, const struct log_filter *f, const struct gt_node *state);

#endif
