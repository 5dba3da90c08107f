/* Fetching over SSH from OpenSSH's server, with every type of key and every way to refuse. */
#include "support/check.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/time.h"
#include "git/checkout.h"
#include "support/git_server.h"

#define SSHD "/usr/sbin/sshd"

static struct git_server server; /* for its repositories; sshd serves them */
static pid_t sshd;
static unsigned port;
static char *work, *main_commit;

static unsigned free_port(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t n = sizeof addr;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(fd, (struct sockaddr *)&addr, sizeof addr);
	getsockname(fd, (struct sockaddr *)&addr, &n);
	close(fd);
	return ntohs(addr.sin_port);
}

static void wait_for_port(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < 5000; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		int rc = connect(fd, (struct sockaddr *)&addr, sizeof addr);

		close(fd);
		if (rc == 0)
			return;
		if (waitpid(sshd, NULL, WNOHANG) != 0)
			fail_msg("sshd ended at its start");
		usleep(1000);
	}
}

static void stop_sshd(void)
{
	if (sshd > 0) {
		kill(sshd, SIGKILL);
		waitpid(sshd, NULL, 0);
	}
	sshd = 0;
}

/* more: further lines of sshd_config. */
static void start_sshd(const char *more)
{
	gt_autofree char *config = gt_xasprintf("%s/sshd_config", server.dir);
	const char *argv[] = {SSHD, "-D", "-e", "-f", config, NULL};
	posix_spawn_file_actions_t actions;

	stop_sshd();
	port = free_port();
	FILE *f = fopen(config, "w");
	fprintf(f,
		"Port %u\nListenAddress 127.0.0.1\nStrictModes no\nUsePAM no\nPidFile none\n"
		"PasswordAuthentication no\nKbdInteractiveAuthentication no\nLogLevel ERROR\n"
		"AuthorizedKeysFile %s/authorized_keys\nHostKey %s/host_ed25519\n"
		"HostKey %s/host_rsa\nHostKey %s/host_ecdsa\nSetEnv GIT_CONFIG_COUNT=1 "
		"GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=*\n%s\n",
		port, server.dir, server.dir, server.dir, server.dir, more);
	fclose(f);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	extern char **environ;
	if (posix_spawn(&sshd, SSHD, &actions, NULL, (char *const *)(uintptr_t)argv, environ) != 0)
		fail_msg("cannot start " SSHD);
	posix_spawn_file_actions_destroy(&actions);
	wait_for_port();
}

static int setup(void **state)
{
	(void)state;
	git_server_init(&server);
	mkdir("/run/sshd", 0755);
	free(git_shell(
		&server,
		"git init -q -b main work; cd work; echo x > f; git add .; git commit -qm one; "
		"echo y > f; git add .; git commit -qm two; cd ..; "
		"git clone -q --bare work \"it's.git\"; git clone -q --bare work app.git; "
		"cd ..; for t in ed25519 rsa ecdsa; do "
		"ssh-keygen -q -t $t -N '' -f host_$t; ssh-keygen -q -t $t -N '' -f id_$t; "
		"cat id_$t.pub >> authorized_keys; done; "
		"ssh-keygen -q -t ed25519 -N secret -f id_locked; "
		"cat id_locked.pub >> authorized_keys; "
		"ssh-keygen -q -t ecdsa -m PEM -N secret -f id_pem; "
		"cat id_pem.pub >> authorized_keys; "
		"ssh-keygen -q -t ed25519 -N '' -f id_stranger"));
	main_commit = git_shell(&server, "git -C app.git rev-parse main");
	return gt_fs_mkdtemp(NULL, "work-", &work, NULL);
}

static int teardown(void **state)
{
	(void)state;
	stop_sshd();
	git_server_fini(&server);
	gt_fs_remove_tree(work);
	free(work);
	free(main_commit);
	return 0;
}

static void read_file(const char *name, struct gt_buf *out)
{
	gt_autofree char *path = gt_xasprintf("%s/%s", server.dir, name);
	gt_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || gt_fd_read_all(fd, 1 << 16, out, NULL) < 0)
		fail_msg("cannot read %s", path);
}

struct login {
	struct gt_secret identity, passphrase;
	struct gt_buf known_hosts;
	struct gt_git_auth auth;
};

static void login_init(struct login *l, const char *identity, const char *passphrase,
		       const char *host_key)
{
	gt_auto_buf key = {0}, host = {0};

	memset(l, 0, sizeof *l);
	read_file(identity, &key);
	gt_secret_set(&l->identity, gt_buf_str(&key));
	if (passphrase)
		gt_secret_set(&l->passphrase, gt_str(passphrase));
	read_file(host_key, &host);
	gt_buf_printf(&l->known_hosts, "[127.0.0.1]:%u %s", port, host.p);
	l->auth = (struct gt_git_auth){.identity = &l->identity,
				       .passphrase = &l->passphrase,
				       .known_hosts = gt_buf_str(&l->known_hosts)};
}

static void login_fini(struct login *l)
{
	gt_secret_fini(&l->identity);
	gt_secret_fini(&l->passphrase);
	gt_buf_fini(&l->known_hosts);
}

static int checkout(const char *repo, struct login *l, struct gt_git_want *want,
		    struct gt_git_checkout *ret, struct gt_err *err)
{
	gt_autofree char *url =
		gt_xasprintf("ssh://root@127.0.0.1:%u%s/repos/%s", port, server.dir, repo);
	struct gt_git_transport *t;
	gt_auto_ctx ctx;

	int rc = gt_git_ssh_new(url, &l->auth, &t, err);
	if (rc < 0)
		return rc;
	gt_ctx_init(&ctx, NULL, GT_SECONDS(20));
	rc = gt_git_checkout_do(t, &ctx, url, want, work, ret, err);
	t->ops->free(t);
	return rc;
}

static void check_main(const char *repo, struct login *l)
{
	struct gt_git_want want = {.branch = "main"};
	struct gt_git_checkout c;
	struct gt_err err;

	check_ok(checkout(repo, l, &want, &c, &err), &err);
	assert_true(c.concrete);
	assert_string_equal(c.revision + strlen("main@sha1:"), main_commit);
	gt_git_checkout_fini(&c);
}

static void test_keys(void **state)
{
	static const char *const versions[] = {"AcceptEnv GIT_PROTOCOL", ""};
	static const struct {
		const char *identity, *passphrase, *host;
	} cases[] = {
		{"id_ed25519", NULL, "host_ed25519.pub"},
		{"id_rsa", NULL, "host_rsa.pub"},
		{"id_ecdsa", NULL, "host_ecdsa.pub"},
		{"id_locked", "secret", "host_ed25519.pub"},
		{"id_pem", "secret", "host_ed25519.pub"},
	};

	(void)state;
	for (size_t v = 0; v < GT_COUNT(versions); v++) {
		start_sshd(versions[v]);
		for (size_t i = 0; i < GT_COUNT(cases); i++) {
			struct login l;

			login_init(&l, cases[i].identity, cases[i].passphrase, cases[i].host);
			check_main("app.git", &l);
			login_fini(&l);
		}
	}
}

static void test_quoting(void **state)
{
	struct login l;

	(void)state;
	start_sshd("");
	login_init(&l, "id_ed25519", NULL, "host_ed25519.pub");
	check_main("it's.git", &l);
	login_fini(&l);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *identity, *passphrase, *host;
		enum gt_code code;
		const char *text;
	} cases[] = {
		{"id_stranger", NULL, "host_ed25519.pub", GT_E_AUTH, "unable to authenticate"},
		{"id_ed25519", NULL, "id_ed25519.pub", GT_E_AUTH, "knownhosts: key mismatch"},
		{"id_locked", NULL, "host_ed25519.pub", GT_E_AUTH, "passphrase protected"},
		{"id_pem", NULL, "host_ed25519.pub", GT_E_AUTH, "passphrase protected"},
		{"id_locked", "wrong", "host_ed25519.pub", GT_E_INVALID, "cannot be decrypted"},
		{"host_rsa.pub", NULL, "host_ed25519.pub", GT_E_INVALID, "no key found"},
	};

	(void)state;
	start_sshd("");
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct gt_git_want want = {.branch = "main"};
		struct gt_git_checkout c;
		struct gt_err err = {0};
		struct login l;

		login_init(&l, cases[i].identity, cases[i].passphrase, cases[i].host);
		int rc = checkout("app.git", &l, &want, &c, &err);
		if (rc != (int)cases[i].code || !strstr(err.text, cases[i].text))
			fail_msg("case %zu: %s: %s", i, gt_code_name((enum gt_code)rc), err.text);
		assert_null(strstr(err.text, "PRIVATE KEY"));
		login_fini(&l);
	}
}

static void test_key_check(void **state)
{
	struct gt_secret key = {0}, phrase = {0};
	gt_auto_buf locked = {0};

	(void)state;
	read_file("id_locked", &locked);
	gt_secret_set(&key, gt_buf_str(&locked));
	gt_secret_set(&phrase, gt_str("secret"));
	check_fails(gt_git_ssh_key_check(&key, NULL, NULL), GT_E_AUTH);
	assert_int_equal(gt_git_ssh_key_check(&key, &phrase, NULL), GT_OK);
	gt_secret_set(&key, gt_str("no key"));
	check_fails(gt_git_ssh_key_check(&key, NULL, NULL), GT_E_INVALID);
	gt_secret_fini(&key);
	gt_secret_fini(&phrase);
}

static void test_unknown_repository(void **state)
{
	struct gt_git_want want = {.branch = "main"};
	struct gt_git_checkout c;
	struct gt_err err;
	struct login l;

	(void)state;
	start_sshd("");
	login_init(&l, "id_ed25519", NULL, "host_ed25519.pub");
	check_fails(checkout("none.git", &l, &want, &c, &err), GT_E_NOT_FOUND);
	assert_non_null(strstr(err.text, "does not appear to be a git repository"));
	login_fini(&l);
}

static void test_algorithms(void **state)
{
	struct gt_git_want want = {.branch = "main"};
	struct gt_git_checkout c;
	struct gt_err err;
	struct login l;

	(void)state;
	start_sshd("");
	login_init(&l, "id_ed25519", NULL, "host_ed25519.pub");
	l.auth.kex_algos = "curve25519-sha256";
	l.auth.hostkey_algos = "ssh-ed25519";
	check_main("app.git", &l);
	l.auth.kex_algos = "none-such";
	check_fails(checkout("app.git", &l, &want, &c, &err), GT_E_INVALID);
	login_fini(&l);
}

/* A server that takes the connection and says nothing. */
static void test_silent_server(void **state)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t n = sizeof addr;
	gt_autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct gt_git_transport *t;
	struct gt_git_checkout c;
	struct gt_git_want want = {.branch = "main"};
	struct gt_err err;
	struct login l;
	gt_auto_ctx ctx;

	(void)state;
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof addr), 0);
	assert_int_equal(listen(fd, 5), 0);
	getsockname(fd, (struct sockaddr *)&addr, &n);
	port = ntohs(addr.sin_port);
	login_init(&l, "id_ed25519", NULL, "host_ed25519.pub");
	gt_autofree char *url = gt_xasprintf("ssh://git@127.0.0.1:%u/app.git", port);
	check_ok(gt_git_ssh_new(url, &l.auth, &t, &err), &err);
	gt_ctx_init(&ctx, NULL, GT_MILLIS(50));
	check_fails(gt_git_checkout_do(t, &ctx, url, &want, work, &c, &err), GT_E_TIMEOUT);
	t->ops->free(t);
	login_fini(&l);
}

/* --- proxies ------------------------------------------------------------------------------- */

static pid_t proxy;

static unsigned start_proxy(const char *user)
{
	gt_autofree char *ready = gt_xasprintf("%s/proxy", server.dir);
	gt_autofree char *log = gt_xasprintf("%s/proxy.log", server.dir);
	const char *argv[] = {"python3",    TEST_DATA "/../support/proxy.py",
			      "--ready",    ready,
			      "--log",      log,
			      "--password", "s3cret",
			      "--user",     user ? user : "",
			      NULL};
	gt_auto_buf text = {0};
	uint64_t got = 0;

	unlink(ready);
	extern char **environ;
	if (posix_spawnp(&proxy, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, environ))
		fail_msg("cannot start the proxy");
	for (int i = 0; i < 10000 && access(ready, R_OK) < 0; i++)
		usleep(1000);
	read_file("proxy", &text);
	gt_str_u64(gt_buf_str(&text), &got);
	return (unsigned)got;
}

static void stop_proxy(void)
{
	kill(proxy, SIGKILL);
	waitpid(proxy, NULL, 0);
}

static void test_proxies(void **state)
{
	static const char *const schemes[] = {"http", "socks5"};
	struct gt_secret right = {0}, wrong = {0};
	gt_auto_buf log = {0};

	(void)state;
	gt_secret_set(&right, gt_str("s3cret"));
	gt_secret_set(&wrong, gt_str("guess"));
	start_sshd("");
	for (size_t i = 0; i < GT_COUNT(schemes); i++) {
		for (int auth = 0; auth < 2; auth++) {
			unsigned proxy_port = start_proxy(auth ? "ann" : NULL);
			gt_autofree char *url =
				gt_xasprintf("%s://127.0.0.1:%u", schemes[i], proxy_port);
			struct gt_git_want want = {.branch = "main"};
			struct gt_git_checkout c;
			struct gt_err err;
			struct login l;

			login_init(&l, "id_ed25519", NULL, "host_ed25519.pub");
			l.auth.proxy_url = url;
			l.auth.proxy_user = auth ? "ann" : NULL;
			l.auth.proxy_password = &right;
			check_main("app.git", &l);
			if (auth) {
				l.auth.proxy_password = &wrong;
				check_fails(checkout("app.git", &l, &want, &c, &err), GT_E_AUTH);
				assert_null(strstr(err.text, "guess"));
			}
			login_fini(&l);
			stop_proxy();
		}
	}
	read_file("proxy.log", &log);
	assert_non_null(strstr(log.p, "http 127.0.0.1:"));
	assert_non_null(strstr(log.p, "socks5 127.0.0.1:"));
	gt_secret_fini(&right);
	gt_secret_fini(&wrong);
}

static size_t count_fds(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void test_no_descriptor_is_leaked(void **state)
{
	static const char *const identities[] = {"id_ed25519", "id_stranger", "host_rsa.pub"};
	size_t before = 0;

	(void)state;
	start_sshd("");
	for (size_t i = 0; i < 3 * GT_COUNT(identities); i++) {
		struct gt_git_want want = {.branch = "main"};
		struct gt_git_checkout c = {0};
		struct gt_err err;
		struct login l;

		login_init(&l, identities[i % 3], NULL, "host_ed25519.pub");
		if (checkout("app.git", &l, &want, &c, &err) == GT_OK)
			gt_git_checkout_fini(&c);
		login_fini(&l);
		if (i == 2)
			before = count_fds();
	}
	assert_int_equal(count_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_quoting),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_key_check),
		cmocka_unit_test(test_algorithms),
		cmocka_unit_test(test_unknown_repository),
		cmocka_unit_test(test_silent_server),
		cmocka_unit_test(test_proxies),
		cmocka_unit_test(test_no_descriptor_is_leaked),
	};

	if (access(SSHD, X_OK) < 0 || geteuid() != 0) {
		printf("skipped: needs " SSHD " (package openssh-server) and root\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}
