/* What format.c and format_number.c share. */
#ifndef GT_TEXT_TEMPLATE_FORMAT_IMPL_H
#define GT_TEXT_TEMPLATE_FORMAT_IMPL_H

#include "text/template/format.h"

#define FMT_WIDTH_MAX 1000000 /* Go's limit of widths and precisions */

struct fmt_spec {
	bool plus, minus, sharp, space, zero;
	bool has_width, has_prec;
	bool go_syntax; /* %#v */
	int width, prec;
};

struct fmt {
	struct gt_buf *out;
	struct gt_arena *a;
	struct fmt_spec f;
};

/* Writes the text with padding to the width. */
void fmt__pad(struct fmt *p, struct gt_str s);
void fmt__integer(struct fmt *p, uint64_t u, bool negative, unsigned base, char verb, bool upper);
void fmt__unicode(struct fmt *p, uint64_t u);
void fmt__float(struct fmt *p, double d, char verb);

#endif
