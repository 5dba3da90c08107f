/* Making and reading nodes; maps are in node_map.c, sequences in node_seq.c. */
#include "text/node.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "text/node_impl.h"
#include "text/number.h"

struct gt_node *gt_node__new(struct gt_arena *a, enum gt_kind kind)
{
	struct gt_node *n = gt_node__alloc(a, sizeof *n);

	if (n)
		*n = (struct gt_node){.kind = (uint8_t)kind};
	return n;
}

struct gt_node *gt_node__text(struct gt_arena *a, enum gt_kind kind, size_t len)
{
	if (len > UINT32_MAX - 1) {
		a->failed = true;
		return NULL;
	}
	struct gt_node *n = gt_node__alloc(a, sizeof *n + len + 1);
	if (!n)
		return NULL;
	char *text = (char *)(n + 1);
	text[len] = '\0';
	*n = (struct gt_node){.kind = (uint8_t)kind, .n = (uint32_t)len, .s = text};
	return n;
}

struct gt_node *gt_node_null(struct gt_arena *a)
{
	return gt_node__new(a, GT_NULL);
}

struct gt_node *gt_node_bool(struct gt_arena *a, bool b)
{
	struct gt_node *n = gt_node__new(a, GT_BOOL);

	if (n)
		n->truth = b;
	return n;
}

struct gt_node *gt_node_number(struct gt_arena *a, enum gt_kind kind, struct gt_str text)
{
	struct gt_node *n = gt_node__text(a, kind, text.n);

	if (n && text.n)
		memcpy(n + 1, text.p, text.n);
	return n;
}

struct gt_node *gt_node_int(struct gt_arena *a, int64_t i)
{
	char text[24];
	int n = snprintf(text, sizeof text, "%lld", (long long)i);

	return gt_node_number(a, GT_INT, gt_strn(text, (size_t)n));
}

struct gt_node *gt_node_float(struct gt_arena *a, double d)
{
	char text[GT_DOUBLE_TEXT];

	if (!isfinite(d))
		return gt_node_null(a);
	gt_double_json(d, text);
	bool integer = strspn(text, "-0123456789") == strlen(text);
	return gt_node_number(a, integer ? GT_INT : GT_FLOAT, gt_str(text));
}

struct gt_node *gt_node_strn(struct gt_arena *a, struct gt_str s)
{
	return gt_node_number(a, GT_STR, s);
}

struct gt_node *gt_node_str(struct gt_arena *a, const char *s)
{
	return s ? gt_node_strn(a, gt_str(s)) : NULL;
}

struct gt_node *gt_node_str_take(struct gt_arena *a, const char *s, size_t len)
{
	if (len > UINT32_MAX - 1)
		a->failed = true;
	struct gt_node *n = gt_node__new(a, GT_STR);
	if (n) {
		n->s = s;
		n->n = (uint32_t)len;
	}
	return n;
}

struct gt_node *gt_node_printf(struct gt_arena *a, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	struct gt_node *n = len < 0 ? NULL : gt_node__text(a, GT_STR, (size_t)len);
	if (n)
		vsnprintf((char *)(n + 1), (size_t)len + 1, fmt, again);
	va_end(again);
	return n;
}

static struct gt_node *dup_map(struct gt_arena *a, const struct gt_node *n)
{
	struct gt_node *copy = gt_node_map(a);

	gt_map_each(n, pair)
	{
		char *key = gt_arena_strndup(a, pair->key, pair->len);
		struct gt_node *value = gt_node_dup(a, pair->value);

		if (key && value)
			gt_node__add(a, copy, &(struct gt_pair){key, pair->len, pair->line, value});
	}
	return copy;
}

static struct gt_node *dup_seq(struct gt_arena *a, const struct gt_node *n)
{
	struct gt_node *copy = gt_node_seq(a);

	gt_seq_for_each (n, item)
		gt_node_append(a, copy, gt_node_dup(a, item));
	return copy;
}

/* What a copy takes over besides its content. */
static void keep_marks(struct gt_node *copy, const struct gt_node *n)
{
	if (!copy)
		return;
	copy->style = n->style;
	copy->truth = n->truth;
	copy->flags = (uint8_t)(n->flags & ~GT_NODE_MARK);
	copy->line = n->line;
	copy->col = n->col;
}

struct gt_node *gt_node_dup(struct gt_arena *a, const struct gt_node *n)
{
	struct gt_node *copy;

	if (!n || a->failed)
		return NULL;
	switch ((enum gt_kind)n->kind) {
	case GT_INT:
	case GT_FLOAT:
	case GT_STR: copy = gt_node_number(a, n->kind, gt_strn(n->s, n->n)); break;
	case GT_SEQ: copy = dup_seq(a, n); break;
	case GT_MAP: copy = dup_map(a, n); break;
	default: copy = gt_node__new(a, n->kind); break;
	}
	keep_marks(copy, n);
	return copy;
}

struct gt_node *gt_node_copy(struct gt_arena *a, const struct gt_node *n)
{
	struct gt_node *copy;

	if (!n)
		return NULL;
	switch ((enum gt_kind)n->kind) {
	case GT_SEQ:
		copy = gt_node_seq(a);
		gt_seq_for_each (n, item)
			gt_node_append(a, copy, item);
		break;
	case GT_MAP: copy = gt_node__map_of(a, n->n ? n->pairs->v : NULL, n->n, NULL); break;
	default:
		copy = gt_node__new(a, n->kind);
		gt_node_become(copy, n);
		break;
	}
	keep_marks(copy, n);
	return copy;
}

const char *gt_kind_name(enum gt_kind kind)
{
	static const char *const names[] = {
		[GT_NULL] = "null",    [GT_BOOL] = "boolean", [GT_INT] = "integer",
		[GT_FLOAT] = "number", [GT_STR] = "string",   [GT_SEQ] = "array",
		[GT_MAP] = "object",
	};

	return kind <= GT_MAP ? names[kind] : "unknown";
}

struct gt_str gt_node_text(const struct gt_node *n)
{
	if (!n || n->kind < GT_INT || n->kind > GT_STR)
		return (struct gt_str){0};
	return gt_strn(n->s, n->n);
}

const char *gt_node_cstr(const struct gt_node *n)
{
	return gt_node_is(n, GT_STR) ? n->s : NULL;
}

const char *gt_node_cstr_or(const struct gt_node *n, const char *fallback)
{
	return gt_node_is(n, GT_STR) ? n->s : fallback;
}

bool gt_node_is_text(const struct gt_node *n, const char *s)
{
	return gt_node_is(n, GT_STR) && s && gt_str_is(gt_strn(n->s, n->n), s);
}

bool gt_node_truth(const struct gt_node *n, bool fallback)
{
	return gt_node_is(n, GT_BOOL) ? n->truth : fallback;
}

bool gt_node_get_int(const struct gt_node *n, int64_t *ret_i)
{
	return gt_node_is(n, GT_INT) && gt_str_i64(gt_strn(n->s, n->n), ret_i);
}

int64_t gt_node_int_or(const struct gt_node *n, int64_t fallback)
{
	int64_t i;

	return gt_node_get_int(n, &i) ? i : fallback;
}

bool gt_node_get_double(const struct gt_node *n, double *ret_d)
{
	if (!gt_node_is(n, GT_INT) && !gt_node_is(n, GT_FLOAT))
		return false;
	return gt_number_double(gt_strn(n->s, n->n), ret_d);
}

struct gt_node *gt_node__at(const struct gt_node *n, const char *const *keys)
{
	for (; n && *keys; keys++)
		n = gt_node_get(n, *keys);
	return (struct gt_node *)(uintptr_t)n;
}

void gt_node_become(struct gt_node *n, const struct gt_node *from)
{
	if (n && from)
		*n = *from;
}

void gt_node_clear(struct gt_node *n)
{
	if (!gt_node_is(n, GT_MAP) && !gt_node_is(n, GT_SEQ))
		return;
	n->n = 0;
	n->pairs = NULL;
}
