#include "call.h"

#include "base/enc.h"
#include "base/limits.h"
#include "base/time.h"
#include "base/utf8.h"
#include "net/server.h"
#include "net/url.h"
#include "status.h"

void as_call_init(struct as_call *c, struct as_server *server)
{
	*c = (struct as_call){.server = server, .code = 200, .form_version = "v1"};
	c->warnings_end = &c->warnings;
	gt_arena_init(&c->arena, GT_BUDGET_REQUEST);
}

void as_call_fini(struct as_call *c)
{
	as_object_unref(c->object);
	as_resource_unref(c->r);
	gt_arena_fini(&c->arena);
}

void as_call_inside(struct as_call *c, struct as_server *server, const char *user,
		    struct as_resource *r, enum as_verb verb, struct gt_str ns, struct gt_str name)
{
	as_call_init(c, server);
	c->user.name = user;
	c->verb = verb;
	c->r = as_resource_ref(r);
	c->v = as_resource_storage(r);
	c->to = (struct as_target){
		.group = gt_str(r->group),
		.version = gt_str(c->v->name),
		.resource = gt_str(r->plural),
		.ns = gt_arena_str(&c->arena, ns),
		.name = gt_arena_str(&c->arena, name),
	};
	c->query.fields = AS_FIELDS_IGNORE;
	c->query.field_manager = gt_str(user);
}

/* --- paths -------------------------------------------------------------------------------- */

/* One decoded segment; false for what no name may contain. */
static bool segment(struct gt_arena *a, struct gt_str part, struct gt_str *ret)
{
	gt_auto_buf text = {0};

	if (!gt_percent_decode(&text, part, false) || memchr(gt_buf_cstr(&text), '\0', text.n) ||
	    !gt_utf8_valid(gt_buf_str(&text)))
		return false;
	*ret = gt_arena_str(a, gt_buf_str(&text));
	return ret->n == 0 || ret->p != NULL;
}

static size_t split(struct gt_arena *a, struct gt_str path, struct gt_str *parts, size_t max)
{
	struct gt_split it = {.rest = gt_str_from(path, 1)};
	struct gt_str part;
	size_t n = 0;

	while (gt_split_next(&it, '/', &part)) {
		/* A slash at the end adds nothing. */
		if (part.n == 0 && it.done)
			break;
		if (n == max || part.n == 0 || !segment(a, part, &parts[n++]))
			return 0;
	}
	return n;
}

bool as_target_parse(struct gt_arena *a, struct gt_str path, struct as_target *ret_to)
{
	struct gt_str parts[12] = {{0}};
	struct as_target to = {0};
	size_t n = path.n > 0 && path.p[0] == '/' ? split(a, path, parts, GT_COUNT(parts)) : 0;
	size_t i = 0;

	if (n >= 3 && gt_str_is(parts[0], "api")) {
		to.version = parts[1];
		i = 2;
	} else if (n >= 4 && gt_str_is(parts[0], "apis")) {
		to.group = parts[1];
		to.version = parts[2];
		i = 3;
	} else {
		return false;
	}
	bool namespaces = gt_str_is(parts[i], "namespaces");
	bool of_namespace = namespaces && (n - i <= 2 || gt_str_is(parts[i + 2], "status") ||
					   gt_str_is(parts[i + 2], "finalize"));
	if (namespaces && !of_namespace) {
		to.ns = parts[i + 1];
		i += 2;
	}
	to.resource = parts[i];
	if (i + 1 < n)
		to.name = parts[i + 1];
	if (i + 2 < n)
		to.sub = parts[i + 2];
	*ret_to = to;
	return true;
}

/* --- queries ------------------------------------------------------------------------------ */

static bool truthy(struct gt_str s)
{
	return !gt_str_is(s, "false") && !gt_str_is(s, "0");
}

static int set_int(struct as_call *c, struct gt_str key, struct gt_str value, int64_t *ret)
{
	if (gt_str_i64(value, ret))
		return GT_OK;
	return as_bad_request(c, "strconv.ParseInt: parsing \"%.*s\": invalid syntax (%.*s)",
			      GT_STR_ARG(value), GT_STR_ARG(key));
}

static int set_field_validation(struct as_call *c, struct gt_str value)
{
	struct gt_field_errors errs;
	static const char *const known[] = {"Ignore", "Warn", "Strict", NULL};

	if (value.n == 0 || gt_str_is(value, "Warn"))
		c->query.fields = AS_FIELDS_WARN;
	else if (gt_str_is(value, "Strict"))
		c->query.fields = AS_FIELDS_STRICT;
	else if (gt_str_is(value, "Ignore"))
		c->query.fields = AS_FIELDS_IGNORE;
	else {
		gt_field_errors_init(&errs, &c->arena);
		gt_field_not_supported(&errs, "fieldValidation", gt_node_strn(&c->arena, value),
				       known);
		return as_invalid(c, gt_str(""), &errs);
	}
	return GT_OK;
}

static int set_dry_run(struct as_call *c, struct gt_str value)
{
	static const char *const known[] = {"All", NULL};
	struct gt_field_errors errs;

	if (value.n == 0)
		return GT_OK;
	c->query.dry_run = true;
	if (gt_str_is(value, "All"))
		return GT_OK;
	gt_field_errors_init(&errs, &c->arena);
	gt_field_not_supported(&errs, "dryRun", gt_node_strn(&c->arena, value), known);
	return as_invalid(c, gt_str(""), &errs);
}

/* Options that are texts. */
static struct gt_str *text_option(struct as_query *q, struct gt_str key)
{
	const struct {
		const char *key;
		struct gt_str *value;
	} options[] = {
		{"labelSelector", &q->label_selector},  {"fieldSelector", &q->field_selector},
		{"continue", &q->continue_token},       {"resourceVersion", &q->rv},
		{"resourceVersionMatch", &q->rv_match}, {"fieldManager", &q->field_manager},
		{"includeObject", &q->include_object},  {"propagationPolicy", &q->propagation},
	};

	for (size_t i = 0; i < GT_COUNT(options); i++) {
		if (gt_str_is(key, options[i].key))
			return options[i].value;
	}
	return NULL;
}

/* Options that are true or false. */
static bool *bool_option(struct as_query *q, struct gt_str key)
{
	const struct {
		const char *key;
		bool *value;
	} options[] = {
		{"watch", &q->watch},   {"allowWatchBookmarks", &q->bookmarks},
		{"force", &q->force},   {"sendInitialEvents", &q->initial_events},
		{"pretty", &q->pretty},
	};

	for (size_t i = 0; i < GT_COUNT(options); i++) {
		if (gt_str_is(key, options[i].key))
			return options[i].value;
	}
	return NULL;
}

static int set_option(struct as_call *c, struct gt_str key, struct gt_str value)
{
	struct as_query *q = &c->query;
	struct gt_str *text = text_option(q, key);
	bool *flag = bool_option(q, key);

	if (text)
		*text = gt_arena_str(&c->arena, value);
	if (flag) {
		*flag = truthy(value);
		q->has_initial |= flag == &q->initial_events;
		q->has_force |= flag == &q->force;
	}
	if (gt_str_is(key, "dryRun"))
		return set_dry_run(c, value);
	if (gt_str_is(key, "fieldValidation"))
		return set_field_validation(c, value);
	if (value.n == 0)
		return GT_OK;
	if (gt_str_is(key, "limit"))
		return set_int(c, key, value, &q->limit);
	if (gt_str_is(key, "timeoutSeconds"))
		return set_int(c, key, value, &q->timeout_s);
	if (gt_str_is(key, "gracePeriodSeconds")) {
		q->has_grace = true;
		return set_int(c, key, value, &q->grace_s);
	}
	return GT_OK;
}

static int check_manager(struct as_call *c)
{
	struct gt_str m = c->query.field_manager;
	struct gt_field_errors errs;

	gt_field_errors_init(&errs, &c->arena);
	if (m.n > 128)
		gt_field_too_long(&errs, "fieldManager", 128);
	for (size_t i = 0; i < m.n; i++) {
		if ((unsigned char)m.p[i] >= 0x20 && m.p[i] != 0x7f)
			continue;
		gt_field_invalid(&errs, "fieldManager", gt_node_strn(&c->arena, m),
				 "should only contain printable characters");
		break;
	}
	return errs.n ? as_invalid(c, gt_str(""), &errs) : GT_OK;
}

int as_query_parse(struct as_call *c, struct gt_str query)
{
	gt_auto_buf key = {0};
	gt_auto_buf value = {0};
	int rc = GT_OK;

	while (rc == GT_OK && gt_query_next(&query, &key, &value)) {
		rc = set_option(c, gt_buf_str(&key), gt_buf_str(&value));
		gt_buf_reset(&key);
		gt_buf_reset(&value);
	}
	return rc < 0 ? rc : check_manager(c);
}

/* --- small things ------------------------------------------------------------------------- */

void as_warn(struct as_call *c, const char *fmt, ...)
{
	gt_auto_buf text = {0};
	struct as_warning *w;
	va_list ap;

	va_start(ap, fmt);
	gt_buf_vprintf(&text, fmt, ap);
	va_end(ap);
	for (w = c->warnings; w; w = w->next) {
		if (gt_streq(w->text, gt_buf_cstr(&text)))
			return;
	}
	w = gt_arena_new(&c->arena, struct as_warning);
	if (!w)
		return;
	w->text = gt_arena_strdup(&c->arena, gt_buf_cstr(&text));
	*c->warnings_end = w;
	c->warnings_end = &w->next;
}

struct gt_str as_call_manager(struct as_call *c)
{
	struct gt_str agent =
		c->http ? gt_http_request_header(c->http, "User-Agent") : gt_str(c->user.name);
	size_t slash;
	gt_auto_buf out = {0};

	if (c->query.field_manager.n > 0)
		return c->query.field_manager;
	slash = gt_str_find(agent, '/');
	if (slash != SIZE_MAX)
		agent.n = slash;
	for (size_t i = 0; i < agent.n && out.n < 128; i++) {
		if ((unsigned char)agent.p[i] >= 0x20 && (unsigned char)agent.p[i] < 0x7f)
			gt_buf_addc(&out, agent.p[i]);
	}
	return out.n ? gt_arena_str(&c->arena, gt_buf_str(&out)) : gt_str("unknown");
}

const char *as_call_now(struct as_call *c)
{
	char text[GT_TIME_TEXT];
	const char *now = gt_arena_strdup(&c->arena, gt_rfc3339(gt_now_wall(), text));

	return now ? now : "";
}

void as_set_condition(struct as_call *c, struct gt_node *list, const char *type, bool yes,
		      const char *reason, const char *message)
{
	const char *status = yes ? "True" : "False";
	struct gt_node *found = NULL;

	gt_seq_for_each (list, item) {
		if (gt_node_is_text(gt_node_get(item, "type"), type))
			found = item;
	}
	if (!found) {
		found = gt_node_map(&c->arena);
		gt_node_append(&c->arena, list, found);
	}
	if (!gt_node_is_text(gt_node_get(found, "status"), status))
		gt_node_set_str(&c->arena, found, "lastTransitionTime", as_call_now(c));
	gt_node_set_str(&c->arena, found, "message", message);
	gt_node_set_str(&c->arena, found, "reason", reason);
	gt_node_set_str(&c->arena, found, "status", status);
	gt_node_set_str(&c->arena, found, "type", type);
}
