#include "git/proto.h"

#include "git/proto_int.h"

#define PROGRESS_MAX 1000

void gt_git_fetch_answer_fini(struct gt_git_fetch_answer *a)
{
	gt_buf_fini(&a->progress);
}

static int take_progress(struct gt_git_fetch_answer *a, struct gt_str words)
{
	if (a->progress.n + words.n > PROGRESS_MAX)
		gt_buf_reset(&a->progress);
	gt_buf_add_str(&a->progress, gt_str_sub(words, 0, PROGRESS_MAX));
	return GT_OK;
}

/* A side-band packet: a byte of channel, then data, progress or a fatal error. */
static int take_band(struct gt_git_fetch_answer *a, struct gt_str data, struct gt_err *err)
{
	if (data.n == 0)
		return GT_OK; /* keep-alive */
	struct gt_str body = gt_str_from(data, 1);
	switch (data.p[0]) {
	case 1: a->bytes += body.n; return gt_sink_write(a->pack, body.p, body.n, err);
	case 2: return take_progress(a, body);
	case 3: return gt_git__said_error(body, err);
	default: return gt_fail(err, GT_E_INVALID, "malformed side-band packet");
	}
}

static int no_pack(struct gt_git_fetch_answer *a, struct gt_err *err)
{
	char words[WORDS_TEXT];

	gt_git__words(gt_buf_str(&a->progress), words);
	return gt_fail(err, GT_E_UNAVAILABLE, "the server sent no objects%s%s",
		       words[0] ? ": " : "", words);
}

/* Version 2: sections, each named by its first line, until the packfile. */
static int head2(struct gt_git_fetch_answer *a, const struct gt_pkt *pkt, struct gt_err *err)
{
	struct gt_str line = gt_pkt_line(pkt);

	if (pkt->type == GT_PKT_FLUSH || pkt->type == GT_PKT_END)
		return no_pack(a, err);
	if (pkt->type == GT_PKT_DELIM || a->state == GT_FETCH_SKIP) {
		a->state = pkt->type == GT_PKT_DELIM ? GT_FETCH_HEAD : GT_FETCH_SKIP;
		return GT_OK;
	}
	a->state = gt_str_is(line, "packfile") ? GT_FETCH_PACK : GT_FETCH_SKIP;
	return GT_OK;
}

/* Version 0: shallow lines up to a flush if we asked for a depth, then NAK or ACK. */
static int head0(struct gt_git_fetch_answer *a, const struct gt_pkt *pkt, struct gt_err *err)
{
	struct gt_str line = gt_pkt_line(pkt);

	if (a->deepened && a->state == GT_FETCH_HEAD)
		a->state = GT_FETCH_SHALLOW;
	if (a->state == GT_FETCH_SHALLOW) {
		if (pkt->type == GT_PKT_FLUSH) {
			a->state = GT_FETCH_HEAD;
			a->deepened = false;
		}
		return GT_OK;
	}
	if (pkt->type != GT_PKT_DATA)
		return no_pack(a, err);
	if (!gt_str_is(line, "NAK") && !gt_str_starts(line, "ACK "))
		return gt_fail(err, GT_E_INVALID, "malformed answer of the server");
	a->state = GT_FETCH_PACK;
	return GT_OK;
}

int gt_git_fetch_push(void *answer, const struct gt_pkt *pkt, struct gt_err *err)
{
	struct gt_git_fetch_answer *a = answer;
	int rc = a->state == GT_FETCH_PACK ? GT_OK : gt_git__check_err(pkt, err);

	if (rc < 0)
		return rc;
	if (a->state != GT_FETCH_PACK)
		return a->version == 2 ? head2(a, pkt, err) : head0(a, pkt, err);
	if (pkt->type == GT_PKT_DATA)
		return take_band(a, pkt->data, err);
	if (!a->bytes)
		return no_pack(a, err);
	a->state = GT_FETCH_DONE;
	return 1;
}
