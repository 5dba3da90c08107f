/* One request to the file server: looked up in the background, then read piece by piece. */
#ifndef GT_NET_FILESERVER_PRIV_H
#define GT_NET_FILESERVER_PRIV_H

#include <stdatomic.h>
#include <sys/stat.h>

#include "net/fileserver.h"
#include "net/loop_uv.h"
#include "net/range.h"

struct gt_fileserver {
	atomic_uint refs; /* the owner's and each job's */
	struct gt_loop *loop;
	int root;
	char *prefix;
};

struct gt_file_job {
	uv_work_t work;
	struct gt_fileserver *fs;
	struct gt_reply *reply;
	char *path; /* decoded, cleaned, starts with '/', a final '/' kept */

	/* What the lookup found. */
	int rc; /* GT_OK, or why it cannot be opened */
	int fd;
	struct stat st;
	bool is_dir;
	bool is_index; /* the directory's index.html, not the path itself */
	struct gt_buf listing;
	const char *type;

	/* What is sent. */
	struct gt_range ranges[GT_RANGES_MAX];
	size_t n_ranges, at_range;
	int64_t at;        /* within the range */
	char boundary[61]; /* of a multipart answer, "" otherwise */
	struct gt_buf piece;
	bool failed;
	bool working; /* a read is under way in the background */
};

/* Opens, stats, lists, looks at the type.  Background thread. */
void gt_file_job__look_up(struct gt_file_job *job);

/* Answers with the file or its ranges, after the preconditions.  Loop thread. */
void gt_file_job__serve(struct gt_file_job *job);

/* Escapes a path as Go's net/url does, which leaves more alone than gt_percent_encode(). */
void gt_file__escape(struct gt_buf *out, struct gt_str path);
void gt_file__escape_html(struct gt_buf *out, struct gt_str text);

/* Ends without a reply of its own: the reply has been ended. */
void gt_file_job__free(struct gt_file_job *job);

#endif
