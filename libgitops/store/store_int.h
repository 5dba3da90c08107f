/* What the files of store/artifact.h share.  Private. */
#ifndef GT_STORE_STORE_INT_H
#define GT_STORE_STORE_INT_H

#include <pthread.h>
#include <stdint.h>

#include "crypto/digest.h"

struct gt_store {
	int root;
	char *path;
	enum gt_digest_algo algo;
	int64_t ttl;
	unsigned records;
	pthread_mutex_t lock; /* of address */
	char *address;
};

/* The folder of a stored path; malloc'ed. */
char *gt_store__dir_of(const char *path);

#endif
