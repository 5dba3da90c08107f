/*
 * Strategic merge in kustomize's own dialect: by schema where there is one, with the $patch
 * directives it knows, and with its ideas about order and style.
 */
#ifndef GT_KUSTOMIZE_SMP_H
#define GT_KUSTOMIZE_SMP_H

#include "kustomize/kz.h"
#include "kustomize/openapi.h"

/*
 * Merges the patch into the object.  Both are changed, and parts of the patch end up in the result:
 * give it a copy of its own.  *ret is NULL when the object is to be deleted.
 */
int kz_smp_object(struct kz_build *b, struct gt_node *dest, struct gt_node *patch,
		  const struct kz_schema *schema, struct gt_node **ret);

/* --- between smp.c and smp_list.c ------------------------------------------------------------- */
enum kz_directive {
	KZ_PATCH_MERGE,
	KZ_PATCH_DELETE,
	KZ_PATCH_REPLACE,
};

/* What the text of a $patch asks for. */
int kz_smp_directive(struct kz_build *b, const struct gt_node *n, enum kz_directive *ret);

/*
 * Either side may be NULL: a patch that says nothing, a value that is not there yet.  They may also
 * be one node: that is how a part of a patch is taken over where nothing was.
 */
int kz_smp(struct kz_build *b, struct gt_node *dest, struct gt_node *patch,
	   const struct kz_schema *schema, struct gt_node **ret);
int kz_smp_list(struct kz_build *b, struct gt_node *dest, struct gt_node *patch,
		const struct kz_schema *schema, struct gt_node **ret);

#endif
