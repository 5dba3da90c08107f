#include "git/pkt.h"

#include <stdio.h>
#include <string.h>

#define HEAD 4 /* bytes of the length */

void gt_pkt_reader_fini(struct gt_pkt_reader *r)
{
	gt_buf_fini(&r->pending);
}

static bool parse_length(const char *p, size_t *ret_len)
{
	size_t n = 0;

	for (int i = 0; i < HEAD; i++) {
		char c = p[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		if (digit < 0)
			return false;
		n = n << 4 | (size_t)digit;
	}
	*ret_len = n;
	return n != 3 && n <= GT_PKT_MAX;
}

/* Bytes of the packet at the front, 0 when its length is not there yet. */
static int packet_size(struct gt_str s, size_t *ret_size, struct gt_err *err)
{
	size_t len;

	*ret_size = 0;
	if (s.n < HEAD)
		return GT_OK;
	if (!parse_length(s.p, &len))
		return gt_fail(err, GT_E_INVALID, "malformed packet line");
	*ret_size = len < HEAD ? HEAD : len;
	return GT_OK;
}

static int deliver(struct gt_str packet, gt_pkt_fn fn, void *arg, struct gt_err *err)
{
	static const enum gt_pkt_type special[] = {GT_PKT_FLUSH, GT_PKT_DELIM, GT_PKT_END};
	struct gt_pkt pkt = {.type = GT_PKT_DATA, .data = gt_str_from(packet, HEAD)};
	size_t len = 0;

	parse_length(packet.p, &len);
	if (len < HEAD)
		pkt.type = special[len];
	return fn(arg, &pkt, err);
}

/* Completes the packet that is pending from *bytes. */
static int feed_pending(struct gt_pkt_reader *r, struct gt_str *bytes, gt_pkt_fn fn, void *arg,
			struct gt_err *err)
{
	size_t size;

	while (r->pending.n && bytes->n) {
		int rc = packet_size(gt_buf_str(&r->pending), &size, err);
		if (rc < 0)
			return rc;
		size_t want = size ? size - r->pending.n : HEAD - r->pending.n;
		size_t n = want < bytes->n ? want : bytes->n;
		gt_buf_add(&r->pending, bytes->p, n);
		*bytes = gt_str_from(*bytes, n);
		rc = packet_size(gt_buf_str(&r->pending), &size, err);
		if (rc < 0)
			return rc;
		if (!size || r->pending.n < size)
			continue;
		rc = deliver(gt_buf_str(&r->pending), fn, arg, err);
		gt_buf_reset(&r->pending);
		if (rc)
			return rc;
	}
	return GT_OK;
}

int gt_pkt_feed(struct gt_pkt_reader *r, struct gt_str bytes, gt_pkt_fn fn, void *arg,
		struct gt_err *err)
{
	int rc = feed_pending(r, &bytes, fn, arg, err);

	while (rc == GT_OK && bytes.n) {
		size_t size;

		rc = packet_size(bytes, &size, err);
		if (rc < 0)
			break;
		if (!size || bytes.n < size) {
			gt_buf_add_str(&r->pending, bytes);
			break;
		}
		rc = deliver(gt_strn(bytes.p, size), fn, arg, err);
		bytes = gt_str_from(bytes, size);
	}
	if (rc)
		gt_buf_reset(&r->pending);
	return rc;
}

struct gt_str gt_pkt_line(const struct gt_pkt *pkt)
{
	struct gt_str s = pkt->data;

	if (s.n && s.p[s.n - 1] == '\n')
		s.n--;
	return s;
}

void gt_pkt_add(struct gt_buf *out, const char *fmt, ...)
{
	size_t at = out->n;
	char head[HEAD + 1];
	va_list ap;

	gt_buf_adds(out, "0000");
	va_start(ap, fmt);
	gt_buf_vprintf(out, fmt, ap);
	va_end(ap);
	if (out->failed || out->n - at > GT_PKT_MAX) {
		out->failed = true;
		return;
	}
	snprintf(head, sizeof head, "%04x", (unsigned)(out->n - at));
	memcpy(out->p + at, head, HEAD);
}

void gt_pkt_add_flush(struct gt_buf *out)
{
	gt_buf_adds(out, "0000");
}

void gt_pkt_add_delim(struct gt_buf *out)
{
	gt_buf_adds(out, "0001");
}
