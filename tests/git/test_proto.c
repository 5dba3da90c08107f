/* What is said to a server, byte by byte, and what is made of its answers. */
#include "support/check.h"

#include <string.h>

#include "base/limits.h"
#include "git/proto.h"
#include "gt_version.h"

#define A "1111111111111111111111111111111111111111"
#define B "2222222222222222222222222222222222222222"
#define AGENT "agent=gitops-toolkit/" GT_VERSION

static struct gt_oid oid(const char *hex)
{
	struct gt_oid id;

	assert_true(gt_oid_parse(gt_str(hex), &id));
	return id;
}

/* Packets as text: each on a line, "<flush>" and "<delim>" by name. */
static int show(void *arg, const struct gt_pkt *pkt, struct gt_err *err)
{
	static const char *const names[] = {"", "<flush>", "<delim>", "<end>"};
	struct gt_buf *out = arg;

	(void)err;
	gt_buf_printf(out, "%s%.*s\n", names[pkt->type], GT_STR_ARG(gt_pkt_line(pkt)));
	return GT_OK;
}

static void check_packets(const struct gt_buf *request, const char *want)
{
	struct gt_pkt_reader r = {0};
	gt_auto_buf text = {0};

	assert_int_equal(gt_pkt_feed(&r, gt_buf_str(request), show, &text, NULL), GT_OK);
	assert_false(gt_pkt_partial(&r));
	assert_string_equal(gt_buf_cstr(&text), want);
	gt_pkt_reader_fini(&r);
}

static void test_requests(void **state)
{
	static const char *const prefixes[] = {"refs/heads/main", "HEAD"};
	struct gt_oid wants[2];
	struct gt_git_fetch_opts opts = {
		.wants = wants, .n_wants = 2, .depth = 1, .filter = "blob:none"};
	struct gt_git_caps none = {.version = 2},
			   all = {.version = 2, .filter = true, .object_format_sha1 = true};
	gt_auto_buf refs = {0}, plain = {0}, filtered = {0};

	(void)state;
	wants[0] = oid(A);
	wants[1] = oid(B);
	gt_git_ls_refs_request(&refs, prefixes, 2);
	check_packets(&refs, "command=ls-refs\n" AGENT "\n<delim>\npeel\nsymrefs\n"
			     "ref-prefix refs/heads/main\nref-prefix HEAD\n<flush>\n");
	/* A filter is asked for only of a server that knows filters. */
	gt_git_fetch2_request(&plain, &none, &opts);
	check_packets(&plain, "command=fetch\n" AGENT "\n<delim>\nno-progress\nofs-delta\n"
			      "deepen 1\nwant " A "\nwant " B "\ndone\n<flush>\n");
	gt_git_fetch2_request(&filtered, &all, &opts);
	check_packets(&filtered, "command=fetch\n" AGENT "\nobject-format=sha1\n<delim>\n"
				 "no-progress\nofs-delta\ndeepen 1\nfilter blob:none\nwant " A
				 "\nwant " B "\ndone\n<flush>\n");
}

/* An old server is told nothing but what it offers. */
static void test_old_requests(void **state)
{
	struct gt_oid want = oid(A);
	struct gt_git_fetch_opts opts = {.wants = &want, .n_wants = 1, .depth = 1};
	struct gt_git_caps least = {.side_band = true};
	struct gt_git_caps most = {.side_band = true,
				   .multi_ack = true,
				   .thin_pack = true,
				   .ofs_delta = true,
				   .no_progress = true,
				   .shallow = true,
				   .agent = true};
	gt_auto_buf a = {0}, b = {0};

	(void)state;
	gt_git_fetch0_request(&a, &least, &opts);
	check_packets(&a, "want " A " side-band-64k\n<flush>\ndone\n");
	gt_git_fetch0_request(&b, &most, &opts);
	check_packets(&b, "want " A " multi_ack_detailed thin-pack side-band-64k ofs-delta "
			  "no-progress " AGENT "\ndeepen 1\n<flush>\ndone\n");
}

/* --- answers ------------------------------------------------------------------------------- */

/* Lines become packets; "0000" and "0001" stand for themselves. */
static void build(struct gt_buf *out, const char *const *lines)
{
	for (; *lines; lines++) {
		if (strcmp(*lines, "0000") == 0)
			gt_pkt_add_flush(out);
		else if (strcmp(*lines, "0001") == 0)
			gt_pkt_add_delim(out);
		else
			gt_pkt_add(out, "%s\n", *lines);
	}
}

static int feed(const char *const *lines, gt_pkt_fn fn, void *arg, struct gt_err *err)
{
	struct gt_pkt_reader r = {0};
	gt_auto_buf bytes = {0};

	build(&bytes, lines);
	int rc = gt_pkt_feed(&r, gt_buf_str(&bytes), fn, arg, err);
	gt_pkt_reader_fini(&r);
	return rc;
}

static void test_advertisement_2(void **state)
{
	static const char *const lines[] = {"# service=git-upload-pack",
					    "0000",
					    "version 2",
					    "agent=git/2",
					    "ls-refs=unborn",
					    "fetch=shallow wait-for-done filter",
					    "object-format=sha1",
					    "0000",
					    NULL};
	struct gt_git_advert advert = {0};
	struct gt_err err;

	(void)state;
	assert_int_equal(feed(lines, gt_git_advert_push, &advert, &err), 1);
	assert_int_equal(advert.caps.version, 2);
	assert_true(advert.caps.filter && advert.caps.object_format_sha1);
	assert_false(advert.caps.sha256);
	assert_int_equal(advert.refs.n, 0);
	gt_git_advert_fini(&advert);
}

static void test_advertisement_0(void **state)
{
	static const char *const lines[] = {A " HEAD",
					    A " refs/heads/main",
					    B " refs/tags/v1",
					    A " refs/tags/v1^{}",
					    "shallow " B,
					    "0000",
					    NULL};
	struct gt_git_advert advert = {0};
	struct gt_oid a = oid(A), b = oid(B);
	struct gt_err err;

	(void)state;
	assert_int_equal(feed(lines, gt_git_advert_push, &advert, &err), 1);
	assert_int_equal(advert.caps.version, 0);
	assert_int_equal(advert.refs.n, 3);
	const struct gt_git_ref *tag = gt_git_refs_find(&advert.refs, "refs/tags/v1");
	assert_non_null(tag);
	assert_true(gt_oid_eq(&tag->id, &b));
	assert_true(gt_oid_eq(gt_git_ref_commit(tag), &a));
	assert_null(gt_git_refs_find(&advert.refs, "refs/tags/v1^{}"));
	gt_git_advert_fini(&advert);
}

static void test_refs(void **state)
{
	static const char *const lines[] = {"unborn HEAD symref-target:refs/heads/x",
					    A " HEAD symref-target:refs/heads/main",
					    B " refs/tags/v1 peeled:" A, "0000", NULL};
	struct gt_git_refs refs = {0};
	struct gt_oid a = oid(A);
	struct gt_err err;

	(void)state;
	assert_int_equal(feed(lines, gt_git_ls_refs_push, &refs, &err), 1);
	assert_int_equal(refs.n, 2);
	assert_string_equal(refs.v[0].symref_target, "refs/heads/main");
	assert_true(gt_oid_eq(gt_git_ref_commit(&refs.v[1]), &a));
	gt_git_refs_fini(&refs);
}

static int count_bytes(void *arg, const void *bytes, size_t n, struct gt_err *err)
{
	(void)bytes;
	(void)err;
	*(size_t *)arg += n;
	return GT_OK;
}

static void test_bad_answers(void **state)
{
	enum which { ADVERT, REFS, FETCH2, FETCH0 };
	static const struct {
		enum which which;
		const char *lines[6];
		enum gt_code code;
		const char *text;
	} cases[] = {
		{ADVERT,
		 {"ERR access denied or repository not exported: /x"},
		 GT_E_NOT_FOUND,
		 "remote error: access denied or repository not exported: /x"},
		{ADVERT, {"hello"}, GT_E_INVALID, "malformed answer of the server"},
		{ADVERT, {"0001"}, GT_E_INVALID, "malformed answer of the server"},
		{ADVERT,
		 {A B "222222222222222222222222 HEAD"},
		 GT_E_INVALID,
		 "malformed answer of the server"},
		{REFS, {"zz refs/heads/main"}, GT_E_INVALID, "malformed answer of the server"},
		{REFS, {A}, GT_E_INVALID, "malformed answer of the server"},
		{REFS, {A " "}, GT_E_INVALID, "malformed ref name"},
		{REFS,
		 {"1111111111111111111111111111111111111111111111111111111111111111 HEAD"},
		 GT_E_UNSUPPORTED,
		 "SHA-256 repositories are not supported"},
		{REFS, {"ERR a\tb\nc"}, GT_E_UNAVAILABLE, "remote error: a b c"},
		{FETCH2,
		 {"ERR upload-pack: not our ref " A},
		 GT_E_NOT_FOUND,
		 "remote error: upload-pack: not our ref " A},
		{FETCH2,
		 {"ERR want " A " not valid"},
		 GT_E_FORBIDDEN,
		 "remote error: want " A " not valid"},
		{FETCH2, {"0000"}, GT_E_UNAVAILABLE, "the server sent no objects"},
		{FETCH2,
		 {"packfile", "\2warming up", "0000"},
		 GT_E_UNAVAILABLE,
		 "the server sent no objects: warming up"},
		{FETCH2,
		 {"packfile", "\3out of memory"},
		 GT_E_UNAVAILABLE,
		 "remote error: out of memory"},
		{FETCH2, {"packfile", "\7what"}, GT_E_INVALID, "malformed side-band packet"},
		{FETCH0, {"NACK"}, GT_E_INVALID, "malformed answer of the server"},
		{FETCH0, {"0000"}, GT_E_UNAVAILABLE, "the server sent no objects"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct gt_git_advert advert = {0};
		struct gt_git_refs refs = {0};
		size_t bytes = 0;
		struct gt_git_fetch_answer answer = {.pack = {count_bytes, &bytes},
						     .version = cases[i].which == FETCH2 ? 2 : 0};
		struct gt_err err = {0};
		int rc;

		if (cases[i].which == ADVERT)
			rc = feed(cases[i].lines, gt_git_advert_push, &advert, &err);
		else if (cases[i].which == REFS)
			rc = feed(cases[i].lines, gt_git_ls_refs_push, &refs, &err);
		else
			rc = feed(cases[i].lines, gt_git_fetch_push, &answer, &err);
		if (rc != (int)cases[i].code || strcmp(err.text, cases[i].text) != 0)
			fail_msg("case %zu: %d %s", i, rc, err.text);
		gt_git_advert_fini(&advert);
		gt_git_refs_fini(&refs);
		gt_git_fetch_answer_fini(&answer);
	}
}

static void test_packs(void **state)
{
	static const char *const v2[] = {"acknowledgments", "ready", "0001",     "shallow-info",
					 "shallow " A,      "0001",  "packfile", "\2counting",
					 "\1PACK",          "0000",  NULL};
	static const char *const v0[] = {"shallow " A, "0000", "NAK", "\1PACK", "0000", NULL};
	size_t bytes = 0;
	struct gt_git_fetch_answer two = {.pack = {count_bytes, &bytes}, .version = 2};
	struct gt_git_fetch_answer zero = {.pack = {count_bytes, &bytes}, .deepened = true};
	struct gt_err err;

	(void)state;
	assert_int_equal(feed(v2, gt_git_fetch_push, &two, &err), 1);
	assert_int_equal(bytes, 5); /* the newline that feed() adds included */
	assert_int_equal(feed(v0, gt_git_fetch_push, &zero, &err), 1);
	assert_int_equal(bytes, 10);
	gt_git_fetch_answer_fini(&two);
	gt_git_fetch_answer_fini(&zero);
}

static void test_too_many_refs(void **state)
{
	struct gt_git_refs refs = {0};
	gt_auto_buf line = {0};
	int rc = GT_OK;
	struct gt_err err;

	(void)state;
	gt_buf_adds(&line, A " refs/heads/x");
	struct gt_pkt pkt = {.type = GT_PKT_DATA, .data = gt_buf_str(&line)};
	for (size_t i = 0; rc == GT_OK && i <= GT_LIMIT_GIT_REFS; i++)
		rc = gt_git_ls_refs_push(&refs, &pkt, &err);
	assert_int_equal(rc, GT_E_BUDGET);
	gt_git_refs_fini(&refs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_old_requests),
		cmocka_unit_test(test_advertisement_2),
		cmocka_unit_test(test_advertisement_0),
		cmocka_unit_test(test_refs),
		cmocka_unit_test(test_bad_answers),
		cmocka_unit_test(test_packs),
		cmocka_unit_test(test_too_many_refs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
