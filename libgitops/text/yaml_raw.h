/*
 * YAML as it is written: the representation tree, before scalars get types.
 *
 * kustomize edits this tree, not values: what "1.20" becomes depends on how it was quoted, and on
 * what stood there before.  Every scalar is a GT_STR node with its style, and with the tag it
 * carries in `flags` (enum gt_raw_tag): an untagged plain scalar has no type until somebody asks.
 * Maps, sequences, aliases (expanded, each a copy of its own) and merge keys are as in yaml.h.
 *
 * Any thread; the tree belongs to the arena's owner.
 */
#ifndef GT_TEXT_YAML_RAW_H
#define GT_TEXT_YAML_RAW_H

#include "text/node.h"

enum gt_raw_tag {
	GT_RAW_NONE, /* plain scalars resolve by their text, others are strings */
	GT_RAW_STR,
	GT_RAW_INT,
	GT_RAW_FLOAT,
	GT_RAW_BOOL,
	GT_RAW_NULL,
	GT_RAW_BINARY,
	GT_RAW_TIME,
};

struct gt_yaml_raw_opts {
	uint32_t first_line; /* number of the text's first line; 0 counts as 1 */
	bool dup_keys_ok;    /* the last value wins; else an error */
	/* Called with each key, which it may replace by a text that lives as long as the arena;
	 * top: of the outermost map.  False refuses the key.  May be NULL. */
	bool (*key)(struct gt_arena *a, struct gt_str *key, enum gt_style style,
		    enum gt_raw_tag tag, bool top);
};

/*
 * The first document of the text; what follows it is not looked at.  An empty document gives NULL.
 * Errors read "line <n>: <cause>".
 */
int gt_yaml_raw_parse(struct gt_arena *a, struct gt_str text, const struct gt_yaml_raw_opts *opts,
		      struct gt_node **ret_node, struct gt_err *err);

#endif
