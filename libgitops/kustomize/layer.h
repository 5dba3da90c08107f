/*
 * A layer: one kustomization at work.  Its objects are accumulated, its generators and transformers
 * run over them, in the order and with the effects of kustomize's builtin plugins.
 */
#ifndef GT_KUSTOMIZE_LAYER_H
#define GT_KUSTOMIZE_LAYER_H

#include "kustomize/config.h"
#include "kustomize/kustfile.h"
#include "kustomize/kz.h"
#include "kustomize/load.h"

struct kz_layer {
	struct kz_build *b;
	const struct kz_dir *dir;
	struct kz_kust kust;
	struct kz_accum *acc; /* a component works on its parent's */
};

/* Accumulates and customizes the kustomization of dir into acc. */
int kz_layer_run(struct kz_layer *layer);

/* The kustomization of the whole build, under b->opts. */
int kz_top_run(struct kz_build *b, struct kz_layer *top);

/* Files and directories in a list such as `resources`. */
int kz_layer_resources(struct kz_layer *layer, const struct gt_node *list, struct kz_accum *acc);

/* --- builtin transformers --------------------------------------------------------------------- */
struct kz_namespace_opts {
	struct gt_str ns;
	bool unset_only;
	struct gt_str subjects; /* setRoleBindingSubjects */
};
int kz_transform_namespace(struct kz_build *b, struct kz_accum *acc,
			   const struct kz_namespace_opts *opts, const struct kz_specs *specs);
int kz_transform_prefix(struct kz_build *b, struct kz_accum *acc, struct gt_str prefix,
			const struct kz_specs *specs);
int kz_transform_suffix(struct kz_build *b, struct kz_accum *acc, struct gt_str suffix,
			const struct kz_specs *specs);
int kz_transform_map(struct kz_build *b, struct kz_accum *acc, const struct gt_node *pairs,
		     const struct kz_specs *specs);
/* A list of images: all of them in one walk. */
int kz_transform_images(struct kz_build *b, struct kz_accum *acc, const struct gt_node *images,
			const struct kz_specs *specs);
int kz_transform_replicas(struct kz_build *b, struct kz_accum *acc, const struct gt_node *replica,
			  const struct kz_specs *specs);
int kz_transform_hash(struct kz_build *b, struct kz_accum *acc);
int kz_transform_references(struct kz_build *b, struct kz_accum *acc);
int kz_transform_replacement(struct kz_layer *layer, const struct gt_node *replacement);

int kz_transform_value_add(struct kz_build *b, struct kz_accum *acc, struct gt_str value,
			   const struct gt_node *targets);

/* `patches` (and, with json_only, `patchesJson6902`): one entry. */
int kz_transform_patch(struct kz_layer *layer, const struct gt_node *entry);
int kz_transform_json_patch(struct kz_layer *layer, const struct gt_node *entry);
/* `patchesStrategicMerge`: entries, inline or paths; and one text.  *count grows by the patches. */
int kz_transform_strategic(struct kz_layer *layer, const struct gt_node *entries, uint32_t *count);
int kz_transform_strategic_text(struct kz_layer *layer, struct gt_str text, uint32_t *count);

/* kind: "ConfigMap" or "Secret".  The object is absorbed into the layer. */
int kz_generate(struct kz_layer *layer, const char *kind, const struct gt_node *args,
		const struct gt_node *options, const struct kz_origin *origin);
int kz_absorb(struct kz_build *b, struct kz_accum *acc, struct kz_res *r);

/* generators:, transformers: and validators: */
int kz_run_generators(struct kz_layer *layer, const struct gt_node *list);
int kz_run_transformers(struct kz_layer *layer, const struct gt_node *list);
int kz_run_validators(struct kz_layer *layer, const struct gt_node *list);

/* --- origins ---------------------------------------------------------------------------------- */
/* Of what a builtin plugin of this layer makes or changes; NULL unless asked for. */
const struct kz_origin *kz_layer_origin(struct kz_layer *layer, const char *plugin);
/* Notes that a transformer ran. */
void kz_layer_note(struct kz_layer *layer, const char *plugin);
void kz_note(struct kz_build *b, struct kz_accum *acc, const struct kz_origin *origin);

/* --- the end ---------------------------------------------------------------------------------- */
int kz_sort(struct kz_build *b, struct kz_accum *acc, const struct gt_node *sort_options);
/* Where a kind stands in the legacy order, and the text that kinds of one rank are ordered by. */
int64_t kz_kind_rank(struct gt_str kind);
struct gt_str kz_gvk_sort_key(struct gt_arena *a, const struct kz_gvk *gvk);
/* Drops what is marked as local configuration. */
int kz_drop_local(struct kz_accum *acc);
int kz_finish(struct kz_build *b, struct kz_accum *acc, struct gt_node **ret_docs);

#endif
