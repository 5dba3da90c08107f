/*
 * Unpacks a gzip-compressed tar stream below a directory, by Flux's rules: empty, absolute,
 * backslashed and climbing names are refused, missing parents are made (0750), directories keep
 * their owner's access, files are overwritten, hard links become empty files, devices are refused,
 * symbolic links are skipped or refused.  Nothing is ever written through a link and nothing
 * outside the root (base/fs.h).  Any thread.
 */
#ifndef GT_ARCHIVE_UNTAR_H
#define GT_ARCHIVE_UNTAR_H

#include <stdbool.h>
#include <stdint.h>

#include "archive/io.h"

struct gt_untar_opts {
	uint64_t max_bytes;   /* unpacked, 0 means GT_LIMIT_TAR_TOTAL */
	uint64_t max_entries; /* 0 means GT_LIMIT_TAR_ENTRIES */
	bool skip_symlinks;   /* else they are an error */
	bool plain;           /* the stream is not compressed */
	uint64_t *ret_bytes;  /* optional: bytes unpacked */
	bool read_only;       /* files lose their write bits: the tree will be shared */
};

/* opts may be NULL.  On failure what was unpacked so far stays; the caller removes its root. */
int gt_untar(int root, struct gt_source from, const struct gt_untar_opts *opts, struct gt_err *err);

#endif
