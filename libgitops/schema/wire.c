#include "schema/wire.h"

bool wire_varint(struct gt_str *rest, uint64_t *ret)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64 && rest->n > 0; shift += 7) {
		uint8_t b = (uint8_t)*rest->p;

		*rest = gt_str_from(*rest, 1);
		if (shift == 63 && b > 1)
			return false;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (b & 0x80)
			continue;
		*ret = v;
		return true;
	}
	return false;
}

static bool fixed(struct gt_str *rest, size_t size, uint64_t *ret)
{
	uint64_t v = 0;

	if (rest->n < size)
		return false;
	for (size_t i = size; i-- > 0;)
		v = v << 8 | (uint8_t)rest->p[i];
	*rest = gt_str_from(*rest, size);
	*ret = v;
	return true;
}

static bool bytes(struct gt_str *rest, struct gt_str *ret)
{
	uint64_t n;

	if (!wire_varint(rest, &n) || n > rest->n)
		return false;
	*ret = gt_strn(rest->p, (size_t)n);
	*rest = gt_str_from(*rest, (size_t)n);
	return true;
}

int wire_next(struct gt_str *rest, struct wire_field *ret)
{
	uint64_t tag;
	bool ok;

	if (rest->n == 0)
		return 0;
	if (!wire_varint(rest, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
		return -1;

	*ret = (struct wire_field){.number = (uint32_t)(tag >> 3)};
	switch (tag & 7) {
	case WIRE_VARINT: ok = wire_varint(rest, &ret->num); break;
	case WIRE_FIXED64: ok = fixed(rest, 8, &ret->num); break;
	case WIRE_BYTES: ok = bytes(rest, &ret->bytes); break;
	case WIRE_FIXED32: ok = fixed(rest, 4, &ret->num); break;
	default: ok = false; break;
	}
	ret->type = (enum wire_type)(tag & 7);
	return ok ? 1 : -1;
}
