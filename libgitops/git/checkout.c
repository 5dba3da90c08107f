#include "git/checkout.h"

#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "git/checkout_int.h"

#define DEFAULT_BRANCH "master"
#define SUBJECT_MAX 50

static bool set(const char *s)
{
	return s && *s;
}

/* --- words --------------------------------------------------------------------------------- */

char *gt_git_revision_normal(const char *revision)
{
	struct gt_str s = gt_str(revision);
	size_t slash = gt_str_rfind(s, '/');

	if (s.n == 0 || gt_str_find(s, ':') != SIZE_MAX)
		return gt_xstrdup(revision);
	if (slash == SIZE_MAX)
		return gt_xasprintf("sha1:%s", revision);
	if (gt_str_is(gt_strn(s.p, slash), "HEAD"))
		return gt_xasprintf("sha1:%s", revision + slash + 1);
	return gt_xasprintf("%.*s@sha1:%s", (int)slash, s.p, revision + slash + 1);
}

char *gt_git_short_message(const char *message)
{
	struct gt_str s = gt_str(message);
	size_t end = gt_str_find(s, '\n'), at = 0, runes = 0;
	gt_auto_buf out = {0};

	if (end != SIZE_MAX)
		s.n = end;
	while (at < s.n && runes < SUBJECT_MAX) {
		size_t len;

		gt_utf8_encode(&out, gt_utf8_decode(gt_str_from(s, at), &len));
		at += len;
		runes++;
	}
	if (at < s.n)
		gt_buf_adds(&out, "...");
	return gt_buf_take(&out);
}

/* What follows the second slash of a reference, NULL without one. */
static const char *short_ref(const char *reference)
{
	const char *p = strchr(reference, '/');

	p = p ? strchr(p + 1, '/') : NULL;
	return p ? p + 1 : NULL;
}

static char *revision_of(const char *reference, bool absolute, const struct gt_oid *commit)
{
	const char *name = absolute ? reference : short_ref(reference);
	char hex[GT_OID_HEX];

	gt_oid_hex(commit, hex);
	return name && *name ? gt_xasprintf("%s@sha1:%s", name, hex) : gt_xasprintf("sha1:%s", hex);
}

/* --- steps that the strategies share -------------------------------------------------------- */

int gt_git__clone_failed(struct gt_git__job *job, struct gt_err *err)
{
	if (err && strcmp(err->text, "repository not found") == 0)
		return gt_fail(err, GT_E_NOT_FOUND,
			       "unable to clone: repository not found: git repository: '%s'",
			       job->url);
	return gt_wrap(err, "unable to clone '%s'", job->url);
}

int gt_git__list(struct gt_git__job *job, const char *prefix, bool listing,
		 struct gt_git_refs *ret_refs, struct gt_err *err)
{
	int rc = gt_git_remote_refs(&job->remote, job->ctx, &prefix, 1, ret_refs, err);

	if (rc == GT_OK)
		return GT_OK;
	if (listing)
		gt_wrap(err, "unable to list remote for '%s'", job->url);
	else
		gt_git__clone_failed(job, err);
	return rc;
}

bool gt_git__found(struct gt_git__job *job, const char *reference, bool absolute,
		   const struct gt_oid *commit)
{
	struct gt_git_checkout *out = job->out;

	out->commit = *commit;
	out->reference = gt_xstrdup(reference);
	out->revision = revision_of(reference, absolute, commit);
	return gt_streq(out->revision, job->last);
}

int gt_git__no_such_ref(struct gt_git__job *job, const char *reference,
			const struct gt_git_refs *refs, struct gt_err *err)
{
	struct gt_git_refs all = {0};
	bool empty = false;

	if (refs->n == 0 &&
	    gt_git_remote_refs(&job->remote, job->ctx, NULL, 0, &all, NULL) == GT_OK)
		empty = all.n == 0;
	gt_git_refs_fini(&all);
	if (empty && gt_str_starts(gt_str(reference), "refs/heads/")) {
		job->out->empty = true;
		return GT_OK;
	}
	if (empty)
		return gt_fail(err, GT_E_NOT_FOUND,
			       "unable to clone: remote repository is empty: git repository: '%s'",
			       job->url);
	return gt_fail(err, GT_E_NOT_FOUND,
		       "unable to clone: couldn't find remote ref '%s': git repository: '%s'",
		       reference, job->url);
}

static int by_oid(const void *a, const void *b)
{
	return memcmp(a, b, GT_OID_SIZE);
}

/* The blobs of the sparse directories, which a filtered fetch left out. */
static int fetch_blobs(struct gt_git__job *job, struct gt_err *err)
{
	struct gt_git_tree_opts opts = {.sparse = job->want->sparse,
					.n_sparse = job->want->n_sparse};
	struct gt_git_checkout *out = job->out;
	struct gt_git_tree tree;
	size_t n = 0;

	int rc = gt_git_tree_list(out->pack, job->ctx, &out->info.tree, &opts, &tree, err);
	if (rc < 0)
		return rc;
	struct gt_oid *wants = gt_xcalloc(tree.n + 1, sizeof *wants);
	for (size_t i = 0; i < tree.n; i++)
		if (tree.v[i].mode != GT_GIT_DIR && !gt_git_pack_has(out->pack, &tree.v[i].id))
			wants[n++] = tree.v[i].id;
	qsort(wants, n, sizeof *wants, by_oid);
	size_t unique = 0;
	for (size_t i = 0; i < n; i++)
		if (!unique || !gt_oid_eq(&wants[unique - 1], &wants[i]))
			wants[unique++] = wants[i];
	struct gt_git_fetch_opts fetch = {.wants = wants, .n_wants = unique};
	if (unique)
		rc = gt_git_remote_fetch(&job->remote, job->ctx, &fetch, out->pack, err);
	free(wants);
	gt_git_tree_fini(&tree);
	return rc;
}

/* Whether the server can leave blobs out and give single ones later. */
static bool can_filter(struct gt_git__job *job)
{
	const struct gt_git_caps *caps;

	return job->want->n_sparse &&
	       gt_git_remote_caps(&job->remote, job->ctx, &caps, NULL) == GT_OK && caps->filter &&
	       (caps->version == 2 || caps->any_sha1);
}

static int fetch_objects(struct gt_git__job *job, const struct gt_oid *wants, size_t n,
			 unsigned depth, bool filter, struct gt_err *err)
{
	struct gt_git_fetch_opts opts = {.wants = wants,
					 .n_wants = n,
					 .depth = depth,
					 .filter = filter ? "blob:none" : NULL};

	if (!job->out->pack) {
		int rc = gt_git_pack_new(job->workdir, &job->out->pack, err);
		if (rc < 0)
			return rc;
	}
	return gt_git_remote_fetch(&job->remote, job->ctx, &opts, job->out->pack, err);
}

/* Reads the commit that was found out of what was fetched. */
static int settle(struct gt_git__job *job, bool filter, struct gt_err *err)
{
	struct gt_git_checkout *out = job->out;
	int rc = gt_git_commit_read(out->pack, &out->commit, &out->info, err);

	if (rc == GT_OK && filter)
		rc = fetch_blobs(job, err);
	out->concrete = rc == GT_OK;
	return rc;
}

int gt_git__fetch(struct gt_git__job *job, const struct gt_oid *wants, size_t n, struct gt_err *err)
{
	bool filter = can_filter(job);
	int rc = fetch_objects(job, wants, n, 1, filter, err);

	if (rc == GT_OK)
		rc = settle(job, filter, err);
	if (rc < 0)
		gt_git__clone_failed(job, err);
	return rc;
}

/* --- strategies ---------------------------------------------------------------------------- */

/* A branch or a tag; name may be absolute ("refs/heads/main^{}" for spec.ref.name). */
static int checkout_ref(struct gt_git__job *job, const char *reference, struct gt_err *err)
{
	struct gt_git_refs refs = {0};

	int rc = gt_git__list(job, reference, job->last != NULL, &refs, err);
	if (rc < 0)
		return rc;
	const struct gt_git_ref *ref = gt_git_refs_find(&refs, reference);
	if (!ref)
		rc = gt_git__no_such_ref(job, reference, &refs, err);
	else if (!gt_git__found(job, reference, false, gt_git_ref_commit(ref)))
		rc = gt_git__fetch(job, &ref->id, 1, err);
	gt_git_refs_fini(&refs);
	return rc;
}

static int checkout_below(struct gt_git__job *job, const char *folder, const char *name,
			  struct gt_err *err)
{
	gt_autofree char *reference = gt_xasprintf("%s%s", folder, name);

	return checkout_ref(job, reference, err);
}

/* spec.ref.name: any ref, named in full; the revision names it in full too. */
static int checkout_name(struct gt_git__job *job, const char *name, struct gt_err *err)
{
	struct gt_str s = gt_str(name);
	struct gt_git_refs refs = {0};

	if (gt_str_starts(s, "/") || gt_str_ends(s, "/"))
		return gt_fail(err, GT_E_INVALID,
			       "ref %s is invalid; Git refs cannot begin or end with a slash '/'",
			       name);
	bool peel = gt_str_ends(s, "^{}");
	gt_autofree char *plain = gt_xstrndup(name, s.n - (peel ? 3 : 0));
	int rc = gt_git__list(job, plain, true, &refs, err);
	if (rc < 0)
		return rc;
	const struct gt_git_ref *ref = gt_git_refs_find(&refs, plain);
	bool tag = gt_str_starts(s, "refs/tags/");
	if (!ref || (peel && !tag)) {
		rc = gt_fail(err, GT_E_NOT_FOUND, "unable to resolve ref '%s' to a specific commit",
			     name);
	} else {
		const struct gt_oid *commit = tag ? gt_git_ref_commit(ref) : &ref->id;
		if (!gt_git__found(job, name, true, commit))
			rc = gt_git__fetch(job, &ref->id, 1, err);
	}
	gt_git_refs_fini(&refs);
	return rc;
}

/* The whole history of the branches, from a server that gives nothing but its refs. */
static int fetch_history(struct gt_git__job *job, const struct gt_git_refs *refs,
			 struct gt_err *err)
{
	struct gt_oid *wants = gt_xcalloc(refs->n + 1, sizeof *wants);
	size_t n = 0;

	for (size_t i = 0; i < refs->n; i++)
		wants[n++] = refs->v[i].id;
	int rc = fetch_objects(job, wants, n, 0, false, err);
	free(wants);
	return rc;
}

static int no_commit(const char *commit, struct gt_err *err)
{
	return gt_fail(err, GT_E_NOT_FOUND,
		       "unable to resolve commit object for '%s': object not found", commit);
}

static int fetch_commit(struct gt_git__job *job, const struct gt_git_refs *refs, struct gt_err *err)
{
	const char *commit = job->want->commit;
	const struct gt_git_caps *caps = &job->remote.advert.caps;
	bool old = job->remote.version != 2, filter = false, direct = !old || caps->any_sha1;
	int rc = GT_E_FORBIDDEN;

	for (size_t i = 0; i < refs->n && !direct; i++)
		direct = gt_oid_eq(&refs->v[i].id, &job->out->commit);
	if (direct) {
		filter = can_filter(job);
		rc = fetch_objects(job, &job->out->commit, 1, 1, filter, err);
	}
	if (rc == GT_E_NOT_FOUND)
		return no_commit(commit, err);
	if (rc == GT_E_FORBIDDEN) {
		filter = false;
		rc = fetch_history(job, refs, err);
	}
	if (rc < 0)
		return gt_git__clone_failed(job, err), rc;
	if (!gt_git_pack_has(job->out->pack, &job->out->commit))
		return no_commit(commit, err);
	rc = settle(job, filter, err);
	if (rc < 0)
		gt_git__clone_failed(job, err);
	return rc;
}

static int checkout_commit(struct gt_git__job *job, struct gt_err *err)
{
	const struct gt_git_want *want = job->want;
	gt_autofree char *branch =
		set(want->branch) ? gt_xasprintf("refs/heads/%s", want->branch) : NULL;
	const char *reference = set(want->name) ? want->name : branch ? branch : "HEAD";
	struct gt_git_refs refs = {0};
	struct gt_oid commit;

	int rc = gt_git__list(job, branch ? branch : "refs/heads/", false, &refs, err);
	if (rc < 0)
		return rc;
	if (branch && !gt_git_refs_find(&refs, branch))
		rc = gt_git__no_such_ref(job, branch, &refs, err);
	else if (!gt_oid_parse(gt_str(want->commit), &commit))
		rc = no_commit(want->commit, err);
	else if (!gt_git__found(job, reference, set(want->name), &commit))
		rc = fetch_commit(job, &refs, err);
	gt_git_refs_fini(&refs);
	return rc;
}

static int dispatch(struct gt_git__job *job, struct gt_err *err)
{
	const struct gt_git_want *want = job->want;

	if (set(want->commit))
		return checkout_commit(job, err);
	if (set(want->name))
		return checkout_name(job, want->name, err);
	if (set(want->tag))
		return checkout_below(job, "refs/tags/", want->tag, err);
	if (set(want->semver))
		return gt_git__checkout_semver(job, err);
	return checkout_below(job, "refs/heads/", set(want->branch) ? want->branch : DEFAULT_BRANCH,
			      err);
}

int gt_git_checkout_do(struct gt_git_transport *t, struct gt_ctx *ctx, const char *url,
		       const struct gt_git_want *want, const char *workdir,
		       struct gt_git_checkout *ret_checkout, struct gt_err *err)
{
	struct gt_git_checkout out = {0};
	gt_autofree char *last =
		set(want->last_observed) ? gt_git_revision_normal(want->last_observed) : NULL;
	struct gt_git__job job = {.ctx = ctx,
				  .url = url,
				  .want = want,
				  .workdir = workdir,
				  .last = last,
				  .out = &out};

	gt_git_remote_init(&job.remote, t);
	int rc = dispatch(&job, err);
	gt_git_remote_fini(&job.remote);
	if (rc < 0)
		gt_git_checkout_fini(&out);
	else
		*ret_checkout = out;
	return rc;
}

void gt_git_checkout_fini(struct gt_git_checkout *c)
{
	free(c->revision);
	free(c->reference);
	gt_git_commit_fini(&c->info);
	gt_git_pack_free(c->pack);
	*c = (struct gt_git_checkout){0};
}
