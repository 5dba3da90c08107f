#include "net/range.h"

/* Go's ParseInt takes a plus sign. */
static bool number(struct gt_str s, int64_t *ret_n)
{
	return gt_str_i64(s, ret_n) && s.p[0] != '-';
}

/* 1 for a range, 0 for one beyond the end, -1 for a malformed one. */
static int parse_one(struct gt_str text, int64_t size, struct gt_range *range)
{
	size_t dash = gt_str_find(text, '-');
	int64_t start, end;

	if (dash == SIZE_MAX)
		return -1;
	struct gt_str first = gt_str_trim(gt_str_sub(text, 0, dash));
	struct gt_str last = gt_str_trim(gt_str_from(text, dash + 1));
	if (first.n == 0) {
		/* The last so many bytes. */
		if (!number(last, &end))
			return -1;
		end = end < size ? end : size;
		*range = (struct gt_range){size - end, end};
		return 1;
	}
	if (!number(first, &start))
		return -1;
	if (start >= size)
		return 0;
	end = size - 1;
	if (last.n > 0 && (!number(last, &end) || end < start))
		return -1;
	end = end < size - 1 ? end : size - 1;
	*range = (struct gt_range){start, end - start + 1};
	return 1;
}

enum gt_ranges gt_ranges_parse(struct gt_str header, int64_t size,
			       struct gt_range ranges[GT_RANGES_MAX], size_t *ret_n)
{
	struct gt_split it = {.rest = gt_str_from(header, 6)};
	struct gt_str part;
	int64_t sum = 0;
	size_t n = 0;
	bool outside = false;

	if (header.n == 0)
		return GT_RANGES_ALL;
	if (!gt_str_starts(header, "bytes="))
		return GT_RANGES_INVALID;
	while (gt_split_next(&it, ',', &part)) {
		part = gt_str_trim(part);
		if (part.n == 0)
			continue;
		if (n == GT_RANGES_MAX)
			return GT_RANGES_ALL;
		int rc = parse_one(part, size, &ranges[n]);
		if (rc < 0)
			return GT_RANGES_INVALID;
		if (rc == 0) {
			outside = true;
			continue;
		}
		sum += ranges[n++].length;
	}
	if (n == 0 && outside)
		return size == 0 ? GT_RANGES_ALL : GT_RANGES_OUTSIDE;
	/* An attack, or a client that wants all of it anyway. */
	if (n == 0 || sum > size)
		return GT_RANGES_ALL;
	*ret_n = n;
	return GT_RANGES_SOME;
}
