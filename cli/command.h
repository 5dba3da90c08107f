/*
 * The command line as data: every command is a row of the table in commands.c, from which parsing,
 * help, completion and the man page are made.
 *
 * A command runs either in this program or, when it talks to a cluster, in the module that holds
 * the network libraries (cli/cluster), loaded on first use: `gitops version` pays for no TLS.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>

#include "base/flags.h"

/* The flags that every command takes. */
struct cli_globals {
	const char *kubeconfig, *context, *cluster, *user, *namespace_, *server, *token;
	const char *as, *as_uid;
	struct gt_flag_list as_group;
	const char *certificate_authority, *client_certificate, *client_key, *tls_server_name;
	bool insecure_skip_tls_verify;
	bool ns_follows_kube_context;
	bool verbose;
	int64_t timeout; /* nanoseconds */
	bool namespace_given;
};

struct cli_call;

/* Returns the exit code; errors have been printed. */
typedef int (*cli_run_fn)(const struct cli_call *call);

enum cli_place {
	CLI_GROUP,   /* only holds sub-commands */
	CLI_LOCAL,   /* runs here */
	CLI_CLUSTER, /* runs in the cluster module, under the row's path */
};

struct cli_command {
	const char *path;    /* "get sources git" */
	const char *aliases; /* of the last word, separated by spaces; NULL for none */
	const char *args;    /* "[name]", for help */
	const char *summary; /* one line, no full stop */
	const char *help;    /* paragraphs; NULL for none */
	const char *example; /* shell lines; NULL for none */
	enum cli_place place;
	cli_run_fn run;         /* CLI_LOCAL */
	struct gt_flag *flags;  /* NULL for none */
	struct gt_flag *flags2; /* shared by several commands; NULL for none */
	const char *complete;   /* what an argument names: a kind of cli/kinds.h, "dir", or NULL */
	int min_args, max_args; /* max_args < 0 means any number */
	bool hidden;
};

struct cli_call {
	const struct cli_command *command;
	const struct cli_globals *globals;
	const struct gt_flag_set *flags; /* of the command, then the globals */
	size_t nargs;
	const char *const *args;
	bool complete; /* do not run: print what the last argument may be */
};

/* commands.c; ends with a row whose path is NULL.  The order is that of the help. */
extern const struct cli_command cli_commands[];
extern struct cli_globals cli_globals;
extern struct gt_flag cli_global_flags[];

/* The values of a command's flags, by name: the row must have the flag. */
const char *cli_flag_string(const struct cli_call *call, const char *name);
bool cli_flag_bool(const struct cli_call *call, const char *name);
int64_t cli_flag_int(const struct cli_call *call, const char *name);
const struct gt_flag_list *cli_flag_list(const struct cli_call *call, const char *name);
bool cli_flag_given(const struct cli_call *call, const char *name);

/* The row of a path, NULL if there is none. */
const struct cli_command *cli_command_find(const char *path);
/* Whether sub is directly below parent (NULL: the root). */
bool cli_command_is_child(const struct cli_command *sub, const struct cli_command *parent);
/* The last word of the path. */
const char *cli_command_name(const struct cli_command *command);
/* Whether the word names the command: its last word or an alias. */
bool cli_command_answers(const struct cli_command *command, const char *word);

/*
 * The row that the leading words name, NULL for the root; *ret_words is how many were used.
 */
const struct cli_command *cli_command_resolve(size_t n, const char *const *words,
					      size_t *ret_words);

/* help.c */
void cli_print_help(const struct cli_command *command); /* NULL: the root */
int cli_help(const struct cli_call *call);
int cli_man(const struct cli_call *call);

/* completion.c */
int cli_completion(const struct cli_call *call);
int cli_complete_words(const struct cli_call *call);

/* version.c, kustomize.c, up.c, down.c */
int cli_version(const struct cli_call *call);
int cli_kustomize(const struct cli_call *call);
int cli_template(const struct cli_call *call);
extern struct gt_flag cli_template_flags[];
int cli_up(const struct cli_call *call);
int cli_down(const struct cli_call *call);

/* module.c: runs the call in the cluster module. */
int cli_run_in_cluster_module(const struct cli_call *call);

#endif
