/* Cutting a stream of JSON values into values. */
#include "text/json.h"

void gt_json_splitter_init(struct gt_json_splitter *s, size_t max)
{
	*s = (struct gt_json_splitter){0};
	gt_buf_init(&s->pending, max);
}

void gt_json_splitter_fini(struct gt_json_splitter *s)
{
	if (s)
		gt_buf_fini(&s->pending);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Takes one byte inside a value; true when it is the value's last. */
static bool step(struct gt_json_splitter *s, char c)
{
	if (s->in_string) {
		if (s->escaped)
			s->escaped = false;
		else if (c == '\\')
			s->escaped = true;
		else if (c == '"')
			s->in_string = false;
		return !s->in_string && s->depth == 0;
	}
	switch (c) {
	case '"': s->in_string = true; return false;
	case '{':
	case '[': s->depth++; return false;
	case '}':
	case ']':
		if (s->depth)
			s->depth--;
		return s->depth == 0;
	default: return s->depth == 0 && is_space(c); /* the end of a number or a word */
	}
}

static int deliver(struct gt_json_splitter *s, struct gt_str part,
		   int (*fn)(void *arg, struct gt_str value, struct gt_err *err), void *arg,
		   struct gt_err *err)
{
	size_t max = s->pending.max ? s->pending.max : GT_BUF_MAX;
	int rc;

	if (s->pending.n) {
		gt_buf_add_str(&s->pending, part);
		part = gt_buf_str(&s->pending);
	}
	if (s->pending.failed || part.n > max)
		rc = gt_fail(err, GT_E_BUDGET, "JSON value larger than %zu bytes", max);
	else
		rc = fn(arg, part, err);
	gt_buf_reset(&s->pending);
	return rc;
}

int gt_json_splitter_feed(struct gt_json_splitter *s, struct gt_str bytes,
			  int (*fn)(void *arg, struct gt_str value, struct gt_err *err), void *arg,
			  struct gt_err *err)
{
	size_t start = 0;

	for (size_t i = 0; i < bytes.n; i++) {
		if (!s->started) {
			if (is_space(bytes.p[i]))
				continue;
			s->started = true;
			start = i;
		}
		if (!step(s, bytes.p[i]))
			continue;
		s->started = false;
		int rc = deliver(s, gt_str_sub(bytes, start, i + 1 - start), fn, arg, err);
		if (rc < 0)
			return rc;
	}
	if (s->started) {
		gt_buf_add_str(&s->pending, gt_str_from(bytes, start));
		if (s->pending.failed)
			return gt_fail(err, GT_E_BUDGET, "JSON value larger than %zu bytes",
				       s->pending.max ? s->pending.max : GT_BUF_MAX);
	}
	return GT_OK;
}
