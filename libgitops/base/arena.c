#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define FIRST_CHUNK ((size_t)1024)
#define MAX_CHUNK ((size_t)256 * 1024)
#define ALIGN ((size_t)8)

struct gt_arena_chunk {
	struct gt_arena_chunk *next;
	size_t size; /* header included */
	bool mapped;
};

static size_t align_up(size_t n)
{
	return (n + ALIGN - 1) & ~(ALIGN - 1);
}

void gt_arena_init(struct gt_arena *a, size_t budget)
{
	*a = (struct gt_arena){.budget = budget};
}

static void chunk_release(struct gt_arena_chunk *c)
{
	if (c->mapped)
		munmap(c, c->size);
	else
		free(c);
}

void gt_arena_fini(struct gt_arena *a)
{
	if (!a)
		return;
	for (struct gt_arena_chunk *c = a->chunks, *next; c; c = next) {
		next = c->next;
		chunk_release(c);
	}
	*a = (struct gt_arena){0};
}

void gt_arena_reset(struct gt_arena *a)
{
	size_t budget = a->budget;

	gt_arena_fini(a);
	a->budget = budget;
}

/* Chunks of the largest size are mapped, so that releasing them gives the memory back at once. */
static struct gt_arena_chunk *chunk_new(size_t size)
{
	struct gt_arena_chunk *c;

	if (size < MAX_CHUNK) {
		c = malloc(size);
		if (!c)
			return NULL;
		c->mapped = false;
	} else {
		void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (p == MAP_FAILED)
			return NULL;
		c = p;
		c->mapped = true;
	}
	c->size = size;
	return c;
}

static bool arena_add_chunk(struct gt_arena *a, size_t need)
{
	size_t size = a->next_chunk ? a->next_chunk : FIRST_CHUNK;
	size_t head = align_up(sizeof(struct gt_arena_chunk));

	if (need > SIZE_MAX - head - 4096)
		return false;
	if (size < need + head)
		size = need + head >= MAX_CHUNK ? (need + head + 4095) & ~(size_t)4095
						: need + head;
	if (a->budget) {
		size_t left = a->used < a->budget ? a->budget - a->used : 0;

		if (left < need + head)
			return false;
		/* The last chunk is what the budget has left. */
		if (size > left)
			size = left;
	}

	struct gt_arena_chunk *c = chunk_new(size);
	if (!c)
		return false;
	c->next = a->chunks;
	a->chunks = c;
	a->used += size;
	a->at = (char *)c + head;
	a->end = (char *)c + size;
	if (size < MAX_CHUNK)
		a->next_chunk = size * 2 < FIRST_CHUNK ? FIRST_CHUNK : size * 2;
	else
		a->next_chunk = MAX_CHUNK;
	return true;
}

void *gt_arena_alloc(struct gt_arena *a, size_t n)
{
	if (a->failed)
		return NULL;
	if (a->fail_after && --a->fail_after == 0) {
		a->failed = true;
		return NULL;
	}
	size_t need = n > SIZE_MAX - ALIGN ? SIZE_MAX : align_up(n ? n : 1);
	if (need > (size_t)(a->end - a->at) && !arena_add_chunk(a, need)) {
		a->failed = true;
		return NULL;
	}
	void *p = a->at;
	a->at += need;
	return p;
}

void *gt_arena_calloc(struct gt_arena *a, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		n = SIZE_MAX;
	void *p = gt_arena_alloc(a, n);
	return p ? memset(p, 0, n) : NULL;
}

void *gt_arena_grow(struct gt_arena *a, void *p, size_t old_n, size_t new_n)
{
	if (!p)
		return gt_arena_alloc(a, new_n);
	size_t have = align_up(old_n ? old_n : 1);
	if (new_n <= have)
		return p;
	bool last = (char *)p + have == a->at;
	if (last && !a->failed && !a->fail_after && new_n <= SIZE_MAX - ALIGN &&
	    align_up(new_n) - have <= (size_t)(a->end - a->at)) {
		a->at += align_up(new_n) - have;
		return p;
	}
	void *q = gt_arena_alloc(a, new_n);
	return q ? memcpy(q, p, old_n) : NULL;
}

char *gt_arena_strndup(struct gt_arena *a, const char *s, size_t n)
{
	char *p = gt_arena_alloc(a, n == SIZE_MAX ? n : n + 1);

	if (!p)
		return NULL;
	if (n)
		memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

char *gt_arena_strdup(struct gt_arena *a, const char *s)
{
	return s ? gt_arena_strndup(a, s, strlen(s)) : NULL;
}

struct gt_str gt_arena_str(struct gt_arena *a, struct gt_str s)
{
	char *p = gt_arena_strndup(a, s.p, s.n);

	return p ? (struct gt_str){p, s.n} : (struct gt_str){0};
}

char *gt_arena_printf(struct gt_arena *a, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		a->failed = true;
	char *p = n < 0 ? NULL : gt_arena_alloc(a, (size_t)n + 1);
	if (p)
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

int gt_arena_check(const struct gt_arena *a, struct gt_err *err)
{
	if (!a->failed)
		return GT_OK;
	if (!a->budget)
		return gt_fail(err, GT_E_BUDGET, "out of memory");
	if (a->budget < (size_t)1 << 20)
		return gt_fail(err, GT_E_BUDGET, "memory budget of %zu bytes exhausted", a->budget);
	return gt_fail(err, GT_E_BUDGET, "memory budget of %zu MiB exhausted", a->budget >> 20);
}

struct gt_arena_mark gt_arena_mark(const struct gt_arena *a)
{
	return (struct gt_arena_mark){a->chunks, a->at, a->end};
}

void gt_arena_rewind(struct gt_arena *a, struct gt_arena_mark mark)
{
	while (a->chunks != mark.chunk) {
		struct gt_arena_chunk *c = a->chunks;

		a->chunks = c->next;
		a->used -= c->size;
		chunk_release(c);
	}
	a->at = mark.at;
	a->end = mark.end;
	if (!mark.chunk)
		a->next_chunk = 0;
}
