/*
 * as_resource - a resource the server serves: built in, or of a CustomResourceDefinition; with all
 * its versions.
 *
 * Immutable and shared by reference count; a changed CRD gives a new one for the same table.
 * Any thread.
 */
#ifndef AS_RESOURCE_H
#define AS_RESOURCE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "openapi/openapi.h"
#include "schema/schema.h"
#include "store.h"

enum as_resource_flag {
	AS_R_NAMESPACED = 1 << 0,
	AS_R_STATUS = 1 << 1,     /* has /status */
	AS_R_SCALE = 1 << 2,      /* has /scale */
	AS_R_GENERATION = 1 << 3, /* keeps metadata.generation */
	AS_R_CUSTOM = 1 << 4,     /* of a CRD */
	AS_R_VIRTUAL = 1 << 5,    /* answered, never stored: reviews */
	AS_R_NEEDS_RV = 1 << 6,   /* an update must name the resourceVersion */
	AS_R_UPSERT = 1 << 7,     /* PUT creates */
	AS_R_DYING = 1 << 8,      /* its CRD is being deleted: no creates */
};

struct as_column {
	const char *name, *type, *format, *description, *path;
	int64_t priority;
};

struct as_version {
	const char *name;        /* "v1" */
	const char *api_version; /* "apps/v1" */
	struct gt_type type;     /* of the whole object */
	bool served, storage, deprecated;
	const char *deprecation;           /* the warning of a deprecated version */
	const struct gt_schema_kind *kind; /* built-in */

	/* custom */
	struct gt_openapi *schema;
	const struct gt_node *document; /* the schema as written, or NULL */
	struct as_column *columns;      /* additionalPrinterColumns */
	size_t n_columns;
	const char *const *selectable; /* selectableFields[].jsonPath */
	size_t n_selectable;
	bool status, scale;
	const char *replicas_path, *status_replicas_path, *selector_path;
};

struct as_resource {
	atomic_uint refs;
	const char *group, *plural, *singular, *kind, *list_kind;
	const char *const *short_names; /* NULL-terminated */
	const char *const *categories;  /* NULL-terminated */
	const char *qualified;          /* "pods", "deployments.apps": as errors name it */
	uint16_t verbs;                 /* enum gt_verb bits */
	uint16_t flags;
	uint32_t n_versions, storage; /* index of the storage version */
	struct as_version *versions;  /* preferred first */
	struct as_table *table;       /* NULL when virtual */
	int64_t defined;              /* revision of the CRD; later objects have its defaults */
	struct gt_arena arena;        /* all of the above */
};

struct as_resource *as_resource_ref(struct as_resource *r);
void as_resource_unref(struct as_resource *r); /* NULL allowed */

/* The served version, or NULL. */
const struct as_version *as_resource_version(const struct as_resource *r, struct gt_str version);
static inline const struct as_version *as_resource_storage(const struct as_resource *r)
{
	return &r->versions[r->storage];
}
static inline bool as_resource_is(const struct as_resource *r, const char *group,
				  const char *plural)
{
	return gt_streq(r->group, group) && gt_streq(r->plural, plural);
}

/* --- the registry ------------------------------------------------------------------------- */

struct as_registry;

/* With the built-in resources of Kubernetes 1.36. */
struct as_registry *as_registry_new(struct as_store *store);
void as_registry_free(struct as_registry *reg);

/* A reference, or NULL. */
struct as_resource *as_registry_find(struct as_registry *reg, struct gt_str group,
				     struct gt_str plural);
struct as_resource *as_registry_find_kind(struct as_registry *reg, struct gt_str group,
					  struct gt_str kind);

/* Adds or replaces a custom resource (takes the reference), or removes it. */
void as_registry_put(struct as_registry *reg, struct as_resource *r);
void as_registry_drop(struct as_registry *reg, struct gt_str group, struct gt_str plural);

/* All of them, each a reference, ordered by group (in the order of discovery) and name. */
struct as_resource **as_registry_all(struct as_registry *reg, size_t *ret_n);
void as_resources_free(struct as_resource **v, size_t n);

/* Changes with every put and drop: what was made from the registry is stale then. */
uint64_t as_registry_generation(struct as_registry *reg);

#endif
