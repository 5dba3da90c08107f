/* GitRepository: what its files share. */
#ifndef SRC_GIT_H
#define SRC_GIT_H

#include "git/checkout.h"
#include "git/tree.h"
#include "src.h"

/* A file or directory of the artifact: out of the commit, or out of an included artifact. */
struct src_file {
	const char *path;
	enum gt_git_mode mode;
	const struct gt_oid *blob; /* NULL when included */
	struct gt_git_pack *pack;  /* that has the blob */
	int dirfd;                 /* of the unpacked include */
	const char *from;          /* path below dirfd */
};

struct src_files {
	struct src_file *v;
	size_t n, cap;
};

/* A submodule's commit and its files. */
struct src_module {
	struct gt_git_checkout checkout;
	struct gt_git_tree tree;
	const char *prefix; /* of its paths, with a slash at the end */
};

struct src_git {
	struct src_call call;
	struct gt_git_checkout checkout;
	const char *revision; /* of the checkout, in the arena */
	struct gt_git_tree tree;
	struct src_module *modules;
	size_t n_modules;
	struct gt_node *includes; /* artifacts of spec.include, in its order */
	struct src_files files;   /* what the artifact is made of */
	int *include_fds;
	size_t n_include_fds;
};

static inline struct src_git *src_git_of(struct src_call *c)
{
	return gt_container_of(c, struct src_git, call);
}

/* Credentials of one checkout; texts in the arena, secrets wiped by _fini. */
struct src_git_auth {
	struct gt_git_auth auth;
	const char *username;
	struct gt_secret password, bearer, cert, key, identity, passphrase;
	struct src_proxy proxy;
};
void src_git_auth_fini(struct src_git_auth *auth);

/* --- git_auth.c ------------------------------------------------------------------------------- */
/* Each false after a failure, which is then the call's error. */
bool src_git_proxy(struct src_git *g, struct src_git_auth *auth);
bool src_git_credentials(struct src_git *g, const char *url, struct src_git_auth *auth);

/* --- git_include.c ---------------------------------------------------------------------------- */
/* Gathers the artifacts of spec.include; false after a failure. */
bool src_git_find_includes(struct src_git *g);
/* Whether the revisions of two lists of artifacts are the same, as upstream compares them. */
bool src_git_same_set(const struct gt_node *a, const struct gt_node *b);
/* The step that puts included artifacts into the list of files. */
enum src_result src_step_git_include(struct src_call *c);

/* --- git_source.c ----------------------------------------------------------------------------- */
enum src_result src_step_git_source(struct src_call *c);
/* Whether what the artifact is made of changed, but for the revision. */
bool src_git_content_changed(struct src_git *g);

/* --- git_submodule.c -------------------------------------------------------------------------- */
/* Fetches the submodules of the checkout, and theirs. */
int src_git_fetch_submodules(struct src_git *g, struct gt_ctx *ctx, const char *url,
			     const struct src_git_auth *auth, struct gt_err *err);
void src_git_drop_submodules(struct src_git *g);

/* --- git_archive.c ---------------------------------------------------------------------------- */
enum src_result src_step_git_archive(struct src_call *c);

/* --- git_files.c ------------------------------------------------------------------------------ */
/* The order of the archive: directories before what is in them, names bytewise. */
int src_path_cmp(const char *a, const char *b);
void src_files_add(struct src_files *files, struct src_file file);
void src_files_sort(struct src_files *files);
/* A cleaned path below a root that it cannot leave; "" for the root itself; in the arena. */
const char *src_path_clamp(struct gt_arena *a, const char *path);

#endif
