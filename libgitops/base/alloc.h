/*
 * Program-sized memory: queues, tables, options.  These allocators never return NULL; a process
 * that cannot get a few hundred bytes is better restarted.  What depends on the size of an input
 * belongs in an arena (base/arena.h), whose exhaustion is an ordinary error.
 *
 * Also the cleanup attributes used everywhere: gt_autofree, gt_autoclose, gt_steal.  Any thread.
 */
#ifndef GT_BASE_ALLOC_H
#define GT_BASE_ALLOC_H

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

void *gt_xmalloc(size_t n) __attribute__((malloc, returns_nonnull));
void *gt_xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *gt_xrealloc(void *p, size_t n) __attribute__((returns_nonnull));
char *gt_xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *gt_xstrndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));
char *gt_xasprintf(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), malloc, returns_nonnull));

/* One zeroed object of the type. */
#define gt_new(type) ((type *)gt_xcalloc(1, sizeof(type)))

static inline void gt__freep(void *p)
{
	free(*(void **)p);
}

static inline void gt__closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Runs fn(&variable) when the variable goes out of scope. */
#define gt_cleanup(fn) __attribute__((cleanup(fn)))
#define gt_autofree gt_cleanup(gt__freep)
#define gt_autoclose gt_cleanup(gt__closep)

/* Takes the value out of a pointer variable, leaving NULL behind. */
#define gt_steal(p)                             \
	__extension__({                         \
		__typeof__(p) gt__stolen = (p); \
		(p) = NULL;                     \
		gt__stolen;                     \
	})

/* Takes a file descriptor out of its variable, leaving -1 behind. */
static inline int gt_steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

#define GT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
