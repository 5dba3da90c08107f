#include "git/remote.h"

#include <string.h>

void gt_git_remote_init(struct gt_git_remote *r, struct gt_git_transport *transport)
{
	*r = (struct gt_git_remote){.transport = transport, .version = 2};
}

void gt_git_remote_fini(struct gt_git_remote *r)
{
	gt_git_advert_fini(&r->advert);
	*r = (struct gt_git_remote){0};
}

/* Joins a packet parser to the bytes of a transport. */
struct pipe {
	struct gt_pkt_reader reader;
	gt_pkt_fn fn;
	void *arg;
	bool complete;
};

static int pipe_bytes(void *arg, struct gt_str bytes, struct gt_err *err)
{
	struct pipe *p = arg;

	if (p->complete)
		return 1; /* what follows an answer is of no interest */
	int rc = gt_pkt_feed(&p->reader, bytes, p->fn, p->arg, err);
	if (rc > 0)
		p->complete = true;
	return rc;
}

static int pipe_end(struct pipe *p, int rc, struct gt_err *err)
{
	gt_pkt_reader_fini(&p->reader);
	if (rc < 0)
		return rc;
	if (!p->complete)
		return gt_fail(err, GT_E_UNAVAILABLE, "the server's answer ends too early");
	return GT_OK;
}

static int advertise(struct gt_git_remote *r, struct gt_ctx *ctx, struct gt_err *err)
{
	struct pipe p = {.fn = gt_git_advert_push, .arg = &r->advert};

	gt_git_advert_fini(&r->advert);
	int rc = r->transport->ops->advertise(r->transport, ctx, pipe_bytes, &p, err);
	rc = pipe_end(&p, rc, err);
	if (rc < 0)
		return rc;
	if (r->advert.caps.sha256)
		return gt_fail(err, GT_E_UNSUPPORTED, "SHA-256 repositories are not supported");
	r->version = r->transport->version = r->advert.caps.version;
	r->advertised = true;
	return GT_OK;
}

static int exchange(struct gt_git_remote *r, struct gt_ctx *ctx, struct gt_buf *request,
		    gt_pkt_fn fn, void *arg, struct gt_err *err)
{
	struct pipe p = {.fn = fn, .arg = arg};
	int rc = gt_buf_check(request, err);

	if (rc < 0)
		return rc;
	rc = r->transport->ops->exchange(r->transport, ctx, r->version, gt_buf_str(request),
					 pipe_bytes, &p, err);
	return pipe_end(&p, rc, err);
}

int gt_git_remote_caps(struct gt_git_remote *r, struct gt_ctx *ctx,
		       const struct gt_git_caps **ret_caps, struct gt_err *err)
{
	if (!r->advertised) {
		int rc = advertise(r, ctx, err);
		if (rc < 0)
			return rc;
	}
	*ret_caps = &r->advert.caps;
	return GT_OK;
}

static bool wanted(const char *name, const char *const *prefixes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return n == 0;
}

static int refs_of_advert(const struct gt_git_refs *all, const char *const *prefixes, size_t n,
			  struct gt_git_refs *ret_refs, struct gt_err *err)
{
	for (size_t i = 0; i < all->n; i++) {
		struct gt_git_ref *ref;

		if (!wanted(all->v[i].name, prefixes, n))
			continue;
		int rc =
			gt_git_refs_add(ret_refs, gt_str(all->v[i].name), &all->v[i].id, &ref, err);
		if (rc < 0)
			return rc;
		ref->peeled = all->v[i].peeled;
	}
	return GT_OK;
}

static int ls_refs(struct gt_git_remote *r, struct gt_ctx *ctx, const char *const *prefixes,
		   size_t n, struct gt_git_refs *refs, struct gt_err *err)
{
	gt_auto_buf request = {0};

	gt_git_ls_refs_request(&request, prefixes, n);
	return exchange(r, ctx, &request, gt_git_ls_refs_push, refs, err);
}

/* Whether a version 2 request that was sent unasked failed in a way that an advertisement may
 * explain: an old server, a moved repository, none at all. */
static bool ask_properly(int rc)
{
	return rc == GT_E_UNSUPPORTED || rc == GT_E_NOT_FOUND || rc == GT_E_INVALID ||
	       rc == GT_E_UNAVAILABLE;
}

int gt_git_remote_refs(struct gt_git_remote *r, struct gt_ctx *ctx, const char *const *prefixes,
		       size_t n, struct gt_git_refs *ret_refs, struct gt_err *err)
{
	struct gt_git_refs refs = {0};
	int rc;

	if (r->transport->stateless && !r->advertised && r->transport->version != 0) {
		rc = ls_refs(r, ctx, prefixes, n, &refs, err);
		if (rc == GT_OK || !ask_properly(rc))
			goto done;
		gt_git_refs_fini(&refs);
	}
	if (!r->advertised) {
		rc = advertise(r, ctx, err);
		if (rc < 0)
			goto done;
	}
	if (r->version == 2)
		rc = ls_refs(r, ctx, prefixes, n, &refs, err);
	else
		rc = refs_of_advert(&r->advert.refs, prefixes, n, &refs, err);
done:
	if (rc < 0)
		gt_git_refs_fini(&refs);
	else
		*ret_refs = refs;
	return rc;
}

/* Version 0 on a connection: one fetch ends the conversation, the next one needs another. */
static int renew(struct gt_git_remote *r, struct gt_ctx *ctx, struct gt_err *err)
{
	if (r->version == 2 || r->transport->stateless || !r->spent)
		return GT_OK;
	r->advertised = false;
	r->spent = false;
	return advertise(r, ctx, err);
}

int gt_git_remote_fetch(struct gt_git_remote *r, struct gt_ctx *ctx,
			const struct gt_git_fetch_opts *opts, struct gt_git_pack *pack,
			struct gt_err *err)
{
	struct gt_git_fetch_answer answer = {0};
	gt_auto_buf request = {0};
	struct gt_git_caps caps = {.version = 2};

	int rc = renew(r, ctx, err);
	if (rc < 0)
		return rc;
	if (r->advertised)
		caps = r->advert.caps;
	if (r->version == 2) {
		gt_git_fetch2_request(&request, &caps, opts);
	} else {
		if (!caps.side_band)
			return gt_fail(err, GT_E_UNSUPPORTED,
				       "the server does not support side-band-64k");
		gt_git_fetch0_request(&request, &caps, opts);
		answer.deepened = opts->depth && caps.shallow;
		r->spent = true;
	}
	answer.version = r->version;
	rc = gt_git_pack_begin(pack, ctx, err);
	if (rc < 0)
		return rc;
	answer.pack = gt_git_pack_sink(pack);
	rc = exchange(r, ctx, &request, gt_git_fetch_push, &answer, err);
	gt_git_fetch_answer_fini(&answer);
	if (rc == GT_OK)
		rc = gt_git_pack_end(pack, err);
	return rc;
}
