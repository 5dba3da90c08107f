/* What a literal number can be: the same digits may do for an int, a uint and a float. */
#include <string.h>

#include "text/template/ast_impl.h"
#include "text/template/gonum.h"
#include "text/template/quote.h"

/* Whether the double is the integer that C's conversion would give. */
static bool fits_int64(double f)
{
	return f >= -9223372036854775808.0 && f < 9223372036854775808.0 && (double)(int64_t)f == f;
}

static bool fits_uint64(double f)
{
	return f >= 0 && f < 18446744073709551616.0 && (double)(uint64_t)f == f;
}

static const char *real(struct tnode *n, struct gt_str text)
{
	bool fraction = false;

	n->is_uint = gt_go_uint0(text, &n->num.u);
	n->is_int = gt_go_int0(text, &n->num.i);
	if (n->is_int && n->num.i == 0)
		n->is_uint = true;
	n->is_float = n->is_int || n->is_uint;
	if (n->is_float) {
		n->num.f = n->is_int ? (double)n->num.i : (double)n->num.u;
		return NULL;
	}
	if (!gt_go_float(text, &n->num.f))
		return "illegal number syntax: ";
	for (size_t i = 0; i < text.n; i++)
		fraction |= strchr(".eEpP", text.p[i]) != NULL;
	if (!fraction)
		return "integer overflow: ";
	n->is_float = true;
	n->is_int = fits_int64(n->num.f);
	n->is_uint = fits_uint64(n->num.f);
	if (n->is_int)
		n->num.i = (int64_t)n->num.f;
	if (n->is_uint)
		n->num.u = (uint64_t)n->num.f;
	return NULL;
}

/* [re+]im with an i at the end; the imaginary part begins at the last sign that starts a number. */
static const char *imaginary(struct tnode *n, struct gt_str text)
{
	size_t cut = 0;

	for (size_t i = 1; i + 1 < text.n; i++) {
		if ((text.p[i] == '+' || text.p[i] == '-') && !strchr("eEpP", text.p[i - 1]))
			cut = i;
	}
	n->is_complex = true;
	if ((cut && !gt_go_float(gt_str_sub(text, 0, cut), &n->num.f)) ||
	    !gt_go_float(gt_str_sub(text, cut, text.n - cut - 1), &n->num.im))
		return "illegal number syntax: ";
	return NULL;
}

const char *gt_tmpl__number(struct tnode *n, const struct ttoken *t)
{
	uint32_t rune;

	n->text = t->val;
	if (t->type == TT_COMPLEX || gt_str_ends(t->val, "i"))
		return imaginary(n, t->val);
	if (t->type != TT_CHARCONST)
		return real(n, t->val);
	if (!gt_go_unquote_rune(t->val, &rune))
		return "malformed character constant: ";
	n->is_int = n->is_uint = n->is_float = true;
	n->num.i = (int64_t)(n->num.u = rune);
	n->num.f = rune;
	return NULL;
}
