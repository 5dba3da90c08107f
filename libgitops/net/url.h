/*
 * URLs, strictly: RFC 3986 syntax with an authority, no white space, no control characters, no
 * malformed escapes.  Path and query stay in their escaped form, as they go on the wire; user,
 * password and host are decoded.  Scheme and host are lower case.  Any thread.
 */
#ifndef GT_NET_URL_H
#define GT_NET_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

struct gt_url {
	char *scheme;              /* lower case, e.g. "https" */
	char *user;                /* NULL without userinfo */
	struct gt_secret password; /* unset when there was none */
	char *host;                /* lower case, IPv6 without brackets; "" for none (file:///) */
	uint16_t port;             /* 0 when not given; see gt_url_port() */
	char *path;                /* escaped, "" or starting with '/' */
	char *query;               /* escaped, without '?'; NULL for none */
	char *fragment;            /* escaped, without '#'; NULL for none */
};

/* Errors never show userinfo.  *ret_url is set only on success; release with gt_url_fini(). */
int gt_url_parse(struct gt_str text, struct gt_url *ret_url, struct gt_err *err);
void gt_url_fini(struct gt_url *url);
void gt_url_copy(struct gt_url *to, const struct gt_url *from); /* *to is uninitialised */

#define gt_auto_url gt_cleanup(gt_url_fini) struct gt_url

/* The given port, else the scheme's: http 80, https 443, ssh 22, socks5 1080, git 9418; else 0. */
uint16_t gt_url_port(const struct gt_url *url);

/* Appends the whole URL, with userinfo: not for logs. */
void gt_url_format(const struct gt_url *url, struct gt_buf *out);

/* Appends scheme://host[:port]/path: fit for people, no userinfo, query or fragment. */
void gt_url_show(const struct gt_url *url, struct gt_buf *out);

/*
 * As gt_url_show for any text, however malformed.  From what cannot be parsed everything between
 * "//" and the last '@' is removed, so that not even a badly escaped password is seen; a query is
 * cut off.
 */
void gt_url_show_text(struct gt_str text, struct gt_buf *out);

/* Appends host[:port] as the Host header has it: brackets round IPv6, no default port. */
void gt_url_host(const struct gt_url *url, struct gt_buf *out);

/* Same scheme, host and effective port. */
bool gt_url_same_origin(const struct gt_url *a, const struct gt_url *b);

/* RFC 3986 section 5: resolves a reference ("../x", "//h/x", "?q", absolute) against base. */
int gt_url_resolve(const struct gt_url *base, struct gt_str ref, struct gt_url *ret_url,
		   struct gt_err *err);

/* Appends a path element to url->path with exactly one '/' between; elem is escaped, '/' kept. */
void gt_url_push(struct gt_url *url, struct gt_str elem);

/*
 * Query building: appends "key=value", percent-encoded, with '&' first unless *query is empty.
 * Spaces become %20.
 */
void gt_query_add(struct gt_buf *query, struct gt_str key, struct gt_str value);

/*
 * Query reading: cuts the next pair off *rest and puts its decoded halves into the buffers; '+' is
 * a space.  False at the end.  Malformed pairs are skipped, as Go's url.ParseQuery does.
 */
bool gt_query_next(struct gt_str *rest, struct gt_buf *key, struct gt_buf *value);

/* The first value of key; false if absent.  value is appended to. */
bool gt_query_get(struct gt_str query, const char *key, struct gt_buf *value);

#endif
