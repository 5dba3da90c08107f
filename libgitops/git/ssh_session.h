/*
 * gt_ssh - a connection to an SSH server and one command on it, bounded by a context.  Nothing is
 * read from the machine: no configuration, no known hosts, no agent, no keys.  Blocking; worker
 * threads; one owner at a time.  Private to git/.
 */
#ifndef GT_GIT_SSH_SESSION_H
#define GT_GIT_SSH_SESSION_H

#include "base/buf.h"
#include "git/transport.h"

struct gt_ssh;

struct gt_ssh_opts {
	const char *host, *user;
	uint16_t port;
	const struct gt_git_auth *auth;
};

/* Connects, checks the host's key, authenticates. */
int gt_ssh_connect(const struct gt_ssh_opts *opts, struct gt_ctx *ctx, struct gt_ssh **ret_ssh,
		   struct gt_err *err);
void gt_ssh_free(struct gt_ssh *ssh);

/* Runs a command; one that runs already is ended. */
int gt_ssh_exec(struct gt_ssh *ssh, struct gt_ctx *ctx, const char *command, struct gt_err *err);
int gt_ssh_write(struct gt_ssh *ssh, struct gt_ctx *ctx, struct gt_str bytes, struct gt_err *err);
/* *ret_n = 0 at the end of the command's output. */
int gt_ssh_read(struct gt_ssh *ssh, struct gt_ctx *ctx, void *bytes, size_t cap, size_t *ret_n,
		struct gt_err *err);
/* What the command said on its standard error, so far; for error texts. */
struct gt_str gt_ssh_stderr(struct gt_ssh *ssh);

#endif
