/*
 * The form in which objects leave the server: as stored, in another version, as rows of a Table,
 * or as metadata alone.
 */
#ifndef AS_ENCODE_H
#define AS_ENCODE_H

#include "call.h"

/* Chooses call->form from the Accept header; 406 when nothing fits. */
int as_negotiate(struct as_call *c);

/* Whether the stored bytes are what the client gets. */
bool as_form_is_stored(const struct as_call *c);

/* Appends one object in the call's form (a Table has one row).  columns: with the definitions. */
int as_encode_object(struct as_call *c, struct gt_buf *out, const struct as_object *o,
		     bool columns);
int as_encode_node(struct as_call *c, struct gt_buf *out, struct gt_node *obj, bool columns);

/* What a list says of itself. */
struct as_list_meta {
	int64_t rev;
	struct gt_str token; /* continue */
	int64_t remaining;   /* 0: not said */
};

/* Appends a whole list. */
int as_encode_list(struct as_call *c, struct gt_buf *out, const struct as_snapshot *snap,
		   const struct as_list_meta *meta);

/* Sends the outcome of the call: its status, object or result.  Ends the reply. */
void as_respond(struct as_call *c);

/* Sends bytes with the headers that every answer has.  Empties body. */
void as_send(struct as_call *c, int code, const char *type, struct gt_buf *body);
void as_common_headers(struct as_call *c);

#endif
