/* urlParse and urlJoin, after Go's net/url. */
#include <string.h>

#include "base/enc.h"
#include "text/sprig/sprig_impl.h"
#include "text/template/quote.h"

struct url {
	struct gt_str scheme, opaque, userinfo, host, path, query, fragment;
	bool has_user;
};

static bool is_alpha(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* --- escaping ----------------------------------------------------------------------------- */

enum mode { PATH, USER, HOST, FRAGMENT };

static bool keeps(char c, enum mode mode)
{
	if (is_alpha(c) || is_digit(c) || (c && strchr("-_.~", c)))
		return true;
	if (!c)
		return false;
	switch (mode) {
	case PATH: return strchr("$&+,/:;=@", c) != NULL;
	case USER: return strchr("$&+,;=", c) != NULL;
	case HOST: return strchr("!$&'()*+,;=:[]<>\"", c) != NULL;
	case FRAGMENT: return strchr("$&+,/:;=?@!()*", c) != NULL;
	}
	return false;
}

static void escape(struct gt_buf *out, struct gt_str s, enum mode mode)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (keeps(s.p[i], mode)) {
			gt_buf_addc(out, s.p[i]);
			continue;
		}
		gt_buf_addc(out, '%');
		gt_buf_addc(out, digits[c >> 4]);
		gt_buf_addc(out, digits[c & 15]);
	}
}

/* --- parsing ------------------------------------------------------------------------------ */

static int bad_url(struct gt_tmpl_call *c, struct gt_str text, const char *cause)
{
	gt_auto_buf out = {0};

	gt_buf_adds(&out, "unable to parse url: parse ");
	gt_go_quote(&out, text, false);
	gt_buf_printf(&out, ": %s", cause);
	return gt_tmpl_throw_str(c, gt_buf_str(&out));
}

static const char *decode(struct gt_arena *a, struct gt_str s, struct gt_str *ret)
{
	gt_auto_buf out = {0};

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '%')
			continue;
		gt_auto_buf one = {0};
		if (!gt_hex_decode(&one, gt_str_sub(s, i + 1, 2)) || one.n != 1)
			return gt_arena_printf(a, "invalid URL escape \"%.*s\"",
					       (int)(s.n - i < 3 ? s.n - i : 3), s.p + i);
	}
	if (!gt_percent_decode(&out, s, false))
		return "invalid URL escape";
	*ret = gt_arena_str(a, gt_buf_str(&out));
	return NULL;
}

static const char *take_scheme(struct gt_str *s, struct url *u)
{
	for (size_t i = 0; i < s->n; i++) {
		char c = s->p[i];

		if (is_alpha(c))
			continue;
		if (is_digit(c) || c == '+' || c == '-' || c == '.') {
			if (i == 0)
				return NULL;
			continue;
		}
		if (c != ':')
			return NULL;
		if (i == 0)
			return "missing protocol scheme";
		u->scheme = gt_str_sub(*s, 0, i);
		*s = gt_str_from(*s, i + 1);
		return NULL;
	}
	return NULL;
}

static const char *check_host(struct gt_arena *a, struct gt_str host)
{
	size_t colon = gt_str_rfind(host, ':');
	size_t bracket = gt_str_rfind(host, ']');

	if (host.n && host.p[0] == '[' && bracket == SIZE_MAX)
		return "missing ']' in host";
	if (colon != SIZE_MAX && (bracket == SIZE_MAX || colon > bracket)) {
		struct gt_str port = gt_str_from(host, colon);

		for (size_t i = 1; i < port.n; i++) {
			if (!is_digit(port.p[i]))
				return gt_arena_printf(a, "invalid port \"%.*s\" after host",
						       GT_STR_ARG(port));
		}
	}
	for (size_t i = 0; i < host.n; i++) {
		if (host.p[i] == ' ' || host.p[i] == '\\' || host.p[i] == '^' || host.p[i] == '`' ||
		    host.p[i] == '{' || host.p[i] == '}' || host.p[i] == '|')
			return gt_arena_printf(a, "invalid character \"%c\" in host name",
					       host.p[i]);
	}
	return NULL;
}

static const char *take_authority(struct gt_arena *a, struct gt_str *s, struct url *u)
{
	size_t slash = gt_str_find(*s, '/');
	struct gt_str authority = gt_str_sub(*s, 0, slash == SIZE_MAX ? s->n : slash);
	size_t at = gt_str_rfind(authority, '@');
	const char *bad;

	*s = gt_str_from(*s, authority.n);
	if (at != SIZE_MAX) {
		struct gt_str user = gt_str_sub(authority, 0, at), password = {0}, name = {0};
		size_t colon = gt_str_find(user, ':');
		gt_auto_buf out = {0};

		authority = gt_str_from(authority, at + 1);
		u->has_user = true;
		bad = decode(a, gt_str_sub(user, 0, colon == SIZE_MAX ? user.n : colon), &name);
		if (!bad && colon != SIZE_MAX)
			bad = decode(a, gt_str_from(user, colon + 1), &password);
		if (bad)
			return bad;
		escape(&out, name, USER);
		if (colon != SIZE_MAX) {
			gt_buf_addc(&out, ':');
			escape(&out, password, USER);
		}
		u->userinfo = gt_arena_str(a, gt_buf_str(&out));
	}
	bad = check_host(a, authority);
	return bad ? bad : decode(a, authority, &u->host);
}

static const char *parse(struct gt_arena *a, struct gt_str s, struct url *u)
{
	size_t at = gt_str_find(s, '#');
	const char *bad;

	*u = (struct url){0};
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return "net/url: invalid control character in URL";
	}
	if (at != SIZE_MAX) {
		bad = decode(a, gt_str_from(s, at + 1), &u->fragment);
		if (bad)
			return bad;
		s = gt_str_sub(s, 0, at);
	}
	bad = take_scheme(&s, u);
	if (bad)
		return bad;
	at = gt_str_find(s, '?');
	if (at != SIZE_MAX) {
		u->query = gt_str_from(s, at + 1);
		s = gt_str_sub(s, 0, at);
	}
	if (!gt_str_starts(s, "/")) {
		if (u->scheme.n) {
			u->opaque = s;
			return NULL;
		}
		size_t slash = gt_str_find(s, '/');
		if (gt_str_find(gt_str_sub(s, 0, slash == SIZE_MAX ? s.n : slash), ':') != SIZE_MAX)
			return "first path segment in URL cannot contain colon";
	}
	if (gt_str_starts(s, "//") && (u->scheme.n || !gt_str_starts(s, "///"))) {
		s = gt_str_from(s, 2);
		bad = take_authority(a, &s, u);
		if (bad)
			return bad;
	}
	return decode(a, s, &u->path);
}

static struct gt_str hostname(struct gt_str host)
{
	size_t colon = gt_str_rfind(host, ':'), bracket = gt_str_find(host, ']');

	if (colon != SIZE_MAX && (bracket == SIZE_MAX || colon > bracket))
		host = gt_str_sub(host, 0, colon);
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = gt_str_sub(host, 1, host.n - 2);
	return host;
}

static struct gt_value lower(struct gt_arena *a, struct gt_str s)
{
	gt_auto_buf out = {0};

	for (size_t i = 0; i < s.n; i++)
		gt_buf_addc(&out, s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i]);
	return gt_vstr_buf(a, &out);
}

static int fn_parse(struct gt_tmpl_call *c)
{
	struct url u;
	const char *bad = parse(c->a, c->arg[0].s, &u);

	if (bad)
		return bad_url(c, c->arg[0].s, bad);
	c->ret = gt_vmap_new(c->a, GT_V_MAP);
	gt_vmap_put(c->a, c->ret, "scheme", lower(c->a, u.scheme));
	gt_vmap_put(c->a, c->ret, "host", gt_vstr(u.host));
	gt_vmap_put(c->a, c->ret, "hostname", gt_vstr(hostname(u.host)));
	gt_vmap_put(c->a, c->ret, "path", gt_vstr(u.path));
	gt_vmap_put(c->a, c->ret, "query", gt_vstr(u.query));
	gt_vmap_put(c->a, c->ret, "opaque", gt_vstr(u.opaque));
	gt_vmap_put(c->a, c->ret, "fragment", gt_vstr(u.fragment));
	gt_vmap_put(c->a, c->ret, "userinfo", gt_vstr(u.userinfo));
	return GT_OK;
}

/* --- joining ------------------------------------------------------------------------------ */

static int part(struct gt_tmpl_call *c, const char *key, struct gt_str *ret)
{
	const struct gt_value *v = gt_vmap_find(c->arg[0].map, gt_str(key));

	*ret = v && v->kind == GT_V_STR ? v->s : GT_STR_LIT("");
	if (!v || v->kind == GT_V_STR)
		return GT_OK;
	if (gt_value_is_nil(*v))
		return gt_tmpl_throw(c, SPRIG_NIL_POINTER);
	return gt_tmpl_throw(c, "unable to parse %s key, must be of type string, but %s found", key,
			     gt_value_kind(*v));
}

static int normal_user(struct gt_tmpl_call *c, struct gt_str user, struct url *u)
{
	char *text = gt_arena_printf(c->a, "proto://%.*s@host", GT_STR_ARG(user));
	struct url parsed;
	const char *bad;

	if (!text)
		return GT_E_BUDGET;
	bad = parse(c->a, gt_str(text), &parsed);
	if (bad)
		return gt_tmpl_throw(c, "unable to parse userinfo in dict: parse \"%s\": %s", text,
				     bad);
	u->userinfo = parsed.userinfo;
	u->has_user = parsed.has_user;
	return GT_OK;
}

static void put_path(struct gt_buf *out, const struct url *u, size_t start)
{
	gt_auto_buf path = {0};

	escape(&path, u->path, PATH);
	if (path.n && path.p[0] != '/' && u->host.n)
		gt_buf_addc(out, '/');
	if (out->n == start) {
		size_t slash = gt_str_find(gt_buf_str(&path), '/');
		struct gt_str first =
			gt_str_sub(gt_buf_str(&path), 0, slash == SIZE_MAX ? path.n : slash);

		if (gt_str_find(first, ':') != SIZE_MAX)
			gt_buf_adds(out, "./");
	}
	gt_buf_add_str(out, gt_buf_str(&path));
}

static void put_url(struct gt_buf *out, const struct url *u)
{
	if (u->scheme.n) {
		gt_buf_add_str(out, u->scheme);
		gt_buf_addc(out, ':');
	}
	if (u->opaque.n) {
		gt_buf_add_str(out, u->opaque);
	} else {
		if (u->scheme.n || u->host.n || u->has_user) {
			if (u->host.n || u->path.n || u->has_user)
				gt_buf_adds(out, "//");
			if (u->has_user) {
				gt_buf_add_str(out, u->userinfo);
				gt_buf_addc(out, '@');
			}
			escape(out, u->host, HOST);
		}
		put_path(out, u, 0);
	}
	if (u->query.n) {
		gt_buf_addc(out, '?');
		gt_buf_add_str(out, u->query);
	}
	if (u->fragment.n) {
		gt_buf_addc(out, '#');
		escape(out, u->fragment, FRAGMENT);
	}
}

static int fn_join(struct gt_tmpl_call *c)
{
	struct url u = {0};
	struct gt_str user = {0};
	const struct {
		const char *key;
		struct gt_str *to;
	} parts[] = {{"scheme", &u.scheme}, {"host", &u.host},     {"path", &u.path},
		     {"query", &u.query},   {"opaque", &u.opaque}, {"fragment", &u.fragment},
		     {"userinfo", &user}};
	gt_auto_buf out = {0};
	int rc = GT_OK;

	for (size_t i = 0; rc == GT_OK && i < GT_COUNT(parts); i++)
		rc = part(c, parts[i].key, parts[i].to);
	if (rc == GT_OK && user.n)
		rc = normal_user(c, user, &u);
	if (rc < 0)
		return rc;
	put_url(&out, &u);
	return gt_tmpl_return_buf(c, &out);
}

const struct gt_tmpl_func gt_sprig_urls[] = {
	{"urlJoin", "m", fn_join},
	{"urlParse", "s", fn_parse},
	{0},
};
