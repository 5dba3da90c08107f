/* Every command, in the order of the help. */
#include "command.h"

#include "base/time.h"

struct cli_globals cli_globals = {.timeout = GT_SECONDS(300)};

#define STRING(n, v, u)                                                     \
	{                                                                   \
		.name = n, .kind = GT_FLAG_STRING, .value = (v), .usage = u \
	}
#define STRINGS(n, v, u)                                                     \
	{                                                                    \
		.name = n, .kind = GT_FLAG_STRINGS, .value = (v), .usage = u \
	}
#define BOOL(n, v, u)                                                     \
	{                                                                 \
		.name = n, .kind = GT_FLAG_BOOL, .value = (v), .usage = u \
	}
#define INT(n, v, u)                                                     \
	{                                                                \
		.name = n, .kind = GT_FLAG_INT, .value = (v), .usage = u \
	}
#define DURATION(n, v, u)                                                     \
	{                                                                     \
		.name = n, .kind = GT_FLAG_DURATION, .value = (v), .usage = u \
	}

struct gt_flag cli_global_flags[] = {
	STRING("as", &cli_globals.as, "user to impersonate"),
	STRINGS("as-group", &cli_globals.as_group, "group to impersonate, can be repeated"),
	STRING("as-uid", &cli_globals.as_uid, "UID to impersonate"),
	STRING("certificate-authority", &cli_globals.certificate_authority,
	       "file with the certificate authority of the API server"),
	STRING("client-certificate", &cli_globals.client_certificate,
	       "file with the client certificate"),
	STRING("client-key", &cli_globals.client_key, "file with the client key"),
	STRING("cluster", &cli_globals.cluster, "cluster of the kubeconfig to use"),
	STRING("context", &cli_globals.context, "context of the kubeconfig to use"),
	BOOL("insecure-skip-tls-verify", &cli_globals.insecure_skip_tls_verify,
	     "do not verify the API server's certificate"),
	STRING("kubeconfig", &cli_globals.kubeconfig, "path of the kubeconfig"),
	{.name = "namespace",
	 .short_name = 'n',
	 .kind = GT_FLAG_STRING,
	 .value = &cli_globals.namespace_,
	 .usage = "namespace of the objects (default \"flux-system\")"},
	BOOL("ns-follows-kube-context", &cli_globals.ns_follows_kube_context,
	     "take the namespace from the kube context"),
	STRING("server", &cli_globals.server, "address of the API server"),
	DURATION("timeout", &cli_globals.timeout, "how long the command may take"),
	STRING("tls-server-name", &cli_globals.tls_server_name,
	       "name to expect in the API server's certificate"),
	STRING("token", &cli_globals.token, "bearer token for the API server"),
	STRING("user", &cli_globals.user, "user of the kubeconfig to use"),
	BOOL("verbose", &cli_globals.verbose, "say more about what is done"),
	GT_FLAG_END,
};

static const char *const output_formats[] = {"json", "yaml", NULL};
static const char *output;

/* --- up, down ----------------------------------------------------------------------------- */

static const char *up_data, *up_log_level = "info", *up_delay;
static int64_t up_port;
static bool up_detach;
static int64_t up_report_fd = -1;

static struct gt_flag up_flags[] = {
	STRING("data", &up_data,
	       "folder for state, artifacts and logs (default \"~/.local/share/gitops\")"),
	INT("port", &up_port, "port of the API server on 127.0.0.1, 0 for any"),
	BOOL("detach", &up_detach, "return when ready, and leave everything running"),
	{.name = "log-level",
	 .kind = GT_FLAG_STRING,
	 .value = &up_log_level,
	 .usage = "level of the controllers' logs: trace, debug, info, error"},
	STRING("simulate-delay", &up_delay, "how long simulated workloads take to become ready"),
	{.name = "report-fd",
	 .kind = GT_FLAG_INT,
	 .value = &up_report_fd,
	 .hidden = true,
	 .usage = "descriptor to report readiness on"},
	GT_FLAG_END,
};

static struct gt_flag down_flags[] = {
	STRING("data", &up_data, "the folder given to `gitops up`"),
	GT_FLAG_END,
};

/* --- get ---------------------------------------------------------------------------------- */

static bool get_all_namespaces, get_no_header, get_watch;
static const char *get_labels, *get_status;

static struct gt_flag get_flags[] = {
	{.name = "all-namespaces",
	 .short_name = 'A',
	 .kind = GT_FLAG_BOOL,
	 .value = &get_all_namespaces,
	 .usage = "list the objects of every namespace"},
	{.name = "label-selector",
	 .short_name = 'l',
	 .kind = GT_FLAG_STRING,
	 .value = &get_labels,
	 .usage = "only objects with these labels"},
	BOOL("no-header", &get_no_header, "leave the header row out"),
	{.name = "output",
	 .short_name = 'o',
	 .kind = GT_FLAG_STRING,
	 .value = &output,
	 .choices = output_formats,
	 .usage = "print the objects whole, as json or yaml"},
	STRING("status-selector", &get_status,
	       "only objects with this condition, as type=status or type!=status"),
	{.name = "watch",
	 .short_name = 'w',
	 .kind = GT_FLAG_BOOL,
	 .value = &get_watch,
	 .usage = "go on printing changes"},
	GT_FLAG_END,
};

/* --- reconcile, suspend, resume, delete, export --------------------------------------------- */

static bool with_source, all_objects, wait_for, silent;

static struct gt_flag reconcile_flags[] = {
	GT_FLAG_END,
};
static struct gt_flag reconcile_ks_flags[] = {
	BOOL("with-source", &with_source, "reconcile the source first"),
	GT_FLAG_END,
};
static struct gt_flag suspend_flags[] = {
	BOOL("all", &all_objects, "every object of the kind in the namespace"),
	GT_FLAG_END,
};
static struct gt_flag resume_flags[] = {
	BOOL("all", &all_objects, "every object of the kind in the namespace"),
	BOOL("wait", &wait_for, "wait for the reconciliation of each"),
	GT_FLAG_END,
};
static struct gt_flag delete_flags[] = {
	{.name = "silent",
	 .short_name = 's',
	 .kind = GT_FLAG_BOOL,
	 .value = &silent,
	 .usage = "do not ask"},
	GT_FLAG_END,
};
static struct gt_flag export_flags[] = {
	BOOL("all", &all_objects, "every object of the kind in the namespace"),
	GT_FLAG_END,
};

/* --- create --------------------------------------------------------------------------------- */

static int64_t create_interval = GT_SECONDS(60), create_fetch_timeout;
static bool create_export;
static struct gt_flag_list create_labels;

static struct gt_flag create_flags[] = {
	BOOL("export", &create_export, "print the objects as YAML, change nothing"),
	DURATION("interval", &create_interval, "how often to reconcile"),
	STRINGS("label", &create_labels, "labels of the object, as key=value, can be repeated"),
	GT_FLAG_END,
};

static const char *git_url, *git_branch, *git_tag, *git_semver, *git_ref_name, *git_commit;
static const char *git_username, *git_password, *git_secret, *git_proxy_secret, *git_provider;
static const char *git_ca_file, *git_key_file, *git_known_hosts_file;
static bool git_submodules;
static struct gt_flag_list git_ignore, git_sparse;
static const char *const git_providers[] = {"generic", "github", "aws", "azure", NULL};

static struct gt_flag source_git_flags[] = {
	STRING("branch", &git_branch, "branch to follow"),
	STRING("ca-file", &git_ca_file, "file with the certificate authority of the server"),
	STRING("commit", &git_commit, "commit to stay at"),
	DURATION("fetch-timeout", &create_fetch_timeout, "how long a fetch may take"),
	STRINGS("ignore-paths", &git_ignore, "paths to leave out, in .gitignore form"),
	STRING("known-hosts-file", &git_known_hosts_file,
	       "file with the host keys to trust, for ssh"),
	{.name = "password",
	 .short_name = 'p',
	 .kind = GT_FLAG_STRING,
	 .value = &git_password,
	 .usage = "password, or the passphrase of the private key"},
	STRING("private-key-file", &git_key_file, "file with the private key, for ssh"),
	{.name = "provider",
	 .kind = GT_FLAG_STRING,
	 .value = &git_provider,
	 .choices = git_providers,
	 .usage = "who gives the credentials: generic, github, aws, azure"},
	STRING("proxy-secret-ref", &git_proxy_secret, "Secret with the proxy to use"),
	BOOL("recurse-submodules", &git_submodules, "fetch submodules too"),
	STRING("ref-name", &git_ref_name, "full name of the reference to follow"),
	STRING("secret-ref", &git_secret, "existing Secret with the credentials"),
	STRINGS("sparse-checkout-paths", &git_sparse, "folders to fetch, all others are left out"),
	STRING("tag", &git_tag, "tag to follow"),
	STRING("tag-semver", &git_semver, "range of versions of which to follow the highest"),
	STRING("url", &git_url, "address of the repository (http, https, ssh)"),
	{.name = "username",
	 .short_name = 'u',
	 .kind = GT_FLAG_STRING,
	 .value = &git_username,
	 .usage = "user name for basic authentication"},
	GT_FLAG_END,
};

static const char *ks_source, *ks_path = "./", *ks_sa, *ks_decryption, *ks_decryption_secret;
static const char *ks_target_ns, *ks_kubeconfig_secret;
static bool ks_prune, ks_wait;
static struct gt_flag_list ks_depends, ks_checks;
static int64_t ks_timeout, ks_retry;

static struct gt_flag kustomization_flags[] = {
	STRING("decryption-provider", &ks_decryption, "how Secrets are encrypted: sops"),
	STRING("decryption-secret", &ks_decryption_secret, "Secret with the decryption keys"),
	STRINGS("depends-on", &ks_depends, "Kustomizations to wait for, as [namespace/]name"),
	STRINGS("health-check", &ks_checks, "workloads to check, as Kind/name.namespace"),
	DURATION("health-check-timeout", &ks_timeout, "how long health checks may take"),
	STRING("kubeconfig-secret-ref", &ks_kubeconfig_secret,
	       "Secret with the kubeconfig of the target cluster"),
	STRING("path", &ks_path, "folder of the source to build"),
	BOOL("prune", &ks_prune, "delete what is no longer in the source"),
	DURATION("retry-interval", &ks_retry, "how soon to try again after a failure"),
	STRING("service-account", &ks_sa, "service account to apply as"),
	STRING("source", &ks_source, "the source, as [kind/]name[.namespace]"),
	STRING("target-namespace", &ks_target_ns, "namespace of everything applied"),
	BOOL("wait", &ks_wait, "check the health of everything applied"),
	GT_FLAG_END,
};

/* --- events, logs --------------------------------------------------------------------------- */

static const char *events_for, *logs_level, *logs_kind, *logs_name, *logs_since_time;
static struct gt_flag_list events_types;
static bool logs_follow;
static int64_t logs_tail = -1, logs_since;
static const char *logs_namespace = "flux-system", *logs_data;

static struct gt_flag events_flags[] = {
	{.name = "all-namespaces",
	 .short_name = 'A',
	 .kind = GT_FLAG_BOOL,
	 .value = &get_all_namespaces,
	 .usage = "events of every namespace"},
	STRING("for", &events_for, "only events of this object, as Kind[/name]"),
	STRINGS("types", &events_types, "only these types: Normal, Warning"),
	{.name = "watch",
	 .short_name = 'w',
	 .kind = GT_FLAG_BOOL,
	 .value = &get_watch,
	 .usage = "go on printing events"},
	GT_FLAG_END,
};
static struct gt_flag logs_flags[] = {
	{.name = "all-namespaces",
	 .short_name = 'A',
	 .kind = GT_FLAG_BOOL,
	 .value = &get_all_namespaces,
	 .usage = "lines about objects of every namespace"},
	STRING("data", &logs_data, "folder given to `gitops up`, to read its logs"),
	{.name = "flux-namespace",
	 .kind = GT_FLAG_STRING,
	 .value = &logs_namespace,
	 .usage = "namespace of the controllers"},
	{.name = "follow",
	 .short_name = 'f',
	 .kind = GT_FLAG_BOOL,
	 .value = &logs_follow,
	 .usage = "go on printing lines"},
	STRING("kind", &logs_kind, "only lines about objects of this kind"),
	STRING("level", &logs_level, "only lines of this level: debug, info, error"),
	STRING("name", &logs_name, "only lines about the object of this name"),
	DURATION("since", &logs_since, "only lines younger than this"),
	STRING("since-time", &logs_since_time, "only lines after this time (RFC 3339)"),
	INT("tail", &logs_tail, "lines to begin with, of each controller; -1 for all"),
	GT_FLAG_END,
};

/* --- check, version, kustomize --------------------------------------------------------------- */

static bool check_pre, version_client = true;
static const char *check_data;
static const char *restrictor = "LoadRestrictionsRootOnly", *reorder = "legacy";
static const char *const restrictors[] = {"LoadRestrictionsRootOnly", "LoadRestrictionsNone", NULL};
static const char *const reorders[] = {"legacy", "none", NULL};

static struct gt_flag check_flags[] = {
	STRING("data", &check_data, "folder given to `gitops up`, to check its processes"),
	BOOL("pre", &check_pre, "only check the cluster, not the controllers"),
	GT_FLAG_END,
};
static struct gt_flag version_flags[] = {
	BOOL("client", &version_client, "only this program; false asks the cluster too"),
	{.name = "output",
	 .short_name = 'o',
	 .kind = GT_FLAG_STRING,
	 .value = &output,
	 .choices = output_formats,
	 .usage = "json or yaml"},
	GT_FLAG_END,
};
static struct gt_flag kustomize_flags[] = {
	{.name = "load-restrictor",
	 .kind = GT_FLAG_STRING,
	 .value = &restrictor,
	 .choices = restrictors,
	 .usage = "whether files may lie outside of the folder"},
	{.name = "reorder",
	 .kind = GT_FLAG_STRING,
	 .value = &reorder,
	 .choices = reorders,
	 .usage = "order of the output: legacy sorts by kind, none keeps the order of the files"},
	GT_FLAG_END,
};

#define GROUP(p, al, s)                                                    \
	{                                                                  \
		.path = p, .aliases = al, .summary = s, .place = CLI_GROUP \
	}
#define GET(p, al, s, kind_)                                                               \
	{                                                                                  \
		.path = "get " p, .aliases = al, .args = "[name]", .summary = s,           \
		.place = CLI_CLUSTER, .flags = get_flags, .complete = kind_, .max_args = 1 \
	}
#define ON_KIND(verb, p, al, s, kind_, fl, max)                                             \
	{                                                                                   \
		.path = verb " " p, .aliases = al, .args = max == 1 ? "name" : "[name...]", \
		.summary = s, .place = CLI_CLUSTER, .flags = fl, .complete = kind_,         \
		.min_args = max == 1, .max_args = max                                       \
	}

#define RECONCILE(p, al, n, k) \
	ON_KIND("reconcile", p, al, "Reconcile " n " now", k, reconcile_flags, 1)
#define SUSPEND(p, al, n, k) ON_KIND("suspend", p, al, "Suspend " n, k, suspend_flags, -1)
#define RESUME(p, al, n, k) ON_KIND("resume", p, al, "Resume " n, k, resume_flags, -1)
#define DELETE(p, al, n, k) ON_KIND("delete", p, al, "Delete " n, k, delete_flags, 1)
#define EXPORT(p, al, n, k)                                                                    \
	{                                                                                      \
		.path = "export " p, .aliases = al, .args = "[name]",                          \
		.summary = "Print " n " as YAML", .place = CLI_CLUSTER, .flags = export_flags, \
		.complete = k, .max_args = 1                                                   \
	}

/* The kinds on which the object verbs act: sub-command, aliases, words, kind. */
#define SOURCE_KINDS(ROW)                                                       \
	ROW("source git", NULL, "a GitRepository", "GitRepository"),            \
		ROW("source oci", NULL, "an OCIRepository", "OCIRepository"),   \
		ROW("source helm", NULL, "a HelmRepository", "HelmRepository"), \
		ROW("source chart", NULL, "a HelmChart", "HelmChart"),          \
		ROW("source bucket", NULL, "a Bucket", "Bucket")
#define APPLIER_KINDS(ROW)                                        \
	ROW("helmrelease", "hr", "a HelmRelease", "HelmRelease"), \
		ROW("receiver", NULL, "a Receiver", "Receiver")
#define NOTIFICATION_KINDS(ROW)                  \
	ROW("alert", NULL, "an Alert", "Alert"), \
		ROW("alert-provider", NULL, "a Provider", "Provider")

const struct cli_command cli_commands[] = {
	{.path = "up",
	 .summary = "Run an API server and the controllers on this machine",
	 .help = "Starts the embedded Kubernetes-compatible API server and the four controllers as "
		 "child processes,\nwaits until everything serves, and keeps them running until "
		 "interrupted.  State, artifacts and logs\nare kept below --data; --kubeconfig "
		 "names "
		 "a file to write once ready (default DATA/kubeconfig).",
	 .example = "  gitops up --data ./local --kubeconfig ./local/kubeconfig\n"
		    "  gitops up --detach && gitops get all",
	 .place = CLI_LOCAL,
	 .run = cli_up,
	 .flags = up_flags},
	{.path = "down",
	 .summary = "Stop what `gitops up --detach` left running",
	 .place = CLI_LOCAL,
	 .run = cli_down,
	 .flags = down_flags},
	{.path = "check",
	 .summary = "Check the cluster and the controllers",
	 .place = CLI_CLUSTER,
	 .flags = check_flags},
	GROUP("get", NULL, "List objects and how they stand"),
	GET("all", NULL, "List every object of the toolkit", NULL),
	GET("kustomizations", "ks kustomization", "List Kustomizations", "Kustomization"),
	GET("helmreleases", "hr helmrelease", "List HelmReleases", "HelmRelease"),
	GROUP("get sources", "source", "List sources"),
	GET("sources all", NULL, "List every source", NULL),
	GET("sources git", NULL, "List GitRepositories", "GitRepository"),
	GET("sources oci", NULL, "List OCIRepositories", "OCIRepository"),
	GET("sources helm", NULL, "List HelmRepositories", "HelmRepository"),
	GET("sources chart", NULL, "List HelmCharts", "HelmChart"),
	GET("sources bucket", NULL, "List Buckets", "Bucket"),
	GET("sources external", NULL, "List ExternalArtifacts", "ExternalArtifact"),
	GET("receivers", "receiver", "List Receivers", "Receiver"),
	GET("alerts", "alert", "List Alerts", "Alert"),
	GET("alert-providers", "alert-provider", "List Providers", "Provider"),
	GROUP("reconcile", NULL, "Reconcile an object now, and wait for the result"),
	{.path = "reconcile kustomization",
	 .aliases = "ks",
	 .args = "name",
	 .summary = "Reconcile a Kustomization now",
	 .example = "  gitops reconcile kustomization apps --with-source",
	 .place = CLI_CLUSTER,
	 .flags = reconcile_ks_flags,
	 .complete = "Kustomization",
	 .min_args = 1,
	 .max_args = 1},
	GROUP("reconcile source", NULL, "Reconcile a source now"),
	SOURCE_KINDS(RECONCILE),
	APPLIER_KINDS(RECONCILE),
	GROUP("suspend", NULL, "Suspend the reconciliation of objects"),
	ON_KIND("suspend", "kustomization", "ks", "Suspend Kustomizations", "Kustomization",
		suspend_flags, -1),
	GROUP("suspend source", NULL, "Suspend sources"),
	SOURCE_KINDS(SUSPEND),
	APPLIER_KINDS(SUSPEND),
	ON_KIND("suspend", "alert", NULL, "Suspend an Alert", "Alert", suspend_flags, -1),
	GROUP("resume", NULL, "Resume the reconciliation of objects"),
	ON_KIND("resume", "kustomization", "ks", "Resume Kustomizations", "Kustomization",
		resume_flags, -1),
	GROUP("resume source", NULL, "Resume sources"),
	SOURCE_KINDS(RESUME),
	APPLIER_KINDS(RESUME),
	ON_KIND("resume", "alert", NULL, "Resume an Alert", "Alert", resume_flags, -1),
	GROUP("create", NULL, "Create or update objects, and wait until they are ready"),
	GROUP("create source", NULL, "Create or update sources"),
	{.path = "create source git",
	 .args = "name",
	 .summary = "Create or update a GitRepository",
	 .help = "With credentials and without --secret-ref, a Secret of the same name is written "
		 "too.",
	 .example = "  gitops create source git fleet --url=https://git.example.com/fleet.git "
		    "--branch=main",
	 .place = CLI_CLUSTER,
	 .flags = source_git_flags,
	 .flags2 = create_flags,
	 .min_args = 1,
	 .max_args = 1},
	{.path = "create kustomization",
	 .aliases = "ks",
	 .args = "name",
	 .summary = "Create or update a Kustomization",
	 .example = "  gitops create kustomization apps --source=GitRepository/fleet "
		    "--path=./apps --prune --wait",
	 .place = CLI_CLUSTER,
	 .flags = kustomization_flags,
	 .flags2 = create_flags,
	 .min_args = 1,
	 .max_args = 1},
	GROUP("delete", NULL, "Delete objects"),
	ON_KIND("delete", "kustomization", "ks", "Delete a Kustomization", "Kustomization",
		delete_flags, 1),
	GROUP("delete source", NULL, "Delete sources"),
	SOURCE_KINDS(DELETE),
	APPLIER_KINDS(DELETE),
	NOTIFICATION_KINDS(DELETE),
	GROUP("export", NULL, "Print objects as YAML, without status, ready for Git"),
	EXPORT("kustomization", "ks", "Kustomizations", "Kustomization"),
	GROUP("export source", NULL, "Print sources as YAML"),
	SOURCE_KINDS(EXPORT),
	EXPORT("source external", NULL, "an ExternalArtifact", "ExternalArtifact"),
	APPLIER_KINDS(EXPORT),
	NOTIFICATION_KINDS(EXPORT),
	{.path = "events",
	 .summary = "List the events of the toolkit's objects",
	 .place = CLI_CLUSTER,
	 .flags = events_flags},
	{.path = "logs",
	 .summary = "Print the controllers' logs",
	 .help = "Reads the logs of the controllers' pods, or those that `gitops up` keeps when "
		 "the API server is the\nlocal one.",
	 .place = CLI_CLUSTER,
	 .flags = logs_flags},
	{.path = "kustomize",
	 .args = "[dir]",
	 .summary = "Print what a folder with a kustomization builds to",
	 .help = "Means what `kubectl kustomize` means, byte for byte.  Nothing is fetched from "
		 "the "
		 "network.",
	 .place = CLI_LOCAL,
	 .run = cli_kustomize,
	 .flags = kustomize_flags,
	 .max_args = 1},
	{.path = "template",
	 .args = "[name] chart",
	 .summary = "Print what a Helm chart renders to",
	 .help = "Means what `helm template` means, byte for byte, for a chart in a folder or an "
		 "archive.  Nothing is fetched\nfrom the network, and no cluster is asked.",
	 .example = "gitops template podinfo ./charts/podinfo -n apps -f values.yaml "
		    "--set replicas=2",
	 .place = CLI_LOCAL,
	 .run = cli_template,
	 .flags = cli_template_flags,
	 .complete = "dir",
	 .min_args = 1,
	 .max_args = 2},
	{.path = "version",
	 .summary = "Print the version and what it is compatible with",
	 .place = CLI_LOCAL,
	 .run = cli_version,
	 .flags = version_flags},
	{.path = "completion",
	 .args = "bash|fish|powershell|zsh",
	 .summary = "Print a completion script for a shell",
	 .example = "  . <(gitops completion bash)",
	 .place = CLI_LOCAL,
	 .run = cli_completion,
	 .min_args = 1,
	 .max_args = 1},
	{.path = "help",
	 .args = "[command]",
	 .summary = "Help about any command",
	 .place = CLI_LOCAL,
	 .run = cli_help,
	 .max_args = 8},
	{.path = "man",
	 .summary = "Print the manual page (troff)",
	 .place = CLI_LOCAL,
	 .run = cli_man,
	 .hidden = true},
	{.path = "__complete",
	 .summary = "Completions of a command line",
	 .place = CLI_LOCAL,
	 .run = cli_complete_words,
	 .max_args = -1,
	 .hidden = true},
	{.path = "__install",
	 .summary = "Put namespace and CRDs into the local API server",
	 .place = CLI_CLUSTER,
	 .hidden = true},
	{.path = NULL},
};
