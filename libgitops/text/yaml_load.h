/* The YAML parser's state, shared by its two files.  Private to libgitops/text. */
#ifndef GT_TEXT_YAML_LOAD_H
#define GT_TEXT_YAML_LOAD_H

#include <yaml.h>

#include "base/limits.h"
#include "text/yaml_impl.h"

struct gt_yaml_frame {
	size_t base; /* of its children in the stack of pairs */
	bool is_map;
	bool has_merge;   /* one of its keys is << */
	bool key_pending; /* the last pair has its key and waits for the value */
	uint8_t style;
	uint32_t line, col;
	char *anchor; /* in the arena, or NULL */
};

struct gt_yaml_loader {
	struct gt_arena *a;
	const struct gt_yaml_opts *opts;
	struct gt_err *err;
	yaml_parser_t yaml;
	struct gt_pair *pairs;
	size_t npairs, cap;
	unsigned depth;
	struct gt_yaml_frame frames[GT_LIMIT_DEPTH];
	struct gt_node *anchors; /* of the document: name -> node */
	size_t alias_nodes;
	struct gt_node *root;
};

/* The key of a << pair; told from any other key by its address. */
extern const char gt_yaml__merge_key[];

/* "<name>:<line>:<col>: <cause><what>", without a name "line <line>: <cause><what>". */
int gt_yaml__fail_at(const struct gt_yaml_loader *ld, uint32_t line, uint32_t col,
		     enum gt_code code, const char *cause, struct gt_str what);
int gt_yaml__fail_event(const struct gt_yaml_loader *ld, const yaml_event_t *ev, const char *cause,
			struct gt_str what);

int gt_yaml__make_scalar(struct gt_yaml_loader *ld, const yaml_event_t *ev,
			 struct gt_node **ret_node);

/* Fills in key and line of the pair. */
int gt_yaml__make_key(struct gt_yaml_loader *ld, const yaml_event_t *ev, struct gt_pair *pair);

/* A copy of what an anchor names: the tree may be changed, so nothing is shared. */
int gt_yaml__expand_alias(struct gt_yaml_loader *ld, const yaml_event_t *ev,
			  struct gt_node **ret_node);

#endif
