#include "read.h"

#include "base/enc.h"
#include "base/limits.h"
#include "encode.h"
#include "net/server.h"
#include "server.h"
#include "status.h"
#include "text/json.h"
#include "write.h"

int as_get(struct as_call *c)
{
	c->object = as_table_get(c->r->table, c->to.ns, c->to.name);
	return c->object ? GT_OK : as_not_found(c);
}

int as_parse_rv(struct as_call *c, struct gt_str text, int64_t *ret_rev)
{
	uint64_t rev = 0;

	if (text.n > 0 && (!gt_str_u64(text, &rev) || rev > INT64_MAX)) {
		struct gt_field_errors errs;
		gt_field_errors_init(&errs, &c->arena);
		gt_field_invalid(&errs, "resourceVersion", gt_node_strn(&c->arena, text),
				 "strconv.ParseUint: parsing \"%.*s\": invalid syntax",
				 GT_STR_ARG(text));
		return as_invalid(c, gt_str(""), &errs);
	}
	*ret_rev = (int64_t)rev;
	return GT_OK;
}

/* --- pages -------------------------------------------------------------------------------- */

struct page {
	int64_t rev;         /* of the first page, 0 for the first one */
	struct gt_str after; /* the last key of the page before */
};

static int bad_token(struct as_call *c)
{
	return as_bad_request(c, "continue key is not valid: %.*s",
			      GT_STR_ARG(c->query.continue_token));
}

static int read_token(struct as_call *c, struct page *ret)
{
	gt_auto_buf text = {0};
	struct gt_node *token = NULL;
	struct gt_str start;
	int64_t rev;

	if (!gt_base64url_decode(&text, c->query.continue_token) ||
	    gt_json_parse(&c->arena, gt_buf_str(&text), 0, &token, NULL) < 0 ||
	    !gt_node_get_int(gt_node_get(token, "rv"), &rev))
		return bad_token(c);
	start = gt_arena_str(&c->arena, gt_node_text(gt_node_get(token, "start")));
	/* The start is the key after the last one: that key and a zero byte. */
	if (start.n < 2 || start.p[start.n - 1] != '\0' || rev < -1)
		return bad_token(c);
	ret->rev = rev == -1 ? 0 : rev;
	ret->after = gt_strn(start.p, start.n - 1);
	return GT_OK;
}

static struct gt_str make_token(struct as_call *c, int64_t rev, struct gt_str last)
{
	gt_auto_buf json = {0};
	gt_auto_buf token = {0};
	gt_auto_buf start = {0};

	gt_buf_add_str(&start, last);
	gt_buf_addc(&start, '\0');
	gt_buf_printf(&json, "{\"v\":\"meta.k8s.io/v1\",\"rv\":%lld,\"start\":", (long long)rev);
	gt_json_write_str(&json, gt_buf_str(&start), false);
	gt_buf_addc(&json, '}');
	gt_base64url_encode(&token, gt_buf_str(&json));
	return gt_arena_str(&c->arena, gt_buf_str(&token));
}

/* --- options ------------------------------------------------------------------------------ */

static int check_options(struct as_call *c)
{
	struct gt_str match = c->query.rv_match;
	bool exact = gt_str_is(match, "Exact");

	if (c->query.has_initial)
		return as_option_error(c, "sendInitialEvents",
				       "sendInitialEvents is forbidden for list");
	if (match.n == 0)
		return GT_OK;
	if (c->query.continue_token.n > 0)
		return as_option_error(
			c, "resourceVersionMatch",
			"resourceVersionMatch is forbidden when continue is provided");
	if (c->query.rv.n == 0)
		return as_option_error(
			c, "resourceVersionMatch",
			"resourceVersionMatch is forbidden unless resourceVersion is provided");
	if (!exact && !gt_str_is(match, "NotOlderThan"))
		return as_option_error(c, "resourceVersionMatch",
				       "supported values: \"Exact\", \"NotOlderThan\"");
	if (exact && gt_str_is(c->query.rv, "0"))
		return as_option_error(c, "resourceVersionMatch",
				       "resourceVersionMatch \"Exact\" is forbidden for "
				       "resourceVersion \"0\"");
	return GT_OK;
}

/* --- lists -------------------------------------------------------------------------------- */

static bool scan_match(void *arg, const struct as_object *o)
{
	return as_filter_match(arg, o);
}

static int expired(struct as_call *c, const struct page *p)
{
	if (c->query.continue_token.n == 0)
		return as_fail(c, 410, "Expired",
			       "The resourceVersion for the provided list is "
			       "too old.");
	as_fail(c, 410, "Expired",
		"The provided continue parameter is too old to display a consistent list result. "
		"You can start a new list without the continue parameter, or use the continue "
		"token in this response to retrieve the remainder of the results. Continuing with "
		"the provided token results in an inconsistent list - objects that were created, "
		"modified, or deleted between the time the first chunk was returned and now may "
		"show up in the list.");
	gt_node_set(&c->arena, gt_node_get(c->status, "metadata"), "continue",
		    gt_node_strn(&c->arena, make_token(c, -1, p->after)));
	return GT_E_GONE;
}

static int too_large(struct as_call *c, const struct gt_err *err)
{
	as_fail(c, 504, "Timeout", "%s", err->text);
	as_cause(c, "ResourceVersionTooLarge", "Too large resource version", "");
	gt_node_set_int(&c->arena, gt_node_get(c->status, "details"), "retryAfterSeconds", 1);
	return GT_E_TIMEOUT;
}

static int scan(struct as_call *c, struct as_filter *f, const struct page *p,
		struct as_snapshot *ret)
{
	struct as_scan s = {
		.ns = c->to.ns.n ? c->to.ns : f->ns,
		.after = p->after,
		.rev = p->rev,
		.limit = c->query.limit > 0 ? (size_t)c->query.limit : 0,
		.match = f->any ? scan_match : NULL,
		.match_arg = f,
	};
	struct gt_err err = {0};
	int rc = as_table_scan(c->r->table, &s, ret, &err);

	if (rc == GT_E_GONE)
		return expired(c, p);
	if (rc == GT_E_TIMEOUT)
		return too_large(c, &err);
	return rc < 0 ? as_fail_err(c, &err) : GT_OK;
}

/* One object by name needs no scan. */
static bool by_name(struct as_call *c, const struct as_filter *f, struct as_snapshot *ret)
{
	struct gt_str ns = c->to.ns.n ? c->to.ns : f->ns;
	struct as_object *o;

	if (f->name.n == 0 || c->query.rv.n > 0 || c->query.continue_token.n > 0 ||
	    (c->r->flags & AS_R_NAMESPACED && ns.n == 0))
		return false;
	*ret = (struct as_snapshot){.rev = as_store_revision(c->server->store)};
	o = as_table_get(c->r->table, ns, f->name);
	if (o && as_filter_match(f, o)) {
		ret->v = gt_xcalloc(1, sizeof *ret->v);
		ret->v[ret->n++] = o;
	} else {
		as_object_unref(o);
	}
	return true;
}

static int first_page(struct as_call *c, struct page *ret)
{
	int64_t rev = 0;
	int rc;

	*ret = (struct page){0};
	if (c->query.continue_token.n > 0)
		return read_token(c, ret);
	rc = as_parse_rv(c, c->query.rv, &rev);
	if (rc == GT_OK && gt_str_is(c->query.rv_match, "Exact"))
		ret->rev = rev;
	else if (rc == GT_OK && rev > 0)
		rc = as_await(c, rev);
	return rc;
}

int as_await(struct as_call *c, int64_t rev)
{
	struct as_scan s = {.rev = rev, .limit = 1, .after = gt_str("\xff")};
	struct as_snapshot snap = {0};
	struct gt_err err = {0};
	int rc = as_table_scan(c->r->table, &s, &snap, &err);

	as_snapshot_fini(&snap);
	return rc == GT_E_TIMEOUT ? too_large(c, &err) : GT_OK;
}

static int snapshot(struct as_call *c, struct as_filter *f, struct as_snapshot *ret,
		    struct as_list_meta *ret_meta)
{
	struct page p;
	int rc = first_page(c, &p);

	if (rc < 0)
		return rc;
	if (!by_name(c, f, ret)) {
		rc = scan(c, f, &p, ret);
		if (rc < 0)
			return rc;
	}
	*ret_meta = (struct as_list_meta){.rev = ret->rev};
	if (ret->more && ret->n > 0)
		ret_meta->token = make_token(c, ret->rev, ret->v[ret->n - 1]->key);
	if (ret->more && !f->any && c->to.ns.n == 0 && p.after.n == 0)
		ret_meta->remaining = (int64_t)as_table_count(c->r->table) - (int64_t)ret->n;
	return GT_OK;
}

int as_list_snapshot(struct as_call *c, struct as_snapshot *ret_snapshot)
{
	struct as_filter f;
	struct as_list_meta meta;
	int rc = as_filter_parse(c, &f);

	if (rc < 0)
		return rc;
	return snapshot(c, &f, ret_snapshot, &meta);
}

int as_list(struct as_call *c)
{
	struct as_filter f;
	struct as_list_meta meta;
	struct as_snapshot snap = {0};
	gt_auto_buf out = {0};
	int rc = check_options(c);

	if (rc == GT_OK)
		rc = as_filter_parse(c, &f);
	if (rc == GT_OK)
		rc = snapshot(c, &f, &snap, &meta);
	if (rc < 0)
		return rc;
	rc = as_encode_list(c, &out, &snap, &meta);
	as_snapshot_fini(&snap);
	if (rc == GT_OK && gt_buf_check(&out, NULL) < 0)
		rc = as_internal(c, "the list is too large");
	if (rc == GT_OK) {
		as_send(c, 200, "application/json", &out);
		c->reply = NULL;
	}
	return rc;
}
