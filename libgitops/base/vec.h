/*
 * Growable arrays of program-sized things.  GT_VEC(int) v = { 0 }; gt_vec_push(&v, 7);
 * gt_vec_fini(&v).  Aborts when out of memory, as gt_xmalloc does.  One owner at a time.
 */
#ifndef GT_BASE_VEC_H
#define GT_BASE_VEC_H

#include <stddef.h>
#include <string.h>

#include "base/alloc.h"

#define GT_VEC(type)           \
	struct {               \
		type *v;       \
		size_t n, cap; \
	}

static inline void *gt__vec_grow(void *v, size_t *cap, size_t n, size_t size)
{
	if (n < *cap)
		return v;
	*cap = *cap ? *cap * 2 : 8;
	if (*cap <= n)
		*cap = n + 1;
	return gt_xrealloc(v, *cap * size);
}

#define gt_vec_push(vec, ...)                                                        \
	((vec)->v = gt__vec_grow((vec)->v, &(vec)->cap, (vec)->n, sizeof *(vec)->v), \
	 (vec)->v[(vec)->n++] = (__VA_ARGS__))

/* Removes the i-th element, keeping the order. */
#define gt_vec_remove(vec, i)                                                              \
	(memmove(&(vec)->v[i], &(vec)->v[(i) + 1], ((vec)->n - (i)-1) * sizeof *(vec)->v), \
	 (vec)->n--)

#define gt_vec_fini(vec) (free((vec)->v), (vec)->v = NULL, (vec)->n = (vec)->cap = 0)

#endif
