/*
 * YAML in and out of the document tree.
 *
 * In: libyaml's events, scalars resolved as Go's YAML libraries resolve them (the rules differ
 * between them, see enum gt_yaml_rules), merge keys applied, aliases expanded under a limit,
 * repeated keys refused or tolerated as asked.  Non-string keys become strings, as
 * sigs.k8s.io/yaml makes of them.
 *
 * Out: the text that sigs.k8s.io/yaml (keys sorted by the caller or not) or kyaml would print:
 * quoting, folding, indentation.  Byte for byte; tests hold both against the real tools' output.
 */
#ifndef GT_TEXT_YAML_H
#define GT_TEXT_YAML_H

#include "text/node.h"

enum gt_yaml_rules {
	/* sigs.k8s.io/yaml over go-yaml v2: YAML 1.1 words (yes, on, y as keys...), 0777 octal,
	 * 1_000, sexagesimal stays a string.  What kubectl and controllers use for manifests. */
	GT_YAML_GO_V2,
	/* go-yaml v3: the bool words of 1.1 are strings, times become RFC 3339, a map's own keys
	 * win over merged ones, keys keep the text they were written with. */
	GT_YAML_GO_V3,
};

struct gt_yaml_opts {
	enum gt_yaml_rules rules;
	bool dup_keys_ok; /* the last value wins; else an error that names key and line */
	const char *name; /* of the file, for errors; may be NULL */
};

/* One document; an empty stream gives null.  More than one document is an error.  Errors read
 * "<name>:<line>:<col>: <cause>" (without name: "line <n>: <cause>"). */
int gt_yaml_parse(struct gt_arena *a, struct gt_str text, const struct gt_yaml_opts *opts,
		  struct gt_node **ret_node, struct gt_err *err);

/* Every document of a stream, as items of a sequence; empty documents are null items. */
int gt_yaml_parse_all(struct gt_arena *a, struct gt_str text, const struct gt_yaml_opts *opts,
		      struct gt_node **ret_docs, struct gt_err *err);

/* JSON when the first byte that is not white space is '{' or '[', YAML otherwise. */
int gt_yaml_or_json_parse(struct gt_arena *a, struct gt_str text, const struct gt_yaml_opts *opts,
			  struct gt_node **ret_node, struct gt_err *err);

enum gt_yaml_style {
	/* Keys in go-yaml's natural order, as sigs.k8s.io/yaml prints them. */
	GT_YAML_SORTED = 1 << 0,
	/* Sequences are indented under their key. */
	GT_YAML_SEQ_INDENT = 1 << 1,
	/* Long scalars are not folded at 80 columns, as in go-yaml v3. */
	GT_YAML_NO_FOLD = 1 << 2,
	/* Quotes, literals and flow collections as gt_node.style has them, where the text allows;
	 * numbers as they were written.  Folded scalars come out literal. */
	GT_YAML_KEEP_STYLE = 1 << 3,
};

/*
 * Appends one document, ending in a newline, without "---".  Without GT_YAML_KEEP_STYLE numbers are
 * printed as Go prints the int64, uint64 or float64 it makes of them: 1.50 as 1.5, 1e3 as 1000.
 * Invalid UTF-8 becomes U+FFFD.
 */
void gt_yaml_write(struct gt_buf *out, const struct gt_node *n, unsigned style);

/* go-yaml's order of keys: digits by value, letters after other characters. */
int gt_yaml_key_cmp(struct gt_str a, struct gt_str b);

#endif
