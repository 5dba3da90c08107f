/* What becomes of a commit: the files of the artifact, by ignore rules, includes and modes. */
#include "support/check.h"

#include "api/source.h"
#include "base/time.h"
#include "git.h"
#include "net/loop.h"
#include "support/git_server.h"
#include "text/json.h"

static struct git_server server;
static struct gt_loop *loop;
static struct src src;
static char *storage;

static int setup(void **state)
{
	struct gt_err err;

	(void)state;
	git_server_init(&server);
	free(git_shell(
		&server,
		"mk() { git init -q -b main $1; cd $1; }; "
		"done_() { git add -A; git commit -qm \"$1\"; cd ..; "
		"git clone -q --bare $1 $1.git; }; "
		"mk app; mkdir -p docs .github lib; echo a > app.yaml; echo g > docs/guide.md; "
		"echo k > docs/keep.yaml; echo p > logo.png; echo c > .github/ci.yaml; "
		"echo '*.o' > .gitignore; printf '#!/bin/sh\\n' > run.sh; chmod +x run.sh; "
		"ln -s app.yaml link; done_ app; "
		"mk rules; mkdir -p a/b c; echo x > a/x; echo y > a/b/y; echo z > c/z; "
		"echo t > t.txt; echo '*.txt' > .sourceignore; echo '/b/' > a/.sourceignore; "
		"done_ rules; "
		"mk base; mkdir -p lib/deep; echo 1 > lib/one; echo 2 > lib/deep/two; "
		"printf '#!/bin/sh\\n' > lib/run; chmod +x lib/run; echo o > other; done_ base"));
	git_server_start(&server, NULL);
	check_ok(gt_fs_mkdtemp(NULL, "storage-", &storage, &err), &err);
	struct gt_store_opts opts = {
		.root = storage, .address = "files:80", .ttl = 1, .records = 2};
	check_ok(gt_store_open(&opts, &src.store, &err), &err);
	gt_gate_init(&src.gate, 0);
	src.loop = loop = gt_loop_new();
	return gt_loop_start_thread(loop, &err);
}

static int teardown(void **state)
{
	(void)state;
	gt_loop_join(loop);
	gt_loop_free(loop);
	gt_gate_fini(&src.gate);
	gt_store_free(src.store);
	gt_fs_remove_tree(storage);
	free(storage);
	git_server_fini(&server);
	return 0;
}

/* One reconcile without its cluster. */
struct run {
	struct gt_arena arena;
	struct gt_reconcile r;
	struct src_git g;
};

static void run_init(struct run *run, const char *name, const char *spec)
{
	static const struct src_kind kind = {.res = &gt_res_git_repository};
	struct gt_err err;

	memset(run, 0, sizeof *run);
	gt_autofree char *json = gt_xasprintf(
		"{\"kind\":\"GitRepository\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"ns\"},"
		"\"spec\":%s}",
		name, spec);
	check_ok(gt_json_parse(&run->arena, gt_str(json), 0, &run->r.obj, &err), &err);
	run->r.arena = &run->arena;
	run->r.ctx = gt_ctx_background();
	run->r.key = (struct gt_key){"ns", gt_arena_strdup(&run->arena, name)};
	run->r.arg = &src;
	run->g.call = (struct src_call){
		.r = &run->r, .src = &src, .kind = &kind, .a = &run->arena, .obj = run->r.obj};
	run->g.includes = gt_node_seq(&run->arena);
	check_ok(gt_fs_mkdtemp(NULL, "work-", &run->g.call.workdir, &err), &err);
}

static void run_fini(struct run *run)
{
	for (size_t i = 0; i < run->g.n_include_fds; i++)
		close(run->g.include_fds[i]);
	free(run->g.include_fds);
	free(run->g.files.v);
	src_git_drop_submodules(&run->g);
	gt_git_tree_fini(&run->g.tree);
	gt_git_checkout_fini(&run->g.checkout);
	gt_fs_remove_tree(run->g.call.workdir);
	free(run->g.call.workdir);
	gt_arena_fini(&run->arena);
}

static void fetch(struct run *run, const char *repo)
{
	gt_autofree char *url = gt_xasprintf("%s/%s.git", server.url, repo);
	struct gt_git_want want = {.branch = "main"};
	struct gt_git_transport *t;
	struct gt_err err;
	gt_auto_ctx ctx;

	gt_ctx_init(&ctx, NULL, GT_SECONDS(20));
	check_ok(gt_git_http_new(loop, url, NULL, &t, &err), &err);
	check_ok(gt_git_checkout_do(t, &ctx, url, &want, run->g.call.workdir, &run->g.checkout,
				    &err),
		 &err);
	t->ops->free(t);
	check_ok(gt_git_tree_list(run->g.checkout.pack, &ctx, &run->g.checkout.info.tree, NULL,
				  &run->g.tree, &err),
		 &err);
	run->g.revision = run->g.checkout.revision;
}

static void steps(struct run *run)
{
	enum src_result result = src_step_git_include(&run->g.call);

	if (result == SRC_SUCCESS)
		result = src_step_git_archive(&run->g.call);
	if (result != SRC_SUCCESS)
		fail_msg("%s: %s", run->g.call.reason, run->g.call.message);
}

/* Names and modes as GNU tar sees them, one a word. */
static char *listing(struct run *run)
{
	const char *path = gt_node_cstr_at(run->r.obj, "status", "artifact", "path");
	gt_autofree char *script = gt_xasprintf(
		"tar tvzf '%s/%s' | awk '{print substr($1,1,4) \":\" $NF}' | tr '\\n' ' '", storage,
		path);

	return git_shell(&server, script);
}

static void test_ignore(void **state)
{
	static const struct {
		const char *repo, *spec, *want;
	} cases[] = {
		{"app", "{}",
		 "drwx:. -rw-:app.yaml drwx:docs -rw-:docs/guide.md -rw-:docs/keep.yaml "
		 "-rwx:run.sh"},
		/* "" is no pattern: the defaults stay. */
		{"app", "{\"ignore\":\"\"}",
		 "drwx:. -rw-:app.yaml drwx:docs -rw-:docs/guide.md -rw-:docs/keep.yaml "
		 "-rwx:run.sh"},
		/* Any pattern drops the defaults but for those of version control. */
		{"app", "{\"ignore\":\"*.md\"}",
		 "drwx:. drwx:.github -rw-:.github/ci.yaml -rw-:app.yaml drwx:docs "
		 "-rw-:docs/keep.yaml -rw-:logo.png -rwx:run.sh"},
		/* Files below an excluded directory can come back; the directory does not. */
		{"app", "{\"ignore\":\"/docs/\\n!/docs/keep.yaml\"}",
		 "drwx:. drwx:.github -rw-:.github/ci.yaml -rw-:app.yaml -rw-:docs/keep.yaml "
		 "-rw-:logo.png -rwx:run.sh"},
		{"rules", "{}",
		 "drwx:. -rw-:.sourceignore drwx:a -rw-:a/.sourceignore -rw-:a/x drwx:c -rw-:c/z"},
		/* The spec comes last and wins. */
		{"rules", "{\"ignore\":\"!t.txt\\n/c\"}",
		 "drwx:. -rw-:.sourceignore drwx:a -rw-:a/.sourceignore -rw-:a/x -rw-:t.txt"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct run run;

		run_init(&run, cases[i].repo, cases[i].spec);
		fetch(&run, cases[i].repo);
		steps(&run);
		gt_autofree char *got = listing(&run);
		assert_string_equal(got, cases[i].want);
		run_fini(&run);
	}
}

static void test_status(void **state)
{
	struct run run;
	const struct gt_node *status;

	(void)state;
	run_init(&run, "status", "{\"ignore\":\"*.md\",\"sparseCheckout\":[],\"url\":\"x\"}");
	fetch(&run, "app");
	steps(&run);
	status = gt_node_get(run.r.obj, "status");
	assert_string_equal(gt_node_cstr_at(status, "observedIgnore"), "*.md");
	assert_false(gt_node_has(status, "observedSparseCheckout"));
	assert_false(gt_node_has(status, "includedArtifacts"));
	const struct gt_node *artifact = gt_node_get(status, "artifact");
	char hex[GT_OID_HEX];
	gt_autofree char *path = gt_xasprintf("gitrepository/ns/status/%s.tar.gz",
					      gt_oid_hex(&run.g.checkout.commit, hex));
	gt_autofree char *url = gt_xasprintf("http://files:80/%s", path);
	assert_string_equal(gt_node_cstr_at(artifact, "path"), path);
	assert_string_equal(gt_node_cstr_at(artifact, "url"), url);
	assert_string_equal(gt_node_cstr_at(artifact, "revision"), run.g.checkout.revision);
	assert_int_equal(
		gt_store_verify(src.store, path, gt_node_cstr_at(artifact, "digest"), NULL), GT_OK);
	assert_true(gt_cond_is_true(run.r.obj, SRC_COND_ARTIFACT_IN_STORAGE));
	run_fini(&run);
}

/* Equal content gives equal bytes, whatever the commit. */
static void test_deterministic(void **state)
{
	char *digests[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct run run;

		run_init(&run, "same", "{}");
		if (i)
			free(git_shell(&server, "cd app; git commit -q --allow-empty -m again; "
						"git push -q ../app.git main"));
		fetch(&run, "app");
		steps(&run);
		digests[i] = gt_xstrdup(gt_api_artifact_digest(run.r.obj));
		run_fini(&run);
	}
	assert_string_equal(digests[0], digests[1]);
	free(digests[0]);
	free(digests[1]);
}

/* The artifact of "base", for others to include. */
static struct gt_node *base_artifact(struct run *run)
{
	run_init(run, "base", "{}");
	fetch(run, "base");
	steps(run);
	return gt_node_at(run->r.obj, "status", "artifact");
}

static void test_include(void **state)
{
	static const struct {
		const char *include, *want, *error;
	} cases[] = {
		{"{\"repository\":{\"name\":\"base\"}}",
		 "drwx:. -rw-:app.yaml drwx:base drwx:base/lib drwx:base/lib/deep "
		 "-rw-:base/lib/deep/two -rw-:base/lib/one -rwx:base/lib/run -rw-:base/other "
		 "drwx:docs -rw-:docs/guide.md -rw-:docs/keep.yaml -rwx:run.sh",
		 NULL},
		{"{\"repository\":{\"name\":\"base\"},\"fromPath\":\"lib/deep\","
		 "\"toPath\":\"x/y/z\"}",
		 "drwx:. -rw-:app.yaml drwx:docs -rw-:docs/guide.md -rw-:docs/keep.yaml "
		 "-rwx:run.sh drwx:x drwx:x/y drwx:x/y/z -rw-:x/y/z/two",
		 NULL},
		/* A file, and a path that tries to leave. */
		{"{\"repository\":{\"name\":\"base\"},\"fromPath\":\"../../lib/one\","
		 "\"toPath\":\"../../docs/one\"}",
		 "drwx:. -rw-:app.yaml drwx:docs -rw-:docs/guide.md -rw-:docs/keep.yaml "
		 "-rw-:docs/one -rwx:run.sh",
		 NULL},
		{"{\"repository\":{\"name\":\"base\"},\"toPath\":\"docs\"}", NULL,
		 "failed to copy 'base' include from  to docs: docs: directory not empty"},
		{"{\"repository\":{\"name\":\"base\"},\"toPath\":\"app.yaml/x\"}", NULL,
		 "failed to copy 'base' include from  to app.yaml/x: app.yaml: not a directory"},
		{"{\"repository\":{\"name\":\"base\"},\"fromPath\":\"nope\",\"toPath\":\"x\"}",
		 NULL, "failed to copy 'base' include from nope to x: "},
	};
	struct run base;
	struct gt_node *artifact = base_artifact(&base);

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_autofree char *spec = gt_xasprintf("{\"include\":[%s]}", cases[i].include);
		struct run run;

		run_init(&run, "including", spec);
		gt_node_append(&run.arena, run.g.includes, gt_node_dup(&run.arena, artifact));
		fetch(&run, "app");
		if (cases[i].want) {
			steps(&run);
			gt_autofree char *got = listing(&run);
			assert_string_equal(got, cases[i].want);
			assert_int_equal(
				gt_node_count(gt_node_at(run.r.obj, "status", "includedArtifacts")),
				1);
		} else {
			assert_int_equal(src_step_git_include(&run.g.call), SRC_EMPTY);
			assert_string_equal(run.g.call.reason, "CopyFailure");
			if (strncmp(run.g.call.message, cases[i].error, strlen(cases[i].error)))
				fail_msg("%s", run.g.call.message);
			assert_true(gt_cond_is_true(run.r.obj, SRC_COND_STORAGE_FAILED));
		}
		run_fini(&run);
	}
	run_fini(&base);
}

/* Fetches the submodules of what was fetched; the code. */
static int fetch_modules(struct run *run, const char *repo, struct gt_err *err)
{
	gt_autofree char *url = gt_xasprintf("%s/%s.git", server.url, repo);
	struct src_git_auth auth = {0};
	gt_auto_ctx ctx;

	gt_ctx_init(&ctx, NULL, GT_SECONDS(20));
	return src_git_fetch_submodules(&run->g, &ctx, url, &auth, err);
}

static void test_submodules(void **state)
{
	struct gt_err err;
	struct run run;

	(void)state;
	/* outer has middle, which has base; and a link that .gitmodules does not know. */
	free(git_shell(&server,
		       "gitlink() { git update-index --add --cacheinfo 160000,$1,$2; }; "
		       "B=$(git -C base.git rev-parse main); "
		       "git init -q -b main middle; cd middle; echo m > m.yaml; "
		       "printf '[submodule \"b\"]\\n\\tpath = deps/base\\n\\turl = ../base.git\\n' "
		       "> .gitmodules; git add .; gitlink $B deps/base; git commit -qm m; cd ..; "
		       "git clone -q --bare middle middle.git; "
		       "M=$(git -C middle.git rev-parse main); "
		       "git init -q -b main outer; cd outer; echo o > o.yaml; "
		       "printf '[submodule \"m\"]\\n\\tpath = sub\\n\\turl = ../middle.git\\n' "
		       "> .gitmodules; git add .; gitlink $M sub; gitlink $M unknown; "
		       "git commit -qm o; cd ..; git clone -q --bare outer outer.git"));
	run_init(&run, "outer", "{\"recurseSubmodules\":true}");
	fetch(&run, "outer");
	check_ok(fetch_modules(&run, "outer", &err), &err);
	assert_int_equal(run.g.n_modules, 2);
	steps(&run);
	gt_autofree char *got = listing(&run);
	assert_string_equal(got,
			    "drwx:. -rw-:o.yaml drwx:sub drwx:sub/deps drwx:sub/deps/base "
			    "drwx:sub/deps/base/lib drwx:sub/deps/base/lib/deep "
			    "-rw-:sub/deps/base/lib/deep/two -rw-:sub/deps/base/lib/one "
			    "-rwx:sub/deps/base/lib/run -rw-:sub/deps/base/other -rw-:sub/m.yaml "
			    "drwx:unknown");
	run_fini(&run);
}

static void test_bad_submodules(void **state)
{
	static const struct {
		const char *name, *modules, *error;
	} cases[] = {
		{"nolink", "[submodule \"m\"]\\n\\tpath = nope\\n\\turl = ../base.git\\n",
		 "submodule 'nope': entry not found"},
		{"file", "[submodule \"m\"]\\n\\tpath = sub\\n\\turl = file:///etc\\n",
		 "submodule 'sub': "},
		{"gone", "[submodule \"m\"]\\n\\tpath = sub\\n\\turl = ../nowhere.git\\n",
		 "submodule 'sub': unable to clone: repository not found: "},
		{"syntax", "[submodule", ".gitmodules:1: unclosed section"},
		{"ssh", "[submodule \"m\"]\\n\\tpath = sub\\n\\turl = git@h:x.git\\n",
		 "submodule 'sub': ssh: no key found"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_autofree char *script = gt_xasprintf(
			"B=$(git -C base.git rev-parse main); git init -q -b main %s; cd %s; "
			"printf '%s' > .gitmodules; git add .; "
			"git update-index --add --cacheinfo 160000,$B,sub; git commit -qm x; cd "
			"..; "
			"git clone -q --bare %s %s.git",
			cases[i].name, cases[i].name, cases[i].modules, cases[i].name,
			cases[i].name);
		struct gt_err err = {0};
		struct run run;

		free(git_shell(&server, script));
		run_init(&run, cases[i].name, "{\"recurseSubmodules\":true}");
		fetch(&run, cases[i].name);
		assert_true(fetch_modules(&run, cases[i].name, &err) < 0);
		if (strncmp(err.text, cases[i].error, strlen(cases[i].error)) != 0)
			fail_msg("%s: %s", cases[i].name, err.text);
		run_fini(&run);
	}
}

static void test_paths(void **state)
{
	static const char *const order[] = {"a", "a/b", "a/b/c", "a/c", "a!", "a.b", "ab"};
	static const char *const clamps[][2] = {
		{"", ""},          {".", ""},     {"/", ""},          {"a/b", "a/b"},
		{"/a//b/", "a/b"}, {"../a", "a"}, {"a/../../b", "b"}, {"./x", "x"},
	};
	gt_auto_arena a = {0};

	(void)state;
	for (size_t i = 0; i + 1 < GT_COUNT(order); i++)
		assert_true(src_path_cmp(order[i], order[i + 1]) < 0);
	for (size_t i = 0; i < GT_COUNT(clamps); i++)
		assert_string_equal(src_path_clamp(&a, clamps[i][0]), clamps[i][1]);
}

static void test_whose_path(void **state)
{
	static const struct {
		const char *path;
		bool own;
	} cases[] = {
		{"gitrepository/ns/app/abc.tar.gz", true},
		{"gitrepository/ns/app/", false},
		{"gitrepository/ns/app", false},
		{"gitrepository/ns/app/x/y", false},
		{"gitrepository/ns/app/..", false},
		{"gitrepository/ns/app2/abc.tar.gz", false},
		{"gitrepository/other/app/abc.tar.gz", false},
		{"bucket/ns/app/abc.tar.gz", false},
		{"../gitrepository/ns/app/abc.tar.gz", false},
		{"", false},
		{NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++)
		assert_int_equal(src_path_is_of(cases[i].path, "GitRepository", "ns", "app"),
				 cases[i].own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ignore),        cmocka_unit_test(test_status),
		cmocka_unit_test(test_deterministic), cmocka_unit_test(test_include),
		cmocka_unit_test(test_submodules),    cmocka_unit_test(test_bad_submodules),
		cmocka_unit_test(test_paths),         cmocka_unit_test(test_whose_path),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
