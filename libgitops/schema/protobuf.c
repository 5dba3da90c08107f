#include "schema/protobuf.h"

#include <math.h>
#include <string.h>

#include "base/enc.h"
#include "base/limits.h"
#include "base/time.h"
#include "base/utf8.h"
#include "schema/wire.h"
#include "text/json.h"

static const char magic[] = {'k', '8', 's', '\0'};

struct decoder {
	struct gt_arena *a;
	struct gt_err *err;
	unsigned depth;
};

static int malformed(struct decoder *d)
{
	return gt_fail(d->err, GT_E_INVALID, "malformed protobuf");
}

static int wrong_wire(struct decoder *d, const struct wire_field *w)
{
	return gt_fail(d->err, GT_E_INVALID, "unexpected wire type %d", (int)w->type);
}

static int message(struct decoder *d, struct gt_type t, struct gt_str bytes, struct gt_node *into);
static int value(struct decoder *d, struct gt_type t, const struct wire_field *w,
		 struct gt_node *before, struct gt_node **ret);

/* --- scalars ------------------------------------------------------------------------------- */

static int string(struct decoder *d, struct gt_str bytes, struct gt_node **ret)
{
	if (!gt_utf8_valid(bytes))
		return gt_fail(d->err, GT_E_INVALID, "text is not UTF-8");
	*ret = gt_node_strn(d->a, bytes);
	return GT_OK;
}

static int base64(struct decoder *d, struct gt_str bytes, struct gt_node **ret)
{
	gt_auto_buf out = {0};

	gt_base64_encode(&out, bytes);
	if (gt_buf_check(&out, d->err) < 0)
		return GT_E_BUDGET;
	*ret = gt_node_strn(d->a, gt_buf_str(&out));
	return GT_OK;
}

static int real(struct decoder *d, uint64_t bits, struct gt_node **ret)
{
	double v;

	memcpy(&v, &bits, sizeof v);
	if (!isfinite(v))
		return gt_fail(d->err, GT_E_INVALID, "not a finite number");
	*ret = gt_node_float(d->a, v);
	return GT_OK;
}

/* The numbers of a message of scalars, {1: n, 2: m}, and its string 3 (or 1 if text_at is 1). */
struct small {
	int64_t n[2];
	struct gt_str text;
	bool any;
};

static int small_message(struct decoder *d, struct gt_str bytes, uint32_t text_at,
			 struct small *ret)
{
	struct wire_field w;
	int more;

	*ret = (struct small){0};
	while ((more = wire_next(&bytes, &w)) > 0) {
		ret->any = true;
		if (w.number == text_at && w.type == WIRE_BYTES)
			ret->text = w.bytes;
		else if (w.number >= 1 && w.number <= 2 && w.type == WIRE_VARINT)
			ret->n[w.number - 1] = (int64_t)w.num;
		else if (w.number <= 3)
			return wrong_wire(d, &w);
	}
	return more < 0 ? malformed(d) : GT_OK;
}

/* {1: seconds, 2: nanoseconds}; the empty message is no time at all. */
static int timestamp(struct decoder *d, struct gt_str bytes, bool micro, struct gt_node **ret)
{
	char text[GT_TIME_TEXT];
	struct small m;
	int64_t ns;

	if (small_message(d, bytes, 0, &m) < 0)
		return GT_E_INVALID;
	if (!m.any) {
		*ret = gt_node_null(d->a);
		return GT_OK;
	}
	if (__builtin_mul_overflow(m.n[0], GT_NS_PER_S, &ns) ||
	    __builtin_add_overflow(ns, m.n[1], &ns))
		return gt_fail(d->err, GT_E_INVALID, "time out of range");
	*ret = gt_node_str(d->a, micro ? gt_rfc3339_us(ns, text) : gt_rfc3339(ns, text));
	return GT_OK;
}

static int duration(struct decoder *d, struct gt_str bytes, struct gt_node **ret)
{
	char text[GT_TIME_TEXT];
	struct small m;

	if (small_message(d, bytes, 0, &m) < 0)
		return GT_E_INVALID;
	*ret = gt_node_str(d->a, gt_duration(m.n[0], text));
	return GT_OK;
}

/* {1: 0 for a number or 1 for text, 2: number, 3: text} */
static int int_or_string(struct decoder *d, struct gt_str bytes, struct gt_node **ret)
{
	struct small m;

	if (small_message(d, bytes, 3, &m) < 0)
		return GT_E_INVALID;
	if (m.n[0] == 1)
		return string(d, m.text, ret);
	*ret = gt_node_int(d->a, (int32_t)m.n[1]);
	return GT_OK;
}

static int quantity(struct decoder *d, struct gt_str bytes, struct gt_node **ret)
{
	struct small m;

	if (small_message(d, bytes, 1, &m) < 0)
		return GT_E_INVALID;
	if (m.text.n == 0)
		m.text = GT_STR_LIT("0");
	return string(d, m.text, ret);
}

static int bytes_scalar(struct decoder *d, enum gt_type_scalar s, struct gt_str b,
			struct gt_node **ret)
{
	switch (s) {
	case GT_SCALAR_STRING: return string(d, b, ret);
	case GT_SCALAR_BYTES: return base64(d, b, ret);
	case GT_SCALAR_QUANTITY: return quantity(d, b, ret);
	case GT_SCALAR_INT_OR_STRING: return int_or_string(d, b, ret);
	case GT_SCALAR_TIME: return timestamp(d, b, false, ret);
	case GT_SCALAR_MICRO_TIME: return timestamp(d, b, true, ret);
	case GT_SCALAR_DURATION: return duration(d, b, ret);
	default: return gt_fail(d->err, GT_E_INVALID, "unexpected wire type 2");
	}
}

static int varint_scalar(struct decoder *d, enum gt_type_scalar s, uint64_t n, struct gt_node **ret)
{
	switch (s) {
	case GT_SCALAR_BOOL: *ret = gt_node_bool(d->a, n != 0); return GT_OK;
	case GT_SCALAR_INT32: *ret = gt_node_int(d->a, (int32_t)n); return GT_OK;
	case GT_SCALAR_INT64: *ret = gt_node_int(d->a, (int64_t)n); return GT_OK;
	default: return gt_fail(d->err, GT_E_INVALID, "unexpected wire type 0");
	}
}

static int scalar(struct decoder *d, struct gt_type t, const struct wire_field *w,
		  struct gt_node **ret)
{
	enum gt_type_scalar s = gt_type_scalar(t);

	if (w->type == WIRE_BYTES)
		return bytes_scalar(d, s, w->bytes, ret);
	if (w->type == WIRE_VARINT)
		return varint_scalar(d, s, w->num, ret);
	if (w->type == WIRE_FIXED64 && s == GT_SCALAR_DOUBLE)
		return real(d, w->num, ret);
	return wrong_wire(d, w);
}

/* --- messages that JSON shows otherwise ---------------------------------------------------- */

/* {1: JSON}; nothing is null. */
static int raw_json(struct decoder *d, struct gt_str bytes, struct gt_node **ret)
{
	struct small m;

	if (small_message(d, bytes, 1, &m) < 0)
		return GT_E_INVALID;
	*ret = gt_node_null(d->a);
	return m.text.n ? gt_json_parse(d->a, m.text, GT_JSON_DUP_LAST, ret, d->err) : GT_OK;
}

/* {1: item, 1: item ...} */
static int items(struct decoder *d, struct gt_type elem, struct gt_str bytes, struct gt_node **ret)
{
	struct gt_node *seq = gt_node_seq(d->a);
	struct wire_field w;
	int more;

	while ((more = wire_next(&bytes, &w)) > 0) {
		struct gt_node *item = NULL;
		int rc = w.number == 1 ? value(d, elem, &w, NULL, &item) : GT_OK;

		if (rc < 0)
			return rc;
		if (item)
			gt_node_append(d->a, seq, item);
	}
	*ret = seq;
	return more < 0 ? malformed(d) : GT_OK;
}

/* The two alternatives of a union: 1 a flag or a schema, 2 a schema, schemas or strings. */
static int alternatives(struct decoder *d, struct gt_type t, struct gt_str bytes,
			struct gt_node **ret)
{
	enum gt_wire how = gt_schema_wire(t);
	struct gt_node *schema = NULL, *list = NULL, *item;
	struct gt_type elem = gt_type_elem(t);
	struct wire_field w;
	bool allows = false;
	int more, rc = GT_OK;

	while (rc == GT_OK && (more = wire_next(&bytes, &w)) > 0) {
		item = NULL;
		if (how == GT_WIRE_OR_BOOL && w.number == 1) {
			allows = w.type == WIRE_VARINT && w.num != 0;
			continue;
		}
		if (how != GT_WIRE_OR_BOOL && w.number == 2) {
			rc = how == GT_WIRE_OR_ARRAY ? value(d, elem, &w, NULL, &item)
						     : string(d, w.bytes, &item);
			list = list ? list : gt_node_seq(d->a);
			gt_node_append(d->a, list, item);
		} else if (w.number <= 2) {
			rc = value(d, elem, &w, NULL, &schema);
		}
	}
	if (rc < 0)
		return rc;
	if (how == GT_WIRE_OR_BOOL)
		*ret = schema ? schema : gt_node_bool(d->a, allows);
	else
		*ret = list ? list : schema ? schema : gt_node_null(d->a);
	return more < 0 ? malformed(d) : GT_OK;
}

/* --- structs, lists and maps --------------------------------------------------------------- */

static int wrapped(struct decoder *d, struct gt_type t, const struct wire_field *w,
		   struct gt_node **ret)
{
	if (w->type != WIRE_BYTES)
		return wrong_wire(d, w);
	switch (gt_schema_wire(t)) {
	case GT_WIRE_RAW: return raw_json(d, w->bytes, ret);
	case GT_WIRE_ITEMS: return items(d, gt_type_elem(t), w->bytes, ret);
	default: return alternatives(d, t, w->bytes, ret);
	}
}

/* One value; a struct that was seen before is merged into. */
static int value(struct decoder *d, struct gt_type t, const struct wire_field *w,
		 struct gt_node *before, struct gt_node **ret)
{
	int rc;

	if (d->depth >= GT_LIMIT_DEPTH)
		return gt_fail(d->err, GT_E_BUDGET, "nested deeper than %d", GT_LIMIT_DEPTH);
	d->depth++;
	if (gt_schema_wire(t) != GT_WIRE_PLAIN) {
		rc = wrapped(d, t, w, ret);
	} else if (gt_type_kind(t) == GT_TYPE_STRUCT) {
		*ret = gt_node_is(before, GT_MAP) ? before : gt_node_map(d->a);
		rc = w->type == WIRE_BYTES ? message(d, t, w->bytes, *ret) : wrong_wire(d, w);
	} else if (gt_type_kind(t) == GT_TYPE_SCALAR) {
		rc = scalar(d, t, w, ret);
	} else {
		rc = gt_fail(d->err, GT_E_INVALID, "unexpected list or map");
	}
	d->depth--;
	return rc;
}

/* What a map entry without a value holds. */
static struct gt_node *empty_value(struct decoder *d, struct gt_type t)
{
	switch (gt_type_scalar(t)) {
	case GT_SCALAR_STRING:
	case GT_SCALAR_BYTES: return gt_node_str(d->a, "");
	case GT_SCALAR_INT32:
	case GT_SCALAR_INT64: return gt_node_int(d->a, 0);
	case GT_SCALAR_BOOL: return gt_node_bool(d->a, false);
	case GT_SCALAR_QUANTITY: return gt_node_str(d->a, "0");
	default: return gt_type_kind(t) == GT_TYPE_STRUCT ? gt_node_map(d->a) : gt_node_null(d->a);
	}
}

/* {1: key, 2: value} */
static int map_entry(struct decoder *d, struct gt_type elem, struct gt_str bytes,
		     struct gt_node *map)
{
	struct gt_str key = GT_STR_LIT("");
	struct gt_node *v = NULL;
	struct wire_field w;
	int more, rc = GT_OK;

	while (rc == GT_OK && (more = wire_next(&bytes, &w)) > 0) {
		if (w.number == 1 && w.type == WIRE_BYTES)
			key = w.bytes;
		else if (w.number == 2)
			rc = value(d, elem, &w, v, &v);
	}
	if (rc < 0)
		return rc;
	if (more < 0)
		return malformed(d);
	if (!gt_utf8_valid(key))
		return gt_fail(d->err, GT_E_INVALID, "key is not UTF-8");
	gt_node_setn(d->a, map, key, v ? v : empty_value(d, elem));
	return GT_OK;
}

/* Numbers of a list may come packed into one field. */
static int list_items(struct decoder *d, struct gt_type elem, const struct wire_field *w,
		      struct gt_node *seq)
{
	enum gt_type_scalar s = gt_type_scalar(elem);
	struct gt_str rest = w->bytes;
	struct gt_node *item = NULL;
	bool packed = w->type == WIRE_BYTES &&
		      (s == GT_SCALAR_INT32 || s == GT_SCALAR_INT64 || s == GT_SCALAR_BOOL);

	if (!packed) {
		int rc = value(d, elem, w, NULL, &item);

		if (rc == GT_OK)
			gt_node_append(d->a, seq, item);
		return rc;
	}
	while (rest.n > 0) {
		uint64_t n;

		if (!wire_varint(&rest, &n))
			return malformed(d);
		varint_scalar(d, s, n, &item);
		gt_node_append(d->a, seq, item);
	}
	return GT_OK;
}

/* Go leaves an empty value out of JSON where the field says so; a pointer is never empty. */
static bool is_left_out(const struct gt_field *f, const struct gt_node *v)
{
	if (f->flags & GT_FIELD_POINTER)
		return false;
	if (f->flags & GT_FIELD_OMITZERO && gt_node_is_null(v))
		return true;
	if (!(f->flags & GT_FIELD_OMITEMPTY) || gt_schema_wire(f->type) != GT_WIRE_PLAIN)
		return false;
	switch (gt_type_scalar(f->type)) {
	case GT_SCALAR_STRING:
	case GT_SCALAR_BYTES: return gt_node_text(v).n == 0;
	case GT_SCALAR_INT32:
	case GT_SCALAR_INT64:
	case GT_SCALAR_DOUBLE: return gt_str_is(gt_node_text(v), "0");
	case GT_SCALAR_BOOL: return !gt_node_truth(v, true);
	default: return false;
	}
}

static int struct_field(struct decoder *d, const struct gt_field *f, const struct wire_field *w,
			struct gt_node *into)
{
	enum gt_type_kind kind = gt_type_kind(f->type);
	bool repeated = kind == GT_TYPE_LIST && gt_schema_wire(f->type) == GT_WIRE_PLAIN;
	struct gt_node *v = NULL;

	if (repeated)
		return list_items(d, gt_type_elem(f->type), w,
				  gt_node_need_seq(d->a, into, f->name));
	if (kind == GT_TYPE_MAP) {
		if (w->type != WIRE_BYTES)
			return wrong_wire(d, w);
		return map_entry(d, gt_type_elem(f->type), w->bytes,
				 gt_node_need_map(d->a, into, f->name));
	}
	int rc = value(d, f->type, w, gt_node_get(into, f->name), &v);
	if (rc < 0)
		return rc;
	if (is_left_out(f, v))
		gt_node_unset(into, f->name);
	else
		gt_node_set(d->a, into, f->name, v);
	return GT_OK;
}

static int message(struct decoder *d, struct gt_type t, struct gt_str bytes, struct gt_node *into)
{
	struct wire_field w;
	struct gt_field f;
	int more;

	while ((more = wire_next(&bytes, &w)) > 0) {
		if (!gt_schema_proto_field(t, w.number, &f))
			continue; /* of a newer version */
		if (*f.name) {
			if (struct_field(d, &f, &w, into) < 0)
				return gt_wrap(d->err, "%s", f.name);
			continue;
		}
		if (w.type != WIRE_BYTES)
			return wrong_wire(d, &w);
		int rc = message(d, f.type, w.bytes, into);
		if (rc < 0)
			return rc;
	}
	return more < 0 ? malformed(d) : GT_OK;
}

/* --- the envelope -------------------------------------------------------------------------- */

struct envelope {
	struct gt_str api_version, kind, raw, encoding;
};

bool gt_protobuf_is(struct gt_str body)
{
	return body.n >= sizeof magic && memcmp(body.p, magic, sizeof magic) == 0;
}

static bool read_type_meta(struct gt_str bytes, struct envelope *e)
{
	struct wire_field w;
	int more;

	while ((more = wire_next(&bytes, &w)) > 0) {
		if (w.number == 1 && w.type == WIRE_BYTES)
			e->api_version = w.bytes;
		else if (w.number == 2 && w.type == WIRE_BYTES)
			e->kind = w.bytes;
	}
	return more == 0;
}

static bool read_envelope(struct gt_str body, struct envelope *e)
{
	struct gt_str rest = gt_str_from(body, sizeof magic);
	struct wire_field w;
	int more;

	while ((more = wire_next(&rest, &w)) > 0) {
		if (w.type != WIRE_BYTES)
			return false;
		if (w.number == 1 && !read_type_meta(w.bytes, e))
			return false;
		if (w.number == 2)
			e->raw = w.bytes;
		if (w.number == 3)
			e->encoding = w.bytes;
	}
	return more == 0;
}

/* Names are compared as C strings from here on. */
static bool is_clean(struct gt_str s)
{
	return gt_utf8_valid(s) && gt_str_find(s, '\0') == SIZE_MAX;
}

static int find_kind(struct gt_arena *a, const struct envelope *e,
		     const struct gt_schema_kind *expect, struct gt_schema_kind *ret,
		     struct gt_err *err)
{
	size_t slash = gt_str_find(e->api_version, '/');
	bool core = slash == SIZE_MAX;

	if (e->api_version.n == 0 && e->kind.n == 0 && expect) {
		*ret = *expect;
		return GT_OK;
	}
	const char *group = core ? "" : gt_arena_strndup(a, e->api_version.p, slash);
	struct gt_str version = core ? e->api_version : gt_str_from(e->api_version, slash + 1);
	const char *v = gt_arena_strndup(a, version.p, version.n);
	const char *kind = gt_arena_strndup(a, e->kind.p, e->kind.n);

	if (gt_arena_check(a, err) < 0)
		return GT_E_BUDGET;
	if (gt_schema_find_kind(gt_schema_get(GT_SCHEMA_K8S), group, v, kind, ret))
		return GT_OK;
	return gt_fail(err, GT_E_UNSUPPORTED,
		       "no kind \"%.60s\" is registered for version \"%.60s\"", kind,
		       e->api_version.n ? gt_arena_strndup(a, e->api_version.p, e->api_version.n)
					: "");
}

static struct gt_node *new_object(struct gt_arena *a, const struct envelope *e,
				  const struct gt_schema_kind *k)
{
	struct gt_node *obj = gt_node_map(a);

	if (e->api_version.n)
		gt_node_set(a, obj, "apiVersion", gt_node_strn(a, e->api_version));
	else
		gt_node_set(
			a, obj, "apiVersion",
			gt_node_printf(a, "%s%s%s", k->group, *k->group ? "/" : "", k->version));
	gt_node_set_str(a, obj, "kind", k->kind);
	return obj;
}

int gt_protobuf_decode(struct gt_arena *a, struct gt_str body, const struct gt_schema_kind *expect,
		       struct gt_node **ret_obj, struct gt_schema_kind *ret_kind,
		       struct gt_err *err)
{
	struct decoder d = {.a = a, .err = err};
	struct gt_schema_kind kind;
	struct envelope e = {0};

	if (!gt_protobuf_is(body) || !read_envelope(body, &e) || !is_clean(e.api_version) ||
	    !is_clean(e.kind))
		return gt_fail(err, GT_E_INVALID,
			       "provided data does not appear to be a protobuf message");
	if (e.encoding.n)
		return gt_fail(err, GT_E_UNSUPPORTED, "protobuf with a content encoding");

	int rc = find_kind(a, &e, expect, &kind, err);
	if (rc < 0)
		return rc;
	struct gt_node *obj = new_object(a, &e, &kind);
	rc = message(&d, kind.type, e.raw, obj);
	if (rc < 0)
		return rc;
	if (gt_arena_check(a, err) < 0)
		return GT_E_BUDGET;
	*ret_obj = obj;
	if (ret_kind)
		*ret_kind = kind;
	return GT_OK;
}
