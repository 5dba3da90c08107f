#include "git/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/enc.h"
#include "base/time.h"
#include "net/url.h"

#define HEAD_MAX 8192 /* of a proxy's answer */

/* A connection that fails may work the next time, whatever the cause. */
static int unavailable(struct gt_err *err, int errnum, const char *what)
{
	gt_fail_errno(err, errnum, "%s", what);
	if (err)
		err->code = GT_E_UNAVAILABLE;
	return GT_E_UNAVAILABLE;
}

static void on_cancel(void *arg)
{
	uint64_t one = 1;

	if (write(*(const int *)arg, &one, sizeof one) < 0)
		return; /* it is full: awake already */
}

/* Milliseconds left, for poll(). */
static int time_left(struct gt_ctx *ctx)
{
	int64_t deadline = gt_ctx_deadline(ctx);
	int64_t left = deadline - gt_now_mono();

	if (deadline == INT64_MAX)
		return -1;
	if (left <= 0)
		return 0;
	return left > GT_SECONDS(3600) ? 3600000 : (int)(left / GT_NS_PER_MS) + 1;
}

int gt_dial_wait(int fd, short events, struct gt_ctx *ctx, struct gt_err *err)
{
	gt_autoclose int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct pollfd fds[2] = {{.fd = fd, .events = events}, {.fd = wake, .events = POLLIN}};
	struct gt_ctx_watch watch = {.fn = on_cancel, .arg = &wake};

	if (wake < 0)
		return gt_fail_errno(err, errno, "eventfd");
	if (gt_ctx_watch(ctx, &watch)) {
		int n = poll(fds, 2, time_left(ctx));
		int errnum = errno;

		gt_ctx_unwatch(ctx, &watch);
		if (n < 0 && errnum != EINTR)
			return gt_fail_errno(err, errnum, "poll");
	}
	return gt_ctx_check(ctx, err);
}

/* --- a plain connection -------------------------------------------------------------------- */

static int connect_one(const struct addrinfo *a, struct gt_ctx *ctx, int *ret_fd,
		       struct gt_err *err)
{
	gt_autoclose int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int problem = 0, on = 1, rc;
	socklen_t n = sizeof problem;

	if (fd < 0)
		return gt_fail_errno(err, errno, "socket");
	if (connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
		if (errno != EINPROGRESS)
			return unavailable(err, errno, "connect");
		rc = gt_dial_wait(fd, POLLOUT, ctx, err);
		if (rc < 0)
			return rc;
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &n) < 0)
			problem = errno;
		if (problem)
			return unavailable(err, problem, "connect");
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	*ret_fd = gt_steal_fd(&fd);
	return GT_OK;
}

static int connect_to(const char *host, uint16_t port, struct gt_ctx *ctx, int *ret_fd,
		      struct gt_err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *list = NULL;
	char service[8];
	int rc = GT_E_UNAVAILABLE;

	snprintf(service, sizeof service, "%u", port);
	int gai = getaddrinfo(host, service, &hints, &list);
	if (gai != 0)
		return gt_fail(err, GT_E_UNAVAILABLE, "dial tcp: lookup %s: %s", host,
			       gai_strerror(gai));
	for (const struct addrinfo *a = list; a; a = a->ai_next) {
		rc = connect_one(a, ctx, ret_fd, err);
		if (rc == GT_OK || rc == GT_E_TIMEOUT || rc == GT_E_CANCELLED)
			break;
	}
	freeaddrinfo(list);
	return rc < 0 ? gt_wrap(err, "dial tcp %s:%u", host, port) : GT_OK;
}

/* --- through a proxy ----------------------------------------------------------------------- */

static int send_all(int fd, struct gt_str bytes, struct gt_ctx *ctx, struct gt_err *err)
{
	while (bytes.n) {
		ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return unavailable(err, errno, "send");
		if (n > 0) {
			bytes = gt_str_from(bytes, (size_t)n);
			continue;
		}
		int rc = gt_dial_wait(fd, POLLOUT, ctx, err);
		if (rc < 0)
			return rc;
	}
	return GT_OK;
}

/* Exactly n bytes: what follows belongs to the server behind the proxy. */
static int recv_all(int fd, void *bytes, size_t n, struct gt_ctx *ctx, struct gt_err *err)
{
	char *at = bytes;

	while (n) {
		ssize_t got = recv(fd, at, n, 0);

		if (got == 0)
			return gt_fail(err, GT_E_UNAVAILABLE, "the proxy closed the connection");
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			return unavailable(err, errno, "receive");
		if (got > 0) {
			at += got;
			n -= (size_t)got;
			continue;
		}
		int rc = gt_dial_wait(fd, POLLIN, ctx, err);
		if (rc < 0)
			return rc;
	}
	return GT_OK;
}

static int refused(struct gt_err *err, bool auth, const char *what)
{
	return gt_fail(err, auth ? GT_E_AUTH : GT_E_UNAVAILABLE, "the proxy refused: %s", what);
}

static int http_connect(int fd, const struct gt_dial_opts *o, struct gt_ctx *ctx,
			struct gt_err *err)
{
	gt_auto_buf head = {0}, pair = {0};
	char line[HEAD_MAX + 1];
	size_t n = 0;
	int rc;

	gt_buf_printf(&head, "CONNECT %s:%u HTTP/1.1\r\nHost: %s:%u\r\n", o->host, o->port, o->host,
		      o->port);
	if (o->proxy_user && *o->proxy_user) {
		struct gt_str password =
			o->proxy_password ? gt_secret_bytes(o->proxy_password) : gt_strn("", 0);
		gt_buf_printf(&pair, "%s:%.*s", o->proxy_user, GT_STR_ARG(password));
		gt_buf_adds(&head, "Proxy-Authorization: Basic ");
		gt_base64_encode(&head, gt_buf_str(&pair));
		gt_buf_adds(&head, "\r\n");
		gt_wipe(pair.p, pair.n);
	}
	gt_buf_adds(&head, "\r\n");
	rc = send_all(fd, gt_buf_str(&head), ctx, err);
	gt_wipe(head.p, head.n);
	/* Byte by byte, so that nothing behind the head is taken. */
	while (rc == GT_OK && !(n >= 4 && memcmp(line + n - 4, "\r\n\r\n", 4) == 0)) {
		if (n == HEAD_MAX)
			return refused(err, false, "its answer is too long");
		rc = recv_all(fd, line + n, 1, ctx, err);
		n++;
	}
	if (rc < 0)
		return rc;
	line[n] = '\0';
	if (strncmp(line, "HTTP/1.", 7) != 0 || n < 12)
		return refused(err, false, "no HTTP answer");
	if (line[9] == '2')
		return GT_OK;
	*strchr(line, '\r') = '\0';
	return refused(err, strncmp(line + 9, "407", 3) == 0, line + 9);
}

/* RFC 1929. */
static int socks_login(int fd, const struct gt_dial_opts *o, struct gt_ctx *ctx, struct gt_err *err)
{
	struct gt_str user = gt_str(o->proxy_user);
	struct gt_str password =
		o->proxy_password ? gt_secret_bytes(o->proxy_password) : gt_strn("", 0);
	gt_auto_buf login = {0};
	char answer[2];

	if (!user.n || user.n > 255 || password.n > 255)
		return refused(err, true, "it wants a user name and a password");
	gt_buf_addc(&login, 1);
	gt_buf_addc(&login, (char)user.n);
	gt_buf_add_str(&login, user);
	gt_buf_addc(&login, (char)password.n);
	gt_buf_add_str(&login, password);
	int rc = send_all(fd, gt_buf_str(&login), ctx, err);
	gt_wipe(login.p, login.n);
	if (rc == GT_OK)
		rc = recv_all(fd, answer, 2, ctx, err);
	if (rc == GT_OK && answer[1] != 0)
		rc = refused(err, true, "user name or password");
	return rc;
}

/* RFC 1928, with the name resolved by the proxy. */
static int socks_connect(int fd, const struct gt_dial_opts *o, struct gt_ctx *ctx,
			 struct gt_err *err)
{
	static const char hello[] = {5, 2, 0, 2};
	struct gt_str host = gt_str(o->host);
	gt_auto_buf request = {0};
	unsigned char answer[4], skip[256];

	if (host.n > 255)
		return gt_fail(err, GT_E_INVALID, "the host's name is too long");
	int rc = send_all(fd, gt_strn(hello, sizeof hello), ctx, err);
	if (rc == GT_OK)
		rc = recv_all(fd, answer, 2, ctx, err);
	if (rc < 0)
		return rc;
	if (answer[0] != 5 || (answer[1] != 0 && answer[1] != 2))
		return refused(err, false, "no method of authentication");
	if (answer[1] == 2 && (rc = socks_login(fd, o, ctx, err)) < 0)
		return rc;
	gt_buf_add(&request, "\5\1\0\3", 4);
	gt_buf_addc(&request, (char)host.n);
	gt_buf_add_str(&request, host);
	gt_buf_addc(&request, (char)(o->port >> 8));
	gt_buf_addc(&request, (char)(o->port & 255));
	rc = send_all(fd, gt_buf_str(&request), ctx, err);
	if (rc == GT_OK)
		rc = recv_all(fd, answer, 4, ctx, err);
	if (rc < 0)
		return rc;
	if (answer[1] != 0)
		return refused(err, false, "the host cannot be reached through it");
	/* The address it bound, which says nothing to us, and a port. */
	size_t n = answer[3] == 1 ? 4 : answer[3] == 4 ? 16 : 0;
	if (answer[3] == 3) {
		rc = recv_all(fd, skip, 1, ctx, err);
		n = skip[0];
	}
	if (rc == GT_OK && n)
		rc = recv_all(fd, skip, n, ctx, err);
	return rc < 0 ? rc : recv_all(fd, skip, 2, ctx, err);
}

int gt_dial(const struct gt_dial_opts *o, struct gt_ctx *ctx, int *ret_fd, struct gt_err *err)
{
	gt_autoclose int fd = -1;
	gt_auto_url proxy = {0};
	struct gt_dial_opts opts = *o;

	if (!o->proxy_url)
		return connect_to(o->host, o->port, ctx, ret_fd, err);
	int rc = gt_url_parse(gt_str(o->proxy_url), &proxy, err);
	if (rc < 0)
		return gt_wrap(err, "proxy");
	bool socks = gt_streq(proxy.scheme, "socks5");
	if (!socks && !gt_streq(proxy.scheme, "http"))
		return gt_fail(err, GT_E_UNSUPPORTED, "proxy scheme '%s' is not supported for SSH",
			       proxy.scheme);
	if ((!opts.proxy_user || !*opts.proxy_user) && proxy.user) {
		opts.proxy_user = proxy.user;
		opts.proxy_password = &proxy.password;
	}
	rc = connect_to(proxy.host, proxy.port ? proxy.port : socks ? 1080 : 80, ctx, &fd, err);
	if (rc == GT_OK)
		rc = socks ? socks_connect(fd, &opts, ctx, err) : http_connect(fd, &opts, ctx, err);
	if (rc < 0)
		return gt_wrap(err, "proxy %s", proxy.host);
	*ret_fd = gt_steal_fd(&fd);
	return GT_OK;
}
