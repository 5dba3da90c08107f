/* The order in which go-yaml writes the keys of a map. */
#include "base/utf8.h"
#include "text/yaml.h"

static bool is_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

/*
 * Whether Unicode calls the character a letter.  Beyond Latin-1 everything but punctuation,
 * symbols and private use counts as one.
 */
static bool is_letter(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} others[] = {
		{0x80, 0xa9},     {0xab, 0xb4},       {0xb6, 0xb9},        {0xbb, 0xbf},
		{0xd7, 0xd7},     {0xf7, 0xf7},       {0x300, 0x36f},      {0x660, 0x669},
		{0x2000, 0x2070}, {0x2074, 0x207e},   {0x2080, 0x208e},    {0x20a0, 0x2101},
		{0x2190, 0x2bff}, {0x3000, 0x3004},   {0x3008, 0x3030},    {0xd800, 0xf8ff},
		{0xfe00, 0xfe6f}, {0xff00, 0xff20},   {0xff3b, 0xff40},    {0xff5b, 0xff65},
		{0xffe0, 0xffff}, {0x1f000, 0x1fbff}, {0xe0000, 0x10ffff},
	};

	if (c < 0x80)
		return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		if (c >= others[i].first && c <= others[i].last)
			return false;
	}
	return true;
}

static uint32_t rune_at(struct gt_str s, size_t i, size_t *ret_len)
{
	if (i >= s.n) {
		*ret_len = 0;
		return 0;
	}
	if ((unsigned char)s.p[i] < 0x80) {
		*ret_len = 1;
		return (unsigned char)s.p[i];
	}
	return gt_utf8_decode(gt_str_from(s, i), ret_len);
}

/* The value of the digits from i on; their count in *ret_n.  Wraps round as Go's int64 does. */
static int64_t run_value(struct gt_str s, size_t i, uint64_t start, size_t *ret_n)
{
	uint64_t v = start;
	size_t n = 0;

	while (i + n < s.n && is_digit((unsigned char)s.p[i + n])) {
		v = v * 10 + (uint64_t)(s.p[i + n] - '0');
		n++;
	}
	*ret_n = n;
	return (int64_t)v;
}

/* Whether the digits before i, common to both keys, hold one that is not zero. */
static bool after_nonzero(struct gt_str s, size_t i)
{
	while (i > 0 && is_digit((unsigned char)s.p[i - 1])) {
		if (s.p[--i] != '0')
			return true;
	}
	return false;
}

static int compare(int64_t x, int64_t y)
{
	return (x > y) - (x < y);
}

/* Two characters that differ, neither of them a letter: the numbers starting here decide. */
static int compare_numbers(struct gt_str a, struct gt_str b, size_t i, uint32_t ra, uint32_t rb)
{
	uint64_t start = (ra == '0' || rb == '0') && after_nonzero(a, i);
	size_t na, nb;
	int64_t va = run_value(a, i, start, &na), vb = run_value(b, i, start, &nb);

	if (va != vb)
		return compare(va, vb);
	if (na != nb)
		return na < nb ? -1 : 1;
	return compare(ra, rb);
}

int gt_yaml_key_cmp(struct gt_str a, struct gt_str b)
{
	size_t common = a.n < b.n ? a.n : b.n;
	size_t i = 0, len;

	while (i < common && a.p[i] == b.p[i])
		i++;
	if (i == common)
		return (a.n > b.n) - (a.n < b.n);
	/* Back to the start of the character that differs. */
	while (i > 0 && ((unsigned char)a.p[i] & 0xc0) == 0x80 &&
	       ((unsigned char)b.p[i] & 0xc0) == 0x80)
		i--;
	uint32_t ra = rune_at(a, i, &len), rb = rune_at(b, i, &len);
	bool la = is_letter(ra), lb = is_letter(rb);
	if (la && lb)
		return compare(ra, rb);
	if (la || lb)
		return lb ? -1 : 1;
	return compare_numbers(a, b, i, ra, rb);
}
