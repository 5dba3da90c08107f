/* The server against the curl command, where there is one. */
#include <sys/wait.h>

#include "app.h"

#include "base/fs.h"
#include "crypto/tls.h"

static struct gt_loop *loop;
static struct gt_identity ca, id;
static struct gt_tls *tls;
static struct app plain, secure;
static char *dir;

static bool have_curl(void)
{
	return access("/usr/bin/curl", X_OK) == 0;
}

static void write_file(const char *name, struct gt_str bytes)
{
	int fd = -1;

	assert_int_equal(gt_fs_open_root(dir, &fd, NULL), GT_OK);
	assert_int_equal(gt_fs_write_atomic(fd, name, bytes, 0600, false, NULL), GT_OK);
	close(fd);
}

static int setup(void **state)
{
	static const char *const ips[] = {"127.0.0.1", NULL};
	static const char *const alpn[] = {"h2", "http/1.1", NULL};
	struct gt_x509_request request = {.common_name = "ca", .lifetime_ns = GT_SECONDS(3600)};
	struct gt_x509_request server = {.common_name = "s",
					 .ip_addresses = ips,
					 .lifetime_ns = GT_SECONDS(3600),
					 .server = true};
	gt_auto_buf body = {0};

	(void)state;
	assert_int_equal(gt_x509_make_ca(&request, &ca, NULL), GT_OK);
	assert_int_equal(gt_x509_issue(&ca, &server, &id, NULL), GT_OK);
	struct gt_tls_server_opts opts = {.identity = &id, .alpn = alpn};
	assert_int_equal(gt_tls_server_new(&opts, &tls, NULL), GT_OK);
	assert_int_equal(gt_fs_mkdtemp(NULL, "curl-", &dir, NULL), GT_OK);
	write_file("ca.pem", gt_str(ca.cert_pem));
	gt_buf_fill(&body, 'b', 3 << 20);
	write_file("body", gt_buf_str(&body));
	loop = start_loop();
	app_open(&plain, loop, (struct gt_http_server_opts){.gzip_min = 1000});
	app_open(&secure, loop, (struct gt_http_server_opts){.tls = tls, .gzip_min = 1000});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	app_close(&plain);
	app_close(&secure);
	end_loop(loop);
	gt_tls_free(tls);
	gt_identity_fini(&ca);
	gt_identity_fini(&id);
	gt_fs_remove_tree(dir);
	free(dir);
	return 0;
}

/* Runs curl in the test's folder and takes what it prints. */
static int run(const char *const *args, struct gt_buf *out)
{
	const char *argv[24] = {"curl", "-sS", "--noproxy", "*", "--max-time", "30"};
	size_t n = 6;
	int pipes[2];
	int status = 0;

	while (*args)
		argv[n++] = *args++;
	assert_int_equal(pipe(pipes), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(pipes[1], 1);
		close(pipes[0]);
		close(pipes[1]);
		if (chdir(dir) == 0)
			execv("/usr/bin/curl", (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(pipes[1]);
	gt_fd_read_all(pipes[0], 64 << 20, out, NULL);
	close(pipes[0]);
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void talks_to_curl(void **state)
{
	static const struct {
		bool tls;
		const char *version, *path;
		const char *extra[5];
		int exit;
		const char *prints; /* NULL: only its length counts */
		size_t length;
	} rows[] = {
		{false, "--http1.1", "/hello", {"-w", " %{http_version}"}, 0, "hello 1.1", 0},
		{false, "--http1.0", "/hello", {NULL}, 0, "hello", 0},
		{false, "--http2", "/hello", {"-w", " %{http_version}"}, 0, "hello 1.1", 0},
		{true, "--http1.1", "/hello", {"-w", " %{http_version}"}, 0, "hello 1.1", 0},
		{true, "--http2", "/hello", {"-w", " %{http_version}"}, 0, "hello 2", 0},
		{true, "--http2", "/big?c3000000", {NULL}, 0, NULL, 3000000},
		{true, "--http1.1", "/big?3000000", {NULL}, 0, NULL, 3000000},
		{true, "--http2", "/zeros?500000", {"--compressed"}, 0, NULL, 500000},
		{false, "--http1.1", "/zeros?500000", {"--compressed"}, 0, NULL, 500000},
		{true,
		 "--http2",
		 "/hello",
		 {"-I", "-o", "head", "-w", "%{http_code}"},
		 0,
		 "200",
		 0},
		{true, "--http2", "/sink", {"--data-binary", "@body"}, 0, NULL, 0},
		{false, "--http1.1", "/sink", {"--data-binary", "@body"}, 0, NULL, 0},
		{false,
		 "--http1.1",
		 "/sink",
		 {"-T", "body", "-H", "Transfer-Encoding: chunked"},
		 0,
		 NULL,
		 0},
		{false,
		 "--http1.1",
		 "/echo",
		 {"--data-binary", "@body", "-w", "%{http_code}", "-o/dev/null"},
		 0,
		 "413",
		 0},
		{true, "--http2", "/nothing", {"-f"}, 22, "", 0},
		{true, "--http2", "/abort?late", {NULL}, 92, NULL, 0},
		{false, "--http1.1", "/abort?short", {NULL}, 0, NULL, 0},
	};

	(void)state;
	if (!have_curl())
		skip();
	for (size_t i = 0; i < GT_COUNT(rows); i++) {
		gt_auto_buf out = {0};
		const char *args[12] = {"--cacert", "ca.pem", rows[i].version};
		char url[128];
		size_t n = 3;

		snprintf(url, sizeof url, "%s%s", rows[i].tls ? secure.base : plain.base,
			 rows[i].path);
		for (size_t k = 0; k < 5 && rows[i].extra[k]; k++)
			args[n++] = rows[i].extra[k];
		args[n] = url;
		int code = run(args, &out);
		/* What breaks off breaks off in more than one way. */
		if (strstr(rows[i].path, "short")) {
			assert_true(code == 18 || code == 56);
			continue;
		}
		if (code != rows[i].exit ||
		    (rows[i].prints && !gt_streq(gt_buf_cstr(&out), rows[i].prints)) ||
		    (rows[i].length && out.n != rows[i].length))
			fail_msg("row %zu: exit %d, %zu bytes: %.200s", i, code, out.n,
				 gt_buf_cstr(&out));
		if (strstr(rows[i].path, "sink"))
			assert_true(out.n > (3 << 20));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(talks_to_curl)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
