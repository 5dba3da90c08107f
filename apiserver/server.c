#include "server.h"

#include "base/rand.h"
#include "base/time.h"
#include "controllers.h"
#include "crd.h"
#include "documents.h"
#include "pki.h"
#include "watch.h"

static void changed(void *arg)
{
	struct as_server *s = arg;

	as_watches_wake(s->watches);
	as_controllers_wake(s->controllers);
}

void as_server_written(struct as_server *s, struct as_resource *r, enum as_op op,
		       struct as_object *o)
{
	struct gt_err err = {0};

	if (!as_resource_is(r, "apiextensions.k8s.io", "customresourcedefinitions"))
		return;
	if (as_crd_publish(s, o, op == AS_DELETE, &err) < 0)
		gt_log_error(s->opts.log, &err, "custom resource not served");
}

/* --- starting ----------------------------------------------------------------------------- */

static int open_store(struct as_server *s, struct gt_err *err)
{
	struct as_store_opts opts = {.sync = s->opts.sync, .changed = changed, .changed_arg = s};
	char *path = NULL;
	int rc;

	if (!s->opts.memory) {
		path = gt_xasprintf("%s/state.db", s->opts.data);
		opts.path = path;
	}
	rc = as_store_open(&opts, &s->store, err);
	free(path);
	if (rc < 0)
		return rc;
	s->namespaces = as_store_table(s->store, "/namespaces");
	s->registry = as_registry_new(s->store);
	return as_crd_publish_all(s, err);
}

static int listen_on(struct as_server *s, const struct as_pki *pki, struct gt_err *err)
{
	static const char *const alpn[] = {"h2", "http/1.1", NULL};
	struct gt_tls_server_opts tls = {
		.identity = &pki->server,
		.client_ca = gt_str(pki->ca.cert_pem),
		.client_auth = GT_TLS_CLIENT_OPTIONAL,
		.alpn = alpn,
	};
	struct gt_http_server_opts opts = {
		.address = s->opts.address,
		.route = as_http_route,
		.route_arg = s,
		.gzip_min = 128 << 10,
	};
	int rc = gt_tls_server_new(&tls, &s->tls, err);

	if (rc < 0)
		return rc;
	opts.tls = s->tls;
	rc = gt_http_server_new(s->loop, &opts, &s->http, err);
	return rc < 0 ? gt_wrap(err, "listen on %s", s->opts.address) : rc;
}

static void set_url(struct as_server *s)
{
	struct gt_str address = gt_str(s->opts.address);
	size_t colon = gt_str_rfind(address, ':');
	struct gt_str host = gt_str_sub(address, 0, colon == SIZE_MAX ? address.n : colon);

	/* A client cannot connect to "any address". */
	if (host.n == 0 || gt_str_is(host, "0.0.0.0") || gt_str_is(host, "[::]"))
		host = gt_str("127.0.0.1");
	s->url = gt_xasprintf("https://%.*s:%u", GT_STR_ARG(host), gt_http_server_port(s->http));
}

static int write_kubeconfig(struct as_server *s, const struct as_pki *pki, struct gt_err *err)
{
	if (s->opts.kubeconfig)
		s->kubeconfig_path = gt_xstrdup(s->opts.kubeconfig);
	else if (s->opts.data)
		s->kubeconfig_path = gt_xasprintf("%s/kubeconfig", s->opts.data);
	if (!s->kubeconfig_path)
		return GT_OK;
	return as_kubeconfig_write(pki, s->url, s->kubeconfig_path, err);
}

/* The address without port and brackets, for the certificate. */
static char *bind_host(const char *address)
{
	struct gt_str s = gt_str(address);
	size_t colon = gt_str_rfind(s, ':');

	if (colon != SIZE_MAX)
		s.n = colon;
	if (s.n > 1 && s.p[0] == '[')
		s = gt_str_sub(s, 1, s.n - 2);
	if (s.n == 0 || gt_str_is(s, "0.0.0.0") || gt_str_is(s, "::"))
		s = gt_str("127.0.0.1");
	return gt_xstrndup(s.p, s.n);
}

static int start(struct as_server *s, struct gt_err *err)
{
	struct as_pki pki = {0};
	char *host = bind_host(s->opts.address);
	int rc = as_pki_init(&pki, s->opts.data, host, err);

	free(host);
	if (rc < 0)
		return gt_wrap(err, "certificates");
	s->ca_pem = gt_xstrdup(pki.ca.cert_pem);
	rc = open_store(s, err);
	if (rc == GT_OK)
		rc = as_bootstrap(s, err);
	if (rc == GT_OK)
		rc = as_controllers_start(s->controllers, err);
	if (rc == GT_OK)
		rc = listen_on(s, &pki, err);
	if (rc == GT_OK) {
		set_url(s);
		rc = write_kubeconfig(s, &pki, err);
	}
	as_pki_fini(&pki);
	if (rc == GT_OK)
		atomic_store(&s->ready, true);
	return rc;
}

int as_server_start(const struct as_server_opts *opts, struct gt_loop *loop,
		    struct as_server **ret_server, struct gt_err *err)
{
	struct as_server *s = gt_new(struct as_server);
	int rc;

	s->opts = *opts;
	s->loop = loop;
	s->pool = gt_pool_new("api", opts->threads ? opts->threads : 16, 0);
	pthread_mutex_init(&s->crd_lock, NULL);
	pthread_mutex_init(&s->alloc_lock, NULL);
	/* The store tells these of every write, from the first on. */
	s->watches = as_watches_new(s);
	s->controllers = as_controllers_new(s);
	s->documents = as_documents_new(s);
	gt_uuid4(s->flow_uid);
	gt_uuid4(s->level_uid);
	rc = start(s, err);
	if (rc < 0) {
		as_server_free(s);
		return rc;
	}
	*ret_server = s;
	return GT_OK;
}

static void stop_loop(void *arg)
{
	gt_loop_stop(arg);
}

/*
 * Nobody may be told of a write who is no longer there.  So: no new requests, then the end of
 * everybody who writes, then of the store, then of those whom the store tells, after what they and
 * the workers posted to the loop has run.
 */
void as_server_free(struct as_server *s)
{
	if (!s)
		return;
	atomic_store(&s->stopping, true);
	gt_http_server_free(s->http);
	as_controllers_stop(s->controllers);
	gt_pool_free(s->pool);
	as_store_close(s->store);
	gt_loop_post(s->loop, stop_loop, s->loop);
	gt_loop_run(s->loop);
	as_watches_free(s->watches);
	as_controllers_free(s->controllers);
	gt_tls_free(s->tls);
	as_documents_free(s->documents);
	as_registry_free(s->registry);
	free(s->ca_pem);
	free(s->url);
	free(s->kubeconfig_path);
	pthread_mutex_destroy(&s->crd_lock);
	pthread_mutex_destroy(&s->alloc_lock);
	free(s);
}
