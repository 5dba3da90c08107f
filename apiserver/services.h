/* Addresses and ports of Services. */
#ifndef AS_SERVICES_H
#define AS_SERVICES_H

#include "call.h"

int as_service_prepare_create(struct as_call *c, struct gt_node *obj);
int as_service_prepare_update(struct as_call *c, const struct gt_node *live, struct gt_node *obj);
void as_service_validate(struct as_call *c, const struct gt_node *live, const struct gt_node *obj,
			 struct gt_field_errors *errs);

/* The first address of the range: that of default/kubernetes. */
#define AS_SERVICE_FIRST_IP "10.96.0.1"

#endif
