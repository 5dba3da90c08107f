#include "git/oid.h"

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool gt_oid_parse(struct gt_str hex, struct gt_oid *ret_oid)
{
	struct gt_oid oid;

	if (hex.n != GT_OID_HEX - 1)
		return false;
	for (size_t i = 0; i < GT_OID_SIZE; i++) {
		int high = nibble(hex.p[2 * i]), low = nibble(hex.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		oid.id[i] = (uint8_t)(high << 4 | low);
	}
	*ret_oid = oid;
	return true;
}

const char *gt_oid_hex(const struct gt_oid *oid, char text[GT_OID_HEX])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < GT_OID_SIZE; i++) {
		text[2 * i] = digits[oid->id[i] >> 4];
		text[2 * i + 1] = digits[oid->id[i] & 15];
	}
	text[GT_OID_HEX - 1] = '\0';
	return text;
}
