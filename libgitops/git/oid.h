/* gt_oid - the SHA-1 name of a Git object.  A zeroed one is "none".  Any thread. */
#ifndef GT_GIT_OID_H
#define GT_GIT_OID_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

#define GT_OID_SIZE 20
#define GT_OID_HEX 41

struct gt_oid {
	uint8_t id[GT_OID_SIZE];
};

/* Exactly forty hexadecimal digits. */
bool gt_oid_parse(struct gt_str hex, struct gt_oid *ret_oid);
const char *gt_oid_hex(const struct gt_oid *oid, char text[GT_OID_HEX]);

static inline bool gt_oid_eq(const struct gt_oid *a, const struct gt_oid *b)
{
	return memcmp(a->id, b->id, GT_OID_SIZE) == 0;
}

static inline bool gt_oid_is_zero(const struct gt_oid *oid)
{
	static const struct gt_oid zero;

	return gt_oid_eq(oid, &zero);
}

#endif
