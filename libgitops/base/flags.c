#include "base/flags.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"

struct gt_flag *gt_flags_find(const struct gt_flag_set *sets, const char *name)
{
	for (; sets->flags; sets++) {
		for (struct gt_flag *f = sets->flags; f->name; f++) {
			if (strcmp(f->name, name) == 0)
				return f;
		}
	}
	return NULL;
}

static struct gt_flag *find_short(const struct gt_flag_set *sets, char c)
{
	for (; sets->flags; sets++) {
		for (struct gt_flag *f = sets->flags; f->name; f++) {
			if (f->short_name && f->short_name == c)
				return f;
		}
	}
	return NULL;
}

static int bad_value(const struct gt_flag *f, struct gt_str text, const char *cause,
		     struct gt_err *err)
{
	char short_name[8] = "";

	if (f->short_name)
		snprintf(short_name, sizeof short_name, "-%c, ", f->short_name);
	return gt_fail(err, GT_E_INVALID, "invalid argument \"%.*s\" for \"%s--%s\" flag: %s",
		       GT_STR_ARG(text), short_name, f->name, cause);
}

/* In the words of the Go function that would have failed. */
static int bad_syntax(const struct gt_flag *f, struct gt_str text, const char *parser,
		      struct gt_err *err)
{
	gt_auto_buf cause = {0};

	gt_buf_printf(&cause, "strconv.%s: parsing \"%.*s\": invalid syntax", parser,
		      GT_STR_ARG(text));
	return bad_value(f, text, gt_buf_cstr(&cause), err);
}

static int set_bool(struct gt_flag *f, struct gt_str text, struct gt_err *err)
{
	static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True"};
	static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False"};

	for (size_t i = 0; i < GT_COUNT(yes); i++) {
		if (gt_str_is(text, yes[i]) || gt_str_is(text, no[i])) {
			*(bool *)f->value = gt_str_is(text, yes[i]);
			return GT_OK;
		}
	}
	return bad_syntax(f, text, "ParseBool", err);
}

static int set_string(struct gt_flag *f, const char *text, struct gt_err *err)
{
	bool allowed = !f->choices;
	gt_auto_buf names = {0};

	for (size_t i = 0; f->choices && f->choices[i]; i++) {
		allowed = allowed || strcmp(f->choices[i], text) == 0;
		gt_buf_printf(&names, "%s%s", i ? ", " : "", f->choices[i]);
	}
	if (!allowed) {
		gt_auto_buf cause = {0};

		gt_buf_printf(&cause, "must be one of: %s", gt_buf_cstr(&names));
		return bad_value(f, gt_str(text), gt_buf_cstr(&cause), err);
	}
	*(const char **)f->value = text;
	return GT_OK;
}

static void set_strings(struct gt_flag *f, struct gt_str text)
{
	struct gt_flag_list *list = f->value;
	struct gt_split it = {.rest = text};
	struct gt_str part;

	if (!f->seen)
		gt_flag_list_fini(list);
	while (text.n && gt_split_next(&it, ',', &part))
		gt_vec_push(list, gt_xstrndup(part.p, part.n));
}

static void add_string(struct gt_flag *f, struct gt_str text)
{
	struct gt_flag_list *list = f->value;

	if (!f->seen)
		gt_flag_list_fini(list);
	gt_vec_push(list, gt_xstrndup(text.p, text.n));
}

/* The text is a whole word of argv or its tail, so it is NUL-terminated. */
static int set_value(struct gt_flag *f, const char *text, struct gt_err *err)
{
	struct gt_str s = gt_str(text);
	int rc = GT_OK;

	switch (f->kind) {
	case GT_FLAG_STRING: rc = set_string(f, text, err); break;
	case GT_FLAG_STRINGS: set_strings(f, s); break;
	case GT_FLAG_ARRAY: add_string(f, s); break;
	case GT_FLAG_BOOL: rc = set_bool(f, s, err); break;
	case GT_FLAG_INT:
		if (!gt_str_i64(s, f->value))
			rc = bad_syntax(f, s, "ParseInt", err);
		break;
	case GT_FLAG_DOUBLE:
		if (!gt_str_double(s, f->value))
			rc = bad_syntax(f, s, "ParseFloat", err);
		break;
	case GT_FLAG_DURATION: {
		struct gt_err cause;

		if (gt_duration_parse(s, f->value, &cause) < 0)
			rc = bad_value(f, s, cause.text, err);
		break;
	}
	}
	f->seen = true;
	return rc;
}

struct words {
	int at, argc;
	char **argv;
};

static int parse_long(const struct gt_flag_set *sets, struct words *w, struct gt_err *err)
{
	const char *word = w->argv[w->at] + 2;
	const char *equals = strchr(word, '=');
	size_t n = equals ? (size_t)(equals - word) : strlen(word);
	gt_autofree char *name = gt_xstrndup(word, n);
	struct gt_flag *f = gt_flags_find(sets, name);

	if (n == 0 || *name == '-')
		return gt_fail(err, GT_E_INVALID, "bad flag syntax: --%s", word);
	if (!f)
		return gt_fail(err, GT_E_INVALID, "unknown flag: --%s", name);
	if (equals)
		return set_value(f, equals + 1, err);
	if (f->kind == GT_FLAG_BOOL)
		return set_value(f, "true", err);
	if (w->at + 1 >= w->argc)
		return gt_fail(err, GT_E_INVALID, "flag needs an argument: --%s", name);
	return set_value(f, w->argv[++w->at], err);
}

static int parse_short(const struct gt_flag_set *sets, struct words *w, struct gt_err *err)
{
	const char *word = w->argv[w->at];

	for (const char *p = word + 1; *p; p++) {
		struct gt_flag *f = find_short(sets, *p);

		if (!f)
			return gt_fail(err, GT_E_INVALID, "unknown shorthand flag: '%c' in %s", *p,
				       word);
		if (f->kind == GT_FLAG_BOOL && p[1] != '=') {
			set_value(f, "true", err);
			continue;
		}
		if (p[1])
			return set_value(f, p[1] == '=' ? p + 2 : p + 1, err);
		if (w->at + 1 >= w->argc)
			return gt_fail(err, GT_E_INVALID, "flag needs an argument: '%c' in %s", *p,
				       word);
		return set_value(f, w->argv[++w->at], err);
	}
	return GT_OK;
}

int gt_flags_parse(const struct gt_flag_set *sets, int argc, char **argv, bool stop_at_args,
		   struct gt_args *args, struct gt_err *err)
{
	struct words w = {.argc = argc, .argv = argv};
	bool only_args = false;

	for (; w.at < argc; w.at++) {
		const char *word = argv[w.at];
		int rc = GT_OK;

		if (only_args || word[0] != '-' || word[1] == '\0') {
			gt_vec_push(args, word);
			only_args = only_args || stop_at_args;
		} else if (strcmp(word, "--") == 0) {
			only_args = true;
		} else if (word[1] == '-') {
			rc = parse_long(sets, &w, err);
		} else {
			rc = parse_short(sets, &w, err);
		}
		if (rc < 0)
			return rc;
	}
	return GT_OK;
}

static const char *arg_name(const struct gt_flag *f)
{
	static const char *const names[] = {
		[GT_FLAG_STRING] = "string",     [GT_FLAG_STRINGS] = "strings",
		[GT_FLAG_ARRAY] = "stringArray", [GT_FLAG_BOOL] = "",
		[GT_FLAG_INT] = "int",           [GT_FLAG_DOUBLE] = "float",
		[GT_FLAG_DURATION] = "duration",
	};

	return f->arg ? f->arg : names[f->kind];
}

static void add_default(struct gt_buf *out, const struct gt_flag *f)
{
	char text[GT_TIME_TEXT];

	switch (f->kind) {
	case GT_FLAG_STRING: {
		const char *s = *(const char *const *)f->value;

		if (s && *s)
			gt_buf_printf(out, " (default \"%s\")", s);
		break;
	}
	case GT_FLAG_STRINGS:
	case GT_FLAG_ARRAY: break;
	case GT_FLAG_BOOL:
		if (*(const bool *)f->value)
			gt_buf_adds(out, " (default true)");
		break;
	case GT_FLAG_INT:
		if (*(const int64_t *)f->value)
			gt_buf_printf(out, " (default %lld)",
				      (long long)*(const int64_t *)f->value);
		break;
	case GT_FLAG_DOUBLE:
		if (*(const double *)f->value != 0)
			gt_buf_printf(out, " (default %g)", *(const double *)f->value);
		break;
	case GT_FLAG_DURATION:
		if (*(const int64_t *)f->value)
			gt_buf_printf(out, " (default %s)",
				      gt_duration(*(const int64_t *)f->value, text));
		break;
	}
}

static int label_width(const struct gt_flag *f)
{
	size_t arg = strlen(arg_name(f));

	return (int)(strlen(f->name) + 2 + (arg ? arg + 1 : 0));
}

void gt_flags_help(struct gt_buf *out, const struct gt_flag *flags)
{
	int width = 0;

	for (const struct gt_flag *f = flags; f->name; f++) {
		if (!f->hidden && label_width(f) > width)
			width = label_width(f);
	}
	for (const struct gt_flag *f = flags; f->name; f++) {
		if (f->hidden)
			continue;
		if (f->short_name)
			gt_buf_printf(out, "  -%c, ", f->short_name);
		else
			gt_buf_adds(out, "      ");
		const char *arg = arg_name(f);
		gt_buf_printf(out, "--%s%s%s", f->name, *arg ? " " : "", arg);
		gt_buf_fill(out, ' ', (size_t)(width - label_width(f) + 3));
		gt_buf_adds(out, f->usage);
		add_default(out, f);
		gt_buf_addc(out, '\n');
	}
}

void gt_flag_list_fini(struct gt_flag_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i]);
	gt_vec_fini(list);
}

void gt_args_fini(struct gt_args *args)
{
	gt_vec_fini(args);
}
