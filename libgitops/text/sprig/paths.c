/* Slash-separated paths. */
#include <string.h>

#include "base/fs.h"
#include "text/sprig/sprig_impl.h"

static int fn_base(struct gt_tmpl_call *c)
{
	struct gt_str s = c->arg[0].s;
	size_t slash;

	if (s.n == 0)
		return sprig__str(c, GT_STR_LIT("."));
	while (s.n && s.p[s.n - 1] == '/')
		s.n--;
	if (s.n == 0)
		return sprig__str(c, GT_STR_LIT("/"));
	slash = gt_str_rfind(s, '/');
	return sprig__str(c, slash == SIZE_MAX ? s : gt_str_from(s, slash + 1));
}

static int fn_dir(struct gt_tmpl_call *c)
{
	size_t slash = gt_str_rfind(c->arg[0].s, '/');
	gt_auto_buf out = {0};

	gt_path_clean(&out, gt_str_sub(c->arg[0].s, 0, slash == SIZE_MAX ? 0 : slash + 1));
	return gt_tmpl_return_buf(c, &out);
}

static int fn_clean(struct gt_tmpl_call *c)
{
	gt_auto_buf out = {0};

	gt_path_clean(&out, c->arg[0].s);
	return gt_tmpl_return_buf(c, &out);
}

static int fn_ext(struct gt_tmpl_call *c)
{
	struct gt_str s = c->arg[0].s;

	for (size_t i = s.n; i > 0 && s.p[i - 1] != '/'; i--) {
		if (s.p[i - 1] == '.')
			return sprig__str(c, gt_str_from(s, i - 1));
	}
	return sprig__str(c, GT_STR_LIT(""));
}

static int fn_is_abs(struct gt_tmpl_call *c)
{
	return sprig__bool(c, c->arg[0].s.n && c->arg[0].s.p[0] == '/');
}

const struct gt_tmpl_func gt_sprig_paths[] = {
	{"base", "s", fn_base},
	{"clean", "s", fn_clean},
	{"dir", "s", fn_dir},
	{"ext", "s", fn_ext},
	{"isAbs", "s", fn_is_abs},
	{"osBase", "s", fn_base},
	{"osClean", "s", fn_clean},
	{"osDir", "s", fn_dir},
	{"osExt", "s", fn_ext},
	{"osIsAbs", "s", fn_is_abs},
	{0},
};
