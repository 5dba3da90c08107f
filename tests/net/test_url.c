#include "support.h"

#include "net/proxy.h"
#include "net/url.h"

static void parses(void **state)
{
	static const struct {
		const char *text, *scheme, *user, *password, *host;
		unsigned port;
		const char *path, *query, *shown;
	} rows[] = {
		{"https://example.com", "https", NULL, NULL, "example.com", 443, "", NULL,
		 "https://example.com"},
		{"HTTP://Example.COM:8080/a%20b?x=1#f", "http", NULL, NULL, "example.com", 8080,
		 "/a%20b", "x=1", "http://example.com:8080/a%20b"},
		{"ssh://git@host:22/repo.git", "ssh", "git", NULL, "host", 22, "/repo.git", NULL,
		 "ssh://host:22/repo.git"},
		{"https://u%40x:p%2Fw@h/", "https", "u@x", "p/w", "h", 443, "/", NULL,
		 "https://h/"},
		{"https://u:@h/", "https", "u", "", "h", 443, "/", NULL, "https://h/"},
		{"http://[::1]:80/x", "http", NULL, NULL, "::1", 80, "/x", NULL,
		 "http://[::1]:80/x"},
		{"file:///tmp/x", "file", NULL, NULL, "", 0, "/tmp/x", NULL, "file:///tmp/x"},
		{"http://h:/x", "http", NULL, NULL, "h", 80, "/x", NULL, "http://h/x"},
		{"http://h/\"<x>", "http", NULL, NULL, "h", 80, "/%22%3Cx%3E", NULL,
		 "http://h/%22%3Cx%3E"},
		{"http://h?q=\xc3\xa9", "http", NULL, NULL, "h", 80, "", "q=%C3%A9", "http://h"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(rows); i++) {
		gt_auto_url url = {0};
		gt_auto_buf shown = {0};
		struct gt_err err;

		assert_int_equal(gt_url_parse(gt_str(rows[i].text), &url, &err), GT_OK);
		assert_string_equal(url.scheme, rows[i].scheme);
		assert_true(gt_streq(url.user, rows[i].user));
		assert_true(gt_streq(url.password.p, rows[i].password));
		assert_string_equal(url.host, rows[i].host);
		assert_int_equal(gt_url_port(&url), rows[i].port);
		assert_string_equal(url.path, rows[i].path);
		assert_true(gt_streq(url.query, rows[i].query));
		gt_url_show(&url, &shown);
		assert_string_equal(gt_buf_cstr(&shown), rows[i].shown);
	}
}

static void refuses(void **state)
{
	static const struct {
		const char *text, *says, *hides;
	} rows[] = {
		{"", "no scheme", NULL},
		{"example.com/x", "no scheme", NULL},
		{"http:/x", "not followed by ://", NULL},
		{"http://", "no host", NULL},
		{"http://h:0/", "port", NULL},
		{"http://h:65536/", "port", NULL},
		{"http://h:1x/", "port", NULL},
		{"http://h/a b", "white space", NULL},
		{"http://h/a\x01", "control", NULL},
		{"http://h/%zz", "escape in the path", NULL},
		{"http://h/?%2", "escape in the query", NULL},
		{"http://[::1/", "']'", NULL},
		{"http://[zz]/", "IPv6", NULL},
		{"http://a_b^c/", "not allowed", NULL},
		{"http://\xc3\xa9/", "not ASCII", NULL},
		{"http://user:secret@h:bad/", "port", "secret"},
		{"http://user:se/cret@h/", "port", "cret"},
		{"http://user:sec%zz@h/", "escape", "sec%zz"},
		{"http://h :x/?token=secret", "white space", "secret"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(rows); i++) {
		struct gt_url url;
		struct gt_err err = {0};

		assert_int_equal(gt_url_parse(gt_str(rows[i].text), &url, &err), GT_E_INVALID);
		if (!strstr(err.text, rows[i].says) ||
		    (rows[i].hides && strstr(err.text, rows[i].hides)))
			fail_msg("%s: %s", rows[i].text, err.text);
	}
}

static void resolves(void **state)
{
	/* The examples of RFC 3986, 5.4, with its base. */
	static const struct {
		const char *ref, *want;
	} rows[] = {
		{"g:h", NULL},
		{"g", "http://a/b/c/g"},
		{"./g", "http://a/b/c/g"},
		{"g/", "http://a/b/c/g/"},
		{"/g", "http://a/g"},
		{"//g", "http://g"},
		{"?y", "http://a/b/c/d;p?y"},
		{"g?y", "http://a/b/c/g?y"},
		{"#s", "http://a/b/c/d;p?q#s"},
		{";x", "http://a/b/c/;x"},
		{"", "http://a/b/c/d;p?q"},
		{".", "http://a/b/c/"},
		{"./", "http://a/b/c/"},
		{"..", "http://a/b/"},
		{"../g", "http://a/b/g"},
		{"../..", "http://a/"},
		{"../../../g", "http://a/g"},
		{"/./g", "http://a/g"},
		{"/../g", "http://a/g"},
		{"g.", "http://a/b/c/g."},
		{"..g", "http://a/b/c/..g"},
		{"./g/.", "http://a/b/c/g/"},
		{"g/../h", "http://a/b/c/h"},
		{"https://x/y", "https://x/y"},
	};
	gt_auto_url base = {0};

	(void)state;
	assert_int_equal(gt_url_parse(gt_str("http://a/b/c/d;p?q"), &base, NULL), GT_OK);
	for (size_t i = 0; i < GT_COUNT(rows); i++) {
		gt_auto_url url = {0};
		gt_auto_buf text = {0};
		int rc = gt_url_resolve(&base, gt_str(rows[i].ref), &url, NULL);

		assert_int_equal(rc, rows[i].want ? GT_OK : GT_E_INVALID);
		if (rc == GT_OK) {
			gt_url_format(&url, &text);
			assert_string_equal(gt_buf_cstr(&text), rows[i].want);
		}
	}
}

static void queries(void **state)
{
	gt_auto_buf q = {0};
	gt_auto_buf k = {0};
	gt_auto_buf v = {0};
	struct gt_str rest = gt_str("a=1&b=x+y&bad=%zz&c;d=1&e&f=%26=");

	(void)state;
	gt_query_add(&q, gt_str("labelSelector"), gt_str("a in (b, c)"));
	gt_query_add(&q, gt_str("limit"), gt_str("500"));
	assert_string_equal(gt_buf_cstr(&q), "labelSelector=a%20in%20%28b%2C%20c%29&limit=500");
	gt_buf_reset(&v);
	assert_true(gt_query_get(gt_buf_str(&q), "labelSelector", &v));
	assert_string_equal(gt_buf_cstr(&v), "a in (b, c)");

	static const char *const want[][2] = {{"a", "1"}, {"b", "x y"}, {"e", ""}, {"f", "&="}};
	for (size_t i = 0; i < GT_COUNT(want); i++) {
		assert_true(gt_query_next(&rest, &k, &v));
		assert_true(gt_str_is(gt_buf_str(&k), want[i][0]));
		assert_true(gt_str_is(gt_buf_str(&v), want[i][1]));
	}
	assert_false(gt_query_next(&rest, &k, &v));
}

static void pushes(void **state)
{
	gt_auto_url url = {0};

	(void)state;
	assert_int_equal(gt_url_parse(gt_str("http://h/a/"), &url, NULL), GT_OK);
	gt_url_push(&url, gt_str("/b c/d"));
	assert_string_equal(url.path, "/a/b%20c/d");
}

static void proxies(void **state)
{
	static const struct {
		const char *none, *url;
		bool proxied;
	} rows[] = {
		{"", "http://example.com/", true},
		{"", "http://localhost/", false},
		{"", "http://127.0.0.9/", false},
		{"", "http://[::1]/", false},
		{"example.com", "http://example.com/", false},
		{"example.com", "http://x.example.com/", false},
		{"example.com", "http://xexample.com/", true},
		{".example.com", "http://example.com/", true},
		{".example.com", "http://x.example.com/", false},
		{"*.example.com", "http://x.example.com/", false},
		{"example.com:8080", "http://example.com/", true},
		{"example.com:8080", "http://example.com:8080/", false},
		{"10.0.0.0/8", "http://10.1.2.3/", false},
		{"10.0.0.0/8", "http://11.1.2.3/", true},
		{"10.1.2.3", "http://10.1.2.3/", false},
		{"fd00::/8", "http://[fd12::1]/", false},
		{"a, b , *", "http://example.com/", false},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(rows); i++) {
		struct gt_proxy proxy;
		gt_auto_url url = {0};

		setenv("HTTP_PROXY", "proxy.local:3128", 1);
		setenv("NO_PROXY", rows[i].none, 1);
		gt_proxy_from_env(&proxy);
		unsetenv("HTTP_PROXY");
		unsetenv("NO_PROXY");
		assert_int_equal(gt_url_parse(gt_str(rows[i].url), &url, NULL), GT_OK);
		if ((gt_proxy_for(&proxy, &url) != NULL) != rows[i].proxied)
			fail_msg("NO_PROXY=%s %s", rows[i].none, rows[i].url);
		gt_proxy_fini(&proxy);
	}

	struct gt_proxy proxy;
	struct gt_err err;
	assert_int_equal(gt_proxy_explicit(&proxy, "ftp://x", &err), GT_E_INVALID);
	gt_proxy_fini(&proxy);
	assert_int_equal(gt_proxy_explicit(&proxy, "socks5://u:p@x", &err), GT_OK);
	assert_int_equal(gt_url_port(&proxy.all), 1080);
	gt_proxy_fini(&proxy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),  cmocka_unit_test(refuses), cmocka_unit_test(resolves),
		cmocka_unit_test(queries), cmocka_unit_test(pushes),  cmocka_unit_test(proxies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
