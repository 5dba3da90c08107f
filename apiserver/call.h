/*
 * as_call - one request on its way through the server, from the network or from inside.
 *
 * A call owns an arena in which everything it makes lives.  Steps return GT_OK or a negative code;
 * on failure call->status is the Status object that the client gets (status.h makes them).  A call
 * is worked on by one thread at a time.
 */
#ifndef AS_CALL_H
#define AS_CALL_H

#include <stdbool.h>

#include "base/arena.h"
#include "object.h"
#include "resource.h"

struct as_server;
struct gt_http_request;
struct gt_reply;

enum as_verb {
	AS_V_NONE,
	AS_V_GET,
	AS_V_LIST,
	AS_V_WATCH,
	AS_V_CREATE,
	AS_V_UPDATE,
	AS_V_PATCH,
	AS_V_DELETE,
	AS_V_DELETECOLLECTION,
};

enum as_patch_type {
	AS_PATCH_NONE,
	AS_PATCH_JSON,
	AS_PATCH_MERGE,
	AS_PATCH_STRATEGIC,
	AS_PATCH_APPLY
};

enum as_field_validation { AS_FIELDS_WARN, AS_FIELDS_STRICT, AS_FIELDS_IGNORE };

/* The form of the answer. */
enum as_form { AS_FORM_OBJECT, AS_FORM_TABLE, AS_FORM_PARTIAL };

/* Where the path leads. */
struct as_target {
	struct gt_str group, version, resource, ns, name, sub;
};

/* What the query asks for. */
struct as_query {
	struct gt_str label_selector, field_selector, continue_token, rv, rv_match, field_manager,
		include_object, propagation;
	int64_t limit, timeout_s, grace_s;
	bool watch, bookmarks, force, has_force, dry_run, has_initial, initial_events, has_grace,
		pretty;
	enum as_field_validation fields;
};

struct as_user {
	const char *name;
	const char *const *groups;
	size_t n_groups;
};

struct as_warning {
	struct as_warning *next;
	const char *text;
};

struct as_call {
	struct as_server *server;
	struct gt_arena arena;
	struct gt_reply *reply;             /* NULL inside */
	const struct gt_http_request *http; /* NULL inside */

	enum as_verb verb;
	struct as_target to;
	struct as_query query;
	struct as_user user;
	enum as_patch_type patch;
	enum as_form form;
	const char *form_version; /* "v1" of meta.k8s.io for tables and partial objects */

	struct as_resource *r;      /* a reference */
	const struct as_version *v; /* of r */

	struct gt_node *body; /* decoded */
	bool protobuf_body;
	struct as_warning *warnings, **warnings_end;

	struct gt_node *status;   /* after a failure */
	int code;                 /* HTTP status of the success */
	struct gt_node *result;   /* or */
	struct as_object *object; /* a reference, in the storage version */
};

void as_call_init(struct as_call *c, struct as_server *server);
void as_call_fini(struct as_call *c);

/* A call made by the server itself, as user, on a resource that exists. */
void as_call_inside(struct as_call *c, struct as_server *server, const char *user,
		    struct as_resource *r, enum as_verb verb, struct gt_str ns, struct gt_str name);

/* "/api/v1/namespaces/x/pods/y/log" taken apart; false if it is no path of a resource. */
bool as_target_parse(struct gt_arena *a, struct gt_str path, struct as_target *ret_to);

/* Reads the query; a malformed option is an error. */
int as_query_parse(struct as_call *c, struct gt_str query);

/* Sends a Warning header with the answer; equal ones once. */
void as_warn(struct as_call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Who writes: the fieldManager option, or the beginning of the user agent. */
struct gt_str as_call_manager(struct as_call *c);

/* "now" as RFC 3339 with seconds, in the arena. */
const char *as_call_now(struct as_call *c);

/* Sets a condition in a list of them; its time moves only with its status. */
void as_set_condition(struct as_call *c, struct gt_node *list, const char *type, bool yes,
		      const char *reason, const char *message);

#endif
