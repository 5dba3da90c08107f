/*
 * From the bytes of a request to an object that may be stored: media types, duplicate and unknown
 * fields, typed decoding, pruning and defaults of custom resources.
 */
#ifndef AS_DECODE_H
#define AS_DECODE_H

#include "call.h"

/* Decodes the body as its Content-Type says, into call->body; an empty body gives NULL. */
int as_decode_body(struct as_call *c);

/* The same for a patch: only parses. */
int as_decode_patch(struct as_call *c);

/* Whether the body is expected to be YAML or JSON of the named media type. */
enum as_patch_type as_patch_type(struct gt_str content_type);

/*
 * Makes an object of the call's version out of a decoded one: unknown fields are reported as the
 * query wants and dropped, built-in objects take the canonical form of their Go type, custom ones
 * are pruned; metadata is made well-formed.  Then as_default() runs.
 */
int as_admit(struct as_call *c, struct gt_node *obj, struct gt_node **ret_obj);

/* The object every object of the version starts from: what Go's empty struct encodes to. */
int as_empty_object(struct as_call *c, struct gt_node **ret_obj);

/* Defaults of the version, in place. */
void as_default(struct as_call *c, struct gt_node *obj);

/* Notes a problem that fieldValidation is about: an error, a warning, or nothing. */
void as_strict_note(struct as_call *c, struct gt_buf *notes, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
