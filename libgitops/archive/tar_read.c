#include <string.h>

#include "archive/tar.h"
#include "archive/tar_header.h"
#include "base/alloc.h"
#include "base/limits.h"
#include "base/time.h"

#define EXTENSION_MAX GT_MIB(1) /* one PAX or GNU long-name block */

/* What an extension header says about the entry that follows. */
struct overrides {
	struct gt_buf path, link;
	bool has_path, has_link, has_size, has_mtime;
	uint64_t size;
	int64_t mtime;
};

struct gt_tar_reader {
	struct gt_source from;
	struct gt_tar_entry entry;
	struct gt_buf name, link, extension;
	struct overrides next;
	uint64_t left, pad;
	uint64_t count;
	bool end;
};

struct gt_tar_reader *gt_tar_reader_new(struct gt_source from)
{
	struct gt_tar_reader *r = gt_new(struct gt_tar_reader);

	r->from = from;
	return r;
}

void gt_tar_reader_free(struct gt_tar_reader *r)
{
	if (!r)
		return;
	gt_buf_fini(&r->name);
	gt_buf_fini(&r->link);
	gt_buf_fini(&r->extension);
	gt_buf_fini(&r->next.path);
	gt_buf_fini(&r->next.link);
	free(r);
}

/* Reads exactly n bytes, or none at the end of the stream; *ret_n tells. */
static int read_full(struct gt_tar_reader *r, void *bytes, size_t n, size_t *ret_n,
		     struct gt_err *err)
{
	size_t have = 0;

	while (have < n) {
		size_t part = 0;
		int rc = gt_source_read(r->from, (char *)bytes + have, n - have, &part, err);
		if (rc < 0)
			return rc;
		if (part == 0)
			break;
		have += part;
	}
	*ret_n = have;
	if (have && have < n)
		return gt_fail(err, GT_E_INVALID, "tar: unexpected end of the stream");
	return GT_OK;
}

static int skip(struct gt_tar_reader *r, uint64_t n, struct gt_err *err)
{
	char waste[8192];

	while (n) {
		size_t part = n < sizeof waste ? (size_t)n : sizeof waste, got;
		int rc = read_full(r, waste, part, &got, err);
		if (rc < 0)
			return rc;
		if (got == 0)
			return gt_fail(err, GT_E_INVALID, "tar: unexpected end of the stream");
		n -= got;
	}
	return GT_OK;
}

/* Octal text with blanks and NULs around it, or GNU's big-endian binary form. */
static bool get_number(const char *field, size_t width, int64_t *ret_n)
{
	const unsigned char *p = (const unsigned char *)field;
	uint64_t n = 0;
	size_t i = 0;

	if (p[0] & 0x80) {
		bool negative = p[0] & 0x40;
		if (negative)
			return false;
		n = p[0] & 0x3f;
		for (i = 1; i < width; i++) {
			if (n >> 55)
				return false;
			n = n << 8 | p[i];
		}
		*ret_n = (int64_t)n;
		return true;
	}
	while (i < width && (p[i] == ' ' || p[i] == '\0'))
		i++;
	for (; i < width && p[i] >= '0' && p[i] <= '7'; i++)
		n = n << 3 | (uint64_t)(p[i] - '0');
	for (; i < width; i++)
		if (p[i] != ' ' && p[i] != '\0')
			return false;
	*ret_n = (int64_t)n;
	return true;
}

static bool checksum_ok(const struct tar_header *h)
{
	const unsigned char *p = (const unsigned char *)h;
	size_t from = offsetof(struct tar_header, checksum);
	int64_t want, plain = 0, with_sign = 0;

	if (!get_number(h->checksum, sizeof h->checksum, &want))
		return false;
	for (size_t i = 0; i < TAR_BLOCK; i++) {
		unsigned char c = i >= from && i < from + sizeof h->checksum ? ' ' : p[i];
		plain += c;
		with_sign += (signed char)c;
	}
	return want == plain || want == with_sign;
}

static bool all_zero(const void *block)
{
	static const char zeros[TAR_BLOCK];

	return memcmp(block, zeros, TAR_BLOCK) == 0;
}

/* One block; *ret_end at the end of the archive. */
static int read_header(struct gt_tar_reader *r, struct tar_header *h, bool *ret_end,
		       struct gt_err *err)
{
	size_t n;
	int rc = read_full(r, h, sizeof *h, &n, err);

	if (rc < 0)
		return rc;
	*ret_end = n == 0;
	if (n && all_zero(h)) {
		rc = read_full(r, h, sizeof *h, &n, err);
		if (rc < 0)
			return rc;
		*ret_end = n == 0 || all_zero(h);
		if (!*ret_end)
			return gt_fail(err, GT_E_INVALID, "tar: invalid header");
	}
	if (!*ret_end && !checksum_ok(h))
		return gt_fail(err, GT_E_INVALID, "tar: invalid header");
	return GT_OK;
}

static struct gt_str field(const char *p, size_t width)
{
	return gt_strn(p, strnlen(p, width));
}

static void set_name(struct gt_tar_reader *r, const struct tar_header *h)
{
	gt_buf_reset(&r->name);
	if (r->next.has_path) {
		gt_buf_add_str(&r->name, gt_buf_str(&r->next.path));
		return;
	}
	if (memcmp(h->magic,
		   "ustar\0"
		   "00",
		   8) == 0) {
		size_t width = memcmp(h->pad + 8, "tar", 4) == 0 ? 131 : sizeof h->prefix;
		struct gt_str prefix = field(h->prefix, width);
		if (prefix.n) {
			gt_buf_add_str(&r->name, prefix);
			gt_buf_addc(&r->name, '/');
		}
	}
	gt_buf_add_str(&r->name, field(h->name, sizeof h->name));
}

/* --- extension headers -------------------------------------------------------------------- */

static int read_extension(struct gt_tar_reader *r, int64_t size, struct gt_err *err)
{
	size_t got = 0, n = (size_t)size;

	if (size < 0 || n > EXTENSION_MAX)
		return gt_fail(err, GT_E_BUDGET, "tar: an extension header of %lld bytes",
			       (long long)size);
	gt_buf_reset(&r->extension);
	char *to = gt_buf_reserve(&r->extension, n + 1);
	if (!to)
		return gt_buf_check(&r->extension, err);
	int rc = read_full(r, to, n, &got, err);
	if (rc < 0)
		return rc;
	if (got < n)
		return gt_fail(err, GT_E_INVALID, "tar: unexpected end of the stream");
	gt_buf_commit(&r->extension, n);
	return skip(r, (TAR_BLOCK - n % TAR_BLOCK) % TAR_BLOCK, err);
}

static void override_text(struct gt_buf *to, bool *has, struct gt_str value)
{
	gt_buf_reset(to);
	gt_buf_add_str(to, value);
	*has = value.n > 0;
}

/* "<seconds>[.<fraction>]", possibly negative, to nanoseconds; false when malformed. */
static bool pax_time(struct gt_str s, int64_t *ret_ns)
{
	size_t dot = gt_str_find(s, '.');
	struct gt_str whole = dot == SIZE_MAX ? s : gt_strn(s.p, dot);
	struct gt_str frac = dot == SIZE_MAX ? gt_strn("", 0) : gt_str_from(s, dot + 1);
	int64_t seconds, ns = 0, unit = 100000000;

	if (!gt_str_i64(whole, &seconds))
		return false;
	for (size_t i = 0; i < frac.n; i++, unit /= 10) {
		if (frac.p[i] < '0' || frac.p[i] > '9')
			return false;
		ns += (frac.p[i] - '0') * unit;
	}
	if (seconds > INT64_MAX / GT_NS_PER_S - 1 || seconds < INT64_MIN / GT_NS_PER_S + 1)
		return false;
	*ret_ns = seconds * GT_NS_PER_S + (whole.p[0] == '-' ? -ns : ns);
	return true;
}

static int apply_record(struct overrides *o, struct gt_str key, struct gt_str value,
			struct gt_err *err)
{
	bool text = gt_str_is(key, "path") || gt_str_is(key, "linkpath");

	if (gt_str_starts(key, "GNU.sparse."))
		return gt_fail(err, GT_E_UNSUPPORTED, "tar: sparse files are not supported");
	if (text && gt_str_find(value, '\0') != SIZE_MAX)
		return gt_fail(err, GT_E_INVALID, "tar: a NUL in a PAX record");
	if (gt_str_is(key, "path")) {
		override_text(&o->path, &o->has_path, value);
	} else if (gt_str_is(key, "linkpath")) {
		override_text(&o->link, &o->has_link, value);
	} else if (gt_str_is(key, "size")) {
		o->has_size = value.n > 0;
		if (value.n && (!gt_str_u64(value, &o->size) || o->size > INT64_MAX))
			return gt_fail(err, GT_E_INVALID, "tar: malformed PAX size");
	} else if (gt_str_is(key, "mtime")) {
		o->has_mtime = value.n > 0;
		if (value.n && !pax_time(value, &o->mtime))
			return gt_fail(err, GT_E_INVALID, "tar: malformed PAX time");
	}
	return GT_OK;
}

/* Records of the form "<len> <key>=<value>\n". */
static int parse_pax(struct gt_str s, struct overrides *o, struct gt_err *err)
{
	while (s.n) {
		uint64_t len;
		size_t space = gt_str_find(s, ' ');

		if (space == SIZE_MAX || !gt_str_u64(gt_strn(s.p, space), &len) ||
		    len < space + 3 || len > s.n || s.p[len - 1] != '\n')
			return gt_fail(err, GT_E_INVALID, "tar: malformed PAX record");
		struct gt_str record = gt_strn(s.p + space + 1, (size_t)len - space - 2);
		size_t equals = gt_str_find(record, '=');
		if (equals == SIZE_MAX || equals == 0)
			return gt_fail(err, GT_E_INVALID, "tar: malformed PAX record");
		int rc = apply_record(o, gt_strn(record.p, equals), gt_str_from(record, equals + 1),
				      err);
		if (rc < 0)
			return rc;
		s = gt_str_from(s, (size_t)len);
	}
	return GT_OK;
}

static void forget_overrides(struct overrides *o)
{
	o->has_path = o->has_link = o->has_size = o->has_mtime = false;
}

/* Consumes the body of an extension header. */
static int take_extension(struct gt_tar_reader *r, char type, int64_t size, struct gt_err *err)
{
	int rc = read_extension(r, size, err);

	if (rc < 0)
		return rc;
	struct gt_str body = gt_buf_str(&r->extension);
	struct gt_str text = gt_strn(body.p, body.n ? strnlen(body.p, body.n) : 0);
	switch (type) {
	case 'x': return parse_pax(body, &r->next, err);
	case 'L': override_text(&r->next.path, &r->next.has_path, text); return GT_OK;
	case 'K': override_text(&r->next.link, &r->next.has_link, text); return GT_OK;
	default: return GT_OK; /* 'g': nothing of it matters to us */
	}
}

/* --- entries ------------------------------------------------------------------------------ */

static enum gt_tar_type type_of(char flag, struct gt_str name)
{
	switch (flag) {
	case '\0': return gt_str_ends(name, "/") ? GT_TAR_DIR : GT_TAR_FILE;
	case '0':
	case '7': return gt_str_ends(name, "/") ? GT_TAR_DIR : GT_TAR_FILE;
	case '1': return GT_TAR_HARDLINK;
	case '2': return GT_TAR_SYMLINK;
	case '5': return GT_TAR_DIR;
	default: return GT_TAR_OTHER;
	}
}

static int make_entry(struct gt_tar_reader *r, const struct tar_header *h, int64_t size,
		      struct gt_err *err)
{
	struct gt_tar_entry *e = &r->entry;
	int64_t mode, mtime;

	if (!get_number(h->mode, sizeof h->mode, &mode) ||
	    !get_number(h->mtime, sizeof h->mtime, &mtime) || mtime > INT64_MAX / GT_NS_PER_S)
		return gt_fail(err, GT_E_INVALID, "tar: invalid header");
	set_name(r, h);
	gt_buf_reset(&r->link);
	gt_buf_add_str(&r->link, r->next.has_link ? gt_buf_str(&r->next.link)
						  : field(h->link, sizeof h->link));
	e->name = gt_strn(gt_buf_cstr(&r->name), r->name.n);
	e->link = gt_strn(gt_buf_cstr(&r->link), r->link.n);
	if (e->name.n > GT_LIMIT_TAR_NAME || e->link.n > GT_LIMIT_TAR_NAME)
		return gt_fail(err, GT_E_BUDGET, "tar: a name of %zu bytes",
			       e->name.n > e->link.n ? e->name.n : e->link.n);
	e->flag = h->type;
	e->type = type_of(h->type, e->name);
	e->mode = (mode_t)(mode & 07777);
	e->mtime = r->next.has_mtime ? r->next.mtime : mtime * GT_NS_PER_S;
	uint64_t body = r->next.has_size ? r->next.size : (uint64_t)size;
	e->size = e->type == GT_TAR_FILE ? body : 0;
	/* Links, devices and directories have no body, whatever the header says. */
	r->left = strchr("123456", h->type) && h->type ? 0 : body;
	r->pad = (TAR_BLOCK - r->left % TAR_BLOCK) % TAR_BLOCK;
	forget_overrides(&r->next);
	return GT_OK;
}

int gt_tar_next(struct gt_tar_reader *r, const struct gt_tar_entry **ret_entry, struct gt_err *err)
{
	int rc = skip(r, r->left + r->pad, err);

	r->left = r->pad = 0;
	while (rc == GT_OK && !r->end) {
		struct tar_header h;
		int64_t size;

		rc = read_header(r, &h, &r->end, err);
		if (rc < 0 || r->end)
			break;
		if (++r->count > GT_LIMIT_TAR_ENTRIES)
			return gt_fail(err, GT_E_BUDGET, "tar: more than %d entries",
				       GT_LIMIT_TAR_ENTRIES);
		if (!get_number(h.size, sizeof h.size, &size))
			return gt_fail(err, GT_E_INVALID, "tar: invalid header");
		if (h.type == 'S')
			return gt_fail(err, GT_E_UNSUPPORTED,
				       "tar: sparse files are not supported");
		if (h.type && strchr("xgLK", h.type)) {
			rc = take_extension(r, h.type, size, err);
			continue;
		}
		rc = make_entry(r, &h, size, err);
		if (rc < 0)
			return rc;
		*ret_entry = &r->entry;
		return GT_OK;
	}
	*ret_entry = NULL;
	return rc;
}

int gt_tar_read(struct gt_tar_reader *r, void *bytes, size_t cap, size_t *ret_n, struct gt_err *err)
{
	size_t want = r->left < cap ? (size_t)r->left : cap;

	*ret_n = 0;
	if (!want)
		return GT_OK;
	int rc = gt_source_read(r->from, bytes, want, ret_n, err);
	if (rc < 0)
		return rc;
	if (*ret_n == 0)
		return gt_fail(err, GT_E_INVALID, "tar: unexpected end of the stream");
	r->left -= *ret_n;
	return GT_OK;
}
