/* A compiled structural schema.  Private to this folder. */
#ifndef GT_OPENAPI_MODEL_H
#define GT_OPENAPI_MODEL_H

#include "base/limits.h"
#include "openapi/openapi.h"
#include "text/regex.h"

enum oa_type { /* bits */
	       OA_OBJECT = 1 << 0,
	       OA_ARRAY = 1 << 1,
	       OA_STRING = 1 << 2,
	       OA_INTEGER = 1 << 3,
	       OA_NUMBER = 1 << 4,
	       OA_BOOLEAN = 1 << 5,
};

enum oa_flag { /* bits */
	       OA_NULLABLE = 1 << 0,
	       OA_PRESERVE = 1 << 1, /* x-kubernetes-preserve-unknown-fields */
	       OA_EMBEDDED = 1 << 2,
	       OA_INT_OR_STRING = 1 << 3,
	       OA_EXCLUSIVE_MIN = 1 << 4,
	       OA_EXCLUSIVE_MAX = 1 << 5,
	       OA_LIST_SET = 1 << 6,
	       OA_LIST_MAP = 1 << 7,
	       OA_ANY_EXTRA = 1 << 8, /* additionalProperties: true */
	       OA_NO_EXTRA = 1 << 9,  /* additionalProperties: false */
	       OA_RULES = 1 << 10,    /* x-kubernetes-validations here */
	       OA_DEFAULTS = 1 << 11, /* a default here or below */
};

struct oa_format;

struct oa_prop {
	struct gt_str name;
	struct oa_schema *schema;
};

struct oa_list {
	struct oa_schema **v;
	uint32_t n;
};

struct oa_schema {
	uint16_t types; /* enum oa_type bits, 0: any */
	uint16_t flags; /* enum oa_flag bits */
	uint32_t n_props, n_required, n_keys;
	struct oa_prop *props;   /* by name */
	struct gt_str *required; /* in order */
	struct gt_str *keys;     /* x-kubernetes-list-map-keys */
	struct oa_schema *extra; /* additionalProperties */
	struct oa_schema *items;
	struct gt_node *enumeration; /* sequence, or NULL */
	struct gt_node *default_value;
	struct gt_node *min, *max, *multiple_of;
	int64_t min_length, max_length, min_items, max_items, min_props, max_props; /* -1: none */
	const char *pattern;
	struct gt_regex *regex;
	const struct oa_format *format;
	struct oa_list all_of, any_of, one_of;
	struct oa_schema * not ;
};

struct gt_openapi {
	struct gt_arena arena;
	struct oa_schema *root; /* NULL: keeps everything */
	bool has_rules;
	struct oa_list compiled; /* all of them, to free their patterns */
	uint32_t cap;
};

const struct oa_schema *oa_prop(const struct oa_schema *s, struct gt_str name);

/* The JSON type names of a set of types, "integer,string". */
const char *oa_type_names(uint16_t types, char text[64]);

/* Formats. */
const struct oa_format *oa_format_find(const char *name); /* NULL: not known, not checked */
const char *oa_format_name(const struct oa_format *f);
/* Whether the text fits; formats of numbers accept any. */
bool oa_format_check(const struct oa_format *f, struct gt_str text);
/* The range of a number format; false when it has none. */
bool oa_format_is_int32(const struct oa_format *f);

#endif
