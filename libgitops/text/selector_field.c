/* Field selectors. */
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "text/selector.h"

/* Cuts the next term off at a comma that no backslash escapes. */
static struct gt_str next_term(struct gt_str *rest)
{
	size_t n = 0;

	while (n < rest->n && rest->p[n] != ',')
		n += rest->p[n] == '\\' && n + 1 < rest->n ? 2 : 1;
	struct gt_str term = gt_str_sub(*rest, 0, n);
	*rest = n < rest->n ? gt_str_from(*rest, n + 1) : (struct gt_str){0};
	return term;
}

static int bad_escape(struct gt_err *err, struct gt_str sequence)
{
	return gt_fail(err, GT_E_INVALID, "invalid field selector: invalid escape sequence: %.*s",
		       GT_STR_ARG(sequence));
}

static int unescape(struct gt_arena *a, struct gt_str s, struct gt_str *ret, struct gt_err *err)
{
	char *out = gt_arena_alloc(a, s.n + 1);
	size_t n = 0;

	if (!out)
		return gt_arena_check(a, err);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\') {
			if (i + 1 == s.n || !memchr("\\,=", s.p[i + 1], 3))
				return bad_escape(err, gt_str_sub(s, i, 2));
			i++;
		} else if (s.p[i] == ',' || s.p[i] == '=') {
			return gt_fail(err, GT_E_INVALID,
				       "invalid field selector: unescaped character in value: %c",
				       s.p[i]);
		}
		out[n++] = s.p[i];
	}
	out[n] = '\0';
	*ret = gt_strn(out, n);
	return GT_OK;
}

static int parse_term(struct gt_arena *a, struct gt_str term, struct gt_requirement *ret_req,
		      struct gt_err *err)
{
	size_t i = 0;

	while (i < term.n && term.p[i] != '=' &&
	       !(term.p[i] == '!' && i + 1 < term.n && term.p[i + 1] == '='))
		i++;
	if (i == term.n)
		return gt_fail(err, GT_E_INVALID, "invalid selector: can't understand '%.*s'",
			       GT_STR_ARG(term));
	bool two = term.p[i] == '!' || (i + 1 < term.n && term.p[i + 1] == '=');
	struct gt_str *value = gt_arena_new(a, struct gt_str);
	if (!value)
		return gt_arena_check(a, err);
	*ret_req = (struct gt_requirement){
		.op = term.p[i] == '!' ? GT_SEL_NOT_EQUAL : GT_SEL_EQUAL,
		.key = gt_arena_str(a, gt_str_sub(term, 0, i)),
		.values = value,
		.nvalues = 1,
	};
	return unescape(a, gt_str_from(term, i + (two ? 2 : 1)), value, err);
}

int gt_field_selector_parse(struct gt_arena *a, struct gt_str text, struct gt_selector *ret_sel,
			    struct gt_err *err)
{
	GT_VEC(struct gt_requirement) reqs = {0};
	struct gt_requirement req, *v = NULL;
	int rc = GT_OK;

	while (text.n && rc >= 0) {
		struct gt_str term = next_term(&text);

		if (term.n == 0)
			continue;
		rc = parse_term(a, term, &req, err);
		if (rc >= 0)
			gt_vec_push(&reqs, req);
	}
	if (rc >= 0 && reqs.n) {
		v = gt_arena_alloc(a, reqs.n * sizeof *v);
		rc = gt_arena_check(a, err);
	}
	if (rc >= 0) {
		if (v)
			memcpy(v, reqs.v, reqs.n * sizeof *v);
		*ret_sel = (struct gt_selector){v, reqs.n, false};
	}
	gt_vec_fini(&reqs);
	return rc;
}

bool gt_field_selector_match(const struct gt_selector *sel,
			     struct gt_str (*value_of)(void *arg, struct gt_str key), void *arg)
{
	if (sel && sel->nothing)
		return false;
	for (size_t i = 0; sel && i < sel->n; i++) {
		const struct gt_requirement *r = &sel->v[i];
		bool equal = gt_str_eq(value_of(arg, r->key), r->values[0]);

		if (equal != (r->op == GT_SEL_EQUAL))
			return false;
	}
	return true;
}
