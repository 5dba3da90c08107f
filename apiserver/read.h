/* Reading: GET and lists, selectors, pages. */
#ifndef AS_READ_H
#define AS_READ_H

#include "call.h"
#include "text/selector.h"

/* GET of one object: call->object. */
int as_get(struct as_call *c);

/* GET of a collection: sends or sets call->result. */
int as_list(struct as_call *c);

/* Label and field selector of a call. */
struct as_filter {
	struct gt_selector labels, fields;
	struct gt_str name, ns; /* metadata.name=, metadata.namespace= in the field selector */
	bool plain_fields;      /* nothing but those two */
	bool any;               /* something is selected */
};

/* GT_E_INVALID with a status for a selector that cannot be read or a field that is not known. */
int as_filter_parse(struct as_call *c, struct as_filter *ret_filter);

/* Whether the object passes; parses it only for other fields than the name. */
bool as_filter_match(const struct as_filter *f, const struct as_object *o);

/* Everything that matches, without paging. */
int as_list_snapshot(struct as_call *c, struct as_snapshot *ret_snapshot);

/* {kind: XList, apiVersion, metadata: {resourceVersion}, items} */
struct gt_node *as_list_object(struct as_call *c, struct gt_node *items, int64_t rev);

/* The resourceVersion of a query; *ret 0 when unset.  Malformed ones are an error. */
int as_parse_rv(struct as_call *c, struct gt_str text, int64_t *ret_rev);

/* Waits, a little, until the revision is visible; an error when it is not. */
int as_await(struct as_call *c, int64_t rev);

#endif
