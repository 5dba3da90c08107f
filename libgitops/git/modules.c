#include "git/modules.h"

#include <string.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/vec.h"
#include "net/url.h"

struct modules {
	struct gt_git_module *v;
	size_t n, cap;
};

struct parser {
	struct gt_arena *arena;
	struct gt_str rest;
	unsigned line;
	struct modules found;
	bool inside; /* a submodule's section */
};

static int fail_at(const struct parser *p, const char *what, struct gt_err *err)
{
	return gt_fail(err, GT_E_INVALID, ".gitmodules:%u: %s", p->line, what);
}

/* [submodule "name"] */
static int parse_section(struct parser *p, struct gt_str line, struct gt_err *err)
{
	size_t end = gt_str_rfind(line, ']');
	struct gt_str head = end == SIZE_MAX ? line : gt_str_trim(gt_str_sub(line, 1, end - 1));
	size_t quote = gt_str_find(head, '"');
	gt_auto_buf name = {0};

	if (end == SIZE_MAX)
		return fail_at(p, "unclosed section", err);
	p->inside = gt_str_ieq(gt_str_trim(gt_str_sub(head, 0, quote)), GT_STR_LIT("submodule"));
	if (!p->inside || quote == SIZE_MAX)
		return GT_OK;
	if (head.n < quote + 2 || head.p[head.n - 1] != '"')
		return fail_at(p, "malformed section", err);
	for (size_t i = quote + 1; i < head.n - 1; i++) {
		if (head.p[i] == '\\' && i + 1 < head.n - 1)
			i++;
		gt_buf_addc(&name, head.p[i]);
	}
	if (p->found.n >= GT_LIMIT_GIT_SUBMODULES)
		return gt_fail(err, GT_E_BUDGET, "more than %d submodules",
			       GT_LIMIT_GIT_SUBMODULES);
	struct gt_git_module module = {
		.name = gt_arena_strndup(p->arena, gt_buf_cstr(&name), name.n)};
	gt_vec_push(&p->found, module);
	return GT_OK;
}

static bool next_line(struct parser *p, struct gt_str *ret)
{
	if (!p->rest.n)
		return false;
	size_t end = gt_str_find(p->rest, '\n');
	*ret = gt_str_sub(p->rest, 0, end);
	p->rest = end == SIZE_MAX ? gt_strn(NULL, 0) : gt_str_from(p->rest, end + 1);
	p->line++;
	return true;
}

static const char *escaped(char c)
{
	switch (c) {
	case 'n': return "\n";
	case 't': return "\t";
	case '"': return "\"";
	case '\\': return "\\";
	default: return NULL;
	}
}

/* What follows the '=': quotes group, a backslash escapes or continues the line, a comment ends. */
static int parse_value(struct parser *p, struct gt_str s, struct gt_buf *out, struct gt_err *err)
{
	bool quoted = false;
	size_t keep = 0; /* up to here trailing white space is part of it */

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '"') {
			quoted = !quoted;
			keep = out->n;
		} else if (c == '\\' && (i + 1 == s.n || (i + 2 == s.n && s.p[i + 1] == '\r'))) {
			if (!next_line(p, &s))
				return fail_at(p, "the last line is continued", err);
			i = SIZE_MAX; /* from the start of the next one */
		} else if (c == '\\') {
			const char *text = escaped(s.p[++i]);
			if (!text)
				return fail_at(p, "unknown escape", err);
			gt_buf_adds(out, text);
			keep = out->n;
		} else if (!quoted && (c == '#' || c == ';')) {
			break;
		} else {
			gt_buf_addc(out, c);
			if (quoted)
				keep = out->n;
		}
	}
	if (quoted)
		return fail_at(p, "unclosed quote", err);
	while (out->n > keep && strchr(" \t\r", out->p[out->n - 1]))
		out->p[--out->n] = '\0';
	return GT_OK;
}

static int parse_key(struct parser *p, struct gt_str line, struct gt_err *err)
{
	size_t equals = gt_str_find(line, '=');
	struct gt_str key = gt_str_trim(gt_str_sub(line, 0, equals));
	gt_auto_buf value = {0};
	int rc = GT_OK;

	if (equals != SIZE_MAX) {
		size_t at = equals + 1;
		while (at < line.n && (line.p[at] == ' ' || line.p[at] == '\t'))
			at++;
		rc = parse_value(p, gt_str_from(line, at), &value, err);
	}
	if (rc < 0 || !p->inside || !p->found.n || memchr(gt_buf_cstr(&value), 0, value.n))
		return rc;
	struct gt_git_module *m = &p->found.v[p->found.n - 1];
	const char *text = gt_arena_strndup(p->arena, gt_buf_cstr(&value), value.n);
	if (gt_str_ieq(key, GT_STR_LIT("path")))
		m->path = text;
	else if (gt_str_ieq(key, GT_STR_LIT("url")))
		m->url = text;
	return GT_OK;
}

static int parse(struct parser *p, struct gt_err *err)
{
	struct gt_str line;
	int rc = GT_OK;

	while (rc == GT_OK && next_line(p, &line)) {
		struct gt_str s = gt_str_trim(line);

		if (!s.n || s.p[0] == '#' || s.p[0] == ';')
			continue;
		rc = s.p[0] == '[' ? parse_section(p, s, err) : parse_key(p, line, err);
	}
	return rc == GT_OK ? gt_arena_check(p->arena, err) : rc;
}

int gt_git_modules_parse(struct gt_arena *a, struct gt_str text, struct gt_git_module **ret_modules,
			 size_t *ret_n, struct gt_err *err)
{
	struct parser p = {.arena = a, .rest = text};
	int rc = parse(&p, err);

	if (rc == GT_OK) {
		*ret_n = p.found.n;
		*ret_modules = gt_arena_calloc(a, p.found.n + 1, sizeof **ret_modules);
		rc = gt_arena_check(a, err);
	}
	if (rc == GT_OK && p.found.n)
		memcpy(*ret_modules, p.found.v, p.found.n * sizeof **ret_modules);
	gt_vec_fini(&p.found);
	return rc;
}

/* --- URLs ---------------------------------------------------------------------------------- */

static int relative_url(struct gt_arena *a, const char *parent, const char *url,
			const char **ret_url, struct gt_err *err)
{
	gt_auto_url base = {0};
	gt_auto_buf path = {0}, out = {0};

	int rc = gt_url_parse(gt_str(parent), &base, err);
	if (rc < 0)
		return rc;
	gt_path_join(&path, gt_str(base.path), gt_str(url));
	free(base.path);
	base.path = gt_buf_take(&path);
	gt_url_format(&base, &out);
	*ret_url = gt_arena_strdup(a, gt_buf_cstr(&out));
	return gt_arena_check(a, err);
}

/* "user@host:path": what scp and git call an address. */
static bool scp_form(const char *url, size_t *ret_colon)
{
	size_t colon = gt_str_find(gt_str(url), ':');
	size_t slash = gt_str_find(gt_str(url), '/');

	*ret_colon = colon;
	return !strstr(url, "://") && colon != SIZE_MAX && colon > 0 &&
	       (slash == SIZE_MAX || colon < slash);
}

int gt_git_module_url(struct gt_arena *a, const char *parent, const char *url, const char **ret_url,
		      struct gt_err *err)
{
	gt_auto_url parsed = {0};
	size_t colon;

	if (gt_str_starts(gt_str(url), "./") || gt_str_starts(gt_str(url), "../"))
		return relative_url(a, parent, url, ret_url, err);
	const char *text = url;
	if (scp_form(url, &colon))
		text = gt_arena_printf(a, "ssh://%.*s/%s", (int)colon, url, url + colon + 1);
	int rc = gt_arena_check(a, err);
	if (rc == GT_OK)
		rc = gt_url_parse(gt_str(text), &parsed, err);
	if (rc < 0)
		return rc;
	if (!gt_streq(parsed.scheme, "http") && !gt_streq(parsed.scheme, "https") &&
	    !gt_streq(parsed.scheme, "ssh"))
		return gt_fail(err, GT_E_UNSUPPORTED, "unsupported scheme '%s'", parsed.scheme);
	*ret_url = text;
	return GT_OK;
}
