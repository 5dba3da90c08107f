/* Git over SSH: git-upload-pack on the server, one conversation a channel. */
#include <string.h>

#include "base/alloc.h"
#include "base/enc.h"
#include "git/known_hosts.h"
#include "git/proto_int.h"
#include "git/ssh_session.h"
#include "git/transport.h"
#include "net/url.h"

#define CHUNK 32768

struct ssh_transport {
	struct gt_git_transport base;
	struct gt_ssh *ssh; /* NULL until first used */
	char *host, *user, *command;
	uint16_t port;
	struct gt_secret identity, passphrase, proxy_password;
	char *proxy_url, *proxy_user;
	char *known_hosts, *kex_algos, *hostkey_algos;
};

static struct ssh_transport *of(struct gt_git_transport *t)
{
	return gt_container_of(t, struct ssh_transport, base);
}

static void transport_free(struct gt_git_transport *base)
{
	struct ssh_transport *t = of(base);

	gt_ssh_free(t->ssh);
	gt_secret_fini(&t->identity);
	gt_secret_fini(&t->passphrase);
	gt_secret_fini(&t->proxy_password);
	free(t->proxy_url);
	free(t->proxy_user);
	free(t->host);
	free(t->user);
	free(t->command);
	free(t->known_hosts);
	free(t->kex_algos);
	free(t->hostkey_algos);
	free(t);
}

static int connect_once(struct ssh_transport *t, struct gt_ctx *ctx, struct gt_err *err)
{
	struct gt_git_auth auth = {
		.identity = &t->identity,
		.passphrase = &t->passphrase,
		.known_hosts = gt_str(t->known_hosts),
		.kex_algos = t->kex_algos,
		.hostkey_algos = t->hostkey_algos,
		.proxy_url = t->proxy_url,
		.proxy_user = t->proxy_user,
		.proxy_password = &t->proxy_password,
	};
	struct gt_ssh_opts opts = {t->host, t->user, t->port, &auth};

	return t->ssh ? GT_OK : gt_ssh_connect(&opts, ctx, &t->ssh, err);
}

/* The output ended early: the reason is what the command said on its standard error. */
static int ended(struct ssh_transport *t, struct gt_err *err)
{
	struct gt_str said = gt_ssh_stderr(t->ssh);

	if (said.n)
		return gt_git__said_error(said, err);
	return gt_fail(err, GT_E_UNAVAILABLE, "the server ended the conversation");
}

static int read_answer(struct ssh_transport *t, struct gt_ctx *ctx, gt_git_bytes_fn fn, void *arg,
		       struct gt_err *err)
{
	char *chunk = gt_xmalloc(CHUNK);
	int rc = GT_OK;

	while (rc == GT_OK) {
		size_t n = 0;

		rc = gt_ssh_read(t->ssh, ctx, chunk, CHUNK, &n, err);
		if (rc == GT_OK && n == 0)
			rc = ended(t, err);
		if (rc == GT_OK)
			rc = fn(arg, gt_strn(chunk, n), err);
	}
	free(chunk);
	return rc > 0 ? GT_OK : rc;
}

static int advertise(struct gt_git_transport *base, struct gt_ctx *ctx, gt_git_bytes_fn fn,
		     void *arg, struct gt_err *err)
{
	struct ssh_transport *t = of(base);
	int rc = connect_once(t, ctx, err);

	if (rc == GT_OK)
		rc = gt_ssh_exec(t->ssh, ctx, t->command, err);
	return rc < 0 ? rc : read_answer(t, ctx, fn, arg, err);
}

static int exchange(struct gt_git_transport *base, struct gt_ctx *ctx, int version,
		    struct gt_str request, gt_git_bytes_fn fn, void *arg, struct gt_err *err)
{
	struct ssh_transport *t = of(base);

	(void)version;
	if (!t->ssh)
		return gt_fail(err, GT_E_INTERNAL, "ssh: no conversation");
	int rc = gt_ssh_write(t->ssh, ctx, request, err);
	return rc < 0 ? rc : read_answer(t, ctx, fn, arg, err);
}

static const struct gt_git_transport_ops ops = {advertise, exchange, transport_free};

/* git-upload-pack '<path>', quoted for the server's shell. */
static int make_command(const struct gt_url *url, char **ret_command, struct gt_err *err)
{
	gt_auto_buf path = {0}, out = {0};

	if (!gt_percent_decode(&path, gt_str(url->path), false) || path.n < 2 ||
	    memchr(path.p, '\0', path.n) || memchr(path.p, '\n', path.n))
		return gt_fail(err, GT_E_INVALID, "the URL of a repository must have a path");
	struct gt_str name = gt_buf_str(&path);
	if (gt_str_starts(name, "/~"))
		name = gt_str_from(name, 1);
	gt_buf_adds(&out, "git-upload-pack '");
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '\'' || name.p[i] == '!')
			gt_buf_printf(&out, "'\\%c'", name.p[i]);
		else
			gt_buf_addc(&out, name.p[i]);
	}
	gt_buf_addc(&out, '\'');
	*ret_command = gt_buf_take(&out);
	return GT_OK;
}

static char *copy(const char *s)
{
	return s ? gt_xstrdup(s) : NULL;
}

int gt_git_ssh_new(const char *url, const struct gt_git_auth *auth,
		   struct gt_git_transport **ret_transport, struct gt_err *err)
{
	gt_autofree char *command = NULL;
	gt_auto_url parsed = {0};

	int rc = gt_url_parse(gt_str(url), &parsed, err);
	if (rc == GT_OK && !gt_streq(parsed.scheme, "ssh"))
		rc = gt_fail(err, GT_E_UNSUPPORTED, "unsupported scheme '%s'", parsed.scheme);
	if (rc == GT_OK)
		rc = make_command(&parsed, &command, err);
	if (rc == GT_OK)
		rc = gt_known_hosts_check(auth->known_hosts, err);
	if (rc == GT_OK && !(auth->identity && auth->identity->n))
		rc = gt_fail(err, GT_E_AUTH, "ssh: no key found");
	if (rc < 0)
		return rc;
	struct ssh_transport *t = gt_new(struct ssh_transport);
	t->base.ops = &ops;
	t->base.version = GT_GIT_VERSION_UNKNOWN;
	t->host = gt_xstrdup(parsed.host);
	t->user = gt_xstrdup(parsed.user && *parsed.user ? parsed.user : "git");
	t->port = gt_url_port(&parsed);
	t->command = gt_steal(command);
	gt_secret_copy(&t->identity, auth->identity);
	if (auth->passphrase)
		gt_secret_copy(&t->passphrase, auth->passphrase);
	t->known_hosts =
		gt_xstrndup(auth->known_hosts.p ? auth->known_hosts.p : "", auth->known_hosts.n);
	t->proxy_url = copy(auth->proxy_url);
	t->proxy_user = copy(auth->proxy_user);
	if (auth->proxy_password)
		gt_secret_copy(&t->proxy_password, auth->proxy_password);
	t->kex_algos = copy(auth->kex_algos);
	t->hostkey_algos = copy(auth->hostkey_algos);
	*ret_transport = &t->base;
	return GT_OK;
}
