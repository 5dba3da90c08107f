/* The strategy that follows a range of versions: the highest tag of it. */
#include <string.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "git/checkout_int.h"
#include "text/semver.h"

#define PREFIX "refs/tags/"

/* Tags of the highest version in the range; more than one when they differ in metadata only. */
struct best {
	const struct gt_git_ref **v;
	size_t n, cap;
	struct gt_semver version;
};

static void consider(struct best *best, const struct gt_git_ref *ref, const struct gt_constraint *c)
{
	struct gt_str tag = gt_str_from(gt_str(ref->name), sizeof PREFIX - 1);
	struct gt_semver version;

	if (gt_semver_parse_tag(tag, &version, NULL) < 0 || !gt_constraint_match(c, &version))
		return;
	int order = best->n ? gt_semver_cmp(&version, &best->version) : 1;
	if (order < 0)
		return;
	if (order > 0) {
		best->n = 0;
		best->version = version;
	}
	gt_vec_push(best, ref);
}

/* Fetches the commits of all candidates at once and keeps the one committed last. */
static int latest(struct gt_git__job *job, const struct best *best, size_t *ret_i,
		  struct gt_err *err)
{
	struct gt_oid *wants = gt_xcalloc(best->n, sizeof *wants);
	int64_t newest = INT64_MIN;

	for (size_t i = 0; i < best->n; i++)
		wants[i] = *gt_git_ref_commit(best->v[i]);
	int rc = gt_git_pack_new(job->workdir, &job->out->pack, err);
	struct gt_git_fetch_opts opts = {.wants = wants, .n_wants = best->n, .depth = 1};
	if (rc == GT_OK)
		rc = gt_git_remote_fetch(&job->remote, job->ctx, &opts, job->out->pack, err);
	for (size_t i = 0; rc == GT_OK && i < best->n; i++) {
		struct gt_git_commit commit = {0};

		rc = gt_git_commit_read(job->out->pack, &wants[i], &commit, err);
		if (rc == GT_OK && commit.committed >= newest) {
			newest = commit.committed;
			*ret_i = i;
		}
		gt_git_commit_fini(&commit);
	}
	free(wants);
	if (rc < 0)
		gt_git__clone_failed(job, err);
	return rc;
}

static int pick(struct gt_git__job *job, const struct best *best, struct gt_err *err)
{
	size_t i = 0;

	if (best->n > 1) {
		int rc = latest(job, best, &i, err);
		if (rc < 0)
			return rc;
	}
	if (gt_git__found(job, best->v[i]->name, false, gt_git_ref_commit(best->v[i])))
		return GT_OK;
	return gt_git__fetch(job, &best->v[i]->id, 1, err);
}

static int choose(struct gt_git__job *job, const struct gt_git_refs *refs,
		  const struct gt_constraint *c, struct gt_err *err)
{
	struct best best = {0};

	for (size_t i = 0; i < refs->n; i++)
		consider(&best, &refs->v[i], c);
	int rc = best.n ? pick(job, &best, err)
			: gt_fail(err, GT_E_NOT_FOUND, "no match found for semver: %s",
				  job->want->semver);
	gt_vec_fini(&best);
	return rc;
}

int gt_git__checkout_semver(struct gt_git__job *job, struct gt_err *err)
{
	gt_auto_arena arena = {0};
	struct gt_git_refs refs = {0};
	struct gt_constraint *c;

	int rc = gt_constraint_parse(&arena, gt_str(job->want->semver), &c, err);
	if (rc < 0)
		return gt_wrap(err, "semver parse error");
	rc = gt_git__list(job, PREFIX, false, &refs, err);
	if (rc < 0)
		return rc;
	rc = choose(job, &refs, c, err);
	gt_git_refs_fini(&refs);
	return rc;
}
