/*
 * gt_proxy - which proxy a request goes through: an explicit one for everything, or what the
 * environment says (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, upper or lower case) by the rules
 * of Go's httpproxy: NO_PROXY lists hosts, domains (their subdomains too), ".domain", "*.domain",
 * addresses, networks in CIDR form, each with an optional port, or "*"; loopback is never proxied.
 *
 * Read once, immutable afterwards: any thread.
 */
#ifndef GT_NET_PROXY_H
#define GT_NET_PROXY_H

#include "base/err.h"
#include "net/url.h"

struct gt_proxy {
	bool explicit_only; /* `all` is used for every host */
	struct gt_url http; /* scheme NULL means unset, also below */
	struct gt_url https;
	struct gt_url all;
	char *no_proxy;
};

/* A zeroed struct proxies nothing. */
void gt_proxy_from_env(struct gt_proxy *proxy);

/* http, https, socks5 or socks5h; a URL without a scheme is http.  GT_E_INVALID otherwise. */
int gt_proxy_explicit(struct gt_proxy *proxy, const char *url, struct gt_err *err);
void gt_proxy_fini(struct gt_proxy *proxy);

/* NULL for a direct connection. */
const struct gt_url *gt_proxy_for(const struct gt_proxy *proxy, const struct gt_url *url);

#endif
