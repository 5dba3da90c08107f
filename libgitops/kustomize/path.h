/* Paths into objects: "spec.ports.0.port", "spec.containers.[name=web].image", "metadata.labels".
 */
#ifndef GT_KUSTOMIZE_PATH_H
#define GT_KUSTOMIZE_PATH_H

#include "kustomize/kz.h"

struct kz_path {
	struct gt_str *v;
	uint32_t n, cap;
};

struct kz_nodes {
	struct gt_node **v;
	uint32_t n, cap;
};

/* Splits at dots that are neither escaped nor inside of brackets. */
int kz_path_split(struct kz_build *b, struct gt_str text, struct kz_path *ret);

/* The node there: keys, indexes, "-" for the last element, [key=value]; NULL if there is none. */
struct gt_node *kz_path_get(const struct gt_node *root, const struct gt_str *path, uint32_t n);

/*
 * Every node the path leads to; "*" is every element, [key=value] those whose key matches the
 * regular expression.  With create not GT_NULL what is missing is made, the leaf of that kind.
 */
int kz_path_match(struct kz_build *b, struct gt_node *root, const struct gt_str *path, uint32_t n,
		  enum gt_kind create, struct kz_nodes *ret);

/* "spec.ports[0].port", as vars write it. */
const struct gt_node *kz_path_get_indexed(const struct gt_node *root, struct gt_str path);

#endif
