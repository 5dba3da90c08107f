/*
 * Tar streams.
 *
 * The writer produces one form only, that of Flux's artifacts: ustar headers, PAX records where a
 * name or a size does not fit, owner and times zero, three modes (directories 0750, files 0600 or
 * 0700), no trailing slash on directories, two zero blocks at the end.  Equal calls give equal
 * bytes.
 *
 * The reader understands ustar, PAX (global and per-entry) and GNU long names, as Go's archive/tar
 * does; the stream is hostile: names and counts are bounded (base/limits.h), checksums verified,
 * sparse files refused.  One owner at a time.
 */
#ifndef GT_ARCHIVE_TAR_H
#define GT_ARCHIVE_TAR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "archive/io.h"
#include "base/buf.h"

struct gt_tar_writer {
	struct gt_sink to;
	uint64_t left; /* bytes of the current file still to come */
	unsigned pad;  /* zero bytes after them */
};

void gt_tar_writer_init(struct gt_tar_writer *w, struct gt_sink to);
/* name is relative, without a trailing slash; "." is the root. */
int gt_tar_add_dir(struct gt_tar_writer *w, struct gt_str name, struct gt_err *err);
/* Exactly size bytes must follow by gt_tar_write() before the next entry. */
int gt_tar_add_file(struct gt_tar_writer *w, struct gt_str name, uint64_t size, bool executable,
		    struct gt_err *err);
int gt_tar_write(struct gt_tar_writer *w, const void *bytes, size_t n, struct gt_err *err);
/* The trailer.  GT_E_INTERNAL if the last file is short. */
int gt_tar_finish(struct gt_tar_writer *w, struct gt_err *err);

enum gt_tar_type {
	GT_TAR_FILE,
	GT_TAR_DIR,
	GT_TAR_SYMLINK,
	GT_TAR_HARDLINK,
	GT_TAR_OTHER, /* devices, FIFOs, unknown types */
};

struct gt_tar_entry {
	enum gt_tar_type type;
	char flag;          /* the type as written in the header */
	struct gt_str name; /* NUL-terminated, as in the stream; valid until the next entry */
	struct gt_str link;
	mode_t mode;   /* permission bits, setuid and friends included */
	uint64_t size; /* bytes to be read; 0 for all but files */
	int64_t mtime; /* nanoseconds since the epoch, 0 when not given */
};

struct gt_tar_reader;

/* Never NULL; reads a plain tar stream. */
struct gt_tar_reader *gt_tar_reader_new(struct gt_source from);
void gt_tar_reader_free(struct gt_tar_reader *r);

/* Skips what is left of the current entry and gives the next one; *ret_entry NULL at the end. */
int gt_tar_next(struct gt_tar_reader *r, const struct gt_tar_entry **ret_entry, struct gt_err *err);
/* Bytes of the current file; *ret_n = 0 at its end. */
int gt_tar_read(struct gt_tar_reader *r, void *bytes, size_t cap, size_t *ret_n,
		struct gt_err *err);

static inline void gt_tar_reader__freep(struct gt_tar_reader **r)
{
	gt_tar_reader_free(*r);
}
#define gt_auto_tar_reader __attribute__((cleanup(gt_tar_reader__freep))) struct gt_tar_reader

#endif
