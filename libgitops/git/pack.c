#include "git/pack.h"

#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"

#define COMMIT_MAX GT_MIB(4)
#define TAG_DEPTH 16

struct gt_git_pack {
	char *dir;
	git_odb *odb;
	git_indexer *indexer; /* of the pack being taken */
	git_indexer_progress progress;
	struct gt_ctx *ctx;
	uint64_t bytes;
	int priority;
};

/* libgit2's defaults are those of an editor: hundreds of megabytes of caches and mappings. */
static void init_once(void)
{
	git_libgit2_init();
	git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, GT_MIB(1));
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, GT_MIB(8));
	/* The indexer has hashed every object already. */
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
	git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, (size_t)4000000);
}

static int fail_git(struct gt_err *err, enum gt_code code, const char *what)
{
	const git_error *e = git_error_last();

	if (e && e->klass == GIT_ERROR_OS)
		code = GT_E_IO;
	return gt_fail(err, code, "%s: %s", what, e && e->message ? e->message : "unknown error");
}

int gt_git_pack_new(const char *dir, struct gt_git_pack **ret_pack, struct gt_err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct gt_git_pack *p = gt_new(struct gt_git_pack);

	pthread_once(&once, init_once);
	p->dir = gt_xstrdup(dir);
	if (git_odb_new(&p->odb) < 0) {
		gt_git_pack_free(p);
		return fail_git(err, GT_E_INTERNAL, "object database");
	}
	*ret_pack = p;
	return GT_OK;
}

void gt_git_pack_free(struct gt_git_pack *p)
{
	if (!p)
		return;
	git_indexer_free(p->indexer);
	git_odb_free(p->odb);
	free(p->dir);
	free(p);
}

int gt_git_pack_begin(struct gt_git_pack *p, struct gt_ctx *ctx, struct gt_err *err)
{
	git_indexer_options opts;

	git_indexer_options_init(&opts, GIT_INDEXER_OPTIONS_VERSION);
	git_indexer_free(p->indexer);
	p->indexer = NULL;
	p->ctx = ctx;
	p->bytes = 0;
	memset(&p->progress, 0, sizeof p->progress);
	/* The odb lends its objects as bases to a pack that builds on an earlier one. */
	if (git_indexer_new(&p->indexer, p->dir, 0600, p->odb, &opts) < 0)
		return fail_git(err, GT_E_IO, "index the pack");
	return GT_OK;
}

static int pack_write(void *arg, const void *bytes, size_t n, struct gt_err *err)
{
	struct gt_git_pack *p = arg;
	int rc = gt_ctx_check(p->ctx, err);

	if (rc < 0)
		return rc;
	p->bytes += n;
	if (p->bytes > GT_LIMIT_GIT_PACK)
		return gt_fail(err, GT_E_BUDGET, "the pack is larger than %llu bytes",
			       (unsigned long long)GT_LIMIT_GIT_PACK);
	if (git_indexer_append(p->indexer, bytes, n, &p->progress) < 0)
		return fail_git(err, GT_E_INVALID, "damaged pack");
	return GT_OK;
}

struct gt_sink gt_git_pack_sink(struct gt_git_pack *p)
{
	return (struct gt_sink){pack_write, p};
}

int gt_git_pack_end(struct gt_git_pack *p, struct gt_err *err)
{
	git_odb_backend *backend;

	if (git_indexer_commit(p->indexer, &p->progress) < 0)
		return fail_git(err, GT_E_INVALID, "damaged pack");
	gt_autofree char *index =
		gt_xasprintf("%s/pack-%s.idx", p->dir, git_indexer_name(p->indexer));
	git_indexer_free(p->indexer);
	p->indexer = NULL;
	if (git_odb_backend_one_pack(&backend, index) < 0 ||
	    git_odb_add_backend(p->odb, backend, ++p->priority) < 0)
		return fail_git(err, GT_E_IO, "open the pack");
	return GT_OK;
}

static const git_oid *to_git(const struct gt_oid *id)
{
	_Static_assert(sizeof(git_oid) == sizeof(struct gt_oid), "both are twenty bytes");
	return (const git_oid *)id;
}

bool gt_git_pack_has(struct gt_git_pack *p, const struct gt_oid *id)
{
	return git_odb_exists_ext(p->odb, to_git(id), GIT_ODB_LOOKUP_NO_REFRESH) == 1;
}

int gt_git_pack_stat(struct gt_git_pack *p, const struct gt_oid *id, enum gt_git_type *ret_type,
		     uint64_t *ret_size, struct gt_err *err)
{
	char hex[GT_OID_HEX];
	git_object_t type;
	size_t size;

	int rc = git_odb_read_header(&size, &type, p->odb, to_git(id));
	if (rc == GIT_ENOTFOUND)
		return gt_fail(err, GT_E_NOT_FOUND, "object not found");
	if (rc < 0) {
		gt_autofree char *what = gt_xasprintf("object %s", gt_oid_hex(id, hex));
		return fail_git(err, GT_E_INVALID, what);
	}
	if (type < GIT_OBJECT_COMMIT || type > GIT_OBJECT_TAG)
		return gt_fail(err, GT_E_INVALID, "object %s is of an unknown type",
			       gt_oid_hex(id, hex));
	*ret_type = (enum gt_git_type)type;
	*ret_size = size;
	return GT_OK;
}

int gt_git_pack_read(struct gt_git_pack *p, const struct gt_oid *id, enum gt_git_type type,
		     size_t max, struct gt_git_object *ret_object, struct gt_err *err)
{
	enum gt_git_type got;
	char hex[GT_OID_HEX];
	git_odb_object *object;
	uint64_t size;

	int rc = gt_git_pack_stat(p, id, &got, &size, err);
	if (rc < 0)
		return rc;
	if (got != type)
		return gt_fail(err, GT_E_INVALID, "object %s is a %s, not a %s",
			       gt_oid_hex(id, hex), git_object_type2string((git_object_t)got),
			       git_object_type2string((git_object_t)type));
	if (size > max)
		return gt_fail(err, GT_E_BUDGET, "object %s is larger than %zu bytes",
			       gt_oid_hex(id, hex), max);
	if (git_odb_read(&object, p->odb, to_git(id)) < 0) {
		gt_autofree char *what = gt_xasprintf("object %s", gt_oid_hex(id, hex));
		return fail_git(err, GT_E_INVALID, what);
	}
	*ret_object = (struct gt_git_object){
		.type = got,
		.data = gt_strn(git_odb_object_data(object), git_odb_object_size(object)),
		.impl = object,
	};
	return GT_OK;
}

void gt_git_object_fini(struct gt_git_object *object)
{
	git_odb_object_free(object->impl);
	*object = (struct gt_git_object){0};
}

/* --- commits and tags ---------------------------------------------------------------------- */

/* The value of a header, "" if absent; headers end at the empty line. */
static struct gt_str header(struct gt_str data, const char *name)
{
	struct gt_split it = {.rest = data};
	struct gt_str line;
	size_t n = strlen(name);

	while (gt_split_next(&it, '\n', &line) && line.n)
		if (gt_str_starts(line, name) && line.n > n && line.p[n] == ' ')
			return gt_str_from(line, n + 1);
	return gt_strn("", 0);
}

static struct gt_str message_of(struct gt_str data)
{
	size_t at = gt_str_search(data, GT_STR_LIT("\n\n"));

	return at == SIZE_MAX ? gt_strn("", 0) : gt_str_from(data, at + 2);
}

/* "Name <mail> 1700000000 +0100": the seconds, 0 when malformed. */
static int64_t time_of(struct gt_str who)
{
	size_t zone = gt_str_rfind(who, ' ');
	int64_t seconds = 0;

	if (zone == SIZE_MAX)
		return 0;
	who.n = zone;
	size_t at = gt_str_rfind(who, ' ');
	if (at == SIZE_MAX || !gt_str_i64(gt_str_from(who, at + 1), &seconds))
		return 0;
	return seconds;
}

int gt_git_commit_read(struct gt_git_pack *p, const struct gt_oid *id,
		       struct gt_git_commit *ret_commit, struct gt_err *err)
{
	gt_auto_git_object object = {0};
	struct gt_git_commit commit = {.id = *id};
	char hex[GT_OID_HEX];

	int rc = gt_git_pack_read(p, id, GT_GIT_COMMIT, COMMIT_MAX, &object, err);
	if (rc < 0)
		return rc;
	if (!gt_oid_parse(header(object.data, "tree"), &commit.tree))
		return gt_fail(err, GT_E_INVALID, "commit %s has no tree", gt_oid_hex(id, hex));
	commit.committed = time_of(header(object.data, "committer"));
	struct gt_str message = message_of(object.data);
	commit.message = gt_xstrndup(message.p, message.n);
	*ret_commit = commit;
	return GT_OK;
}

void gt_git_commit_fini(struct gt_git_commit *commit)
{
	free(commit->message);
	*commit = (struct gt_git_commit){0};
}

int gt_git_pack_peel(struct gt_git_pack *p, const struct gt_oid *id, struct gt_oid *ret_commit,
		     struct gt_err *err)
{
	struct gt_oid at = *id;

	for (int i = 0; i < TAG_DEPTH; i++) {
		gt_auto_git_object tag = {0};
		enum gt_git_type type;
		uint64_t size;

		int rc = gt_git_pack_stat(p, &at, &type, &size, err);
		if (rc < 0)
			return rc;
		if (type == GT_GIT_COMMIT) {
			*ret_commit = at;
			return GT_OK;
		}
		rc = gt_git_pack_read(p, &at, GT_GIT_TAG, COMMIT_MAX, &tag, err);
		if (rc < 0)
			return rc;
		if (!gt_oid_parse(header(tag.data, "object"), &at))
			return gt_fail(err, GT_E_INVALID, "malformed tag object");
	}
	return gt_fail(err, GT_E_BUDGET, "a chain of more than %d tags", TAG_DEPTH);
}
