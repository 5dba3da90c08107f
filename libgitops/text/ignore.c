#include "text/ignore.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/vec.h"

/* A path in pieces between slashes. */
struct segments {
	struct gt_str *v;
	size_t n;
};

struct pattern {
	char *text; /* without ! and trailing slash; the segments point into it */
	char *domain_text;
	struct segments domain;
	struct segments path; /* of a path pattern */
	bool include;
	bool dir_only;
	bool is_path; /* else a name pattern */
};

struct gt_ignore {
	GT_VEC(struct pattern) patterns;
};

static const char vcs[] = ".git/\n.gitignore\n.gitmodules\n.gitattributes\n";
static const char others[] = "*.jpg\n*.jpeg\n*.gif\n*.png\n*.wmv\n*.flv\n*.tar.gz\n*.zip\n"
			     ".github/\n.circleci/\n.travis.yml\n.gitlab-ci.yml\nappveyor.yml\n"
			     ".drone.yml\ncloudbuild.yaml\ncodeship-services.yml\n"
			     "codeship-steps.yml\n"
			     "**/.goreleaser.yml\n**/.sops.yaml\n**/.flux.yaml\n";

/* The pieces of a path, empty ones left out when asked. */
static struct segments split(struct gt_str path, bool keep_empty)
{
	GT_VEC(struct gt_str) parts = {0};
	struct gt_split it = {.rest = path};
	struct gt_str part;

	while (gt_split_next(&it, '/', &part)) {
		if (part.n || keep_empty)
			gt_vec_push(&parts, part);
	}
	return (struct segments){parts.v, parts.n};
}

struct gt_ignore *gt_ignore_new(void)
{
	return gt_new(struct gt_ignore);
}

void gt_ignore_free(struct gt_ignore *ig)
{
	if (!ig)
		return;
	for (size_t i = 0; i < ig->patterns.n; i++) {
		struct pattern *p = &ig->patterns.v[i];

		free(p->text);
		free(p->domain_text);
		free(p->domain.v);
		free(p->path.v);
	}
	gt_vec_fini(&ig->patterns);
	free(ig);
}

/* Trailing spaces do not count, unless the last one is escaped. */
static struct gt_str trim_line(struct gt_str line)
{
	if (gt_str_ends(line, "\\ "))
		return line;
	while (line.n && line.p[line.n - 1] == ' ')
		line.n--;
	return line;
}

static void add_pattern(struct gt_ignore *ig, struct gt_str line, const char *domain)
{
	struct pattern p = {0};

	if (line.n && line.p[0] == '!') {
		p.include = true;
		line = gt_str_from(line, 1);
	}
	line = trim_line(line);
	if (line.n && line.p[line.n - 1] == '/') {
		p.dir_only = true;
		line.n--;
	}
	p.text = gt_xstrndup(line.p ? line.p : "", line.n);
	p.is_path = gt_str_find(line, '/') != SIZE_MAX;
	if (p.is_path)
		p.path = split(gt_strn(p.text, line.n), true);
	p.domain_text = gt_xstrdup(domain ? domain : "");
	p.domain = split(gt_str(p.domain_text), false);
	gt_vec_push(&ig->patterns, p);
}

static bool is_blank(struct gt_str line)
{
	return gt_str_trim(line).n == 0;
}

int gt_ignore_add(struct gt_ignore *ig, struct gt_str text, const char *domain, struct gt_err *err)
{
	while (text.n) {
		size_t end = gt_str_find(text, '\n');
		struct gt_str line = gt_str_sub(text, 0, end);

		if (line.n >= GT_LIMIT_IGNORE_LINE)
			return GT_OK; /* what follows is not read, as upstream */
		text = end == SIZE_MAX ? (struct gt_str){0} : gt_str_from(text, end + 1);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (is_blank(line) || line.p[0] == '#')
			continue;
		if (ig->patterns.n == GT_LIMIT_IGNORE_PATTERNS)
			return gt_fail(err, GT_E_BUDGET, "more than %d ignore patterns",
				       GT_LIMIT_IGNORE_PATTERNS);
		add_pattern(ig, line, domain);
	}
	return GT_OK;
}

static void add_builtin(struct gt_ignore *ig, const char *text)
{
	struct gt_split it = {.rest = gt_str(text)};
	struct gt_str line;

	while (gt_split_next(&it, '\n', &line)) {
		if (line.n)
			add_pattern(ig, line, "");
	}
}

void gt_ignore_add_vcs(struct gt_ignore *ig)
{
	add_builtin(ig, vcs);
}

void gt_ignore_add_defaults(struct gt_ignore *ig)
{
	add_builtin(ig, others);
}

size_t gt_ignore_count(const struct gt_ignore *ig)
{
	return ig ? ig->patterns.n : 0;
}

struct gt_ignore *gt_ignore_compose_take(struct gt_ignore *user)
{
	struct gt_ignore *ig = gt_ignore_new();

	gt_ignore_add_vcs(ig);
	if (gt_ignore_count(user) == 0)
		gt_ignore_add_defaults(ig);
	for (size_t i = 0; i < gt_ignore_count(user); i++)
		gt_vec_push(&ig->patterns, user->patterns.v[i]);
	if (user)
		user->patterns.n = 0; /* they have moved */
	gt_ignore_free(user);
	return ig;
}

/* --- matching ----------------------------------------------------------------------------- */

/* A hit on the last component of a pattern for directories needs a directory. */
static bool match_name(const struct pattern *p, const struct gt_str *path, size_t n, bool is_dir)
{
	for (size_t i = 0; i < n; i++) {
		if (gt_ignore_glob(gt_str(p->text), path[i]))
			return !(p->dir_only && !is_dir && i == n - 1);
	}
	return false;
}

/* Where a segment after ** first matches, n when nowhere. */
static size_t find_ahead(struct gt_str segment, const struct gt_str *path, size_t at, size_t n)
{
	while (at < n && !gt_ignore_glob(segment, path[at]))
		at++;
	return at;
}

/*
 * The pattern's segments against the path's components, without backtracking: a segment right
 * after ** takes the first component ahead that it matches.
 */
static bool match_path(const struct pattern *p, const struct gt_str *path, size_t n, bool is_dir)
{
	bool any_depth = false, matched = false;
	size_t at = 0;

	for (size_t i = 0; i < p->path.n; i++) {
		struct gt_str segment = p->path.v[i];

		if (segment.n == 0) {
			any_depth = false;
			continue;
		}
		if (gt_str_is(segment, "**")) {
			if (i == p->path.n - 1)
				break;
			any_depth = true;
			continue;
		}
		if (gt_str_search(segment, GT_STR_LIT("**")) != SIZE_MAX || at == n)
			return false;
		if (any_depth) {
			at = find_ahead(segment, path, at, n);
			if (at == n)
				return false;
			any_depth = false;
		} else if (!gt_ignore_glob(segment, path[at])) {
			return false;
		}
		matched = true;
		at++;
	}
	return matched && !(p->dir_only && !is_dir && at == n);
}

/* Whether the path lies strictly below the pattern's domain; *ret_depth components are above. */
static bool below_domain(const struct pattern *p, const struct segments *path, size_t *ret_depth)
{
	if (path->n <= p->domain.n)
		return false;
	for (size_t i = 0; i < p->domain.n; i++) {
		if (!gt_str_eq(path->v[i], p->domain.v[i]))
			return false;
	}
	*ret_depth = p->domain.n;
	return true;
}

bool gt_ignore_match(const struct gt_ignore *ig, const char *path, bool is_dir)
{
	struct segments parts = split(gt_str(path), false);
	bool ignored = false;

	for (size_t i = gt_ignore_count(ig); i-- > 0;) {
		const struct pattern *p = &ig->patterns.v[i];
		size_t above;

		if (!below_domain(p, &parts, &above))
			continue;
		bool hit = p->is_path ? match_path(p, parts.v + above, parts.n - above, is_dir)
				      : match_name(p, parts.v + above, parts.n - above, is_dir);
		if (hit) {
			ignored = !p->include;
			break;
		}
	}
	free(parts.v);
	return ignored;
}
