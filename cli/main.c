/* gitops - the command line of the GitOps Toolkit. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "gt_version.h"
#include "print.h"

static bool wants_help, wants_version;

static struct gt_flag help_flags[] = {
	{.name = "help",
	 .short_name = 'h',
	 .kind = GT_FLAG_BOOL,
	 .value = &wants_help,
	 .usage = "help for this command"},
	{.name = "version",
	 .short_name = 'v',
	 .kind = GT_FLAG_BOOL,
	 .value = &wants_version,
	 .hidden = true,
	 .usage = "print the version"},
	GT_FLAG_END,
};

/* The words that are not flags, without knowing any flag's type: enough to find the command. */
static const struct cli_command *find_command(int argc, char **argv)
{
	struct gt_args words = {0};
	size_t used;

	for (int i = 0; i < argc; i++) {
		if (argv[i][0] != '-') {
			gt_vec_push(&words, argv[i]);
			continue;
		}
		struct gt_flag_set sets[] = {{NULL, cli_global_flags}, {NULL, NULL}};
		const struct gt_flag *f =
			strncmp(argv[i], "--", 2) == 0 ? gt_flags_find(sets, argv[i] + 2) : NULL;
		bool takes_next = (f && f->kind != GT_FLAG_BOOL) || strcmp(argv[i], "-n") == 0;
		if (strcmp(argv[i], "--") == 0)
			break;
		i += takes_next;
	}
	const struct cli_command *command = cli_command_resolve(words.n, words.v, &used);
	gt_args_fini(&words);
	return command;
}

static int check_args(const struct cli_command *c, const struct gt_args *args, struct gt_err *err)
{
	size_t have = args->n;

	if (c->max_args == 0 && have > 0)
		return gt_fail(err, GT_E_INVALID, "unknown command \"%s\" for \"gitops %s\"",
			       args->v[0], c->path);
	if (have < (size_t)c->min_args)
		return gt_fail(err, GT_E_INVALID, "%s is required: gitops %s %s",
			       c->min_args == 1 ? "an argument" : "more than one argument", c->path,
			       c->args ? c->args : "");
	if (c->max_args >= 0 && have > (size_t)c->max_args)
		return gt_fail(err, GT_E_INVALID, "too many arguments: gitops %s %s", c->path,
			       c->args ? c->args : "");
	return GT_OK;
}

static int run(const struct cli_command *command, const struct gt_flag_set *sets,
	       struct gt_args *args)
{
	struct gt_err err;
	size_t words = 1;

	for (const char *p = command->path; *p; p++)
		words += *p == ' ';
	struct gt_args rest = {.v = args->v + words, .n = args->n - words};
	if (command->place == CLI_GROUP) {
		if (rest.n)
			return cli_failf("unknown command \"%s\" for \"gitops %s\"", rest.v[0],
					 command->path);
		cli_print_help(command);
		return 0;
	}
	if (check_args(command, &rest, &err) < 0)
		return cli_fail(&err);

	struct cli_call call = {
		.command = command,
		.globals = &cli_globals,
		.flags = sets,
		.nargs = rest.n,
		.args = rest.v,
	};
	return command->place == CLI_LOCAL ? command->run(&call) : cli_run_in_cluster_module(&call);
}

static struct gt_flag no_flags[] = {GT_FLAG_END};

int main(int argc, char **argv)
{
	const struct cli_command *command = find_command(argc - 1, argv + 1);
	struct gt_flag_set sets[] = {
		{"Flags", command && command->flags ? command->flags : no_flags},
		{"Flags", command && command->flags2 ? command->flags2 : no_flags},
		{"Flags", help_flags},
		{"Global flags", cli_global_flags},
		{NULL, NULL},
	};
	struct gt_args args = {0};
	struct gt_err err;
	int rc = 0;

	signal(SIGPIPE, SIG_IGN);
	/* What completes a command line must not stumble over its flags. */
	bool raw = command && command->hidden && command->max_args < 0;
	if (gt_flags_parse(sets, argc - 1, argv + 1, raw, &args, &err) < 0) {
		rc = cli_fail(&err);
		fprintf(stderr, "Run 'gitops%s%s --help' for usage.\n", command ? " " : "",
			command ? command->path : "");
	} else if (wants_help) {
		cli_print_help(command);
	} else if (wants_version && !command) {
		printf("gitops version %s\n", GT_VERSION);
	} else if (command) {
		cli_globals.namespace_given = gt_flags_find(sets, "namespace")->seen;
		rc = run(command, sets, &args);
	} else if (args.n) {
		rc = cli_failf("unknown command \"%s\" for \"gitops\"", args.v[0]);
		fputs("Run 'gitops --help' for usage.\n", stderr);
	} else {
		cli_print_help(NULL);
	}
	gt_args_fini(&args);
	if (fflush(stdout) != 0 && rc == 0)
		rc = cli_failf("write to standard output failed");
	return rc;
}
