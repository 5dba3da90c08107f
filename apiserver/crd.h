/* CustomResourceDefinitions: their status, and the resources they define. */
#ifndef AS_CRD_H
#define AS_CRD_H

#include "call.h"

/* Status of a CRD as it will be stored: accepted names, conditions, stored versions. */
void as_crd_set_status(struct as_call *c, const struct gt_node *live, struct gt_node *obj);

void as_crd_validate(const struct gt_node *live, const struct gt_node *obj,
		     struct gt_field_errors *errs);

/* Warnings that writing the CRD deserves. */
void as_crd_warn(struct as_call *c, const struct gt_node *obj);

/* Makes the registry follow a CRD that was written (or deleted). */
int as_crd_publish(struct as_server *s, struct as_object *o, bool deleted, struct gt_err *err);

/* All CRDs in the store, at start. */
int as_crd_publish_all(struct as_server *s, struct gt_err *err);

#endif
