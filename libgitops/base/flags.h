/*
 * Command-line flags as a table, with pflag's syntax: --name=value, --name value, -n value,
 * -nvalue, grouped short booleans, "--" ends flags, flags and arguments may be mixed.  Controllers
 * and the CLI are users; help and completion are made from the same rows.
 *
 * Values are written into the variables that the rows point to; what they hold before parsing is
 * the default.  Parsing is for one thread at start-up.
 */
#ifndef GT_BASE_FLAGS_H
#define GT_BASE_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"

enum gt_flag_kind {
	GT_FLAG_STRING,   /* const char *; points into argv */
	GT_FLAG_STRINGS,  /* struct gt_flag_list: repeated or comma-separated */
	GT_FLAG_ARRAY,    /* struct gt_flag_list: repeated; commas are part of the value */
	GT_FLAG_BOOL,     /* bool */
	GT_FLAG_INT,      /* int64_t */
	GT_FLAG_DOUBLE,   /* double */
	GT_FLAG_DURATION, /* int64_t nanoseconds, Go syntax */
};

struct gt_flag_list {
	char **v; /* malloc'ed copies */
	size_t n, cap;
};

struct gt_flag {
	const char *name;
	char short_name; /* 0 for none */
	enum gt_flag_kind kind;
	void *value;
	const char *usage;          /* one line, for help */
	const char *arg;            /* name of the value in help; NULL means by kind */
	const char *const *choices; /* allowed values of a string, NULL-terminated, or NULL */
	bool hidden;
	bool seen; /* set by the parser */
};

#define GT_FLAG_END          \
	{                    \
		.name = NULL \
	}

/* Sets of flags to search, in order; NULL-terminated. */
struct gt_flag_set {
	const char *title; /* heading in help, e.g. "Flags" */
	struct gt_flag *flags;
};

struct gt_args {
	const char **v;
	size_t n, cap;
};

/*
 * argv[0] is the first word to look at.  Arguments that are not flags are appended to *args.  With
 * stop_at_args the first of them ends the parsing and the rest is appended unread.  Errors read as
 * pflag's: `unknown flag: --x`, `flag needs an argument: --x`,
 * `invalid argument "x" for "--interval" flag: <cause>`.
 */
int gt_flags_parse(const struct gt_flag_set *sets, int argc, char **argv, bool stop_at_args,
		   struct gt_args *args, struct gt_err *err);

/* Appends the aligned help of every visible flag of the set, with defaults. */
void gt_flags_help(struct gt_buf *out, const struct gt_flag *flags);

/* The flag named, or NULL. */
struct gt_flag *gt_flags_find(const struct gt_flag_set *sets, const char *name);

void gt_flag_list_fini(struct gt_flag_list *list);
void gt_args_fini(struct gt_args *args);

#endif
