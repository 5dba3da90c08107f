/* The toolkit's kinds as the commands see them: words, columns, messages. */
#ifndef CLI_KINDS_H
#define CLI_KINDS_H

#include "cluster.h"

enum kind_column {
	COLUMN_NAME,
	COLUMN_REVISION,
	COLUMN_SOURCE,
	COLUMN_SUSPENDED,
	COLUMN_READY,
	COLUMN_MESSAGE
};
#define MAX_COLUMNS 8

struct kind {
	const struct gt_resource *res;
	const char *human;  /* "source git", in progress lines */
	const char *plural; /* word after `get`, for messages */
	const enum kind_column *columns;
	size_t ncolumns;
	bool can_suspend;
	bool can_reconcile;
	bool keeps_revision; /* hex runs of the revision are not cut */
	/* Path of the revision in the object, for tables and success lines. */
	const char *const *revision;
	const char *success; /* "fetched revision" */
};

extern const struct kind kinds[]; /* ends with res NULL; in the order of `get all` */

/* By kind name ("GitRepository"), any case; NULL if unknown. */
const struct kind *kind_named(const char *name);

/* The revision, "" when there is none. */
const char *kind_revision(const struct kind *k, const struct gt_node *obj);

/* Objects that no controller reconciles: alerts, providers, OCI HelmRepositories. */
bool kind_is_static(const struct kind *k, const struct gt_node *obj);

/* Runs of 40 to 128 hex digits cut to 8, into the arena. */
const char *shorten_hashes(struct gt_arena *a, const char *text);

#endif
