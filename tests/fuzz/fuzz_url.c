/* URLs, references, queries and byte ranges: what was parsed reads the same after formatting. */
#include <stdint.h>
#include <stdlib.h>

#include "net/mime.h"
#include "net/proxy.h"
#include "net/range.h"
#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const struct gt_url *url)
{
	gt_auto_buf text = {0};
	gt_auto_buf again = {0};
	gt_auto_url copy = {0};

	gt_url_format(url, &text);
	/* The text can be longer than what is accepted, by its escapes. */
	if (gt_url_parse(gt_buf_str(&text), &copy, NULL) < 0) {
		if (text.n <= 65536)
			abort();
		return;
	}
	gt_url_format(&copy, &again);
	if (!gt_str_eq(gt_buf_str(&text), gt_buf_str(&again)))
		abort();
}

static void check_queries(struct gt_str text)
{
	gt_auto_buf key = {0};
	gt_auto_buf value = {0};

	while (gt_query_next(&text, &key, &value)) {
		gt_auto_buf query = {0};
		gt_auto_buf back = {0};
		gt_auto_buf name = {0};

		gt_query_add(&query, gt_buf_str(&key), gt_buf_str(&value));
		struct gt_str rest = gt_buf_str(&query);
		if (!gt_query_next(&rest, &name, &back) ||
		    !gt_str_eq(gt_buf_str(&back), gt_buf_str(&value)))
			abort();
	}
}

static void check_ranges(struct gt_str text)
{
	struct gt_range ranges[GT_RANGES_MAX];
	size_t n = 0;
	int64_t sum = 0;

	if (gt_ranges_parse(text, 1000, ranges, &n) != GT_RANGES_SOME)
		return;
	for (size_t i = 0; i < n; i++) {
		if (ranges[i].start < 0 || ranges[i].length < 0 ||
		    ranges[i].start + ranges[i].length > 1000)
			abort();
		sum += ranges[i].length;
	}
	if (sum > 1000)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gt_str text = {(const char *)data, size};
	gt_auto_url url = {0};
	gt_auto_url base = {0};
	gt_auto_url joined = {0};
	gt_auto_buf shown = {0};
	struct gt_err err;

	if (gt_url_parse(text, &url, &err) == GT_OK)
		check_round_trip(&url);
	gt_url_show_text(text, &shown);
	gt_url_parse(gt_str("http://user:pass@host:81/a/b/../c?d#e"), &base, NULL);
	if (gt_url_resolve(&base, text, &joined, &err) == GT_OK)
		check_round_trip(&joined);
	struct gt_proxy proxy = {.no_proxy = gt_xstrndup(size ? text.p : "", size)};
	gt_url_copy(&proxy.all, &base);
	gt_proxy_for(&proxy, &base);
	gt_proxy_fini(&proxy);
	check_queries(text);
	check_ranges(text);
	gt_mime_sniff(text);
	gt_mime_by_name(text);
	return 0;
}
