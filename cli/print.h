/*
 * What the user sees.  Data goes to standard output; progress and errors go to standard error, one
 * line each, with the marks that Flux users know.
 */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define CLI_PRINTF __attribute__((format(printf, 1, 2)))

void cli_action(const char *fmt, ...) CLI_PRINTF;   /* ► */
void cli_generate(const char *fmt, ...) CLI_PRINTF; /* ✚ */
void cli_waiting(const char *fmt, ...) CLI_PRINTF;  /* ◎ */
void cli_success(const char *fmt, ...) CLI_PRINTF;  /* ✔ */
void cli_warning(const char *fmt, ...) CLI_PRINTF;  /* ⚠️ */
void cli_failure(const char *fmt, ...) CLI_PRINTF;  /* ✗ */

/* Prints the error as a failure and returns the exit code 1. */
int cli_fail(const struct gt_err *err);
int cli_failf(const char *fmt, ...) CLI_PRINTF;

/* A table as `flux get` prints it: upper-case header, cells padded to the column and followed by a
 * tab.  Cells are copied. */
struct cli_table;
struct cli_table *cli_table_new(const char *const *columns, size_t n);
void cli_table_add(struct cli_table *t, const char *const *cells);
size_t cli_table_rows(const struct cli_table *t);
void cli_table_print(const struct cli_table *t, bool header);
void cli_table_free(struct cli_table *t);

/* Asks on the terminal; false unless the answer is yes.  Without a terminal one line is read. */
bool cli_confirm(const char *question);

#endif
