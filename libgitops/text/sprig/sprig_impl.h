/* What the groups share. */
#ifndef GT_TEXT_SPRIG_SPRIG_IMPL_H
#define GT_TEXT_SPRIG_SPRIG_IMPL_H

#include "text/sprig/sprig.h"

#define SPRIG_NIL_POINTER "runtime error: invalid memory address or nil pointer dereference"

/* cast's ToInt64 and ToFloat64: what cannot be read is 0. */
int64_t sprig__int64(struct gt_value v);
double sprig__float64(struct gt_value v);

/* Decodes; the offset of the first fault, or SIZE_MAX. */
size_t sprig__base64(struct gt_arena *a, struct gt_str text, struct gt_buf *out);

/* A list of the strings of a list, or of one thing; nil elements are left out. */
struct gt_value sprig__strings(struct gt_arena *a, struct gt_value v);

/* strings.Split with a limit; n < 0 means no limit. */
struct gt_value sprig__split(struct gt_arena *a, struct gt_str s, struct gt_str sep, int64_t n);

/* NULL, or the error; *ret is a map. */
const char *sprig__toml_read(struct gt_arena *a, struct gt_str text, struct gt_value *ret);
struct gotime;
struct gt_value sprig__time_value(struct gt_arena *a, struct gotime t);

/* What Go says of a text that is no JSON. */
void sprig__json_error(struct gt_buf *out, struct gt_str text);

static inline int sprig__str(struct gt_tmpl_call *c, struct gt_str s)
{
	c->ret = gt_vstr(s);
	return GT_OK;
}
static inline int sprig__bool(struct gt_tmpl_call *c, bool b)
{
	c->ret = gt_vbool(b);
	return GT_OK;
}

#endif
