#include "git/ssh_session.h"

#include <libssh/libssh.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/enc.h"
#include "git/dial.h"
#include "git/known_hosts.h"

#define STDERR_MAX 2048

struct gt_ssh {
	ssh_session session;
	ssh_channel channel;
	struct gt_buf errors;
	int fd; /* libssh closes it once it has it */
	bool fd_given;
};

void gt_ssh_free(struct gt_ssh *s)
{
	if (!s)
		return;
	if (s->channel)
		ssh_channel_free(s->channel);
	/* Not ssh_disconnect(): it forgets a socket that it was given, without closing it. */
	if (s->session)
		ssh_free(s->session);
	if (s->fd >= 0 && !s->fd_given)
		close(s->fd);
	gt_buf_fini(&s->errors);
	free(s);
}

/* Waits until the connection can go on, or the context ends. */
static int wait_ready(struct gt_ssh *s, struct gt_ctx *ctx, struct gt_err *err)
{
	bool write = ssh_get_poll_flags(s->session) & SSH_WRITE_PENDING;

	return gt_dial_wait(s->fd, (short)(POLLIN | (write ? POLLOUT : 0)), ctx, err);
}

static int fail_ssh(struct gt_ssh *s, enum gt_code code, const char *what, struct gt_err *err)
{
	const char *text = ssh_get_error(s->session);

	return gt_fail(err, code, "ssh: %s: %s", what, text && *text ? text : "unknown error");
}

/* --- connecting ---------------------------------------------------------------------------- */

static int set_options(struct gt_ssh *s, const struct gt_ssh_opts *o, struct gt_err *err)
{
	gt_auto_buf types = {0};
	unsigned port = o->port;
	int no = 0, rc = 0;

	gt_known_hosts_types(o->auth->known_hosts, &types);
	const char *hostkeys =
		o->auth->hostkey_algos ? o->auth->hostkey_algos : gt_buf_cstr(&types);
	rc |= ssh_options_set(s->session, SSH_OPTIONS_PROCESS_CONFIG, &no);
	rc |= ssh_options_set(s->session, SSH_OPTIONS_HOST, o->host);
	rc |= ssh_options_set(s->session, SSH_OPTIONS_PORT, &port);
	rc |= ssh_options_set(s->session, SSH_OPTIONS_USER, o->user);
	rc |= ssh_options_set(s->session, SSH_OPTIONS_KNOWNHOSTS, "/dev/null");
	rc |= ssh_options_set(s->session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null");
	if (rc < 0)
		return fail_ssh(s, GT_E_INVALID, "options", err);
	if (o->auth->kex_algos &&
	    ssh_options_set(s->session, SSH_OPTIONS_KEY_EXCHANGE, o->auth->kex_algos) < 0)
		return gt_fail(err, GT_E_INVALID, "ssh: no known key exchange algorithm in '%s'",
			       o->auth->kex_algos);
	if (*hostkeys && ssh_options_set(s->session, SSH_OPTIONS_HOSTKEYS, hostkeys) < 0)
		return gt_fail(err, GT_E_INVALID, "ssh: no known host key algorithm in '%s'",
			       hostkeys);
	return GT_OK;
}

/* The type of a key is the first string of its blob. */
static bool type_of(const char *base64, struct gt_buf *out)
{
	gt_auto_buf blob = {0};

	if (!gt_base64_decode(&blob, gt_str(base64)) || blob.n < 4)
		return false;
	const unsigned char *p = (const unsigned char *)blob.p;
	size_t n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	if (n > blob.n - 4)
		return false;
	gt_buf_add(out, blob.p + 4, n);
	return true;
}

static int check_host_key(struct gt_ssh *s, const struct gt_ssh_opts *o, struct gt_err *err)
{
	gt_auto_buf type = {0};
	ssh_key key = NULL;
	char *base64 = NULL;
	int rc;

	if (ssh_get_server_publickey(s->session, &key) != SSH_OK ||
	    ssh_pki_export_pubkey_base64(key, &base64) != SSH_OK || !type_of(base64, &type))
		rc = gt_fail(err, GT_E_AUTH, "the server's key cannot be read");
	else
		rc = gt_known_hosts_match(o->auth->known_hosts, o->host, o->port, gt_buf_str(&type),
					  gt_str(base64), err);
	ssh_string_free_char(base64);
	ssh_key_free(key);
	return rc < 0 ? gt_wrap(err, "ssh: handshake failed") : GT_OK;
}

/* libssh asks for a passphrase only when the key has one. */
static int note_asked(const char *prompt, char *buf, size_t len, int echo, int verify, void *asked)
{
	(void)prompt;
	(void)buf;
	(void)len;
	(void)echo;
	(void)verify;
	*(bool *)asked = true;
	return -1;
}

static int import_key(const struct gt_secret *identity, const struct gt_secret *passphrase,
		      ssh_key *ret_key, struct gt_err *err)
{
	bool asked = false;
	const char *phrase = passphrase && passphrase->n ? passphrase->p : NULL;

	if (identity && identity->n &&
	    ssh_pki_import_privkey_base64(identity->p, phrase, note_asked, &asked, ret_key) ==
		    SSH_OK)
		return GT_OK;
	if (asked)
		return gt_fail(err, GT_E_AUTH, "ssh: this private key is passphrase protected");
	return gt_fail(err, GT_E_INVALID,
		       phrase ? "ssh: the private key cannot be decrypted" : "ssh: no key found");
}

int gt_git_ssh_key_check(const struct gt_secret *identity, const struct gt_secret *passphrase,
			 struct gt_err *err)
{
	ssh_key key = NULL;
	int rc = import_key(identity, passphrase, &key, err);

	ssh_key_free(key);
	return rc;
}

static int authenticate(struct gt_ssh *s, const struct gt_ssh_opts *o, struct gt_ctx *ctx,
			struct gt_err *err)
{
	ssh_key key = NULL;
	int auth, rc = import_key(o->auth->identity, o->auth->passphrase, &key, err);

	while (rc == GT_OK) {
		auth = ssh_userauth_publickey(s->session, NULL, key);
		if (auth == SSH_AUTH_AGAIN) {
			rc = wait_ready(s, ctx, err);
			continue;
		}
		if (auth == SSH_AUTH_ERROR)
			rc = fail_ssh(s, GT_E_UNAVAILABLE, "authentication", err);
		else if (auth != SSH_AUTH_SUCCESS)
			rc = gt_fail(err, GT_E_AUTH,
				     "ssh: handshake failed: ssh: unable to authenticate, "
				     "attempted methods [publickey], no supported methods remain");
		break;
	}
	ssh_key_free(key);
	return rc;
}

static int handshake(struct gt_ssh *s, const struct gt_ssh_opts *o, struct gt_ctx *ctx,
		     struct gt_err *err)
{
	int rc = set_options(s, o, err), ssh;

	if (rc < 0)
		return rc;
	ssh_set_blocking(s->session, 0);
	if (ssh_options_set(s->session, SSH_OPTIONS_FD, &s->fd) < 0)
		return fail_ssh(s, GT_E_INTERNAL, "options", err);
	s->fd_given = true;
	while ((ssh = ssh_connect(s->session)) == SSH_AGAIN) {
		rc = wait_ready(s, ctx, err);
		if (rc < 0)
			return rc;
	}
	if (ssh != SSH_OK) {
		fail_ssh(s, GT_E_UNAVAILABLE, "handshake failed", err);
		return gt_wrap(err, "%s:%u", o->host, (unsigned)o->port);
	}
	rc = check_host_key(s, o, err);
	return rc < 0 ? rc : authenticate(s, o, ctx, err);
}

int gt_ssh_connect(const struct gt_ssh_opts *opts, struct gt_ctx *ctx, struct gt_ssh **ret_ssh,
		   struct gt_err *err)
{
	struct gt_ssh *s = gt_new(struct gt_ssh);

	s->errors.max = STDERR_MAX;
	s->fd = -1;
	s->session = ssh_new();
	if (!s->session)
		abort();
	struct gt_dial_opts dial = {
		.host = opts->host,
		.port = opts->port,
		.proxy_url = opts->auth->proxy_url,
		.proxy_user = opts->auth->proxy_user,
		.proxy_password = opts->auth->proxy_password,
	};
	int rc = gt_dial(&dial, ctx, &s->fd, err);
	if (rc == GT_OK)
		rc = handshake(s, opts, ctx, err);
	if (rc < 0) {
		gt_ssh_free(s);
		return rc;
	}
	*ret_ssh = s;
	return GT_OK;
}

/* --- a command ----------------------------------------------------------------------------- */

/* Repeats a step of libssh until it is through. */
static int step(struct gt_ssh *s, struct gt_ctx *ctx, int (*fn)(struct gt_ssh *s, const char *arg),
		const char *arg, const char *what, struct gt_err *err)
{
	int ssh;

	while ((ssh = fn(s, arg)) == SSH_AGAIN) {
		int rc = wait_ready(s, ctx, err);
		if (rc < 0)
			return rc;
	}
	return ssh == SSH_OK ? GT_OK : fail_ssh(s, GT_E_UNAVAILABLE, what, err);
}

static int open_session(struct gt_ssh *s, const char *arg)
{
	(void)arg;
	return ssh_channel_open_session(s->channel);
}

static int ask_version(struct gt_ssh *s, const char *arg)
{
	return ssh_channel_request_env(s->channel, "GIT_PROTOCOL", arg);
}

static int request_exec(struct gt_ssh *s, const char *command)
{
	return ssh_channel_request_exec(s->channel, command);
}

int gt_ssh_exec(struct gt_ssh *s, struct gt_ctx *ctx, const char *command, struct gt_err *err)
{
	if (s->channel)
		ssh_channel_free(s->channel);
	gt_buf_reset(&s->errors);
	s->channel = ssh_channel_new(s->session);
	if (!s->channel)
		return fail_ssh(s, GT_E_UNAVAILABLE, "open a channel", err);
	int rc = step(s, ctx, open_session, NULL, "open a channel", err);
	if (rc < 0)
		return rc;
	/* Many servers accept no environment: they then speak the old protocol. */
	rc = step(s, ctx, ask_version, "version=2", "set the protocol", NULL);
	if (rc < 0 && (rc = gt_ctx_check(ctx, err)) < 0)
		return rc;
	return step(s, ctx, request_exec, command, "run the command", err);
}

int gt_ssh_write(struct gt_ssh *s, struct gt_ctx *ctx, struct gt_str bytes, struct gt_err *err)
{
	while (bytes.n) {
		uint32_t part = bytes.n > 32768 ? 32768 : (uint32_t)bytes.n;
		int n = ssh_channel_write(s->channel, bytes.p, part);

		if (n < 0 && n != SSH_AGAIN)
			return fail_ssh(s, GT_E_UNAVAILABLE, "write", err);
		if (n > 0) {
			bytes = gt_str_from(bytes, (size_t)n);
			continue;
		}
		int rc = wait_ready(s, ctx, err);
		if (rc < 0)
			return rc;
	}
	return GT_OK;
}

static void drain_stderr(struct gt_ssh *s)
{
	char chunk[512];
	int n;

	while ((n = ssh_channel_read_nonblocking(s->channel, chunk, sizeof chunk, 1)) > 0)
		if (s->errors.n + (size_t)n <= STDERR_MAX)
			gt_buf_add(&s->errors, chunk, (size_t)n);
}

int gt_ssh_read(struct gt_ssh *s, struct gt_ctx *ctx, void *bytes, size_t cap, size_t *ret_n,
		struct gt_err *err)
{
	for (;;) {
		/*
		 * First the errors: every read takes in whatever has arrived, for both streams.
		 * After the last one before a wait nothing of ours may be left in a buffer, as
		 * the descriptor does not tell of it.
		 */
		drain_stderr(s);
		int n = ssh_channel_read_nonblocking(s->channel, bytes,
						     cap > 65536 ? 65536 : (uint32_t)cap, 0);
		if (n > 0) {
			*ret_n = (size_t)n;
			return GT_OK;
		}
		if (n == SSH_EOF || (n == 0 && ssh_channel_is_eof(s->channel))) {
			drain_stderr(s);
			*ret_n = 0;
			return GT_OK;
		}
		if (n < 0 && n != SSH_AGAIN)
			return fail_ssh(s, GT_E_UNAVAILABLE, "read", err);
		int rc = wait_ready(s, ctx, err);
		if (rc < 0)
			return rc;
	}
}

struct gt_str gt_ssh_stderr(struct gt_ssh *s)
{
	return gt_str_trim(gt_buf_str(&s->errors));
}
