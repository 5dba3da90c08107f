#include "openapi/openapi.h"

#include "text/json.h"

void gt_field_errors_init(struct gt_field_errors *errs, struct gt_arena *a)
{
	*errs = (struct gt_field_errors){.arena = a};
}

void gt_field_errors_add(struct gt_field_errors *errs, const struct gt_field_error *e)
{
	if (errs->n == errs->cap) {
		uint32_t cap = errs->cap ? errs->cap * 2 : 4;
		struct gt_field_error *v = gt_arena_grow(
			errs->arena, errs->v, errs->cap * sizeof *v, (size_t)cap * sizeof *v);
		if (!v)
			return;
		errs->v = v;
		errs->cap = cap;
	}
	errs->v[errs->n++] = *e;
}

static void add(struct gt_field_errors *errs, const char *reason, const char *field,
		const struct gt_buf *message)
{
	struct gt_field_error e = {
		.reason = reason,
		.field = gt_arena_strdup(errs->arena, field && field[0] ? field : "<nil>"),
		.message = gt_arena_strndup(errs->arena, gt_buf_cstr(message), message->n),
	};

	if (e.field && e.message)
		gt_field_errors_add(errs, &e);
}

/* "<what>: <value>: <detail>"; a NULL value or fmt is left out. */
static void add_value(struct gt_field_errors *errs, const char *reason, const char *what,
		      const char *field, const struct gt_node *value, const char *fmt, va_list ap)
	__attribute__((format(printf, 6, 0)));
static void add_value(struct gt_field_errors *errs, const char *reason, const char *what,
		      const char *field, const struct gt_node *value, const char *fmt, va_list ap)
{
	gt_auto_buf text = {0};

	gt_buf_adds(&text, what);
	if (value) {
		gt_buf_adds(&text, ": ");
		gt_json_write(&text, value, GT_JSON_SORTED, 0);
	}
	if (fmt && fmt[0]) {
		gt_buf_adds(&text, ": ");
		gt_buf_vprintf(&text, fmt, ap);
	}
	add(errs, reason, field, &text);
}

static void add_plain(struct gt_field_errors *errs, const char *reason, const char *what,
		      const char *field, const struct gt_node *value, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
static void add_plain(struct gt_field_errors *errs, const char *reason, const char *what,
		      const char *field, const struct gt_node *value, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_value(errs, reason, what, field, value, fmt, ap);
	va_end(ap);
}

void gt_field_required(struct gt_field_errors *errs, const char *field, const char *detail)
{
	add_plain(errs, "FieldValueRequired", "Required value", field, NULL, "%s", detail);
	if (errs->n > 0 && !detail[0]) {
		/* Without a detail there is no colon either. */
		errs->v[errs->n - 1].message = "Required value";
	}
}

void gt_field_invalid(struct gt_field_errors *errs, const char *field, const struct gt_node *value,
		      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_value(errs, "FieldValueInvalid", "Invalid value", field, value, fmt, ap);
	va_end(ap);
}

void gt_field_forbidden(struct gt_field_errors *errs, const char *field, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_value(errs, "FieldValueForbidden", "Forbidden", field, NULL, fmt, ap);
	va_end(ap);
}

void gt_field_type_invalid(struct gt_field_errors *errs, const char *field,
			   const struct gt_node *value, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_value(errs, "FieldValueTypeInvalid", "Invalid value", field, value, fmt, ap);
	va_end(ap);
}

void gt_field_duplicate(struct gt_field_errors *errs, const char *field,
			const struct gt_node *value)
{
	gt_auto_buf text = {0};

	gt_buf_adds(&text, "Duplicate value: ");
	gt_json_write(&text, value, GT_JSON_SORTED, 0);
	add(errs, "FieldValueDuplicate", field, &text);
}

void gt_field_too_long(struct gt_field_errors *errs, const char *field, int64_t max)
{
	add_plain(errs, "FieldValueTooLong", "Too long", field, NULL,
		  "may not be more than %lld byte%s", (long long)max, max == 1 ? "" : "s");
}

void gt_field_too_many(struct gt_field_errors *errs, const char *field, int64_t actual, int64_t max)
{
	gt_auto_buf text = {0};

	gt_buf_printf(&text, "Too many: %lld: must have at most %lld item%s", (long long)actual,
		      (long long)max, max == 1 ? "" : "s");
	add(errs, "FieldValueTooMany", field, &text);
}

void gt_field_not_supported(struct gt_field_errors *errs, const char *field,
			    const struct gt_node *value, const char *const *supported)
{
	gt_auto_buf text = {0};

	gt_buf_adds(&text, "Unsupported value: ");
	gt_json_write(&text, value, GT_JSON_SORTED, 0);
	for (size_t i = 0; supported[i]; i++) {
		gt_buf_adds(&text, i == 0 ? ": supported values: " : ", ");
		gt_json_write_str(&text, gt_str(supported[i]), false);
	}
	add(errs, "FieldValueNotSupported", field, &text);
}

void gt_field_error_print(struct gt_buf *out, const struct gt_field_error *e)
{
	gt_buf_printf(out, "%s: %s", e->field, e->message);
}
