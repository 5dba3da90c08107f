/*
 * Go's text/template: a set of named templates, parsed once and executed over gt_values.
 *
 * The language is text/template's of Go 1.26 with missingkey=zero, as Helm runs it; functions come
 * from tables.  Everything lives in one arena with a budget.  Execution counts its steps and the
 * depth of the stack, so a template that never ends does end, with GT_E_BUDGET.
 *
 * One owner at a time; any thread.
 */
#ifndef GT_TEXT_TEMPLATE_TEMPLATE_H
#define GT_TEXT_TEMPLATE_TEMPLATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "text/template/value.h"

struct gt_tmpl_set;

/* One call of a function or method.  Arguments have been checked against the parameters. */
struct gt_tmpl_call {
	struct gt_tmpl_set *set;
	struct gt_arena *a;
	void *env; /* of the set */
	const struct gt_tmpl_func *f;
	struct gt_value self; /* receiver of a method */
	const struct gt_value *arg;
	size_t n;
	struct gt_value ret;
};

/*
 * A function.  params has one letter a parameter; '*' at the end repeats the last:
 *   s string   i int   I int64   f float64   b bool   u uint32   t time.Time   C sprig.certificate
 *   m map[string]interface {}   l []interface {}   a interface {}   v reflect.Value
 */
struct gt_tmpl_func {
	const char *name;
	const char *params;
	int (*fn)(struct gt_tmpl_call *c); /* GT_OK, or gt_tmpl_throw() */
};

/* A Go error: what is shown is prefix followed by the text of cause. */
struct gt_tmpl_error {
	struct gt_str prefix;
	struct gt_tmpl_error *cause;
	bool exec;    /* it comes from the template package */
	bool warning; /* fail and required: the message alone is for the user */
};

struct gt_tmpl_opts {
	struct gt_arena *arena;
	const struct gt_tmpl_func *const *tables; /* ends with NULL; later tables win */
	void *env;
	uint64_t max_steps; /* 0 means the default */
	size_t max_stack;
	size_t max_output; /* of one template; 0 means GT_BUF_MAX */
	/* Methods of the map kinds that have some; may be NULL. */
	const struct gt_tmpl_func *values_methods, *files_methods, *versions_methods;
};

/* Lives in the arena.  NULL when the arena is exhausted. */
struct gt_tmpl_set *gt_tmpl_set_new(const struct gt_tmpl_opts *opts);
/* Releases what is not in the arena; the set is of no use afterwards. */
void gt_tmpl_set_fini(struct gt_tmpl_set *set);

/*
 * Parses a text and adds its templates: the text itself under `name`, and what it defines.  A
 * definition replaces an earlier one unless its body is blank.  The text must live as long as the
 * arena.  GT_E_INVALID with Go's message: `template: a.yaml:3: unexpected "}" in operand`.
 */
int gt_tmpl_parse(struct gt_tmpl_set *set, const char *name, struct gt_str text,
		  struct gt_err *err);

bool gt_tmpl_has(const struct gt_tmpl_set *set, struct gt_str name);

/*
 * Executes a named template and appends to out.  On failure the chain of errors stays readable by
 * gt_tmpl_failure() until the next execution.
 */
int gt_tmpl_execute(struct gt_tmpl_set *set, struct gt_str name, struct gt_value dot,
		    struct gt_buf *out, struct gt_err *err);
const struct gt_tmpl_error *gt_tmpl_failure(const struct gt_tmpl_set *set);
/* Whether the last failure was one of a budget, and not one a template can make good. */
bool gt_tmpl_exhausted(const struct gt_tmpl_set *set);
void gt_tmpl_error_text(struct gt_buf *out, const struct gt_tmpl_error *e);

/* --- for functions ------------------------------------------------------------------------ */

/* Fails the call: the error a Go function would return.  Returns a negative code. */
int gt_tmpl_throw(struct gt_tmpl_call *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int gt_tmpl_throw_str(struct gt_tmpl_call *c, struct gt_str text);
/* The error of fail and required. */
int gt_tmpl_throw_warning(struct gt_tmpl_call *c, struct gt_str text);
/* The call ran into a limit, which nothing catches. */
int gt_tmpl_throw_budget(struct gt_tmpl_call *c, const char *what);
/* Counts work that is proportional to n. */
int gt_tmpl_charge(struct gt_tmpl_call *c, uint64_t n);

/* Returns a string made in a buffer, which is emptied. */
int gt_tmpl_return_buf(struct gt_tmpl_call *c, struct gt_buf *buf);

/* Helm's include and tpl. */
extern const struct gt_tmpl_func gt_tmpl_engine_funcs[];
/* The functions that text/template has of its own. */
extern const struct gt_tmpl_func gt_tmpl_builtins[];

#endif
