#include <stdio.h>
#include <string.h>

#include "command.h"
#include "print.h"

/*
 * The shells call back `gitops __complete WORDS...`; the last word is the one being typed.  So the
 * scripts know nothing of the commands, and never grow old.
 */
static const char bash_script[] =
	"_gitops() {\n"
	"  local IFS=$'\\n'\n"
	"  COMPREPLY=($(compgen -W \"$(gitops __complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" "
	"2>/dev/null)\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
	"  [[ ${#COMPREPLY[@]} -gt 0 ]] || compopt -o default\n"
	"}\n"
	"complete -F _gitops gitops\n";

static const char zsh_script[] =
	"#compdef gitops\n"
	"_gitops() {\n"
	"  local -a found\n"
	"  found=(${(f)\"$(gitops __complete \"${words[@]:1:$((CURRENT-1))}\" 2>/dev/null)\"})\n"
	"  if (( ${#found} )); then compadd -a found; else _files; fi\n"
	"}\n"
	"compdef _gitops gitops\n";

static const char fish_script[] =
	"complete -c gitops -a '(gitops __complete (commandline -opc)[2..-1] "
	"(commandline -ct) 2>/dev/null)'\n";

static const char powershell_script[] =
	"Register-ArgumentCompleter -Native -CommandName gitops -ScriptBlock {\n"
	"  param($word, $ast, $position)\n"
	"  $words = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { \"$_\" })\n"
	"  if ($word -eq '') { $words += '' }\n"
	"  gitops __complete @words 2>$null | Where-Object { $_ -like \"$word*\" }\n"
	"}\n";

static const struct {
	const char *shell, *script;
} scripts[] = {
	{"bash", bash_script},
	{"fish", fish_script},
	{"powershell", powershell_script},
	{"zsh", zsh_script},
};

int cli_completion(const struct cli_call *call)
{
	for (size_t i = 0; i < GT_COUNT(scripts); i++) {
		if (strcmp(scripts[i].shell, call->args[0]) == 0) {
			fputs(scripts[i].script, stdout);
			return 0;
		}
	}
	return cli_failf("unknown shell \"%s\", can be: bash, fish, powershell, zsh",
			 call->args[0]);
}

static void complete_flags(const struct gt_flag *flags, const char *prefix)
{
	for (; flags && flags->name; flags++) {
		if (!flags->hidden && strncmp(flags->name, prefix, strlen(prefix)) == 0)
			printf("--%s\n", flags->name);
	}
}

/* Of the words before the last, so that names come from the namespace and cluster given. */
static void take_flags(const struct cli_call *call, const struct cli_command *at)
{
	static struct gt_flag none[] = {GT_FLAG_END};
	struct gt_flag_set sets[] = {
		{"Flags", at && at->flags ? at->flags : none},
		{"Flags", at && at->flags2 ? at->flags2 : none},
		{"Global flags", cli_global_flags},
		{NULL, NULL},
	};
	struct gt_args rest = {0};

	if (call->nargs > 1)
		gt_flags_parse(sets, (int)call->nargs - 1, (char **)(uintptr_t)call->args, false,
			       &rest, NULL);
	gt_args_fini(&rest);
	cli_globals.namespace_given = gt_flags_find(sets, "namespace")->seen;
}

int cli_complete_words(const struct cli_call *call)
{
	const char *last = call->nargs ? call->args[call->nargs - 1] : "";
	struct gt_args words = {0};
	size_t used;

	for (size_t i = 0; i + 1 < call->nargs; i++) {
		if (call->args[i][0] != '-')
			gt_vec_push(&words, call->args[i]);
	}
	const struct cli_command *at = cli_command_resolve(words.n, words.v, &used);
	gt_args_fini(&words);
	take_flags(call, at);
	if (strncmp(last, "--", 2) == 0) {
		if (at) {
			complete_flags(at->flags, last + 2);
			complete_flags(at->flags2, last + 2);
		}
		complete_flags(cli_global_flags, last + 2);
		return 0;
	}
	bool group = !at || at->place == CLI_GROUP;
	for (const struct cli_command *c = cli_commands; group && c->path; c++) {
		if (!c->hidden && cli_command_is_child(c, at) &&
		    strncmp(cli_command_name(c), last, strlen(last)) == 0)
			puts(cli_command_name(c));
	}
	if (!at || at->place != CLI_CLUSTER || !at->complete)
		return 0;
	struct cli_call completion = *call;
	completion.command = at;
	completion.complete = true;
	return cli_run_in_cluster_module(&completion);
}
