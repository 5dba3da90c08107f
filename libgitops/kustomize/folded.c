#include "kustomize/folded.h"

#include "base/buf.h"
#include "base/utf8.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool printable(uint32_t r)
{
	return r == '\n' || r == '\t' || (r >= 0x20 && r <= 0x7e) || (r >= 0xa0 && r <= 0xd7ff) ||
	       (r >= 0xe000 && r <= 0xfffd && r != 0xfeff);
}

/* Texts that the printer writes in double quotes instead. */
static bool exempt(struct gt_str s)
{
	if (s.n == 0 || s.p[s.n - 1] == ' ')
		return true;
	for (size_t i = 0; i < s.n;) {
		size_t len;

		if (s.p[i] == ' ' && i + 1 < s.n && s.p[i + 1] == '\n')
			return true;
		uint32_t r = gt_utf8_decode(gt_str_from(s, i), &len);
		if (!printable(r))
			return true;
		i += len;
	}
	return false;
}

/* How many line breaks a run of n becomes between two lines. */
static size_t run_length(size_t n, bool text_blank, bool before_blank, bool after_blank, bool end)
{
	if (end)
		return !text_blank && !before_blank && n >= 2 ? n + 1 : n;
	if (!text_blank)
		return !before_blank && after_blank ? n + 1 : n;
	return !before_blank && !after_blank ? n - 1 : n;
}

void kz_folded_reread(struct gt_arena *a, struct gt_node *node)
{
	struct gt_str s = gt_strn(node->s, node->n);
	gt_auto_buf out = {0};
	size_t i = 0, line = 0;

	if (exempt(s))
		return;
	while (i < s.n && s.p[i] == '\n')
		i++;
	bool text_blank = i < s.n && blank(s.p[i]);
	gt_buf_add(&out, s.p, i);
	line = i;
	while (i < s.n) {
		if (s.p[i] != '\n') {
			gt_buf_addc(&out, s.p[i++]);
			continue;
		}
		size_t start = i;
		while (i < s.n && s.p[i] == '\n')
			i++;
		size_t n = run_length(i - start, text_blank, blank(s.p[line]),
				      i < s.n && blank(s.p[i]), i == s.n);
		if (n)
			gt_buf_fill(&out, '\n', n);
		else
			gt_buf_addc(&out, ' ');
		line = i;
	}
	const char *text = gt_arena_strndup(a, gt_buf_cstr(&out), out.n);
	if (text) {
		node->s = text;
		node->n = (uint32_t)out.n;
	}
}
