#include "base/buf.h"

#include <stdio.h>
#include <string.h>

void gt_buf_init(struct gt_buf *b, size_t max)
{
	*b = (struct gt_buf){.max = max};
}

void gt_buf_fini(struct gt_buf *b)
{
	if (!b)
		return;
	free(b->p);
	*b = (struct gt_buf){0};
}

void gt_buf_reset(struct gt_buf *b)
{
	b->n = 0;
	b->failed = false;
	if (b->p)
		b->p[0] = '\0';
}

char *gt_buf_reserve(struct gt_buf *b, size_t n)
{
	size_t max = b->max ? b->max : GT_BUF_MAX;

	if (b->failed || n > max || b->n > max - n) {
		b->failed = true;
		return NULL;
	}
	size_t need = b->n + n + 1;
	if (need > b->cap) {
		size_t cap = b->cap ? b->cap * 2 : 64;

		if (cap < need)
			cap = need;
		if (max < SIZE_MAX && cap > max + 1)
			cap = max + 1;
		char *p = realloc(b->p, cap);
		if (!p) {
			b->failed = true;
			return NULL;
		}
		b->p = p;
		b->cap = cap;
	}
	return b->p + b->n;
}

void gt_buf_commit(struct gt_buf *b, size_t n)
{
	b->n += n;
	b->p[b->n] = '\0';
}

void gt_buf_add(struct gt_buf *b, const void *bytes, size_t n)
{
	char *at = gt_buf_reserve(b, n);

	if (!at)
		return;
	if (n)
		memcpy(at, bytes, n);
	gt_buf_commit(b, n);
}

void gt_buf_adds(struct gt_buf *b, const char *s)
{
	gt_buf_add(b, s, strlen(s));
}

void gt_buf_add_str(struct gt_buf *b, struct gt_str s)
{
	gt_buf_add(b, s.p, s.n);
}

void gt_buf_fill(struct gt_buf *b, char c, size_t n)
{
	char *at = gt_buf_reserve(b, n);

	if (!at)
		return;
	memset(at, c, n);
	gt_buf_commit(b, n);
}

void gt_buf_vprintf(struct gt_buf *b, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		b->failed = true;
	char *at = n < 0 ? NULL : gt_buf_reserve(b, (size_t)n);
	if (at) {
		vsnprintf(at, (size_t)n + 1, fmt, again);
		gt_buf_commit(b, (size_t)n);
	}
	va_end(again);
}

void gt_buf_printf(struct gt_buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	gt_buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void gt_buf_consume(struct gt_buf *b, size_t n)
{
	if (n > b->n)
		n = b->n;
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->n - n + 1);
	b->n -= n;
}

int gt_buf_check(const struct gt_buf *b, struct gt_err *err)
{
	if (!b->failed)
		return GT_OK;
	return gt_fail(err, GT_E_BUDGET, "larger than %zu bytes", b->max ? b->max : GT_BUF_MAX);
}

char *gt_buf_take(struct gt_buf *b)
{
	char *p = b->p ? b->p : gt_xstrdup("");
	size_t max = b->max;

	*b = (struct gt_buf){.max = max};
	return p;
}
