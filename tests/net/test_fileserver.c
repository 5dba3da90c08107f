/* The file server, its ranges and its types. */
#include <fcntl.h>
#include <sys/stat.h>

#include "support.h"

#include "base/fs.h"
#include "net/fileserver.h"
#include "net/mime.h"
#include "net/range.h"

static struct gt_loop *loop;
static struct gt_fileserver *fs;
static struct gt_http_server *server;
static struct gt_http_client *client;
static char *root;

#define BIG 700001

static struct gt_http_target route(void *arg, const struct gt_http_request *req)
{
	(void)arg;
	(void)req;
	return (struct gt_http_target){gt_fileserver_handle, fs, 0};
}

static void put(int dir, const char *name, struct gt_str bytes)
{
	static const struct timespec at[2] = {{.tv_sec = 784111777}, {.tv_sec = 784111777}};
	int fd = -1;

	assert_int_equal(gt_fs_open(dir, name, O_WRONLY | O_CREAT, 0644, &fd, NULL), GT_OK);
	assert_int_equal(gt_fd_write_all(fd, bytes.p, bytes.n, NULL), GT_OK);
	futimens(fd, at);
	close(fd);
}

static void fill_root(void)
{
	static const struct timespec at[2] = {{.tv_sec = 784111777}, {.tv_sec = 784111777}};
	gt_auto_buf big = {0};
	int dir = -1;

	assert_int_equal(gt_fs_open_root(root, &dir, NULL), GT_OK);
	put(dir, "a.txt", GT_STR_LIT("0123456789"));
	put(dir, "empty", GT_STR_LIT(""));
	put(dir, "x.tar.gz", GT_STR_LIT("\x1f\x8b\x08\x00rest"));
	put(dir, "data.json", GT_STR_LIT("{}"));
	put(dir, "b:c <d>&.bin", GT_STR_LIT("\x01\x02"));
	for (size_t i = 0; i < BIG; i++)
		gt_buf_addc(&big, (char)('a' + i % 23));
	put(dir, "big", gt_buf_str(&big));
	mkdirat(dir, "sub", 0755);
	put(dir, "sub/file", GT_STR_LIT("in sub"));
	mkdirat(dir, "site", 0755);
	put(dir, "site/index.html", GT_STR_LIT("<html>home</html>"));
	assert_int_equal(symlinkat("a.txt", dir, "link"), 0);
	assert_int_equal(symlinkat("sub", dir, "dirlink"), 0);
	assert_int_equal(symlinkat("/etc/passwd", dir, "escape"), 0);
	assert_int_equal(symlinkat("../..", dir, "updir"), 0);
	assert_int_equal(mkfifoat(dir, "pipe", 0644), 0);
	put(dir, "locked", GT_STR_LIT("no"));
	assert_int_equal(fchmodat(dir, "locked", 0, 0), 0);
	utimensat(dir, "sub", at, 0);
	close(dir);
}

static int setup(void **state)
{
	struct gt_http_server_opts opts = {.route = route};
	struct gt_err err;

	(void)state;
	assert_int_equal(gt_fs_mkdtemp(NULL, "files-", &root, &err), GT_OK);
	fill_root();
	loop = start_loop();
	assert_int_equal(gt_fileserver_new(loop, root, "", &fs, &err), GT_OK);
	server = start_server(loop, opts);
	client = new_client(loop, (struct gt_http_client_opts){0});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	gt_http_client_free(client);
	gt_http_server_free(server);
	gt_fileserver_free(fs);
	end_loop(loop);
	gt_fs_remove_tree(root);
	free(root);
	return 0;
}

static void fetch(const char *method, const char *path, const char *const *headers, size_t n,
		  struct gt_http_resp *resp)
{
	char url[256];
	struct gt_http_req req = {.method = method,
				  .url = url,
				  .headers = headers,
				  .n_headers = n,
				  .no_redirects = true};
	struct gt_err err = {0};

	snprintf(url, sizeof url, "http://127.0.0.1:%u%s", gt_http_server_port(server), path);
	if (gt_http_do(client, &req, gt_ctx_background(), resp, &err) < 0)
		fail_msg("%s", err.text);
}

static const struct {
	const char *method, *path;
	const char *header;
	int status;
	const char *body; /* NULL: do not look */
	const char *name, *value;
} exchanges[] = {
	{"GET", "/a.txt", NULL, 200, "0123456789", "Content-Type", "text/plain; charset=utf-8"},
	{"GET", "/a.txt", NULL, 200, NULL, "Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"},
	{"GET", "/a.txt", NULL, 200, NULL, "Accept-Ranges", "bytes"},
	{"GET", "/a.txt", NULL, 200, NULL, "Content-Length", "10"},
	{"HEAD", "/a.txt", NULL, 200, "", "Content-Length", "10"},
	{"POST", "/a.txt", NULL, 200, "0123456789", NULL, NULL},
	{"GET", "/empty", NULL, 200, "", "Content-Type", "text/plain; charset=utf-8"},
	{"GET", "/x.tar.gz", NULL, 200, NULL, "Content-Type", "application/x-gzip"},
	{"GET", "/data.json", NULL, 200, "{}", "Content-Type", "application/json"},
	{"GET", "/b:c%20%3Cd%3E&.bin", NULL, 200, "\x01\x02", "Content-Type",
	 "application/octet-stream"},
	{"GET", "/link", NULL, 200, "0123456789", NULL, NULL},
	{"GET", "/dirlink/file", NULL, 200, "in sub", NULL, NULL},
	{"GET", "/nothing", NULL, 404, "404 page not found\n", "X-Content-Type-Options", "nosniff"},
	{"GET", "/a.txt/x", NULL, 404, NULL, NULL, NULL},
	{"GET", "/escape", NULL, 404, NULL, NULL, NULL},
	{"GET", "/updir/x", NULL, 404, NULL, NULL, NULL},
	{"GET", "/pipe", NULL, 404, NULL, NULL, NULL},
	{"GET", "/a%00b", NULL, 404, NULL, NULL, NULL},
	/* Canonical paths. */
	{"GET", "/sub", NULL, 301, "", "Location", "sub/"},
	{"GET", "/sub?x=1", NULL, 301, "", "Location", "sub/?x=1"},
	{"GET", "/a.txt/", NULL, 301, "", "Location", "../a.txt"},
	{"GET", "/site/index.html", NULL, 301, "", "Location", "./"},
	{"GET", "/../a.txt", NULL, 307, "<a href=\"/a.txt\">Temporary Redirect</a>.\n\n",
	 "Location", "/a.txt"},
	{"POST", "/sub/..//a.txt", NULL, 307, "", "Location", "/a.txt"},
	{"GET", "/site/", NULL, 200, "<html>home</html>", "Content-Type",
	 "text/html; charset=utf-8"},
	{"GET", "/sub/", NULL, 200,
	 "<!doctype html>\n<meta name=\"viewport\" content=\"width=device-width\">\n"
	 "<pre>\n<a href=\"file\">file</a>\n</pre>\n",
	 "Content-Type", "text/html; charset=utf-8"},
	/* Preconditions. */
	{"GET", "/a.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", 304, "",
	 "Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"},
	{"GET", "/a.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT", 200, NULL, NULL,
	 NULL},
	{"GET", "/a.txt", "If-Modified-Since: yesterday", 200, NULL, NULL, NULL},
	{"GET", "/a.txt", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT", 412, "", NULL,
	 NULL},
	{"GET", "/a.txt", "If-None-Match: *", 304, "", NULL, NULL},
	{"GET", "/a.txt", "If-None-Match: \"x\"", 200, NULL, NULL, NULL},
	{"GET", "/a.txt", "If-Match: \"x\"", 412, "", NULL, NULL},
	{"GET", "/sub/", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", 304, "", NULL, NULL},
	/* Ranges. */
	{"GET", "/a.txt", "Range: bytes=2-4", 206, "234", "Content-Range", "bytes 2-4/10"},
	{"HEAD", "/a.txt", "Range: bytes=2-4", 206, "", "Content-Length", "3"},
	{"GET", "/a.txt", "Range: bytes=8-", 206, "89", "Content-Range", "bytes 8-9/10"},
	{"GET", "/a.txt", "Range: bytes=-3", 206, "789", "Content-Range", "bytes 7-9/10"},
	{"GET", "/a.txt", "Range: bytes=5-100", 206, "56789", NULL, NULL},
	{"GET", "/a.txt", "Range: bytes=10-", 416, "invalid range: failed to overlap\n",
	 "Content-Range", "bytes */10"},
	{"GET", "/a.txt", "Range: bytes=4-2", 416, "invalid range\n", NULL, NULL},
	{"GET", "/a.txt", "Range: lines=1-2", 416, "invalid range\n", NULL, NULL},
	{"GET", "/a.txt", "Range: bytes=0-9,0-9", 200, "0123456789", NULL, NULL},
	{"GET", "/empty", "Range: bytes=0-", 200, "", NULL, NULL},
};

static void serves(void **state)
{
	(void)state;
	for (size_t i = 0; i < GT_COUNT(exchanges); i++) {
		gt_auto_http_resp resp = {0};

		fetch(exchanges[i].method, exchanges[i].path, &exchanges[i].header,
		      exchanges[i].header ? 1 : 0, &resp);
		if (resp.status != exchanges[i].status ||
		    (exchanges[i].body && !gt_streq(gt_buf_cstr(&resp.body), exchanges[i].body)) ||
		    (exchanges[i].name &&
		     !gt_str_is(gt_http_header(&resp, exchanges[i].name), exchanges[i].value)))
			fail_msg("%s %s %s: %d\n%s\n%s", exchanges[i].method, exchanges[i].path,
				 exchanges[i].header ? exchanges[i].header : "", resp.status,
				 gt_buf_cstr(&resp.head), gt_buf_cstr(&resp.body));
	}
}

static void lists(void **state)
{
	gt_auto_http_resp resp = {0};

	(void)state;
	fetch("GET", "/", NULL, 0, &resp);
	assert_int_equal(resp.status, 200);
	assert_non_null(strstr(gt_buf_cstr(&resp.body),
			       "<a href=\"./b:c%20%3Cd%3E&.bin\">b:c &lt;d&gt;&amp;.bin</a>\n"));
	const char *site = strstr(gt_buf_cstr(&resp.body), "<a href=\"site/\">site/</a>\n");
	assert_non_null(site);
	assert_non_null(strstr(site, "<a href=\"sub/\">sub/</a>\n"));
}

static void sends_parts(void **state)
{
	static const char *const headers[] = {"Range: bytes=0-1,4-5,-1"};
	gt_auto_http_resp resp = {0};
	gt_auto_buf want = {0};

	(void)state;
	fetch("GET", "/a.txt", headers, 1, &resp);
	assert_int_equal(resp.status, 206);
	struct gt_str type = gt_http_header(&resp, "Content-Type");
	assert_true(gt_str_starts(type, "multipart/byteranges; boundary="));
	struct gt_str mark = gt_str_from(type, strlen("multipart/byteranges; boundary="));
	static const char *const parts[][2] = {{"0-1", "01"}, {"4-5", "45"}, {"9-9", "9"}};
	for (size_t i = 0; i < GT_COUNT(parts); i++)
		gt_buf_printf(&want,
			      "%s--%.*s\r\nContent-Range: bytes %s/10\r\n"
			      "Content-Type: text/plain; charset=utf-8\r\n\r\n%s",
			      i ? "\r\n" : "", GT_STR_ARG(mark), parts[i][0], parts[i][1]);
	gt_buf_printf(&want, "\r\n--%.*s--\r\n", GT_STR_ARG(mark));
	assert_string_equal(gt_buf_cstr(&resp.body), gt_buf_cstr(&want));
}

static void sends_large_files(void **state)
{
	gt_auto_http_resp resp = {0};

	(void)state;
	fetch("GET", "/big", NULL, 0, &resp);
	assert_int_equal(resp.body.n, BIG);
	for (size_t i = 0; i < BIG; i++)
		if (resp.body.p[i] != (char)('a' + i % 23))
			fail_msg("byte %zu", i);
}

/* Clients that go away in the middle, and at the very end of the server. */
static void survives_leavers(void **state)
{
	static const char request[] = "GET /big HTTP/1.1\r\nHost: x\r\n\r\n";

	(void)state;
	for (int i = 0; i < 30; i++) {
		gt_auto_buf out = {0};
		int fd = dial(gt_http_server_port(server));

		say(fd, request, sizeof request - 1);
		if (i % 3)
			hear(fd, "abc", &out);
		close(fd);
	}
	gt_auto_buf out = {0};
	/* One that has closed its sending side still gets everything. */
	rude(gt_http_server_port(server), request, sizeof request - 1, true, &out);
	assert_true(out.n > BIG);
}

static void types(void **state)
{
	static const struct {
		struct gt_str bytes;
		const char *type;
	} rows[] = {
		{GT_STR_LIT("  <!DOCTYPE html>"), "text/html; charset=utf-8"},
		{GT_STR_LIT("<a>"), "text/html; charset=utf-8"},
		{GT_STR_LIT("<abc>"), "text/plain; charset=utf-8"},
		{GT_STR_LIT("\n<?xml version"), "text/xml; charset=utf-8"},
		{GT_STR_LIT("GIF89a..."), "image/gif"},
		{GT_STR_LIT("RIFF1234WEBPVP8"), "image/webp"},
		{GT_STR_LIT("PK\3\4"), "application/zip"},
		{GT_STR_LIT("\0\0\0\x10"
			    "ftypmp42\0\0\0\0"),
		 "video/mp4"},
		{GT_STR_LIT("\0\0\0\x7f"
			    "ftypmp42"),
		 "application/octet-stream"},
		{GT_STR_LIT("\xef\xbb\xbfx"), "text/plain; charset=utf-8"},
		{GT_STR_LIT("apiVersion: v1\n"), "text/plain; charset=utf-8"},
		{GT_STR_LIT("a\0b"), "application/octet-stream"},
		{GT_STR_LIT(""), "text/plain; charset=utf-8"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(rows); i++)
		assert_string_equal(gt_mime_sniff(rows[i].bytes), rows[i].type);
	assert_null(gt_mime_by_name(GT_STR_LIT("a.tar.gz")));
	assert_string_equal(gt_mime_by_name(GT_STR_LIT("A.HTML")), "text/html; charset=utf-8");
}

static void too_many_ranges(void **state)
{
	struct gt_range ranges[GT_RANGES_MAX];
	gt_auto_buf header = {0};
	size_t n;

	(void)state;
	gt_buf_adds(&header, "bytes=0-0");
	for (int i = 0; i < GT_RANGES_MAX; i++)
		gt_buf_adds(&header, ",1-1");
	assert_int_equal(gt_ranges_parse(gt_buf_str(&header), 1000, ranges, &n), GT_RANGES_ALL);
	assert_int_equal(gt_ranges_parse(GT_STR_LIT("bytes="), 10, ranges, &n), GT_RANGES_ALL);
	assert_int_equal(gt_ranges_parse(GT_STR_LIT("bytes=99999999999999999999-"), 10, ranges, &n),
			 GT_RANGES_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serves),           cmocka_unit_test(lists),
		cmocka_unit_test(sends_parts),      cmocka_unit_test(sends_large_files),
		cmocka_unit_test(survives_leavers), cmocka_unit_test(types),
		cmocka_unit_test(too_many_ranges),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
