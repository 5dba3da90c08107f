/* Subresources and reviews: what hangs on an object, or is asked and never stored. */
#ifndef AS_SUBRESOURCE_H
#define AS_SUBRESOURCE_H

#include "call.h"

int as_subresource(struct as_call *c);
int as_review(struct as_call *c);

#endif
