/* The strategies against a real server: git http-backend over both protocols. */
#include "support/check.h"

#include <sys/stat.h>

#include "base/limits.h"
#include "base/time.h"
#include "git/checkout.h"
#include "git/tree.h"
#include "net/loop.h"
#include "support/git_server.h"

static struct git_server server;
static struct gt_loop *loop;
static char *work;

/* The commits of the repository, by name. */
static char *first, *second, *feature, *tagged, *annotated;

static char *hash_of(const char *rev)
{
	gt_autofree char *script = gt_xasprintf("git -C app.git rev-parse '%s'", rev);

	return git_shell(&server, script);
}

static int setup(void **state)
{
	struct gt_err err;

	(void)state;
	git_server_init(&server);
	free(git_shell(
		&server,
		"git init -q -b main work; cd work; mkdir -p app deploy/base; "
		"echo one > app/a.yaml; echo r > README.md; git add .; git commit -qm 'first'; "
		"git tag v1.0.0; echo two > app/a.yaml; printf '#!/bin/sh\\n' > deploy/run.sh; "
		"chmod +x deploy/run.sh; ln -s a.yaml app/link; echo x > deploy/base/k.yaml; "
		"git add .; git commit -qm 'second: add the deployment'; "
		"git tag -a -m annotated v1.1.0; git checkout -qb feature/x; "
		"echo f > f.yaml; git add .; GIT_COMMITTER_DATE=1700000100 git commit -qm "
		"'feature'; git tag v2.0.0+new; git tag v2.0.0+old main; "
		"git update-ref refs/pull/7/head HEAD; git checkout -q main; cd ..; "
		"git clone -q --mirror work app.git; git init -q --bare empty.git"));
	first = hash_of("v1.0.0");
	second = hash_of("main");
	feature = hash_of("feature/x");
	tagged = hash_of("v1.0.0");
	annotated = hash_of("v1.1.0^{commit}");
	loop = gt_loop_new();
	return gt_loop_start_thread(loop, &err);
}

static int teardown(void **state)
{
	(void)state;
	gt_loop_join(loop);
	gt_loop_free(loop);
	git_server_fini(&server);
	free(first);
	free(second);
	free(feature);
	free(tagged);
	free(annotated);
	return 0;
}

static int new_work(void **state)
{
	(void)state;
	return gt_fs_mkdtemp(NULL, "work-", &work, NULL);
}

static int drop_work(void **state)
{
	(void)state;
	gt_fs_remove_tree(work);
	free(work);
	return 0;
}

static int checkout_auth(const char *repo, const struct gt_git_want *want,
			 const struct gt_git_auth *auth, struct gt_git_checkout *ret,
			 struct gt_err *err)
{
	gt_autofree char *url = gt_xasprintf("%s/%s", server.url, repo);
	struct gt_git_transport *t;
	struct gt_ctx ctx;

	int rc = gt_git_http_new(loop, url, auth, &t, err);
	if (rc < 0)
		return rc;
	gt_ctx_init(&ctx, NULL, GT_SECONDS(20));
	rc = gt_git_checkout_do(t, &ctx, url, want, work, ret, err);
	gt_ctx_fini(&ctx);
	t->ops->free(t);
	return rc;
}

static int checkout(const char *repo, const struct gt_git_want *want, struct gt_git_checkout *ret,
		    struct gt_err *err)
{
	return checkout_auth(repo, want, NULL, ret, err);
}

/* Path, type and content of everything, in order. */
static void list_tree(struct gt_git_checkout *c, const char *const *sparse, size_t n,
		      struct gt_buf *out)
{
	struct gt_git_tree_opts opts = {.sparse = sparse, .n_sparse = n};
	struct gt_git_tree tree;
	struct gt_err err;

	check_ok(gt_git_tree_list(c->pack, gt_ctx_background(), &c->info.tree, &opts, &tree, &err),
		 &err);
	for (size_t i = 0; i < tree.n; i++) {
		const struct gt_git_entry *e = &tree.v[i];
		gt_auto_git_object blob = {0};

		gt_buf_printf(out, "%s%s", e->path,
			      e->mode == GT_GIT_DIR    ? "/"
			      : e->mode == GT_GIT_EXEC ? "*"
						       : "");
		if (e->mode != GT_GIT_DIR) {
			check_ok(gt_git_pack_read(c->pack, &e->id, GT_GIT_BLOB, 1000, &blob, &err),
				 &err);
			gt_buf_printf(out, "=%.*s", GT_STR_ARG(gt_str_trim(blob.data)));
		}
		gt_buf_addc(out, ' ');
	}
	gt_git_tree_fini(&tree);
}

static void check_strategies(const char *const *options)
{
	const struct {
		struct gt_git_want want;
		const char *prefix, *commit, *reference;
	} cases[] = {
		{{.branch = "main"}, "main@", second, "refs/heads/main"},
		{{.branch = "feature/x"}, "feature/x@", feature, "refs/heads/feature/x"},
		{{.tag = "v1.0.0"}, "v1.0.0@", tagged, "refs/tags/v1.0.0"},
		{{.tag = "v1.1.0"}, "v1.1.0@", annotated, "refs/tags/v1.1.0"},
		{{.commit = first}, "", first, "HEAD"},
		{{.commit = first, .branch = "main"}, "main@", first, "refs/heads/main"},
		{{.name = "refs/heads/main"}, "refs/heads/main@", second, "refs/heads/main"},
		{{.name = "refs/tags/v1.1.0"}, "refs/tags/v1.1.0@", annotated, "refs/tags/v1.1.0"},
		{{.name = "refs/tags/v1.1.0^{}"},
		 "refs/tags/v1.1.0^{}@",
		 annotated,
		 "refs/tags/v1.1.0^{}"},
		{{.name = "refs/pull/7/head"}, "refs/pull/7/head@", feature, "refs/pull/7/head"},
		{{.name = "refs/heads/main", .commit = first},
		 "refs/heads/main@",
		 first,
		 "refs/heads/main"},
	};

	git_server_start(&server, options);
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_autofree char *want =
			gt_xasprintf("%ssha1:%s", cases[i].prefix, cases[i].commit);
		struct gt_git_checkout c = {0};
		struct gt_git_want again = cases[i].want;
		struct gt_err err;

		git_server_requests(&server, NULL);
		check_ok(checkout("app.git", &cases[i].want, &c, &err), &err);
		/* A server that was never seen costs no more: refs and objects. */
		size_t first_time = git_server_requests(&server, NULL);
		if (i == 0 && !options && first_time != 2)
			fail_msg("a first checkout took %zu requests", first_time);
		assert_string_equal(c.revision, want);
		assert_string_equal(c.reference, cases[i].reference);
		assert_true(c.concrete);
		gt_git_checkout_fini(&c);

		/* The same again: nothing is fetched. */
		again.last_observed = want;
		git_server_requests(&server, NULL);
		check_ok(checkout("app.git", &again, &c, &err), &err);
		assert_false(c.concrete);
		assert_string_equal(c.revision, want);
		size_t requests = git_server_requests(&server, NULL);
		if (requests != (again.semver && *again.semver == '2' ? 2 : 1))
			fail_msg("%s: a poll took %zu requests", want, requests);
		gt_git_checkout_fini(&c);
	}
}

static void test_strategies(void **state)
{
	(void)state;
	check_strategies(NULL);
}

static void test_strategies_v0(void **state)
{
	static const char *const options[] = {"--v0", NULL};

	(void)state;
	check_strategies(options);
}

static void test_strategies_v0_refs_only(void **state)
{
	static const char *const options[] = {"--v0", "--refs-only", NULL};

	(void)state;
	check_strategies(options);
}

static void test_tree(void **state)
{
	struct gt_git_want want = {.branch = "main"};
	struct gt_git_checkout c;
	struct gt_err err;
	gt_auto_buf list = {0};

	(void)state;
	git_server_start(&server, NULL);
	check_ok(checkout("app.git", &want, &c, &err), &err);
	list_tree(&c, NULL, 0, &list);
	assert_string_equal(list.p, "README.md=r app/ app/a.yaml=two deploy/ deploy/base/ "
				    "deploy/base/k.yaml=x deploy/run.sh*=#!/bin/sh ");
	assert_string_equal(c.info.message, "second: add the deployment\n");
	assert_int_equal(c.info.committed, 1700000000);
	gt_git_checkout_fini(&c);
}

/* The tip alone comes, however long the history. */
static void test_depth_is_one(void **state)
{
	struct gt_git_want want = {.branch = "main"};
	struct gt_git_checkout c;
	struct gt_err err;
	struct gt_oid old;

	(void)state;
	git_server_start(&server, NULL);
	check_ok(checkout("app.git", &want, &c, &err), &err);
	assert_true(gt_oid_parse(gt_str(first), &old));
	assert_false(gt_git_pack_has(c.pack, &old));
	assert_true(gt_git_pack_has(c.pack, &c.commit));
	gt_git_checkout_fini(&c);
}

static void check_sparse(const char *const *options)
{
	static const char *const sparse[] = {"deploy/base", "app"};
	struct gt_git_want want = {.branch = "main", .sparse = sparse, .n_sparse = 2};
	struct gt_git_checkout c;
	gt_auto_buf list = {0};
	struct gt_err err;
	struct gt_oid readme;

	git_server_start(&server, options);
	gt_autofree char *id = hash_of("main:README.md");
	assert_true(gt_oid_parse(gt_str(id), &readme));
	check_ok(checkout("app.git", &want, &c, &err), &err);
	list_tree(&c, sparse, 2, &list);
	assert_string_equal(list.p,
			    "app/ app/a.yaml=two deploy/ deploy/base/ deploy/base/k.yaml=x ");
	/* Where the server can filter, nothing else was transferred. */
	assert_int_equal(gt_git_pack_has(c.pack, &readme), options != NULL);
	gt_git_checkout_fini(&c);
}

static void test_sparse(void **state)
{
	static const char *const no_filter[] = {"--no-filter", NULL};

	(void)state;
	check_sparse(NULL);
	check_sparse(no_filter);
}

static void test_errors(void **state)
{
	static const struct {
		const char *repo;
		struct gt_git_want want;
		enum gt_code code;
		const char *text; /* %s is the URL */
	} cases[] = {
		{"app.git",
		 {.branch = "nope"},
		 GT_E_NOT_FOUND,
		 "unable to clone: couldn't find remote ref 'refs/heads/nope': git repository: "
		 "'%s'"},
		{"app.git",
		 {.tag = "v9"},
		 GT_E_NOT_FOUND,
		 "unable to clone: couldn't find remote ref 'refs/tags/v9': git repository: '%s'"},
		{"app.git",
		 {.name = "refs/heads/nope"},
		 GT_E_NOT_FOUND,
		 "unable to resolve ref 'refs/heads/nope' to a specific commit"},
		{"app.git",
		 {.name = "/refs/heads/main"},
		 GT_E_INVALID,
		 "ref /refs/heads/main is invalid; Git refs cannot begin or end with a slash '/'"},
		{"app.git",
		 {.commit = "0123456789012345678901234567890123456789"},
		 GT_E_NOT_FOUND,
		 "unable to resolve commit object for '0123456789012345678901234567890123456789': "
		 "object not found"},
		{"app.git",
		 {.commit = "abc"},
		 GT_E_NOT_FOUND,
		 "unable to resolve commit object for 'abc': object not found"},
		{"none.git",
		 {.branch = "main"},
		 GT_E_NOT_FOUND,
		 "unable to clone: repository not found: git repository: '%s'"},
		{"empty.git",
		 {.tag = "v1"},
		 GT_E_NOT_FOUND,
		 "unable to clone: remote repository is empty: git repository: '%s'"},
		{"none.git",
		 {.branch = "main", .last_observed = "main@sha1:00"},
		 GT_E_NOT_FOUND,
		 "unable to list remote for '%s': repository not found"},
	};

	(void)state;
	git_server_start(&server, NULL);
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_autofree char *url = gt_xasprintf("%s/%s", server.url, cases[i].repo);
		struct gt_git_checkout c;
		struct gt_err err = {0};
		gt_auto_buf want = {0};
		const char *mark = strstr(cases[i].text, "%s");

		int rc = checkout(cases[i].repo, &cases[i].want, &c, &err);
		gt_buf_add(&want, cases[i].text,
			   mark ? (size_t)(mark - cases[i].text) : strlen(cases[i].text));
		if (mark)
			gt_buf_printf(&want, "%s%s", url, mark + 2);
		if (rc != (int)cases[i].code || strcmp(err.text, want.p) != 0)
			fail_msg("case %zu: %s: %s\nwant: %s", i, gt_code_name((enum gt_code)rc),
				 err.text, want.p);
	}
}

static void test_empty_repository(void **state)
{
	struct gt_git_want want = {.branch = "main"};
	struct gt_git_checkout c;
	struct gt_err err;

	(void)state;
	git_server_start(&server, NULL);
	check_ok(checkout("empty.git", &want, &c, &err), &err);
	assert_true(c.empty);
	gt_git_checkout_fini(&c);
}

static void test_truncated_pack(void **state)
{
	static const char *const options[] = {"--truncate", "200", NULL};
	struct gt_git_want want = {.branch = "main"};
	struct gt_git_checkout c;
	struct gt_err err;

	(void)state;
	git_server_start(&server, options);
	int rc = checkout("app.git", &want, &c, &err);
	if (rc != GT_E_UNAVAILABLE || !strstr(err.text, "unable to clone '"))
		fail_msg("%d: %s", rc, err.text);
}

static void test_slow_server(void **state)
{
	static const char *const options[] = {"--delay", "30", NULL};
	struct gt_git_want want = {.branch = "main"};
	struct gt_git_transport *t;
	struct gt_git_checkout c;
	struct gt_ctx ctx;
	struct gt_err err;

	(void)state;
	git_server_start(&server, options);
	gt_autofree char *url = gt_xasprintf("%s/app.git", server.url);
	check_ok(gt_git_http_new(loop, url, NULL, &t, &err), &err);
	gt_ctx_init(&ctx, NULL, GT_MILLIS(50));
	check_fails(gt_git_checkout_do(t, &ctx, url, &want, work, &c, &err), GT_E_TIMEOUT);
	gt_ctx_fini(&ctx);
	t->ops->free(t);
}

static void test_unreachable(void **state)
{
	struct gt_git_want want = {.branch = "main"};
	struct gt_git_checkout c;
	struct gt_err err;

	(void)state;
	git_server_start(&server, NULL);
	gt_autofree char *url = gt_xstrdup(server.url);
	git_server_stop(&server);
	server.url = gt_steal(url);
	check_fails(checkout("app.git", &want, &c, &err), GT_E_UNAVAILABLE);
}

static void test_basic_auth(void **state)
{
	static const char *const options[] = {"--user", "ann", "--password", "s3cret", NULL};
	struct gt_git_want want = {.branch = "main"};
	struct gt_secret password = {0}, wrong = {0};
	struct gt_git_auth auth = {.username = "ann", .password = &password};
	struct gt_git_checkout c;
	struct gt_err err;

	(void)state;
	git_server_start(&server, options);
	gt_secret_set(&password, gt_str("s3cret"));
	gt_secret_set(&wrong, gt_str("other"));
	check_ok(checkout_auth("app.git", &want, &auth, &c, &err), &err);
	gt_git_checkout_fini(&c);
	auth.password = &wrong;
	check_fails(checkout_auth("app.git", &want, &auth, &c, &err), GT_E_AUTH);
	assert_non_null(strstr(err.text, "authentication required"));
	assert_null(strstr(err.text, "other"));
	check_fails(checkout("app.git", &want, &c, &err), GT_E_AUTH);
	gt_secret_fini(&password);
	gt_secret_fini(&wrong);
}

static void test_bearer(void **state)
{
	static const char *const options[] = {"--bearer", "tok3n", NULL};
	struct gt_git_want want = {.branch = "main"};
	struct gt_secret token = {0};
	struct gt_git_auth auth = {.bearer = &token};
	struct gt_git_checkout c;
	struct gt_err err;

	(void)state;
	git_server_start(&server, options);
	gt_secret_set(&token, gt_str("tok3n"));
	check_ok(checkout_auth("app.git", &want, &auth, &c, &err), &err);
	gt_git_checkout_fini(&c);
	gt_secret_fini(&token);
}

static void test_redirect(void **state)
{
	static const char *const options[] = {"--moved", "old", NULL};
	struct gt_git_want want = {.branch = "main"};
	struct gt_git_checkout c;
	struct gt_err err;

	(void)state;
	git_server_start(&server, options);
	check_ok(checkout("old/app.git", &want, &c, &err), &err);
	assert_true(c.concrete);
	/* Where it was found is remembered: a poll is one round trip. */
	want.last_observed = c.revision;
	git_server_requests(&server, NULL);
	struct gt_git_checkout again;
	check_ok(checkout("old/app.git", &want, &again, &err), &err);
	assert_false(again.concrete);
	assert_int_equal(git_server_requests(&server, NULL), 1);
	gt_git_checkout_fini(&again);
	gt_git_checkout_fini(&c);
}

/* A hint that is no longer true costs a round trip, not the checkout. */
static void test_moved_back(void **state)
{
	static const char *const options[] = {"--moved", "back", NULL};
	struct gt_git_want want = {.branch = "main"};
	struct gt_git_checkout c;
	struct gt_err err;

	(void)state;
	git_server_start(&server, options);
	check_ok(checkout("back/app.git", &want, &c, &err), &err);
	gt_git_checkout_fini(&c);
	free(git_shell(&server, "mkdir back; mv app.git back/; true"));
	/* The same port, without the redirect. */
	gt_autofree char *url = gt_xstrdup(server.url);
	const char *port = strrchr(url, ':') + 1;
	const char *plain[] = {"--port", port, NULL};
	git_server_start(&server, plain);
	int rc = checkout("back/app.git", &want, &c, &err);
	free(git_shell(&server, "mv back/app.git .; rmdir back"));
	check_ok(rc, &err);
	gt_git_checkout_fini(&c);
}

static void test_tls(void **state)
{
	struct gt_git_want want = {.branch = "main"};
	struct gt_git_auth auth = {0};
	struct gt_git_checkout c;
	gt_auto_buf ca = {0};
	struct gt_err err;

	(void)state;
	free(git_shell(&server,
		       "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
		       "-keyout ../key.pem -out ../cert.pem -days 30 -subj /CN=localhost "
		       "-addext subjectAltName=IP:127.0.0.1"));
	gt_autofree char *cert = gt_xasprintf("%s/cert.pem", server.dir);
	gt_autofree char *key = gt_xasprintf("%s/key.pem", server.dir);
	const char *options[] = {"--tls-cert", cert, "--tls-key", key, NULL};
	gt_autoclose int fd = open(cert, O_RDONLY | O_CLOEXEC);
	check_ok(gt_fd_read_all(fd, 1 << 16, &ca, &err), &err);
	git_server_start(&server, options);
	check_fails(checkout_auth("app.git", &want, &auth, &c, &err), GT_E_AUTH);
	auth.ca_pem = gt_buf_str(&ca);
	check_ok(checkout_auth("app.git", &want, &auth, &c, &err), &err);
	gt_git_checkout_fini(&c);
}

static void read_pem(const char *name, struct gt_buf *out)
{
	gt_autofree char *path = gt_xasprintf("%s/%s", server.dir, name);
	gt_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (gt_fd_read_all(fd, 1 << 16, out, NULL) < 0)
		fail_msg("cannot read %s", path);
}

static void test_client_certificate(void **state)
{
	struct gt_git_want want = {.branch = "main"};
	gt_auto_buf ca = {0}, cert = {0}, key = {0};
	struct gt_secret cert_pem = {0}, key_pem = {0};
	struct gt_git_checkout c;
	struct gt_err err;

	(void)state;
	/* One certificate for both ends is enough here. */
	free(git_shell(&server,
		       "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
		       "-keyout ../both.key -out ../both.pem -days 30 -subj /CN=both "
		       "-addext subjectAltName=IP:127.0.0.1"));
	gt_autofree char *cert_file = gt_xasprintf("%s/both.pem", server.dir);
	gt_autofree char *key_file = gt_xasprintf("%s/both.key", server.dir);
	const char *options[] = {"--tls-cert",  cert_file, "--tls-key", key_file,
				 "--client-ca", cert_file, NULL};
	read_pem("both.pem", &ca);
	read_pem("both.pem", &cert);
	read_pem("both.key", &key);
	gt_secret_set(&cert_pem, gt_buf_str(&cert));
	gt_secret_set(&key_pem, gt_buf_str(&key));
	struct gt_git_auth auth = {.ca_pem = gt_buf_str(&ca)};
	git_server_start(&server, options);
	assert_true(checkout_auth("app.git", &want, &auth, &c, &err) < 0);
	auth.cert_pem = &cert_pem;
	auth.key_pem = &key_pem;
	check_ok(checkout_auth("app.git", &want, &auth, &c, &err), &err);
	gt_git_checkout_fini(&c);
	gt_secret_fini(&cert_pem);
	gt_secret_fini(&key_pem);
}

static void test_words(void **state)
{
	static const struct {
		const char *in, *want;
	} revisions[] = {
		{"main/5394cb7f", "main@sha1:5394cb7f"},
		{"feature/b/5394cb7f", "feature/b@sha1:5394cb7f"},
		{"HEAD/5394cb7f", "sha1:5394cb7f"},
		{"5394cb7f", "sha1:5394cb7f"},
		{"main@sha1:53", "main@sha1:53"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(revisions); i++) {
		gt_autofree char *got = gt_git_revision_normal(revisions[i].in);
		assert_string_equal(got, revisions[i].want);
	}
	gt_autofree char *a = gt_git_short_message("subject\n\nbody");
	assert_string_equal(a, "subject");
	gt_autofree char *b =
		gt_git_short_message("0123456789012345678901234567890123456789012345678\xc3\xbcx");
	assert_string_equal(b, "0123456789012345678901234567890123456789012345678\xc3\xbc...");
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, new_work, drop_work)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_strategies),
		CASE(test_strategies_v0),
		CASE(test_strategies_v0_refs_only),
		CASE(test_tree),
		CASE(test_depth_is_one),
		CASE(test_sparse),
		CASE(test_errors),
		CASE(test_empty_repository),
		CASE(test_truncated_pack),
		CASE(test_slow_server),
		CASE(test_unreachable),
		CASE(test_basic_auth),
		CASE(test_bearer),
		CASE(test_redirect),
		CASE(test_moved_back),
		CASE(test_tls),
		CASE(test_client_certificate),
		cmocka_unit_test(test_words),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
