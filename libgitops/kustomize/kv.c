#include "kustomize/kv.h"

#include <string.h>

#include "base/fs.h"
#include "base/utf8.h"

struct loader {
	struct kz_layer *l;
	struct gt_node *pairs;
	const char *name; /* of the generated object */
};

#define ENV_LINE_MAX 65536 /* the scanner of the reference stops at longer ones */

static int add_pair(struct loader *ld, struct gt_str key, struct gt_str value)
{
	struct gt_arena *a = ld->l->b->a;

	if (gt_node_getn(ld->pairs, key))
		return kz_fail(ld->l->b, "configmap %s illegally repeats the key `%.*s`", ld->name,
			       GT_STR_ARG(key));
	gt_node_setn(a, ld->pairs, key, gt_node_strn(a, value));
	return kz_check(ld->l->b);
}

/* --- literals --------------------------------------------------------------------------------- */
static struct gt_str unquote(struct gt_str s)
{
	bool quoted = s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[0] == s.p[s.n - 1];

	return quoted ? gt_str_sub(s, 1, s.n - 2) : s;
}

static int add_literal(struct loader *ld, struct gt_str s)
{
	size_t eq = gt_str_find(s, '=');

	/* It may be a secret: the caller says which entry, not what is in it. */
	if (eq == SIZE_MAX || eq == 0)
		return kz_fail(ld->l->b, "invalid literal source, expected key=value");
	return add_pair(ld, gt_str_sub(s, 0, eq), unquote(gt_str_from(s, eq + 1)));
}

/* --- files ------------------------------------------------------------------------------------ */
static int split_file(struct kz_build *b, struct gt_str s, struct gt_str *key, struct gt_str *path)
{
	size_t eq = gt_str_find(s, '=');

	if (eq == SIZE_MAX) {
		*path = s;
		*key = gt_path_base(s);
		return GT_OK;
	}
	if (gt_str_rfind(s, '=') != eq)
		return kz_fail(b, "source \"%.*s\" key name or file path contains '='",
			       GT_STR_ARG(s));
	*key = gt_str_sub(s, 0, eq);
	*path = gt_str_from(s, eq + 1);
	if (!key->n)
		return kz_fail(b, "missing key name for file path \"%.*s\" in source \"%.*s\"",
			       GT_STR_ARG(*path), GT_STR_ARG(s));
	if (!path->n)
		return kz_fail(b, "missing file path for key name \"%.*s\" in source \"%.*s\"",
			       GT_STR_ARG(*key), GT_STR_ARG(s));
	return GT_OK;
}

static int add_file(struct loader *ld, struct gt_str s)
{
	struct gt_str key, path, text;
	int rc = split_file(ld->l->b, s, &key, &path);

	if (rc == GT_OK)
		rc = kz_read(ld->l->b, ld->l->dir, path, &text, NULL);
	return rc < 0 ? rc : add_pair(ld, key, text);
}

/* --- env files -------------------------------------------------------------------------------- */
static bool unicode_space(uint32_t r)
{
	return (r >= '\t' && r <= '\r') || r == ' ' || r == 0x85 || r == 0xa0 || r == 0x1680 ||
	       (r >= 0x2000 && r <= 0x200a) || r == 0x2028 || r == 0x2029 || r == 0x202f ||
	       r == 0x205f || r == 0x3000;
}

static struct gt_str trim_left(struct gt_str s)
{
	while (s.n) {
		size_t len;

		if (!unicode_space(gt_utf8_decode(s, &len)))
			break;
		s = gt_str_from(s, len);
	}
	return s;
}

static int add_env_line(struct loader *ld, struct gt_str line, unsigned number)
{
	if (!gt_utf8_valid(line))
		return kz_fail(ld->l->b, "line %u has invalid utf8 bytes", number);
	if (number == 1 && gt_str_starts(line, "\xef\xbb\xbf"))
		line = gt_str_from(line, 3);
	line = trim_left(line);
	if (!line.n || line.p[0] == '#')
		return GT_OK;
	size_t eq = gt_str_find(line, '=');
	if (eq == 0)
		return GT_OK;
	if (eq == SIZE_MAX)
		return add_pair(ld, line, gt_strn("", 0));
	return add_pair(ld, gt_str_sub(line, 0, eq), gt_str_from(line, eq + 1));
}

static int add_env(struct loader *ld, struct gt_str path)
{
	struct gt_str text = {0};
	unsigned number = 0;
	int rc = kz_read(ld->l->b, ld->l->dir, path, &text, NULL);

	while (rc == GT_OK && text.n) {
		size_t nl = gt_str_find(text, '\n');
		struct gt_str line = nl == SIZE_MAX ? text : gt_str_sub(text, 0, nl);

		if (line.n >= ENV_LINE_MAX)
			break;
		text = gt_str_from(text, nl == SIZE_MAX ? text.n : nl + 1);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		rc = add_env_line(ld, line, ++number);
	}
	return rc;
}

int kz_load_pairs(struct kz_layer *l, const struct gt_node *args, struct gt_node **ret)
{
	static const struct {
		const char *field, *what;
		int (*add)(struct loader *, struct gt_str);
	} sources[] = {
		{"envs", "env source files", add_env},
		{"literals", "literal sources", add_literal},
		{"files", "file sources", add_file},
	};
	struct loader ld = {
		.l = l,
		.pairs = gt_node_map(l->b->a),
		.name = gt_node_cstr_or(gt_node_get(args, "name"), ""),
	};

	for (size_t i = 0; i < GT_COUNT(sources); i++) {
		gt_seq_for_each (gt_node_get(args, sources[i].field), item) {
			int rc = sources[i].add(&ld, gt_node_text(item));

			if (rc < 0)
				return gt_wrap(l->b->err, "loading KV pairs: %s: entry %zu",
					       sources[i].what, item__i + 1);
		}
	}
	*ret = ld.pairs;
	return kz_check(l->b);
}
