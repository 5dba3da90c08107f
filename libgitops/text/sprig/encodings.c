/* Digests, base 64 and base 32. */
#include <string.h>

#include "base/enc.h"
#include "base/rand.h"
#include "crypto/digest.h"
#include "text/sprig/sprig_impl.h"

static int digest(struct gt_tmpl_call *c, enum gt_digest_algo algo)
{
	struct gt_digest d = gt_digest_of(algo, c->arg[0].s);
	char text[GT_DIGEST_TEXT];

	return sprig__str(c, gt_arena_str(c->a, gt_str(gt_digest_hex(&d, text))));
}

static int fn_sha1(struct gt_tmpl_call *c)
{
	return digest(c, GT_SHA1);
}

static int fn_sha256(struct gt_tmpl_call *c)
{
	return digest(c, GT_SHA256);
}

static int fn_sha512(struct gt_tmpl_call *c)
{
	return digest(c, GT_SHA512);
}

static int fn_adler32(struct gt_tmpl_call *c)
{
	struct gt_digest d = gt_digest_of(GT_ADLER32, c->arg[0].s);
	const unsigned char *b = d.bytes;
	uint32_t sum = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];

	return sprig__str(c, gt_str(gt_arena_printf(c->a, "%u", sum)));
}

static int fn_b64enc(struct gt_tmpl_call *c)
{
	gt_auto_buf out = {0};

	gt_base64_encode(&out, c->arg[0].s);
	return gt_tmpl_return_buf(c, &out);
}

/* --- decoding, with the place of the first fault ------------------------------------------ */

struct alphabet {
	unsigned bits;  /* of a character */
	unsigned group; /* characters that make whole bytes */
};

static int value_of(const struct alphabet *al, char c)
{
	if (al->bits == 5) {
		if (c >= 'A' && c <= 'Z')
			return c - 'A';
		return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
	}
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Where the character was in the text before line breaks were taken out. */
struct stripped {
	struct gt_str s;
	size_t *at;
};

static struct stripped strip_breaks(struct gt_arena *a, struct gt_str s)
{
	struct stripped out = {.at = gt_arena_alloc(a, (s.n + 1) * sizeof *out.at)};
	char *p = gt_arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; p && out.at && i < s.n; i++) {
		if (s.p[i] == '\r' || s.p[i] == '\n')
			continue;
		out.at[n] = i;
		p[n++] = s.p[i];
	}
	if (p && out.at)
		out.at[n] = s.n;
	out.s = gt_strn(p, n);
	return out;
}

static bool padding_ok(const struct alphabet *al, size_t chars)
{
	if (al->bits == 6)
		return chars == 2 || chars == 3;
	return chars == 2 || chars == 4 || chars == 5 || chars == 7;
}

/* SIZE_MAX when all is well, else the offset of the fault. */
static size_t decode(struct gt_buf *out, const struct alphabet *al, const struct stripped *in)
{
	struct gt_str s = in->s;

	for (size_t i = 0; i < s.n; i += al->group) {
		uint64_t bits = 0;
		unsigned n = 0;

		while (n < al->group && i + n < s.n && s.p[i + n] != '=') {
			int v = value_of(al, s.p[i + n]);

			if (v < 0)
				return in->at[i + n];
			bits = bits << al->bits | (unsigned)v;
			n++;
		}
		if (n < al->group) {
			size_t pad = n;

			while (pad < al->group && i + pad < s.n && s.p[i + pad] == '=')
				pad++;
			if (pad < al->group)
				return i + pad >= s.n && pad == n ? in->at[i] : in->at[i + pad];
			if (!padding_ok(al, n))
				return in->at[i + n];
			if (i + al->group < s.n)
				return in->at[i + al->group];
		}
		unsigned bytes = n * al->bits / 8;
		bits >>= n * al->bits % 8;
		for (unsigned b = bytes; b-- > 0;)
			gt_buf_addc(out, (char)(bits >> (8 * b)));
	}
	return SIZE_MAX;
}

size_t sprig__base64(struct gt_arena *a, struct gt_str text, struct gt_buf *out)
{
	static const struct alphabet base64 = {6, 4};
	struct stripped in = strip_breaks(a, text);

	return in.s.p ? decode(out, &base64, &in) : 0;
}

static int decode_call(struct gt_tmpl_call *c, const struct alphabet *al, const char *name)
{
	struct stripped in = strip_breaks(c->a, c->arg[0].s);
	gt_auto_buf out = {0};
	size_t fault;

	if (!in.s.p)
		return GT_E_BUDGET;
	fault = decode(&out, al, &in);
	if (fault != SIZE_MAX)
		return sprig__str(c,
				  gt_str(gt_arena_printf(c->a, "illegal %s data at input byte %zu",
							 name, fault)));
	return gt_tmpl_return_buf(c, &out);
}

static int fn_b64dec(struct gt_tmpl_call *c)
{
	static const struct alphabet base64 = {6, 4};

	return decode_call(c, &base64, "base64");
}

static int fn_b32dec(struct gt_tmpl_call *c)
{
	static const struct alphabet base32 = {5, 8};

	return decode_call(c, &base32, "base32");
}

static int fn_b32enc(struct gt_tmpl_call *c)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	struct gt_str s = c->arg[0].s;
	gt_auto_buf out = {0};

	for (size_t i = 0; i < s.n; i += 5) {
		size_t n = s.n - i < 5 ? s.n - i : 5, chars = (n * 8 + 4) / 5;
		uint64_t bits = 0;

		for (size_t j = 0; j < 5; j++)
			bits = bits << 8 | (j < n ? (unsigned char)s.p[i + j] : 0);
		for (size_t j = 0; j < 8; j++)
			gt_buf_addc(&out, j < chars ? letters[bits >> (35 - 5 * j) & 31] : '=');
	}
	return gt_tmpl_return_buf(c, &out);
}

static int fn_rand_bytes(struct gt_tmpl_call *c)
{
	gt_auto_buf bytes = {0}, out = {0};
	int64_t n = c->arg[0].i;

	if (n < 0)
		return gt_tmpl_throw(c, "runtime error: makeslice: len out of range");
	if (n > (int64_t)GT_BUF_MAX / 2)
		return gt_tmpl_throw_budget(c, "size");
	char *p = gt_buf_reserve(&bytes, (size_t)n);
	if (p && n) {
		gt_rand_bytes(p, (size_t)n);
		gt_buf_commit(&bytes, (size_t)n);
	}
	gt_base64_encode(&out, gt_buf_str(&bytes));
	return gt_tmpl_return_buf(c, &out);
}

const struct gt_tmpl_func gt_sprig_encodings[] = {
	{"adler32sum", "s", fn_adler32}, {"b32dec", "s", fn_b32dec},
	{"b32enc", "s", fn_b32enc},      {"b64dec", "s", fn_b64dec},
	{"b64enc", "s", fn_b64enc},      {"randBytes", "i", fn_rand_bytes},
	{"sha1sum", "s", fn_sha1},       {"sha256sum", "s", fn_sha256},
	{"sha512sum", "s", fn_sha512},   {0},
};
