#include "net/proxy.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/alloc.h"

static int parse_proxy(const char *text, struct gt_url *ret_url, struct gt_err *err)
{
	gt_auto_buf full = {0};
	gt_auto_url url = {0};

	if (!strstr(text, "://"))
		gt_buf_adds(&full, "http://");
	gt_buf_adds(&full, text);
	if (gt_url_parse(gt_buf_str(&full), &url, err) < 0)
		return gt_wrap(err, "proxy");
	if (!gt_streq(url.scheme, "http") && !gt_streq(url.scheme, "https") &&
	    !gt_streq(url.scheme, "socks5") && !gt_streq(url.scheme, "socks5h"))
		return gt_fail(err, GT_E_INVALID,
			       "proxy: scheme '%s' is not one of http, https, socks5, socks5h",
			       url.scheme);
	*ret_url = url;
	url = (struct gt_url){0};
	return GT_OK;
}

static const char *env(const char *upper, const char *lower)
{
	const char *value = getenv(upper);

	if (!value || !*value)
		value = getenv(lower);
	return value && *value ? value : NULL;
}

/* A malformed variable counts as unset, as with Go. */
static void read_env(const char *upper, const char *lower, struct gt_url *url)
{
	const char *value = env(upper, lower);

	if (value)
		parse_proxy(value, url, NULL);
}

void gt_proxy_from_env(struct gt_proxy *proxy)
{
	*proxy = (struct gt_proxy){0};
	/* In a CGI program the variable can come from a request's "Proxy:" header. */
	if (!getenv("REQUEST_METHOD"))
		read_env("HTTP_PROXY", "http_proxy", &proxy->http);
	read_env("HTTPS_PROXY", "https_proxy", &proxy->https);
	read_env("ALL_PROXY", "all_proxy", &proxy->all);
	const char *none = env("NO_PROXY", "no_proxy");
	proxy->no_proxy = none ? gt_xstrdup(none) : NULL;
}

int gt_proxy_explicit(struct gt_proxy *proxy, const char *url, struct gt_err *err)
{
	*proxy = (struct gt_proxy){.explicit_only = true};
	return parse_proxy(url, &proxy->all, err);
}

void gt_proxy_fini(struct gt_proxy *proxy)
{
	if (!proxy)
		return;
	gt_url_fini(&proxy->http);
	gt_url_fini(&proxy->https);
	gt_url_fini(&proxy->all);
	free(proxy->no_proxy);
	*proxy = (struct gt_proxy){0};
}

struct address {
	unsigned char bytes[16];
	unsigned bits; /* 32 or 128 */
};

static bool parse_address(struct gt_str text, struct address *addr)
{
	char name[64];

	if (text.n >= sizeof name)
		return false;
	memcpy(name, text.p, text.n);
	name[text.n] = 0;
	addr->bits = 32;
	if (inet_pton(AF_INET, name, addr->bytes) == 1)
		return true;
	addr->bits = 128;
	return inet_pton(AF_INET6, name, addr->bytes) == 1;
}

static bool is_loopback(const struct gt_url *url)
{
	static const unsigned char v6[16] = {[15] = 1};
	struct address addr;

	if (gt_streq(url->host, "localhost"))
		return true;
	if (!parse_address(gt_str(url->host), &addr))
		return false;
	return addr.bits == 32 ? addr.bytes[0] == 127 : memcmp(addr.bytes, v6, 16) == 0;
}

static bool in_network(const struct address *addr, struct gt_str text)
{
	size_t slash = gt_str_find(text, '/');
	struct address net;
	uint64_t bits;

	if (slash == SIZE_MAX || !parse_address(gt_str_sub(text, 0, slash), &net) ||
	    !gt_str_u64(gt_str_from(text, slash + 1), &bits) || bits > net.bits ||
	    net.bits != addr->bits)
		return false;
	for (unsigned i = 0; i < bits; i++) {
		unsigned mask = 0x80u >> (i % 8);

		if ((addr->bytes[i / 8] ^ net.bytes[i / 8]) & mask)
			return false;
	}
	return true;
}

/* Cuts ":port" off an entry; false when the port is not the URL's. */
static bool cut_port(struct gt_str *entry, const struct gt_url *url)
{
	size_t colon = gt_str_rfind(*entry, ':');
	uint64_t port;
	struct address whole;

	if (colon == SIZE_MAX || parse_address(*entry, &whole) ||
	    gt_str_find(*entry, '/') != SIZE_MAX)
		return true;
	if (!gt_str_u64(gt_str_from(*entry, colon + 1), &port))
		return true;
	*entry = gt_str_sub(*entry, 0, colon);
	if (entry->n > 1 && entry->p[0] == '[')
		*entry = gt_str_sub(*entry, 1, entry->n - 2);
	return port == gt_url_port(url);
}

static bool ends_with(struct gt_str host, struct gt_str suffix)
{
	return host.n >= suffix.n && gt_str_ieq(gt_str_from(host, host.n - suffix.n), suffix);
}

static bool name_matches(struct gt_str host, struct gt_str entry)
{
	if (gt_str_starts(entry, "*."))
		entry = gt_str_from(entry, 1);
	if (entry.p[0] == '.')
		return host.n > entry.n && ends_with(host, entry);
	if (gt_str_ieq(host, entry))
		return true;
	return host.n > entry.n && host.p[host.n - entry.n - 1] == '.' && ends_with(host, entry);
}

static bool entry_matches(const struct gt_url *url, struct gt_str entry)
{
	struct gt_str host = gt_str(url->host);
	struct address addr, other;

	if (gt_str_is(entry, "*"))
		return true;
	if (!cut_port(&entry, url) || entry.n == 0)
		return false;
	if (!parse_address(host, &addr))
		return name_matches(host, entry);
	if (parse_address(entry, &other))
		return addr.bits == other.bits &&
		       memcmp(addr.bytes, other.bytes, addr.bits / 8) == 0;
	return in_network(&addr, entry);
}

static bool exempt(const struct gt_proxy *proxy, const struct gt_url *url)
{
	struct gt_split it = {.rest = gt_str(proxy->no_proxy)};
	struct gt_str entry;

	if (is_loopback(url))
		return true;
	while (proxy->no_proxy && gt_split_next(&it, ',', &entry)) {
		entry = gt_str_trim(entry);
		if (entry.n > 0 && entry_matches(url, entry))
			return true;
	}
	return false;
}

const struct gt_url *gt_proxy_for(const struct gt_proxy *proxy, const struct gt_url *url)
{
	if (proxy->explicit_only)
		return &proxy->all;

	const struct gt_url *own = gt_streq(url->scheme, "https") ? &proxy->https : &proxy->http;
	if (!own->scheme)
		own = &proxy->all;
	return own->scheme && !exempt(proxy, url) ? own : NULL;
}
