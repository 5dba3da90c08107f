#include "net/url.h"

#include "base/alloc.h"
#include "base/enc.h"

#define URL_TEXT_MAX ((size_t)64 << 10)

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_unreserved(char c)
{
	return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static void lower(char *s)
{
	for (; *s; s++) {
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s + 32);
	}
}

static char *dup_str(struct gt_str s)
{
	return gt_xstrndup(s.n ? s.p : "", s.n);
}

/*
 * Copies a component in its escaped form: what is neither unreserved, nor an escape, nor in `also`
 * is escaped.  NULL for a malformed escape; blanks and controls were refused before.
 */
static char *escaped(struct gt_str s, const char *also)
{
	gt_auto_buf out = {0};

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%') {
			if (s.n - i < 3 || !is_hex(s.p[i + 1]) || !is_hex(s.p[i + 2]))
				return NULL;
			gt_buf_addc(&out, c);
		} else if (is_unreserved(c) || strchr(also, c)) {
			gt_buf_addc(&out, c);
		} else {
			gt_percent_encode(&out, gt_strn(&c, 1), false);
		}
	}
	return gt_buf_take(&out);
}

/* Decodes into a C string; false on a malformed escape or an encoded NUL. */
static bool decoded(struct gt_str s, struct gt_buf *out)
{
	return gt_percent_decode(out, s, false) && (out->n == 0 || !memchr(out->p, 0, out->n));
}

static const char *parse_userinfo(struct gt_str info, struct gt_url *url)
{
	size_t colon = gt_str_find(info, ':');
	gt_auto_buf user = {0};
	gt_auto_buf password = {0};
	bool ok = decoded(colon == SIZE_MAX ? info : gt_str_sub(info, 0, colon), &user);

	if (ok && colon != SIZE_MAX) {
		ok = decoded(gt_str_from(info, colon + 1), &password);
		gt_secret_set(&url->password, password.n ? gt_buf_str(&password) : GT_STR_LIT(""));
	}
	if (password.p)
		gt_wipe(password.p, password.n);
	if (!ok)
		return "the user or password has a malformed escape";
	url->user = gt_buf_take(&user);
	return NULL;
}

static const char *parse_port(struct gt_str text, struct gt_url *url)
{
	uint64_t port;

	if (text.n == 0)
		return NULL;
	/* The text is not shown: with an unescaped '/' it can be part of a password. */
	if (text.n > 5 || !gt_str_u64(text, &port) || port == 0 || port > 65535)
		return "the port is not a number from 1 to 65535";
	url->port = (uint16_t)port;
	return NULL;
}

static const char *parse_ipv6(struct gt_str host, struct gt_url *url)
{
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];

		/* A zone ("%25eth0") is kept as it stands. */
		if (c == '%' && i > 0)
			break;
		if (!is_hex(c) && c != ':' && c != '.')
			return "malformed IPv6 address";
	}
	if (gt_str_find(host, ':') == SIZE_MAX)
		return "malformed IPv6 address";
	url->host = dup_str(host);
	return NULL;
}

static const char *parse_name(struct gt_str host, struct gt_url *url)
{
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];

		if (c & 0x80)
			return "the host is not ASCII (write it in its xn-- form)";
		if (!is_unreserved(c))
			return "the host has a character that is not allowed";
	}
	url->host = dup_str(host);
	return NULL;
}

static const char *parse_host(struct gt_str text, struct gt_url *url)
{
	const char *wrong;
	struct gt_str port = {0};

	if (text.n > 0 && text.p[0] == '[') {
		size_t end = gt_str_find(text, ']');

		if (end == SIZE_MAX)
			return "missing ']' in the host";
		wrong = parse_ipv6(gt_str_sub(text, 1, end - 1), url);
		port = gt_str_from(text, end + 1);
		if (!wrong && port.n > 0 && port.p[0] != ':')
			wrong = "something follows the host's ']'";
		port = gt_str_from(port, 1);
	} else {
		size_t colon = gt_str_find(text, ':');

		wrong = parse_name(gt_str_sub(text, 0, colon == SIZE_MAX ? text.n : colon), url);
		if (colon != SIZE_MAX)
			port = gt_str_from(text, colon + 1);
	}
	if (wrong)
		return wrong;
	lower(url->host);
	return parse_port(port, url);
}

static const char *parse_authority(struct gt_str text, struct gt_url *url)
{
	size_t at = gt_str_rfind(text, '@');
	const char *wrong = NULL;

	if (at != SIZE_MAX) {
		wrong = parse_userinfo(gt_str_sub(text, 0, at), url);
		text = gt_str_from(text, at + 1);
	}
	if (!wrong)
		wrong = parse_host(text, url);
	if (!wrong && !*url->host && (url->user || url->port || !gt_streq(url->scheme, "file")))
		wrong = "no host";
	return wrong;
}

#define PATH_CHARS "/!$&'()*+,;=:@"
#define QUERY_CHARS PATH_CHARS "?[]"

/* "path?query#fragment" */
static const char *parse_rest(struct gt_str text, struct gt_url *url)
{
	size_t hash = gt_str_find(text, '#');

	if (hash != SIZE_MAX) {
		url->fragment = escaped(gt_str_from(text, hash + 1), QUERY_CHARS);
		if (!url->fragment)
			return "malformed escape in the fragment";
		text = gt_str_sub(text, 0, hash);
	}
	size_t mark = gt_str_find(text, '?');
	if (mark != SIZE_MAX) {
		url->query = escaped(gt_str_from(text, mark + 1), QUERY_CHARS);
		if (!url->query)
			return "malformed escape in the query";
		text = gt_str_sub(text, 0, mark);
	}
	url->path = escaped(text, PATH_CHARS);
	return url->path ? NULL : "malformed escape in the path";
}

/* The length of "scheme" before "://" or ':', 0 if there is none. */
static size_t scheme_length(struct gt_str text)
{
	size_t n = 0;

	if (text.n == 0 || !is_alpha(text.p[0]))
		return 0;
	while (n < text.n &&
	       (is_alpha(text.p[n]) || is_digit(text.p[n]) || strchr("+-.", text.p[n])))
		n++;
	return n < text.n && text.p[n] == ':' ? n : 0;
}

static const char *check_bytes(struct gt_str text)
{
	if (text.n > URL_TEXT_MAX)
		return "longer than 64 KiB";
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] <= 0x20 || text.p[i] == 0x7f)
			return "white space or a control character";
	}
	return NULL;
}

static const char *parse(struct gt_str text, struct gt_url *url)
{
	const char *wrong = check_bytes(text);
	size_t n = scheme_length(text);

	if (wrong)
		return wrong;
	if (n == 0)
		return "no scheme (http://, https://, ...)";
	if (!gt_str_starts(gt_str_from(text, n), "://"))
		return "the scheme is not followed by ://";
	url->scheme = dup_str(gt_str_sub(text, 0, n));
	lower(url->scheme);

	struct gt_str rest = gt_str_from(text, n + 3);
	size_t end = 0;
	while (end < rest.n && !strchr("/?#", rest.p[end]))
		end++;
	wrong = parse_authority(gt_str_sub(rest, 0, end), url);
	return wrong ? wrong : parse_rest(gt_str_from(rest, end), url);
}

static void show_malformed(struct gt_str text, struct gt_buf *out)
{
	size_t slashes = gt_str_search(text, GT_STR_LIT("//"));
	size_t at = gt_str_rfind(text, '@');
	size_t from = 0;

	if (at != SIZE_MAX) {
		from = at + 1;
		if (slashes != SIZE_MAX && slashes < at)
			gt_buf_add_str(out, gt_str_sub(text, 0, slashes + 2));
	}
	for (size_t i = from; i < text.n && !strchr("?#", text.p[i]) && i - from < 512; i++) {
		unsigned char c = (unsigned char)text.p[i];

		gt_buf_addc(out, c < 0x20 || c >= 0x7f ? '?' : (char)c);
	}
}

int gt_url_parse(struct gt_str text, struct gt_url *ret_url, struct gt_err *err)
{
	struct gt_url url = {0};
	const char *wrong = parse(text, &url);

	if (wrong) {
		gt_auto_buf shown = {0};

		gt_url_fini(&url);
		show_malformed(text, &shown);
		return gt_fail(err, GT_E_INVALID, "invalid URL '%s': %s", gt_buf_cstr(&shown),
			       wrong);
	}
	*ret_url = url;
	return GT_OK;
}

void gt_url_fini(struct gt_url *url)
{
	if (!url)
		return;
	free(url->scheme);
	free(url->user);
	gt_secret_fini(&url->password);
	free(url->host);
	free(url->path);
	free(url->query);
	free(url->fragment);
	*url = (struct gt_url){0};
}

static char *dup_or_null(const char *s)
{
	return s ? gt_xstrdup(s) : NULL;
}

void gt_url_copy(struct gt_url *to, const struct gt_url *from)
{
	*to = (struct gt_url){
		.scheme = dup_or_null(from->scheme),
		.user = dup_or_null(from->user),
		.host = dup_or_null(from->host),
		.port = from->port,
		.path = dup_or_null(from->path),
		.query = dup_or_null(from->query),
		.fragment = dup_or_null(from->fragment),
	};
	gt_secret_copy(&to->password, &from->password);
}

static uint16_t scheme_port(const char *scheme)
{
	static const struct {
		const char *scheme;
		uint16_t port;
	} known[] = {
		{"http", 80},     {"https", 443},    {"ssh", 22},
		{"socks5", 1080}, {"socks5h", 1080}, {"git", 9418},
	};

	for (size_t i = 0; i < GT_COUNT(known); i++) {
		if (gt_streq(known[i].scheme, scheme))
			return known[i].port;
	}
	return 0;
}

uint16_t gt_url_port(const struct gt_url *url)
{
	return url->port ? url->port : scheme_port(url->scheme);
}

static void add_host(const struct gt_url *url, struct gt_buf *out)
{
	bool ipv6 = strchr(url->host, ':') != NULL;

	gt_buf_printf(out, ipv6 ? "[%s]" : "%s", url->host);
}

void gt_url_host(const struct gt_url *url, struct gt_buf *out)
{
	add_host(url, out);
	if (url->port && url->port != scheme_port(url->scheme))
		gt_buf_printf(out, ":%u", url->port);
}

static void add_origin(const struct gt_url *url, bool userinfo, struct gt_buf *out)
{
	gt_buf_printf(out, "%s://", url->scheme);
	if (userinfo && url->user) {
		gt_percent_encode(out, gt_str(url->user), false);
		if (gt_secret_is_set(&url->password)) {
			gt_buf_addc(out, ':');
			gt_percent_encode(out, gt_secret_bytes(&url->password), false);
		}
		gt_buf_addc(out, '@');
	}
	add_host(url, out);
	if (url->port)
		gt_buf_printf(out, ":%u", url->port);
}

void gt_url_format(const struct gt_url *url, struct gt_buf *out)
{
	add_origin(url, true, out);
	gt_buf_adds(out, url->path);
	if (url->query) {
		gt_buf_addc(out, '?');
		gt_buf_adds(out, url->query);
	}
	if (url->fragment) {
		gt_buf_addc(out, '#');
		gt_buf_adds(out, url->fragment);
	}
}

void gt_url_show(const struct gt_url *url, struct gt_buf *out)
{
	add_origin(url, false, out);
	gt_buf_adds(out, url->path);
}

void gt_url_show_text(struct gt_str text, struct gt_buf *out)
{
	gt_auto_url url = {0};

	if (gt_url_parse(text, &url, NULL) == GT_OK)
		gt_url_show(&url, out);
	else
		show_malformed(text, out);
}

bool gt_url_same_origin(const struct gt_url *a, const struct gt_url *b)
{
	return gt_streq(a->scheme, b->scheme) && gt_streq(a->host, b->host) &&
	       gt_url_port(a) == gt_url_port(b);
}

/* Drops the last segment of what stands in out after `start`, its slash included. */
static void drop_segment(struct gt_buf *out)
{
	while (out->n > 0 && out->p[out->n - 1] != '/')
		out->n--;
	if (out->n > 0)
		out->n--;
}

/* RFC 3986, 5.2.4, for a path that starts with '/'. */
static char *remove_dots(struct gt_str path)
{
	gt_auto_buf out = {0};
	size_t i = 0;

	while (i < path.n) {
		size_t end = i + 1;

		while (end < path.n && path.p[end] != '/')
			end++;
		struct gt_str segment = gt_str_sub(path, i + 1, end - i - 1);
		bool last = end == path.n;
		if (gt_str_is(segment, "."))
			gt_buf_adds(&out, last ? "/" : "");
		else if (gt_str_is(segment, "..")) {
			drop_segment(&out);
			gt_buf_adds(&out, last ? "/" : "");
		} else {
			gt_buf_addc(&out, '/');
			gt_buf_add_str(&out, segment);
		}
		i = end;
	}
	return gt_buf_take(&out);
}

/* Puts the path of a relative reference behind the directory of the base's path. */
static void merge_path(const struct gt_url *base, struct gt_url *url)
{
	gt_auto_buf merged = {0};
	struct gt_str path = gt_str(base->path);
	size_t slash = gt_str_rfind(path, '/');

	if (url->path[0] != '/') {
		gt_buf_add_str(&merged, gt_str_sub(path, 0, slash == SIZE_MAX ? 0 : slash));
		gt_buf_addc(&merged, '/');
	}
	gt_buf_adds(&merged, url->path);
	free(url->path);
	url->path = remove_dots(gt_buf_str(&merged));
}

static const char *resolve(const struct gt_url *base, struct gt_str ref, struct gt_url *url)
{
	gt_auto_buf text = {0};
	const char *wrong = check_bytes(ref);

	if (wrong)
		return wrong;
	if (scheme_length(ref) > 0)
		return parse(ref, url);
	if (gt_str_starts(ref, "//")) {
		gt_buf_printf(&text, "%s:%.*s", base->scheme, GT_STR_ARG(ref));
		return parse(gt_buf_str(&text), url);
	}
	gt_url_copy(url, base);
	char *base_query = gt_steal(url->query);
	free(url->fragment);
	free(url->path);
	url->fragment = url->path = NULL;
	wrong = parse_rest(ref, url);
	if (!wrong && !*url->path) {
		free(url->path);
		url->path = gt_xstrdup(base->path);
		if (!url->query)
			url->query = gt_steal(base_query);
	} else if (!wrong) {
		merge_path(base, url);
	}
	free(base_query);
	return wrong;
}

int gt_url_resolve(const struct gt_url *base, struct gt_str ref, struct gt_url *ret_url,
		   struct gt_err *err)
{
	struct gt_url url = {0};
	const char *wrong = resolve(base, ref, &url);

	if (wrong) {
		gt_auto_buf shown = {0};

		gt_url_fini(&url);
		show_malformed(ref, &shown);
		return gt_fail(err, GT_E_INVALID, "invalid URL reference '%s': %s",
			       gt_buf_cstr(&shown), wrong);
	}
	*ret_url = url;
	return GT_OK;
}

void gt_url_push(struct gt_url *url, struct gt_str elem)
{
	gt_auto_buf path = {0};

	gt_buf_adds(&path, url->path);
	while (path.n > 0 && path.p[path.n - 1] == '/')
		path.n--;
	while (elem.n > 0 && elem.p[0] == '/')
		elem = gt_str_from(elem, 1);
	gt_buf_addc(&path, '/');
	gt_percent_encode(&path, elem, true);
	free(url->path);
	url->path = gt_buf_take(&path);
}
