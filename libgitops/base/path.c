/* The lexical half of base/fs.h: paths as text, as Go's package path sees them. */
#include "base/fs.h"

/* Drops the last component of the cleaned text, which begins at `from`. */
static void drop_last(struct gt_buf *out, size_t from)
{
	while (out->n > from && out->p[out->n - 1] != '/')
		out->n--;
	if (out->n > from)
		out->n--;
}

void gt_path_clean(struct gt_buf *out, struct gt_str path)
{
	bool rooted = path.n && path.p[0] == '/';
	struct gt_split it = {.rest = gt_str_from(path, rooted)};
	struct gt_str part;

	if (rooted)
		gt_buf_addc(out, '/');
	size_t start = out->n;
	size_t floor = start; /* ".." components kept at the front end here */

	while (gt_split_next(&it, '/', &part)) {
		if (part.n == 0 || gt_str_is(part, "."))
			continue;
		bool up = gt_str_is(part, "..");

		if (up && out->n > floor) {
			drop_last(out, floor);
			continue;
		}
		if (up && rooted)
			continue;
		if (out->n > start)
			gt_buf_addc(out, '/');
		gt_buf_add_str(out, part);
		if (up)
			floor = out->n;
	}
	if (out->n == start && !rooted)
		gt_buf_addc(out, '.');
	else if (out->p)
		out->p[out->n] = '\0';
}

void gt_path_join(struct gt_buf *out, struct gt_str a, struct gt_str b)
{
	gt_auto_buf joined = {0};

	if (a.n == 0 && b.n == 0)
		return;
	gt_buf_add_str(&joined, a);
	if (a.n && b.n)
		gt_buf_addc(&joined, '/');
	gt_buf_add_str(&joined, b);
	out->failed = out->failed || joined.failed;
	gt_path_clean(out, gt_buf_str(&joined));
}

bool gt_path_inside(struct gt_str path)
{
	struct gt_split it = {.rest = path};
	struct gt_str part;
	size_t depth = 0;

	if (path.n && path.p[0] == '/')
		return false;
	while (gt_split_next(&it, '/', &part)) {
		if (part.n == 0 || gt_str_is(part, "."))
			continue;
		if (!gt_str_is(part, ".."))
			depth++;
		else if (depth-- == 0)
			return false;
	}
	return true;
}

static struct gt_str without_trailing_slashes(struct gt_str path)
{
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return path;
}

struct gt_str gt_path_dir(struct gt_str path)
{
	size_t slash = gt_str_rfind(path, '/');

	if (slash == SIZE_MAX)
		return GT_STR_LIT(".");
	return without_trailing_slashes(gt_str_sub(path, 0, slash ? slash : 1));
}

struct gt_str gt_path_base(struct gt_str path)
{
	if (path.n == 0)
		return GT_STR_LIT(".");
	path = without_trailing_slashes(path);
	size_t slash = gt_str_rfind(path, '/');
	return slash == SIZE_MAX || path.n == 1 ? path : gt_str_from(path, slash + 1);
}
