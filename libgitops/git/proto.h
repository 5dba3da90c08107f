/*
 * The words of Git's wire protocol, version 2 and the version 0/1 that some servers still speak:
 * what a client says, and parsers of what a server answers.  No input or output happens here; the
 * parsers are pushed packet by packet (gt_pkt_fn) and return 1 when their answer is complete.
 * Every answer is hostile: counts, names and lengths are bounded.  One owner at a time.
 */
#ifndef GT_GIT_PROTO_H
#define GT_GIT_PROTO_H

#include "archive/io.h"
#include "base/arena.h"
#include "git/oid.h"
#include "git/pkt.h"

/* What a server can do; from the advertisement of either version. */
struct gt_git_caps {
	int version; /* 2, or 0 for both old ones */
	/* Version 0: some servers insist that these are used.  Nothing comes of them as long as we
	 * have no commits to build on. */
	bool multi_ack, thin_pack;
	bool filter, shallow, ofs_delta, side_band, no_progress, object_format_sha1;
	bool agent;    /* the server wants to know who we are */
	bool any_sha1; /* objects that no ref names may be asked for */
	bool sha256;   /* a repository of the other hash, which is not supported */
};

struct gt_git_ref {
	const char *name; /* "refs/heads/main", "HEAD" */
	struct gt_oid id;
	struct gt_oid peeled;      /* what an annotated tag points at; zero when not a tag */
	const char *symref_target; /* of HEAD, may be NULL */
};

/* Refs in the order of the server; the texts live in the arena. */
struct gt_git_refs {
	struct gt_arena arena;
	struct gt_git_ref *v;
	size_t n, cap;
};

void gt_git_refs_fini(struct gt_git_refs *refs);
const struct gt_git_ref *gt_git_refs_find(const struct gt_git_refs *refs, const char *name);
/* Copies the name; *ret_ref, which may be NULL, is valid until the next call. */
int gt_git_refs_add(struct gt_git_refs *refs, struct gt_str name, const struct gt_oid *id,
		    struct gt_git_ref **ret_ref, struct gt_err *err);
/* The commit a ref stands for: peeled if it is an annotated tag. */
static inline const struct gt_oid *gt_git_ref_commit(const struct gt_git_ref *ref)
{
	return gt_oid_is_zero(&ref->peeled) ? &ref->id : &ref->peeled;
}

/*
 * An advertisement.  Of version 2 it has capabilities only; of version 0 and 1 all refs as well.
 * The optional "# service=git-upload-pack" head of smart HTTP is skipped.
 */
struct gt_git_advert {
	struct gt_git_caps caps;
	struct gt_git_refs refs; /* empty with version 2 */
	bool started, in_service;
};
int gt_git_advert_push(void *advert, const struct gt_pkt *pkt, struct gt_err *err);
void gt_git_advert_fini(struct gt_git_advert *advert);

/* Version 2: ls-refs. */
void gt_git_ls_refs_request(struct gt_buf *out, const char *const *prefixes, size_t n);
int gt_git_ls_refs_push(void *refs, const struct gt_pkt *pkt, struct gt_err *err);

/* What to fetch. */
struct gt_git_fetch_opts {
	const struct gt_oid *wants;
	size_t n_wants;
	unsigned depth;     /* 0 means the whole history */
	const char *filter; /* "blob:none", or NULL */
};
void gt_git_fetch2_request(struct gt_buf *out, const struct gt_git_caps *caps,
			   const struct gt_git_fetch_opts *opts);
void gt_git_fetch0_request(struct gt_buf *out, const struct gt_git_caps *caps,
			   const struct gt_git_fetch_opts *opts);

/* The answer to a fetch of either version: the pack goes into the sink. */
struct gt_git_fetch_answer {
	struct gt_sink pack;
	int version;
	bool side_band; /* of version 0; version 2 always has it */
	bool deepened;  /* version 0: shallow lines and a flush come first */
	enum { GT_FETCH_HEAD, GT_FETCH_SHALLOW, GT_FETCH_PACK, GT_FETCH_SKIP, GT_FETCH_DONE } state;
	uint64_t bytes;
	struct gt_buf progress; /* the last words of the server, for error texts */
};
int gt_git_fetch_push(void *answer, const struct gt_pkt *pkt, struct gt_err *err);
void gt_git_fetch_answer_fini(struct gt_git_fetch_answer *answer);

#endif
