/*
 * gt_schema - facts about the built-in Kubernetes kinds.
 *
 * Two read-only tables made at build time from libgitops/schema/data: the
 * kinds, resources and types of Kubernetes 1.36, and the frozen older set
 * that kustomize merges with.  Types are walked with the accessors of type.h.
 * Descriptions and defaulting rules are no part of the tables.
 *
 * Everything here is constant, costs nothing at start-up, allocates nothing
 * and may be used from any thread.
 */
#ifndef GT_SCHEMA_SCHEMA_H
#define GT_SCHEMA_SCHEMA_H

#include "schema/type.h"

struct gt_schema;

enum gt_schema_set {
	GT_SCHEMA_K8S,       /* Kubernetes 1.36 */
	GT_SCHEMA_KUSTOMIZE, /* Kubernetes 1.21, as kustomize 5 merges */
};

/* Never NULL. */
const struct gt_schema *gt_schema_get(enum gt_schema_set set);

enum gt_kind_flag {
	GT_KIND_NAMESPACED = 1 << 0,
	GT_KIND_SERVED = 1 << 1,     /* stands in discovery by default */
	GT_KIND_LIST = 1 << 2,       /* a collection: metadata and items */
	GT_KIND_STATUS = 1 << 3,     /* has a /status subresource */
	GT_KIND_GENERATION = 1 << 4, /* metadata.generation is kept */
	GT_KIND_CLIENT_GO = 1 << 5,  /* typed in client-go's scheme */
	GT_KIND_SCOPED = 1 << 6,     /* its scope is known */
};

enum gt_verb { /* bits */
	       GT_VERB_CREATE = 1 << 0,
	       GT_VERB_DELETE = 1 << 1,
	       GT_VERB_DELETECOLLECTION = 1 << 2,
	       GT_VERB_GET = 1 << 3,
	       GT_VERB_LIST = 1 << 4,
	       GT_VERB_PATCH = 1 << 5,
	       GT_VERB_UPDATE = 1 << 6,
	       GT_VERB_WATCH = 1 << 7,
};

/* Names of the verbs in the order of their bits; NULL beyond the last. */
const char *gt_verb_name(size_t bit);

/*
 * One kind.  resource is "" for a kind that no endpoint serves by itself
 * (lists, DeleteOptions, bodies of subresources such as Scale).
 */
struct gt_schema_kind {
	const char *group; /* "" for core */
	const char *version;
	const char *kind;
	const char *resource; /* plural */
	const char *singular;
	struct gt_type type; /* of the whole object */
	uint16_t flags;      /* enum gt_kind_flag bits */
	uint16_t verbs;      /* enum gt_verb bits */
	const struct gt_schema *set;
	uint32_t row;
};

struct gt_schema_sub {
	const char *name;  /* "status", "scale", "eviction" ... */
	const char *group; /* of the kind it speaks */
	const char *version;
	const char *kind;
	uint16_t verbs;
};

struct gt_schema_group {
	const char *name;  /* "" for core */
	uint32_t priority; /* higher comes first in discovery */
	const struct gt_schema *set;
	uint32_t row;
};

/*
 * Finds a kind; false leaves *ret untouched.  The option kinds that every
 * group-version understands (DeleteOptions, ListOptions, WatchEvent ...) are
 * found under any of them.  O(log kinds).
 */
bool gt_schema_find_kind(const struct gt_schema *s, const char *group, const char *version,
			 const char *kind, struct gt_schema_kind *ret);

/* As above by plural resource name. */
bool gt_schema_find_resource(const struct gt_schema *s, const char *group, const char *version,
			     const char *resource, struct gt_schema_kind *ret);

/*
 * All kinds, ordered by group, version, resource; those without a resource
 * come first in their version.  Served ones of one group-version thus come in
 * the order of discovery.
 */
size_t gt_schema_kind_count(const struct gt_schema *s);
void gt_schema_kind_at(const struct gt_schema *s, size_t i, struct gt_schema_kind *ret);

/* The i-th short name, category; NULL beyond the last. */
const char *gt_schema_short_name(const struct gt_schema_kind *k, size_t i);
const char *gt_schema_category(const struct gt_schema_kind *k, size_t i);

/* The i-th subresource; false beyond the last. */
bool gt_schema_sub_at(const struct gt_schema_kind *k, size_t i, struct gt_schema_sub *ret);

/* Groups in the order of discovery (core first). */
size_t gt_schema_group_count(const struct gt_schema *s);
void gt_schema_group_at(const struct gt_schema *s, size_t i, struct gt_schema_group *ret);

/* Served versions of a group, preferred one first; NULL beyond the last. */
const char *gt_schema_group_version(const struct gt_schema_group *g, size_t i);

/*
 * Whether objects of the kind live in a namespace.  *ret_known is false when
 * the table does not know the kind.
 */
bool gt_schema_is_namespaced(const struct gt_schema *s, const char *group, const char *version,
			     const char *kind, bool *ret_known);

/*
 * A type by its OpenAPI name ("io.k8s.api.core.v1.PodSpec"), GT_TYPE_NONE when
 * unknown; and the name of a struct type, written to buf ("" for unnamed
 * ones).  gt_schema_type_name() returns the length it needs.  Finding is O(types): keep the result.
 */
struct gt_type gt_schema_find_type(const struct gt_schema *s, const char *name);
size_t gt_schema_type_name(struct gt_type t, char *buf, size_t size);

/* Struct types by number, for documents; i below gt_schema_type_count(). */
size_t gt_schema_type_count(const struct gt_schema *s);
struct gt_type gt_schema_type_at(const struct gt_schema *s, size_t i);

/*
 * The protobuf view of a built-in struct type.  A field that JSON inlines has
 * no name of its own: then *ret names "" and its type is the inlined struct.
 */
bool gt_schema_proto_field(struct gt_type t, uint32_t number, struct gt_field *ret);

/*
 * How protobuf wraps a value whose JSON form has no message of its own.  Of the three unions
 * gt_type_elem() is the schema that may stand there; the type itself is untyped.
 */
enum gt_wire {
	GT_WIRE_PLAIN,
	GT_WIRE_RAW,        /* {1: JSON bytes} */
	GT_WIRE_ITEMS,      /* {1: repeated items} is a plain list */
	GT_WIRE_OR_BOOL,    /* {1: bool, 2: schema} */
	GT_WIRE_OR_ARRAY,   /* {1: schema, 2: repeated schema} */
	GT_WIRE_OR_STRINGS, /* {1: schema, 2: repeated string} */
};
enum gt_wire gt_schema_wire(struct gt_type t);

#endif
