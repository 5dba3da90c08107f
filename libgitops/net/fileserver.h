/*
 * gt_fileserver - serves the files below a directory, read-only, as Go's http.FileServer does:
 * Content-Length, Last-Modified, byte ranges, If-Modified-Since, types by extension or by looking
 * at the first 512 bytes, directory listings, 301 to the canonical path (307 to a cleaned one, as
 * Go's ServeMux), "404 page not found".
 *
 * Symbolic links are followed as long as they stay below the root.  Files are read in the
 * background, 128 KiB at a time, so neither their size nor a slow disk holds up the loop.
 */
#ifndef GT_NET_FILESERVER_H
#define GT_NET_FILESERVER_H

#include "net/server.h"

struct gt_loop;

struct gt_fileserver;

/* root_path is trusted.  prefix is stripped from request paths ("" for none). */
int gt_fileserver_new(struct gt_loop *loop, const char *root_path, const char *prefix,
		      struct gt_fileserver **ret_fs, struct gt_err *err);
void gt_fileserver_free(struct gt_fileserver *fs); /* after its server; NULL is allowed */

/* A gt_http_handler_fn with the file server as arg. */
void gt_fileserver_handle(void *fs, const struct gt_http_request *req, struct gt_reply *reply);

#endif
