/* A loop on its own thread, servers on it, and raw sockets to be rude to them with. */
#ifndef TESTS_NET_SUPPORT_H
#define TESTS_NET_SUPPORT_H

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/ctx.h"
#include "base/future.h"
#include "base/time.h"
#include "net/http.h"
#include "net/loop.h"
#include "net/pool.h"
#include "net/router.h"
#include "net/server.h"

static inline struct gt_loop *start_loop(void)
{
	struct gt_loop *loop = gt_loop_new();
	struct gt_err err;

	if (gt_loop_start_thread(loop, &err) < 0)
		abort();
	return loop;
}

static inline void end_loop(struct gt_loop *loop)
{
	gt_loop_join(loop);
	gt_loop_free(loop);
}

static inline struct gt_http_server *start_server(struct gt_loop *loop,
						  struct gt_http_server_opts opts)
{
	struct gt_http_server *server = NULL;
	struct gt_err err = {0};

	if (!opts.address)
		opts.address = "127.0.0.1:0";
	if (gt_http_server_new(loop, &opts, &server, &err) < 0) {
		fprintf(stderr, "server: %s\n", err.text);
		abort();
	}
	return server;
}

static inline struct gt_http_client *new_client(struct gt_loop *loop,
						struct gt_http_client_opts opts)
{
	struct gt_http_client *client = NULL;
	struct gt_err err = {0};

	if (!opts.proxy_url)
		opts.no_proxy = true;
	if (gt_http_client_new(loop, &opts, &client, &err) < 0) {
		fprintf(stderr, "client: %s\n", err.text);
		abort();
	}
	return client;
}

static inline int dial(uint16_t port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct timeval limit = {.tv_sec = 30};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	if (connect(fd, (struct sockaddr *)&addr, sizeof addr) < 0)
		abort();
	return fd;
}

static inline void say(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

		if (sent < 0)
			return;
		bytes += sent;
		n -= (size_t)sent;
	}
}

/* Everything until the server closes. */
static inline void hear_all(int fd, struct gt_buf *out)
{
	char bytes[4096];
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0)
		gt_buf_add(out, bytes, (size_t)n);
	gt_buf_add(out, "", 0);
}

/* Until the text has been heard; false when the server closes first. */
static inline bool hear(int fd, const char *text, struct gt_buf *out)
{
	char c;

	while (!strstr(gt_buf_cstr(out), text)) {
		if (recv(fd, &c, 1, 0) != 1)
			return false;
		gt_buf_add(out, &c, 1);
	}
	return true;
}

/* Sends the bytes, hears the answer to its end. */
static inline void rude(uint16_t port, const char *bytes, size_t n, bool half_close,
			struct gt_buf *out)
{
	int fd = dial(port);

	say(fd, bytes, n);
	if (half_close)
		shutdown(fd, SHUT_WR);
	hear_all(fd, out);
	close(fd);
}

#endif
