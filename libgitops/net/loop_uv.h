/* What the files of net/ know of the loop beyond net/loop.h.  Loop thread unless noted. */
#ifndef GT_NET_LOOP_UV_H
#define GT_NET_LOOP_UV_H

#include <uv.h>

#include "base/list.h"
#include "net/loop.h"

/* Something that must be closed before the loop goes: its close() runs in gt_loop_free(). */
struct gt_loop_part {
	struct gt_list node;
	void (*close)(struct gt_loop_part *part);
};

uv_loop_t *gt_loop__uv(struct gt_loop *loop);
void gt_loop__attach(struct gt_loop *loop, struct gt_loop_part *part);
void gt_loop__detach(struct gt_loop_part *part);

/* The loop's HTTP client engine, made on first use.  Any thread. */
struct gt_http_engine;
struct gt_http_engine *gt_loop__http(struct gt_loop *loop,
				     struct gt_http_engine *(*make)(struct gt_loop *loop));

/* A scratch area for reads, shared by everything on the loop: valid within one callback. */
#define GT_LOOP_SCRATCH ((size_t)64 << 10)
char *gt_loop__scratch(struct gt_loop *loop);

#endif
