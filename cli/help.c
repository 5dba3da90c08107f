#include <stdio.h>
#include <string.h>

#include "command.h"
#include "gt_version.h"
#include "print.h"

static void add_paragraphs(struct gt_buf *out, const struct cli_command *c)
{
	gt_buf_printf(out, "%s.\n", c->summary);
	if (c->help)
		gt_buf_printf(out, "\n%s\n", c->help);
}

static void add_children(struct gt_buf *out, const struct cli_command *parent)
{
	size_t width = 0;

	for (const struct cli_command *c = cli_commands; c->path; c++) {
		size_t n = strlen(cli_command_name(c));

		if (!c->hidden && cli_command_is_child(c, parent) && n > width)
			width = n;
	}
	if (width == 0)
		return;
	gt_buf_adds(out, "\nCommands:\n");
	for (const struct cli_command *c = cli_commands; c->path; c++) {
		if (c->hidden || !cli_command_is_child(c, parent))
			continue;
		const char *name = cli_command_name(c);
		gt_buf_printf(out, "  %s", name);
		gt_buf_fill(out, ' ', width - strlen(name) + 2);
		gt_buf_printf(out, "%s\n", c->summary);
	}
}

static void add_flags(struct gt_buf *out, const struct cli_command *c)
{
	if (c && (c->flags || c->flags2))
		gt_buf_adds(out, "\nFlags:\n");
	if (c && c->flags)
		gt_flags_help(out, c->flags);
	if (c && c->flags2)
		gt_flags_help(out, c->flags2);
	gt_buf_adds(out, "\nGlobal flags:\n");
	gt_flags_help(out, cli_global_flags);
}

void cli_print_help(const struct cli_command *c)
{
	gt_auto_buf out = {0};

	if (!c) {
		gt_buf_adds(
			&out,
			"Command line of the GitOps Toolkit: run it, look at it, drive it.\n\n"
			"  gitops up            an API server and the controllers, on this "
			"machine\n"
			"  gitops get all       what the controllers reconcile, and how it stands\n"
			"  gitops kustomize .   what a folder builds to\n\n"
			"Usage:\n  gitops [command]\n");
	} else {
		add_paragraphs(&out, c);
		gt_buf_printf(&out, "\nUsage:\n  gitops %s%s%s%s\n", c->path,
			      c->place == CLI_GROUP ? " [command]" : "", c->args ? " " : "",
			      c->args ? c->args : "");
		if (c->aliases)
			gt_buf_printf(&out, "\nAliases:\n  %s %s\n", cli_command_name(c),
				      c->aliases);
		if (c->example)
			gt_buf_printf(&out, "\nExamples:\n%s\n", c->example);
	}
	add_children(&out, c);
	add_flags(&out, c);
	if (!c || c->place == CLI_GROUP)
		gt_buf_printf(&out,
			      "\nUse \"gitops %s%s[command] --help\" for more about a command.\n",
			      c ? c->path : "", c ? " " : "");
	fputs(gt_buf_cstr(&out), stdout);
}

int cli_help(const struct cli_call *call)
{
	size_t used;
	const struct cli_command *c = cli_command_resolve(call->nargs, call->args, &used);

	if (used < call->nargs)
		return cli_failf("unknown command \"%s\"", call->args[used]);
	cli_print_help(c);
	return 0;
}

/* Text for troff: backslashes, dashes and leading dots are literal. */
static void add_roff(struct gt_buf *out, const char *s)
{
	for (bool start = true; *s; s++) {
		if (start && (*s == '.' || *s == '\''))
			gt_buf_adds(out, "\\&");
		if (*s == '\\')
			gt_buf_adds(out, "\\e");
		else if (*s == '-')
			gt_buf_adds(out, "\\-");
		else
			gt_buf_addc(out, *s);
		start = *s == '\n';
	}
}

static void add_roff_flags(struct gt_buf *out, const struct gt_flag *flags)
{
	for (; flags && flags->name; flags++) {
		if (flags->hidden)
			continue;
		gt_buf_adds(out, ".TP\n\\fB");
		if (flags->short_name)
			gt_buf_printf(out, "\\-%c, ", flags->short_name);
		gt_buf_adds(out, "\\-\\-");
		add_roff(out, flags->name);
		gt_buf_adds(out, "\\fR\n");
		add_roff(out, flags->usage);
		gt_buf_addc(out, '\n');
	}
}

int cli_man(const struct cli_call *call)
{
	gt_auto_buf out = {0};

	(void)call;
	gt_buf_printf(&out, ".TH GITOPS 1 \"\" \"gitops %s\" \"GitOps Toolkit\"\n", GT_VERSION);
	gt_buf_adds(&out, ".SH NAME\ngitops \\- command line of the GitOps Toolkit\n"
			  ".SH SYNOPSIS\n.B gitops\n[command] [flags]\n.SH COMMANDS\n");
	for (const struct cli_command *c = cli_commands; c->path; c++) {
		if (c->hidden || c->place == CLI_GROUP)
			continue;
		gt_buf_adds(&out, ".SS \"gitops ");
		add_roff(&out, c->path);
		if (c->args)
			gt_buf_printf(&out, " %s", c->args);
		gt_buf_adds(&out, "\"\n");
		add_roff(&out, c->summary);
		gt_buf_adds(&out, ".\n");
		if (c->help) {
			gt_buf_adds(&out, ".PP\n");
			add_roff(&out, c->help);
			gt_buf_addc(&out, '\n');
		}
		add_roff_flags(&out, c->flags);
		add_roff_flags(&out, c->flags2);
	}
	gt_buf_adds(&out, ".SH GLOBAL FLAGS\n");
	add_roff_flags(&out, cli_global_flags);
	gt_buf_adds(&out, ".SH EXIT STATUS\n0 on success, 1 on any error.\n");
	fputs(gt_buf_cstr(&out), stdout);
	return 0;
}
