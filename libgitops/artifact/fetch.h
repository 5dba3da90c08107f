/*
 * Fetching artifacts over HTTP, by the rules of Flux's consumers: some answers are worth another
 * attempt, a 404 means that the artifact has gone, the bytes are verified by their digest and
 * unpacked once for all consumers (store/unpack.h).  Blocking; worker threads.
 */
#ifndef GT_ARTIFACT_FETCH_H
#define GT_ARTIFACT_FETCH_H

#include "net/http.h"
#include "store/unpack.h"

struct gt_artifact_fetch {
	struct gt_http_client *http;
	struct gt_unpack *cache;
	unsigned retries;    /* attempts after the first one; upstream: --http-retry, 9 */
	int64_t wait_min_ns; /* doubled with every attempt; 0 means 5 s */
	int64_t wait_max_ns; /* 0 means 30 s */
};

/*
 * The unpacked artifact; release with gt_unpack_release().  GT_E_NOT_FOUND only for a 404.  Texts
 * are upstream's: "failed to download archive: GET <url> giving up after N attempt(s): ...",
 * "failed to download archive from <url> (status: 403 Forbidden)".
 *
 * The variables SOURCE_CONTROLLER_LOCALHOST and SOURCE_WATCHER_LOCALHOST replace the host of the
 * URL, as upstream, for controllers that run outside of the cluster.
 */
int gt_artifact_acquire(const struct gt_artifact_fetch *fetch, struct gt_ctx *ctx, const char *url,
			const char *digest, struct gt_unpack_tree **ret_tree, struct gt_err *err);

#endif
