/*
 * as_object - a stored object: its JSON text in the storage version, and what must be known of it
 * without parsing.
 *
 * Immutable and shared by reference count: the table, the history, lists and watches hold the same
 * bytes.  The text starts with kind, apiVersion and metadata, and metadata with name, namespace,
 * uid and resourceVersion, so that the version can be stamped into it without another encoding.
 * Any thread.
 */
#ifndef AS_OBJECT_H
#define AS_OBJECT_H

#include <stdatomic.h>

#include "text/node.h"

struct as_object {
	atomic_uint refs;
	uint32_t rv_at, rv_len; /* where the digits of resourceVersion stand in json */
	uint32_t n_labels;
	int64_t rev;
	struct gt_str json;
	struct gt_str key; /* "namespace/name", or "name" */
	struct gt_str ns, name, uid;
	const char *labels; /* n_labels times "key\0value\0" */
	bool deleting;      /* has a deletionTimestamp */
	bool owned;         /* has ownerReferences */
	char data[];
};

/* A text that lacks only its resourceVersion: head, digits, tail. */
struct as_draft {
	struct gt_buf json; /* without the digits */
	size_t rv_at;
	struct gt_str ns, name, uid; /* borrowed from the node */
	const struct gt_node *labels;
	bool deleting, owned;
};

/* Encodes; the node is in the storage version and complete. */
int as_draft_init(struct as_draft *d, struct gt_arena *a, const struct gt_node *obj,
		  struct gt_err *err);
void as_draft_fini(struct as_draft *d);

/* Never NULL; one reference.  */
struct as_object *as_object_new(const struct as_draft *d, int64_t rev);
/* The same content at another revision: a deletion. */
struct as_object *as_object_restamp(const struct as_object *o, int64_t rev);
struct as_object *as_object_ref(struct as_object *o);
void as_object_unref(struct as_object *o); /* NULL allowed */

/* The value of a label; p NULL if absent. */
struct gt_str as_object_label(const struct as_object *o, struct gt_str key);

/* The tree of the object; the text is not referred to afterwards. */
int as_object_parse(const struct as_object *o, struct gt_arena *a, struct gt_node **ret_obj,
		    struct gt_err *err);

/* A stored text read back; GT_E_INVALID if it is no such text. */
int as_object_load(struct gt_arena *a, struct gt_str json, int64_t rev, struct as_object **ret_o,
		   struct gt_err *err);

#endif
