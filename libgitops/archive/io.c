#include "archive/io.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"

static int fd_write(void *arg, const void *bytes, size_t n, struct gt_err *err)
{
	return gt_fd_write_all(*(const int *)arg, bytes, n, err);
}

struct gt_sink gt_sink_fd(int *fd)
{
	return (struct gt_sink){fd_write, fd};
}

static int fd_read(void *arg, void *bytes, size_t cap, size_t *ret_n, struct gt_err *err)
{
	ssize_t n;

	do
		n = read(*(const int *)arg, bytes, cap);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return gt_fail_errno(err, errno, "read");
	*ret_n = (size_t)n;
	return GT_OK;
}

struct gt_source gt_source_fd(int *fd)
{
	return (struct gt_source){fd_read, fd};
}

static int buf_write(void *arg, const void *bytes, size_t n, struct gt_err *err)
{
	struct gt_buf *buf = arg;

	gt_buf_add(buf, bytes, n);
	return gt_buf_check(buf, err);
}

struct gt_sink gt_sink_buf(struct gt_buf *buf)
{
	return (struct gt_sink){buf_write, buf};
}

static int mem_read(void *arg, void *bytes, size_t cap, size_t *ret_n, struct gt_err *err)
{
	struct gt_str *left = arg;
	size_t n = left->n < cap ? left->n : cap;

	(void)err;
	if (n)
		memcpy(bytes, left->p, n);
	*left = gt_str_from(*left, n);
	*ret_n = n;
	return GT_OK;
}

struct gt_source gt_source_mem(struct gt_str *bytes)
{
	return (struct gt_source){mem_read, bytes};
}

int gt_copy(struct gt_source from, struct gt_sink to, uint64_t max, uint64_t *ret_n,
	    struct gt_err *err)
{
	char chunk[16384];
	uint64_t total = 0;

	for (;;) {
		size_t n = 0;
		int rc = gt_source_read(from, chunk, sizeof chunk, &n, err);

		if (rc < 0)
			return rc;
		if (n == 0)
			break;
		total += n;
		if (total > max)
			return gt_fail(err, GT_E_BUDGET, "larger than %llu bytes",
				       (unsigned long long)max);
		rc = gt_sink_write(to, chunk, n, err);
		if (rc < 0)
			return rc;
	}
	if (ret_n)
		*ret_n = total;
	return GT_OK;
}
