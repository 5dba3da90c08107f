/* Lists of field managers.  Private to this folder. */
#ifndef GT_SSA_MANAGERS_H
#define GT_SSA_MANAGERS_H

#include "ssa/apply.h"

/* NULL when the arena is spent. */
struct gt_ssa_manager *ssa_manager_add(struct gt_arena *a, struct gt_ssa_managers *m,
				       const struct gt_ssa_manager *entry);
void ssa_manager_drop(struct gt_ssa_managers *m, uint32_t i);

/* The entry of the same identity: name, operation, subresource, and for updates the version. */
struct gt_ssa_manager *ssa_manager_find(struct gt_ssa_managers *m,
					const struct gt_ssa_manager *like);

/* Time in seconds, 0 for none. */
int64_t ssa_manager_seconds(const struct gt_ssa_manager *m);

#endif
