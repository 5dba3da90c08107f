/*
 * What is not about one resource: /version, discovery, OpenAPI.  Documents are made when first
 * asked for and kept until a CRD changes.
 */
#ifndef AS_DOCUMENTS_H
#define AS_DOCUMENTS_H

#include "call.h"

struct as_documents;

struct as_documents *as_documents_new(struct as_server *server);
void as_documents_free(struct as_documents *d);

/* Answers and ends the reply; false for a path that is no document. */
bool as_document_serve(struct as_call *c);

/* --- makers, in files of their own -------------------------------------------------------- */

/* Each appends a JSON document; false when there is no such group or version. */
void as_discovery_aggregated(struct as_server *s, struct gt_buf *out, bool core, bool beta);
void as_discovery_groups(struct as_server *s, struct gt_buf *out);
void as_discovery_core_versions(struct as_server *s, struct gt_buf *out);
bool as_discovery_group(struct as_server *s, struct gt_buf *out, struct gt_str group);
bool as_discovery_resources(struct as_server *s, struct gt_buf *out, struct gt_str group,
			    struct gt_str version);
bool as_openapi_document(struct as_server *s, struct gt_buf *out, struct gt_str group,
			 struct gt_str version);

/* "com.example.v1.Kind" */
void as_custom_schema_name(const struct as_resource *r, const struct as_version *v, char *buf,
			   size_t size);

/* Every group-version that is served: fn(group, version). */
void as_each_group_version(struct as_server *s,
			   void (*fn)(void *arg, const char *group, const char *version),
			   void *arg);

#endif
