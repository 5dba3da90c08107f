/* Content types: by extension, and by looking (the WHATWG rules as Go applies them).  Any thread.
 */
#ifndef GT_NET_MIME_H
#define GT_NET_MIME_H

#include "base/str.h"

/* The type for a file name, NULL when the extension says nothing: Go's own table. */
const char *gt_mime_by_name(struct gt_str name);

/* Looks at the first 512 bytes at most.  Never NULL. */
#define GT_MIME_LOOK 512
const char *gt_mime_sniff(struct gt_str bytes);

#endif
