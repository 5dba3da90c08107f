/*
 * Decoding a document by a table of fields, as Go's encoding/json fills a struct: names match
 * without regard to case, null leaves a field alone, and the result has the names of the table.
 */
#ifndef GT_KUSTOMIZE_DECODE_H
#define GT_KUSTOMIZE_DECODE_H

#include "kustomize/kz.h"

enum kz_field_type {
	KZ_F_STR,
	KZ_F_BOOL,
	KZ_F_INT,
	KZ_F_STRS,   /* list of strings */
	KZ_F_STRMAP, /* map of strings */
	KZ_F_OBJ,    /* map with fields of its own */
	KZ_F_OBJS,   /* list of such maps */
	KZ_F_ANY,    /* taken as it is */
};

struct kz_field {
	const char *name; /* NULL ends a table */
	enum kz_field_type type;
	const struct kz_field *sub;
};

enum kz_decode_mode {
	KZ_STRICT,  /* unknown fields are errors */
	KZ_LENIENT, /* unknown fields are dropped */
	KZ_COERCE,  /* and scalars are made strings where strings are wanted */
};

/* doc is a tree of values.  Errors name line and field. */
int kz_decode(struct kz_build *b, const struct gt_node *doc, const struct kz_field *fields,
	      enum kz_decode_mode mode, struct gt_node **ret);

/* Reads YAML 1.1 (or JSON) into values: the first document, the last of repeated keys. */
int kz_parse_values(struct kz_build *b, struct gt_str text, struct gt_node **ret);

extern const struct kz_field kz_kustomization_fields[];
extern const struct kz_field kz_config_fields[];
extern const struct kz_field kz_replacement_fields[]; /* one item */
extern const struct kz_field kz_selector_fields[];
extern const struct kz_field kz_plugin_fields[]; /* all builtin plugin configs together */

#endif
