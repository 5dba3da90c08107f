/*
 * gt_dial - a TCP connection to a host and port, straight or through an HTTP or SOCKS5 proxy,
 * bounded by a context.  For SSH; HTTP has its own in net/.  Blocking; worker threads.
 */
#ifndef GT_GIT_DIAL_H
#define GT_GIT_DIAL_H

#include <stdint.h>

#include "base/ctx.h"
#include "base/secret.h"

struct gt_dial_opts {
	const char *host;
	uint16_t port;
	const char *proxy_url; /* NULL for none; http or socks5 */
	const char *proxy_user;
	const struct gt_secret *proxy_password;
};

/* The socket is not blocking.  Errors never show credentials. */
int gt_dial(const struct gt_dial_opts *opts, struct gt_ctx *ctx, int *ret_fd, struct gt_err *err);

/* Waits until the socket is ready for the poll(2) events, or the context ends. */
int gt_dial_wait(int fd, short events, struct gt_ctx *ctx, struct gt_err *err);

#endif
