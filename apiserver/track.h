/* Field managers of a write.  See libgitops/ssa. */
#ifndef AS_TRACK_H
#define AS_TRACK_H

#include "ssa/apply.h"
#include "write.h"

/* What a write of the call looks like to the tracker. */
void as_track_request(struct as_call *c, struct gt_ssa_request *ret_req);

/* Sets e->obj's managedFields for a create, update or patch. */
void as_track(struct as_call *c, struct as_edit *e);

/* Writes the managers into the object, or removes the field. */
void as_set_managers(struct as_call *c, struct gt_node *obj, const struct gt_ssa_managers *m);

/* Restores the times of entries when nothing but times differs. */
void as_keep_times(struct as_call *c, const struct gt_node *live, struct gt_node *obj);

/* PATCH application/apply-patch+yaml: makes e->obj (e->live, or the empty object). */
int as_apply(struct as_call *c, struct as_edit *e, void *arg);

#endif
