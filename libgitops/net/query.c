#include "base/enc.h"
#include "net/url.h"

void gt_query_add(struct gt_buf *query, struct gt_str key, struct gt_str value)
{
	if (query->n > 0)
		gt_buf_addc(query, '&');
	gt_percent_encode(query, key, false);
	gt_buf_addc(query, '=');
	gt_percent_encode(query, value, false);
}

/* Cuts the text up to the next '&' off *rest. */
static struct gt_str next_pair(struct gt_str *rest)
{
	size_t amp = gt_str_find(*rest, '&');
	struct gt_str pair = gt_str_sub(*rest, 0, amp == SIZE_MAX ? rest->n : amp);

	*rest = amp == SIZE_MAX ? (struct gt_str){0} : gt_str_from(*rest, amp + 1);
	return pair;
}

bool gt_query_next(struct gt_str *rest, struct gt_buf *key, struct gt_buf *value)
{
	while (rest->n > 0) {
		struct gt_str pair = next_pair(rest);
		size_t eq = gt_str_find(pair, '=');
		struct gt_str k = gt_str_sub(pair, 0, eq == SIZE_MAX ? pair.n : eq);
		struct gt_str v = eq == SIZE_MAX ? (struct gt_str){0} : gt_str_from(pair, eq + 1);

		gt_buf_reset(key);
		gt_buf_reset(value);
		/* A ';' was a separator once: Go refuses such a pair, so that nobody is fooled. */
		if (pair.n > 0 && gt_str_find(pair, ';') == SIZE_MAX &&
		    gt_percent_decode(key, k, true) && gt_percent_decode(value, v, true))
			return true;
	}
	return false;
}

bool gt_query_get(struct gt_str query, const char *key, struct gt_buf *value)
{
	gt_auto_buf k = {0};
	gt_auto_buf v = {0};

	while (gt_query_next(&query, &k, &v)) {
		if (gt_str_is(gt_buf_str(&k), key)) {
			gt_buf_add_str(value, gt_buf_str(&v));
			return true;
		}
	}
	return false;
}
