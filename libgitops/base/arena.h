/*
 * gt_arena - input-sized memory: one region for a reconcile, a request or a document, with a hard
 * budget, released in one call.
 *
 * Running out of budget is sticky: the allocation returns NULL, and so does every later one, until
 * gt_arena_reset().  Builders therefore tolerate NULL and leave the check to the end of a step:
 *
 *	struct gt_node *obj = gt_node_map(a);
 *	gt_node_set_str(a, obj, "kind", "Pod");
 *	...
 *	if (gt_arena_check(a, err) < 0)
 *		return gt_wrap(err, "build the Pod");
 *
 * One owner at a time.  Memory is 8-byte aligned and not zeroed unless the name says so.  Chunks
 * start small, so an arena for one small object is cheap, and double up to 256 KiB; larger ones go
 * straight back to the kernel when released.
 */
#ifndef GT_BASE_ARENA_H
#define GT_BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"

struct gt_arena_chunk;

struct gt_arena {
	char *at, *end;
	struct gt_arena_chunk *chunks;
	size_t budget; /* bytes, 0 means no limit */
	size_t used;   /* bytes in chunks */
	size_t next_chunk;
	uint64_t fail_after; /* test hook: the n-th allocation from now fails; 0 means never */
	bool failed;
};

/* A position to which the arena can be rewound. */
struct gt_arena_mark {
	struct gt_arena_chunk *chunk;
	char *at, *end;
};

/* A zeroed struct is a valid arena without a limit. */
void gt_arena_init(struct gt_arena *a, size_t budget);

/* Releases everything; the arena can be used again, with the same budget. */
void gt_arena_reset(struct gt_arena *a);

/* Releases everything.  Zeroed and NULL are allowed. */
void gt_arena_fini(struct gt_arena *a);

#define gt_auto_arena gt_cleanup(gt_arena_fini) struct gt_arena

void *gt_arena_alloc(struct gt_arena *a, size_t n);
void *gt_arena_calloc(struct gt_arena *a, size_t count, size_t size);

/* Grows the last allocation in place where possible, else copies.  NULL p allocates. */
void *gt_arena_grow(struct gt_arena *a, void *p, size_t old_n, size_t new_n);

#define gt_arena_new(a, type) ((type *)gt_arena_calloc((a), 1, sizeof(type)))

/* Copies; the result is NUL-terminated. */
char *gt_arena_strdup(struct gt_arena *a, const char *s);
char *gt_arena_strndup(struct gt_arena *a, const char *s, size_t n);
struct gt_str gt_arena_str(struct gt_arena *a, struct gt_str s);
char *gt_arena_printf(struct gt_arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* GT_E_BUDGET with a text that names the budget if any allocation has failed. */
int gt_arena_check(const struct gt_arena *a, struct gt_err *err);

/* Everything allocated after the mark is released by the rewind. */
struct gt_arena_mark gt_arena_mark(const struct gt_arena *a);
void gt_arena_rewind(struct gt_arena *a, struct gt_arena_mark mark);

#endif
