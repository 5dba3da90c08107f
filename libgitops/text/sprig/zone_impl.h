/*
 * Time zones, read from the system's database without touching the process' own zone.  Private to
 * libgitops/text/sprig.
 */
#ifndef GT_TEXT_SPRIG_ZONE_IMPL_H
#define GT_TEXT_SPRIG_ZONE_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct sprig_zone;

/* "" and "UTC" are UTC, "Local" follows $TZ; NULL for a name that is none. */
const struct sprig_zone *sprig__zone(struct gt_arena *a, struct gt_str name);
const struct sprig_zone *sprig__zone_utc(void);
const struct sprig_zone *sprig__zone_local(struct gt_arena *a);
const struct sprig_zone *sprig__zone_fixed(struct gt_arena *a, struct gt_str abbreviation,
					   int offset);

struct sprig_offset {
	int seconds; /* east of UTC */
	const char *abbreviation;
};
struct sprig_offset sprig__zone_at(const struct sprig_zone *z, int64_t unix_seconds);

/* The offset of an abbreviation that the zone uses; false when it uses none of the name. */
bool sprig__zone_abbreviation(const struct sprig_zone *z, struct gt_str abbreviation,
			      int64_t local_seconds, int *ret_offset);

#endif
