/* What the YAML parser and the YAML writer share.  Private to libgitops/text. */
#ifndef GT_TEXT_YAML_IMPL_H
#define GT_TEXT_YAML_IMPL_H

#include "text/yaml.h"

enum gt_yaml_type {
	GT_YAML_STR,
	GT_YAML_NULL,
	GT_YAML_BOOL,
	GT_YAML_INT,
	GT_YAML_FLOAT,
	GT_YAML_INF_NAN,
	GT_YAML_TIME,
};

/* What a plain scalar of the text is. */
enum gt_yaml_type gt_yaml__resolve(struct gt_str text, enum gt_yaml_rules rules);

/* The JSON text of a scalar that resolved to GT_YAML_INT or GT_YAML_FLOAT. */
struct gt_str gt_yaml__number(struct gt_arena *a, struct gt_str text, enum gt_kind *ret_kind);

/* YAML 1.1's base 60, which nobody reads as a number and writers quote. */
bool gt_yaml__is_base60(struct gt_str text);

/* Appends the RFC 3339 form of a text that resolved to GT_YAML_TIME. */
void gt_yaml__rfc3339(struct gt_buf *out, struct gt_str text);

/*
 * The writer's position.  `bol` is set while nothing but indentation stands on the line; column
 * counts characters.
 */
struct gt_yaml_out {
	struct gt_buf *buf;
	size_t column;
	bool bol;
	unsigned style;
};

/* One scalar, without the space before it.  Continuation lines are indented by `indent`. */
void gt_yaml__put_scalar(struct gt_yaml_out *o, const struct gt_node *n, unsigned indent);

/* A key; simple ones stay on their line.  False when the key needs "? ". */
bool gt_yaml__is_simple_key(struct gt_str key);
void gt_yaml__put_key(struct gt_yaml_out *o, struct gt_str key, bool simple, unsigned indent);

void gt_yaml__put(struct gt_yaml_out *o, const char *ascii, size_t n);
void gt_yaml__newline(struct gt_yaml_out *o, unsigned indent);

#endif
