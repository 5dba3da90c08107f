/* The small parsers of base/: the first byte chooses one, the rest is its input. */
#include <stdlib.h>

#include "base/enc.h"
#include "base/fs.h"
#include "base/glob.h"
#include "base/time.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* What was decoded encodes to something that decodes to the same. */
static void check_encodings(struct gt_str s)
{
	static const struct {
		bool (*decode)(struct gt_buf *out, struct gt_str text);
		void (*encode)(struct gt_buf *out, struct gt_str bytes);
	} codecs[] = {
		{gt_base64_decode, gt_base64_encode},
		{gt_base64url_decode, gt_base64url_encode},
		{gt_hex_decode, gt_hex_encode},
	};

	for (size_t i = 0; i < GT_COUNT(codecs); i++) {
		gt_auto_buf plain = {0};
		gt_auto_buf text = {0};
		gt_auto_buf again = {0};

		codecs[i].encode(&text, s);
		must(codecs[i].decode(&again, gt_buf_str(&text)));
		must(gt_str_eq(gt_buf_str(&again), s));
		if (codecs[i].decode(&plain, s))
			must(plain.n <= s.n);
		else
			must(plain.n == 0);
	}
}

static void check_percent(struct gt_str s)
{
	gt_auto_buf text = {0};
	gt_auto_buf again = {0};
	gt_auto_buf plain = {0};

	gt_percent_encode(&text, s, true);
	must(gt_percent_decode(&again, gt_buf_str(&text), true));
	must(gt_str_eq(gt_buf_str(&again), s));
	gt_percent_decode(&plain, s, false);
	must(plain.n <= s.n);
}

static void check_times(struct gt_str s)
{
	char text[GT_TIME_TEXT];
	int64_t t, back;

	if (gt_rfc3339_parse(s, &t)) {
		must(gt_rfc3339_parse(gt_str(gt_rfc3339_ns(t, text)), &back));
		must(t == back);
	}
	if (gt_http_date_parse(s, &t) && t > INT64_MIN + GT_NS_PER_S) {
		must(gt_http_date_parse(gt_str(gt_http_date(t, text)), &back));
		must(t / GT_NS_PER_S == back / GT_NS_PER_S);
	}
}

static void check_duration(struct gt_str s)
{
	static struct gt_err err;
	char text[GT_TIME_TEXT];
	int64_t ns, back;

	if (gt_duration_parse(s, &ns, &err) != GT_OK) {
		must(err.code == GT_E_INVALID && err.text[0]);
		return;
	}
	must(gt_duration_parse(gt_str(gt_duration(ns, text)), &back, &err) == GT_OK);
	must(ns == back);
	gt_human_duration(ns, text);
}

/* The input is a pattern and a name, parted by the first NUL. */
static void check_glob(struct gt_str s)
{
	size_t nul = gt_str_find(s, '\0');
	struct gt_str pattern = gt_str_sub(s, 0, nul == SIZE_MAX ? s.n / 2 : nul);
	struct gt_str name = gt_str_from(s, pattern.n);
	bool match;

	int rc = gt_glob_match(pattern, name, &match, NULL);
	must(rc == gt_glob_check(pattern, NULL));
	if (rc == GT_OK && !gt_glob_is_pattern(pattern))
		must(match == gt_str_eq(pattern, name));
}

static void check_path(struct gt_str s)
{
	gt_auto_buf once = {0};
	gt_auto_buf twice = {0};
	gt_auto_buf joined = {0};

	gt_path_clean(&once, s);
	gt_path_clean(&twice, gt_buf_str(&once));
	must(gt_str_eq(gt_buf_str(&once), gt_buf_str(&twice)));
	must(gt_path_inside(s) == gt_path_inside(gt_buf_str(&once)));
	must(gt_path_base(s).n && gt_path_dir(s).n);
	gt_path_join(&joined, GT_STR_LIT("root"), s);
	if (gt_path_inside(s))
		must(gt_str_starts(gt_buf_str(&joined), "root"));
}

static void check_utf8(struct gt_str s)
{
	bool valid = true;
	size_t count = 0, len;
	gt_auto_buf out = {0};

	for (struct gt_str rest = s; rest.n; rest = gt_str_from(rest, len)) {
		uint32_t rune = gt_utf8_decode(rest, &len);

		must(len >= 1 && len <= 4 && len <= rest.n);
		valid = valid && !(rune == GT_RUNE_ERROR && len == 1);
		gt_utf8_encode(&out, rune);
		count++;
	}
	must(valid == gt_utf8_valid(s));
	must(count == gt_utf8_count(s));
	must(gt_utf8_valid(gt_buf_str(&out)));
	if (!valid)
		return;
	must(gt_str_eq(gt_buf_str(&out), s));
	for (size_t max = 0; max <= s.n; max += 1 + s.n / 16)
		must(gt_utf8_valid(gt_str_sub(s, 0, gt_utf8_cut(s, max))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const checks[])(struct gt_str) = {
		check_encodings, check_percent, check_times, check_duration,
		check_glob,      check_path,    check_utf8,
	};

	if (size == 0)
		return 0;
	struct gt_str rest = gt_strn((const char *)data + 1, size - 1);
	checks[data[0] % GT_COUNT(checks)](rest);
	return 0;
}
