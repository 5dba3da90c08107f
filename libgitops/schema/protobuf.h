/*
 * Kubernetes protobuf bodies (application/vnd.kubernetes.protobuf) into the document tree.
 *
 * upstream: what decoding into the Go type and writing it as JSON gives, except that lists and
 * maps which are absent stay absent where Go would write null.
 */
#ifndef GT_SCHEMA_PROTOBUF_H
#define GT_SCHEMA_PROTOBUF_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "schema/schema.h"
#include "text/node.h"

#define GT_PROTOBUF_MEDIA_TYPE "application/vnd.kubernetes.protobuf"

/* Whether the body begins with the envelope's four bytes. */
bool gt_protobuf_is(struct gt_str body);

/*
 * Decodes a whole body into an object with apiVersion and kind.  expect stands in where the
 * envelope names no kind, and may be NULL.  ret_kind may be NULL.
 *
 * GT_E_INVALID names the field that is malformed; GT_E_UNSUPPORTED a kind that is not built in;
 * GT_E_BUDGET nesting deeper than GT_LIMIT_DEPTH or a full arena.  Nothing of the body is
 * referred to afterwards.  Any thread.
 */
int gt_protobuf_decode(struct gt_arena *a, struct gt_str body, const struct gt_schema_kind *expect,
		       struct gt_node **ret_obj, struct gt_schema_kind *ret_kind,
		       struct gt_err *err);

#endif
