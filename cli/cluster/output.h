/* Whole objects on standard output. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "cluster.h"

/* As --output says: one object (single), or a List.  The exit code. */
int output_objects(struct cluster *c, struct gt_node *items, bool single);

/* One YAML document after a "---" line. */
void output_yaml_document(const struct gt_node *obj);

#endif
