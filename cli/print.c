#include "print.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "base/vec.h"

static void line(const char *mark, const char *fmt, va_list ap)
{
	gt_auto_buf out = {0};

	gt_buf_printf(&out, "%s ", mark);
	gt_buf_vprintf(&out, fmt, ap);
	gt_buf_addc(&out, '\n');
	fflush(stdout);
	fwrite(out.p, 1, out.n, stderr);
}

#define DEFINE_LINE(name, mark)         \
	void name(const char *fmt, ...) \
	{                               \
		va_list ap;             \
                                        \
		va_start(ap, fmt);      \
		line(mark, fmt, ap);    \
		va_end(ap);             \
	}

DEFINE_LINE(cli_action, "►")
DEFINE_LINE(cli_generate, "✚")
DEFINE_LINE(cli_waiting, "◎")
DEFINE_LINE(cli_success, "✔")
DEFINE_LINE(cli_warning, "⚠️ ")
DEFINE_LINE(cli_failure, "✗")

int cli_fail(const struct gt_err *err)
{
	cli_failure("%s", err->text);
	return 1;
}

int cli_failf(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line("✗", fmt, ap);
	va_end(ap);
	return 1;
}

struct cli_table {
	size_t ncolumns;
	GT_VEC(char *) cells; /* header first, row after row */
};

static void add_cell(struct cli_table *t, const char *text, bool upper)
{
	char *cell = gt_xstrdup(text ? text : "");

	for (char *p = cell; upper && *p; p++) {
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 32);
	}
	gt_vec_push(&t->cells, cell);
}

struct cli_table *cli_table_new(const char *const *columns, size_t n)
{
	struct cli_table *t = gt_new(struct cli_table);

	t->ncolumns = n;
	for (size_t i = 0; i < n; i++)
		add_cell(t, columns[i], true);
	return t;
}

void cli_table_add(struct cli_table *t, const char *const *cells)
{
	for (size_t i = 0; i < t->ncolumns; i++)
		add_cell(t, cells[i], false);
}

size_t cli_table_rows(const struct cli_table *t)
{
	return t->cells.n / t->ncolumns - 1;
}

/* The i-th line of a cell, and whether there is one. */
static bool cell_line(const char *cell, size_t i, struct gt_str *ret_line)
{
	struct gt_split it = {.rest = gt_str(cell)};

	for (size_t k = 0; gt_split_next(&it, '\n', ret_line); k++) {
		if (k == i)
			return true;
	}
	*ret_line = (struct gt_str){0};
	return false;
}

static size_t column_width(const struct cli_table *t, size_t column, bool header)
{
	size_t width = 0;

	for (size_t i = column + (header ? 0 : t->ncolumns); i < t->cells.n; i += t->ncolumns) {
		struct gt_str text;

		for (size_t k = 0; cell_line(t->cells.v[i], k, &text); k++) {
			size_t n = gt_utf8_count(text);

			width = n > width ? n : width;
		}
	}
	return width;
}

static void add_row(struct gt_buf *out, const struct cli_table *t, size_t row, const size_t *widths)
{
	bool more = true;

	for (size_t k = 0; more; k++) {
		gt_auto_buf text = {0};

		more = false;
		for (size_t c = 0; c < t->ncolumns; c++) {
			struct gt_str part;

			more |= cell_line(t->cells.v[row * t->ncolumns + c], k, &part);
			gt_buf_add_str(&text, part);
			gt_buf_fill(&text, ' ', widths[c] - gt_utf8_count(part));
			gt_buf_addc(&text, '\t');
		}
		gt_buf_addc(&text, '\n');
		if (more)
			gt_buf_add_str(out, gt_buf_str(&text));
	}
}

void cli_table_print(const struct cli_table *t, bool header)
{
	gt_auto_buf out = {0};
	gt_autofree size_t *widths = gt_xcalloc(t->ncolumns, sizeof *widths);

	for (size_t c = 0; c < t->ncolumns; c++)
		widths[c] = column_width(t, c, header);
	for (size_t row = header ? 0 : 1; row * t->ncolumns < t->cells.n; row++)
		add_row(&out, t, row, widths);
	fwrite(gt_buf_cstr(&out), 1, out.n, stdout);
	fflush(stdout);
}

void cli_table_free(struct cli_table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->cells.n; i++)
		free(t->cells.v[i]);
	gt_vec_fini(&t->cells);
	free(t);
}

bool cli_confirm(const char *question)
{
	char answer[64];

	fprintf(stdout, "? %s [y/N] ", question);
	fflush(stdout);
	if (!fgets(answer, sizeof answer, stdin))
		return false;
	return answer[0] == 'y' || answer[0] == 'Y';
}
