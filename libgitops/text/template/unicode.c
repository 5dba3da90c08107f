#include "text/template/unicode_impl.h"

#include <string.h>

static bool in_ranges(uint32_t c, const struct gt_uni_range *r, size_t n)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (c > r[mid].last)
			low = mid + 1;
		else if (c < r[mid].first)
			high = mid;
		else
			return true;
	}
	return false;
}

static bool ascii_upper(uint32_t c)
{
	return c >= 'A' && c <= 'Z';
}

static bool ascii_lower(uint32_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool ascii_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

bool gt_uni_is_letter(uint32_t c)
{
	if (c < 0x80)
		return ascii_upper(c) || ascii_lower(c);
	return in_ranges(c, gt_uni__letter, gt_uni__letter_n);
}

bool gt_uni_is_digit(uint32_t c)
{
	return c < 0x80 ? ascii_digit(c) : in_ranges(c, gt_uni__digit, gt_uni__digit_n);
}

bool gt_uni_is_number(uint32_t c)
{
	return c < 0x80 ? ascii_digit(c) : in_ranges(c, gt_uni__number, gt_uni__number_n);
}

bool gt_uni_is_punct(uint32_t c)
{
	if (c < 0x80)
		return c && strchr("!\"#%&'()*,-./:;?@[\\]_{}", (int)c) != NULL;
	return in_ranges(c, gt_uni__punct, gt_uni__punct_n);
}

bool gt_uni_is_print(uint32_t c)
{
	return c < 0x80 ? c >= 0x20 && c < 0x7f : in_ranges(c, gt_uni__print, gt_uni__print_n);
}

bool gt_uni_is_upper(uint32_t c)
{
	return c < 0x80 ? ascii_upper(c) : in_ranges(c, gt_uni__upper, gt_uni__upper_n);
}

bool gt_uni_is_lower(uint32_t c)
{
	return c < 0x80 ? ascii_lower(c) : in_ranges(c, gt_uni__lower, gt_uni__lower_n);
}

bool gt_uni_is_title(uint32_t c)
{
	return c >= 0x80 && in_ranges(c, gt_uni__title, gt_uni__title_n);
}

bool gt_uni_is_space(uint32_t c)
{
	if (c < 0x100)
		return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0;
	return c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
	       c == 0x202f || c == 0x205f || c == 0x3000;
}

static const struct gt_uni_case *case_of(uint32_t c)
{
	size_t low = 0, high = gt_uni__case_n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (c > gt_uni__case[mid].last)
			low = mid + 1;
		else if (c < gt_uni__case[mid].first)
			high = mid;
		else
			return &gt_uni__case[mid];
	}
	return NULL;
}

/* Of an alternating range the even distances are upper case. */
static uint32_t shift(uint32_t c, const struct gt_uni_case *range, int32_t delta, uint32_t is_lower)
{
	if (delta == ALTERNATE)
		return range->first + (((c - range->first) & ~1u) | is_lower);
	return (uint32_t)((int32_t)c + delta);
}

uint32_t gt_uni_upper(uint32_t c)
{
	const struct gt_uni_case *range;

	if (c < 0x80)
		return ascii_lower(c) ? c - 32 : c;
	range = case_of(c);
	return range ? shift(c, range, range->upper, 0) : c;
}

uint32_t gt_uni_lower(uint32_t c)
{
	const struct gt_uni_case *range;

	if (c < 0x80)
		return ascii_upper(c) ? c + 32 : c;
	range = case_of(c);
	return range ? shift(c, range, range->lower, 1) : c;
}

uint32_t gt_uni_title(uint32_t c)
{
	const struct gt_uni_case *range;

	if (c < 0x80)
		return ascii_lower(c) ? c - 32 : c;
	range = case_of(c);
	return range ? shift(c, range, range->title, 0) : c;
}
