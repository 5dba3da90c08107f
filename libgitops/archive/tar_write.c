#include <string.h>

#include "archive/tar.h"
#include "archive/tar_header.h"
#include "base/limits.h"

#define SIZE_MAX_OCTAL ((uint64_t)8 << 30) /* eleven octal digits */

void gt_tar_writer_init(struct gt_tar_writer *w, struct gt_sink to)
{
	*w = (struct gt_tar_writer){.to = to};
}

/* Zero-padded octal digits that fill the field but for its NUL. */
static void put_octal(char *field, size_t width, uint64_t n)
{
	field[width - 1] = '\0';
	for (size_t i = width - 1; i-- > 0; n >>= 3)
		field[i] = (char)('0' + (n & 7));
}

static void put_checksum(struct tar_header *h)
{
	unsigned sum = 0;

	memset(h->checksum, ' ', sizeof h->checksum);
	for (size_t i = 0; i < sizeof *h; i++)
		sum += ((const unsigned char *)h)[i];
	put_octal(h->checksum, 7, sum);
}

static bool is_ascii(struct gt_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* Where the prefix of a long name ends, by Go's rule, or 0. */
static size_t split_at(struct gt_str name)
{
	size_t limit = name.n > 156 ? 156 : name.n;

	if (name.n <= 100 || !is_ascii(name))
		return 0;
	size_t slash = gt_str_rfind(gt_strn(name.p, limit), '/');
	if (slash == SIZE_MAX || slash == 0 || slash > 155)
		return 0;
	size_t rest = name.n - slash - 1;
	return rest && rest <= 100 ? slash : 0;
}

/* Without bytes that are not ASCII, cut to the field; a cut never ends in a slash. */
static void put_ascii(char field[100], struct gt_str name)
{
	size_t n = 0;
	bool cut = false;

	for (size_t i = 0; i < name.n; i++) {
		if ((unsigned char)name.p[i] >= 0x80)
			continue;
		if (n == 100) {
			cut = true;
			break;
		}
		field[n++] = name.p[i];
	}
	while (cut && n && field[n - 1] == '/')
		field[--n] = '\0';
}

static void init_header(struct tar_header *h, char type, unsigned mode, uint64_t size)
{
	memset(h, 0, sizeof *h);
	h->type = type;
	put_octal(h->mode, sizeof h->mode, mode);
	put_octal(h->uid, sizeof h->uid, 0);
	put_octal(h->gid, sizeof h->gid, 0);
	put_octal(h->size, sizeof h->size, size);
	put_octal(h->mtime, sizeof h->mtime, 0);
	memcpy(h->magic, "ustar", 6);
	memcpy(h->version, "00", 2);
}

/* "<len> <key>=<value>\n", where len counts its own digits. */
static void add_record(struct gt_buf *out, const char *key, struct gt_str value)
{
	size_t rest = strlen(key) + value.n + 3;
	size_t digits = 1, len = rest + 1;

	for (size_t limit = 10; len >= limit; limit *= 10) {
		digits++;
		len = rest + digits;
	}
	gt_buf_printf(out, "%zu %s=", len, key);
	gt_buf_add_str(out, value);
	gt_buf_addc(out, '\n');
}

static int write_padded(struct gt_tar_writer *w, struct gt_str bytes, struct gt_err *err)
{
	static const char zeros[TAR_BLOCK];
	int rc = gt_sink_write(w->to, bytes.p, bytes.n, err);

	if (rc < 0 || bytes.n % TAR_BLOCK == 0)
		return rc;
	return gt_sink_write(w->to, zeros, TAR_BLOCK - bytes.n % TAR_BLOCK, err);
}

static int write_pax(struct gt_tar_writer *w, struct gt_str name, bool with_path, uint64_t size,
		     struct gt_err *err)
{
	gt_auto_buf records = {0}, pax_name = {0};
	struct tar_header h;
	size_t slash = gt_str_rfind(name, '/');
	struct gt_str base = slash == SIZE_MAX ? name : gt_str_from(name, slash + 1);

	if (with_path)
		add_record(&records, "path", name);
	if (size >= SIZE_MAX_OCTAL) {
		char digits[24];
		size_t i = sizeof digits;

		for (uint64_t n = size; n; n /= 10)
			digits[--i] = (char)('0' + n % 10);
		add_record(&records, "size", gt_strn(digits + i, sizeof digits - i));
	}
	if (slash != SIZE_MAX)
		gt_buf_add_str(&pax_name, gt_strn(name.p, slash + 1));
	gt_buf_adds(&pax_name, "PaxHeaders.0/");
	gt_buf_add_str(&pax_name, base);

	init_header(&h, 'x', 0, records.n);
	put_ascii(h.name, gt_buf_str(&pax_name));
	for (size_t n = strnlen(h.name, sizeof h.name); n && h.name[n - 1] == '/'; n--)
		h.name[n - 1] = '\0'; /* a base without ASCII */
	put_checksum(&h);
	int rc = gt_sink_write(w->to, &h, sizeof h, err);
	return rc < 0 ? rc : write_padded(w, gt_buf_str(&records), err);
}

static int add_entry(struct gt_tar_writer *w, struct gt_str name, char type, unsigned mode,
		     uint64_t size, struct gt_err *err)
{
	struct tar_header h;
	size_t split = split_at(name);
	bool long_name = name.n > 100 || !is_ascii(name);
	bool pax = (long_name && !split) || size >= SIZE_MAX_OCTAL;

	if (w->left)
		return gt_fail(err, GT_E_INTERNAL, "tar: the entry before %.*s is short",
			       GT_STR_ARG(name));
	if (name.n == 0 || name.n > GT_LIMIT_TAR_NAME || memchr(name.p, '\0', name.n))
		return gt_fail(err, GT_E_INVALID, "tar: invalid name of %zu bytes", name.n);
	if (pax) {
		int rc = write_pax(w, name, long_name, size, err);
		if (rc < 0)
			return rc;
	}
	init_header(&h, type, mode, size >= SIZE_MAX_OCTAL ? 0 : size);
	put_octal(h.devmajor, sizeof h.devmajor, 0);
	put_octal(h.devminor, sizeof h.devminor, 0);
	if (pax) {
		put_ascii(h.name, name);
	} else {
		memcpy(h.prefix, name.p, split);
		struct gt_str rest = split ? gt_str_from(name, split + 1) : name;
		memcpy(h.name, rest.p, rest.n);
	}
	put_checksum(&h);
	w->left = size;
	w->pad = (unsigned)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
	return gt_sink_write(w->to, &h, sizeof h, err);
}

int gt_tar_add_dir(struct gt_tar_writer *w, struct gt_str name, struct gt_err *err)
{
	return add_entry(w, name, '5', 0750, 0, err);
}

int gt_tar_add_file(struct gt_tar_writer *w, struct gt_str name, uint64_t size, bool executable,
		    struct gt_err *err)
{
	return add_entry(w, name, '0', executable ? 0700 : 0600, size, err);
}

int gt_tar_write(struct gt_tar_writer *w, const void *bytes, size_t n, struct gt_err *err)
{
	static const char zeros[TAR_BLOCK];

	if (n > w->left)
		return gt_fail(err, GT_E_INTERNAL, "tar: more bytes than announced");
	if (n == 0)
		return GT_OK;
	int rc = gt_sink_write(w->to, bytes, n, err);
	if (rc < 0)
		return rc;
	w->left -= n;
	if (w->left == 0 && w->pad)
		return gt_sink_write(w->to, zeros, w->pad, err);
	return GT_OK;
}

int gt_tar_finish(struct gt_tar_writer *w, struct gt_err *err)
{
	static const char zeros[2 * TAR_BLOCK];

	if (w->left)
		return gt_fail(err, GT_E_INTERNAL, "tar: the last entry is short");
	return gt_sink_write(w->to, zeros, sizeof zeros, err);
}
