#include "status.h"

#include "base/limits.h"

static struct gt_node *make(struct as_call *c, int code, const char *reason, const char *fmt,
			    va_list ap) __attribute__((format(printf, 4, 0)));
static struct gt_node *make(struct as_call *c, int code, const char *reason, const char *fmt,
			    va_list ap)
{
	struct gt_arena *a = &c->arena;
	struct gt_node *s;
	gt_auto_buf message = {0};

	/* The answer must fit even where the budget was the problem. */
	if (a->failed) {
		gt_arena_reset(a);
		c->result = c->body = NULL;
		c->warnings = NULL;
		c->warnings_end = &c->warnings;
	}
	gt_buf_vprintf(&message, fmt, ap);
	s = gt_node_map(a);
	gt_node_set_str(a, s, "kind", "Status");
	gt_node_set_str(a, s, "apiVersion", "v1");
	gt_node_set(a, s, "metadata", gt_node_map(a));
	gt_node_set_str(a, s, "status", "Failure");
	gt_node_set(a, s, "message", gt_node_strn(a, gt_buf_str(&message)));
	if (reason[0])
		gt_node_set_str(a, s, "reason", reason);
	gt_node_set_int(a, s, "code", code);
	c->status = s;
	return s;
}

static void set_text(struct gt_arena *a, struct gt_node *map, const char *key, struct gt_str s)
{
	if (s.n > 0)
		gt_node_set(a, map, key, gt_node_strn(a, s));
}

/* details of the call's target, before code. */
static struct gt_node *set_details(struct as_call *c, struct gt_str name, struct gt_str kind)
{
	struct gt_arena *a = &c->arena;
	struct gt_node *details = gt_node_map(a);
	struct gt_node *code = gt_node_get(c->status, "code");

	set_text(a, details, "name", name);
	set_text(a, details, "group", c->to.group);
	set_text(a, details, "kind", kind);
	gt_node_unset(c->status, "code");
	gt_node_set(a, c->status, "details", details);
	gt_node_set(a, c->status, "code", code);
	return details;
}

int as_fail(struct as_call *c, int code, const char *reason, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	make(c, code, reason, fmt, ap);
	va_end(ap);
	return GT_E_INVALID;
}

int as_fail_named(struct as_call *c, int code, const char *reason, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	make(c, code, reason, fmt, ap);
	va_end(ap);
	set_details(c, c->to.name, c->to.resource);
	return GT_E_INVALID;
}

void as_cause(struct as_call *c, const char *reason, const char *message, const char *field)
{
	struct gt_arena *a = &c->arena;
	struct gt_node *details = gt_node_get(c->status, "details");
	struct gt_node *cause = gt_node_map(a);

	if (!details)
		details = set_details(c, gt_str(""), gt_str(""));
	gt_node_set_str(a, cause, "reason", reason);
	gt_node_set_str(a, cause, "message", message);
	if (field && field[0])
		gt_node_set_str(a, cause, "field", field);
	gt_node_append(a, gt_node_need_seq(a, details, "causes"), cause);
}

int as_bad_request(struct as_call *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	make(c, 400, "BadRequest", fmt, ap);
	va_end(ap);
	return GT_E_INVALID;
}

static const char *qualified(const struct as_call *c)
{
	return c->r ? c->r->qualified : "resource";
}

int as_not_found(struct as_call *c)
{
	as_fail_named(c, 404, "NotFound", "%s \"%.*s\" not found", qualified(c),
		      GT_STR_ARG(c->to.name));
	return GT_E_NOT_FOUND;
}

int as_not_found_path(struct as_call *c)
{
	as_fail(c, 404, "NotFound", "the server could not find the requested resource");
	set_details(c, gt_str(""), gt_str(""));
	return GT_E_NOT_FOUND;
}

int as_exists(struct as_call *c, struct gt_str name)
{
	as_fail(c, 409, "AlreadyExists", "%s \"%.*s\" already exists", qualified(c),
		GT_STR_ARG(name));
	set_details(c, name, c->to.resource);
	return GT_E_EXISTS;
}

int as_conflict(struct as_call *c, const char *why)
{
	as_fail_named(c, 409, "Conflict", "Operation cannot be fulfilled on %s \"%.*s\": %s",
		      qualified(c), GT_STR_ARG(c->to.name), why);
	return GT_E_CONFLICT;
}

int as_conflict_version(struct as_call *c)
{
	return as_conflict(c, "the object has been modified; please apply your changes to the "
			      "latest version and try again");
}

int as_forbidden(struct as_call *c, const char *fmt, ...)
{
	gt_auto_buf why = {0};
	va_list ap;

	va_start(ap, fmt);
	gt_buf_vprintf(&why, fmt, ap);
	va_end(ap);
	as_fail_named(c, 403, "Forbidden", "%s%s%.*s%s is forbidden: %s", qualified(c),
		      c->to.name.n ? " \"" : "", GT_STR_ARG(c->to.name), c->to.name.n ? "\"" : "",
		      gt_buf_cstr(&why));
	return GT_E_FORBIDDEN;
}

int as_invalid(struct as_call *c, struct gt_str name, const struct gt_field_errors *errs)
{
	gt_auto_buf text = {0};
	const char *kind = c->r ? c->r->kind : "";

	for (uint32_t i = 0; i < errs->n; i++) {
		bool again = false;
		for (uint32_t j = 0; j < i && !again; j++)
			again = strcmp(errs->v[j].field, errs->v[i].field) == 0 &&
				strcmp(errs->v[j].message, errs->v[i].message) == 0;
		if (again)
			continue;
		if (text.n > 0)
			gt_buf_adds(&text, ", ");
		gt_field_error_print(&text, &errs->v[i]);
	}
	bool many = errs->n > 1 && gt_str_search(gt_buf_str(&text), gt_str(", ")) != SIZE_MAX;
	as_fail(c, 422, "Invalid", "%s%s%.*s \"%.*s\" is invalid: %s%s%s", kind,
		c->to.group.n ? "." : "", GT_STR_ARG(c->to.group), GT_STR_ARG(name),
		many ? "[" : "", gt_buf_cstr(&text), many ? "]" : "");
	set_details(c, name, gt_str(kind));
	for (uint32_t i = 0; i < errs->n; i++)
		as_cause(c, errs->v[i].reason, errs->v[i].message, errs->v[i].field);
	return GT_E_INVALID;
}

int as_method_not_allowed(struct as_call *c, const char *verb)
{
	return as_fail(c, 405, "MethodNotAllowed",
		       "%s is not supported on resources of kind \"%s\"", verb, qualified(c));
}

int as_internal(struct as_call *c, const char *fmt, ...)
{
	gt_auto_buf why = {0};
	va_list ap;

	va_start(ap, fmt);
	gt_buf_vprintf(&why, fmt, ap);
	va_end(ap);
	as_fail(c, 500, "InternalError", "Internal error occurred: %s", gt_buf_cstr(&why));
	return GT_E_INTERNAL;
}

int as_fail_err(struct as_call *c, const struct gt_err *err)
{
	switch (err->code) {
	case GT_E_INVALID: return as_bad_request(c, "%s", err->text);
	case GT_E_BUDGET:
		as_fail(c, 413, "RequestEntityTooLarge", "Request entity too large: %s", err->text);
		return GT_E_BUDGET;
	default: return as_internal(c, "%s", err->text);
	}
}

struct gt_node *as_success(struct as_call *c, struct gt_str name, struct gt_str uid)
{
	struct gt_arena *a = &c->arena;
	struct gt_node *s = gt_node_map(a), *details = gt_node_map(a);

	gt_node_set_str(a, s, "kind", "Status");
	gt_node_set_str(a, s, "apiVersion", "v1");
	gt_node_set(a, s, "metadata", gt_node_map(a));
	gt_node_set_str(a, s, "status", "Success");
	set_text(a, details, "name", name);
	set_text(a, details, "group", c->to.group);
	set_text(a, details, "kind", c->to.resource);
	set_text(a, details, "uid", uid);
	gt_node_set(a, s, "details", details);
	return s;
}

int as_status_code(const struct gt_node *status)
{
	return (int)gt_node_int_or(gt_node_get(status, "code"), 500);
}

int as_option_error(struct as_call *c, const char *field, const char *why)
{
	struct gt_field_errors errs;

	gt_field_errors_init(&errs, &c->arena);
	gt_field_forbidden(&errs, field, "%s", why);
	as_invalid(c, gt_str(""), &errs);
	gt_node_set(&c->arena, c->status, "message",
		    gt_node_printf(&c->arena,
				   "ListOptions.meta.k8s.io \"\" is invalid: %s: Forbidden: %s",
				   field, why));
	return GT_E_INVALID;
}
