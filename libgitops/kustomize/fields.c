/* The fields of kustomization files, transformer configurations and builtin plugins. */
#include "kustomize/decode.h"

#define END                   \
	{                     \
		NULL, 0, NULL \
	}

static const struct kz_field spec_fields[] = {
	{"group", KZ_F_STR, NULL}, {"version", KZ_F_STR, NULL}, {"kind", KZ_F_STR, NULL},
	{"path", KZ_F_STR, NULL},  {"create", KZ_F_BOOL, NULL}, END,
};

const struct kz_field kz_selector_fields[] = {
	{"group", KZ_F_STR, NULL},
	{"version", KZ_F_STR, NULL},
	{"kind", KZ_F_STR, NULL},
	{"name", KZ_F_STR, NULL},
	{"namespace", KZ_F_STR, NULL},
	{"labelSelector", KZ_F_STR, NULL},
	{"annotationSelector", KZ_F_STR, NULL},
	END,
};

static const struct kz_field label_fields[] = {
	{"pairs", KZ_F_STRMAP, NULL},
	{"includeSelectors", KZ_F_BOOL, NULL},
	{"includeTemplates", KZ_F_BOOL, NULL},
	{"fields", KZ_F_OBJS, spec_fields},
	END,
};

static const struct kz_field patch_option_fields[] = {
	{"allowNameChange", KZ_F_BOOL, NULL},
	{"allowKindChange", KZ_F_BOOL, NULL},
	END,
};

static const struct kz_field patch_fields[] = {
	{"path", KZ_F_STR, NULL},
	{"patch", KZ_F_STR, NULL},
	{"target", KZ_F_OBJ, kz_selector_fields},
	{"options", KZ_F_OBJ, patch_option_fields},
	END,
};

static const struct kz_field image_fields[] = {
	{"name", KZ_F_STR, NULL},   {"newName", KZ_F_STR, NULL}, {"tagSuffix", KZ_F_STR, NULL},
	{"newTag", KZ_F_STR, NULL}, {"digest", KZ_F_STR, NULL},  END,
};

static const struct kz_field replica_fields[] = {
	{"name", KZ_F_STR, NULL},
	{"count", KZ_F_INT, NULL},
	END,
};

static const struct kz_field option_fields[] = {
	{"labels", KZ_F_STRMAP, NULL},
	{"annotations", KZ_F_STRMAP, NULL},
	{"disableNameSuffixHash", KZ_F_BOOL, NULL},
	{"immutable", KZ_F_BOOL, NULL},
	END,
};

static const struct kz_field config_map_fields[] = {
	{"name", KZ_F_STR, NULL},
	{"namespace", KZ_F_STR, NULL},
	{"behavior", KZ_F_STR, NULL},
	{"literals", KZ_F_STRS, NULL},
	{"files", KZ_F_STRS, NULL},
	{"env", KZ_F_STR, NULL},
	{"envs", KZ_F_STRS, NULL},
	{"options", KZ_F_OBJ, option_fields},
	END,
};

static const struct kz_field secret_fields[] = {
	{"name", KZ_F_STR, NULL},     {"namespace", KZ_F_STR, NULL},
	{"behavior", KZ_F_STR, NULL}, {"literals", KZ_F_STRS, NULL},
	{"files", KZ_F_STRS, NULL},   {"env", KZ_F_STR, NULL},
	{"envs", KZ_F_STRS, NULL},    {"options", KZ_F_OBJ, option_fields},
	{"type", KZ_F_STR, NULL},     END,
};

static const struct kz_field value_option_fields[] = {
	{"delimiter", KZ_F_STR, NULL},
	{"index", KZ_F_INT, NULL},
	{"encoding", KZ_F_STR, NULL},
	{"create", KZ_F_BOOL, NULL},
	END,
};

static const struct kz_field source_fields[] = {
	{"group", KZ_F_STR, NULL},
	{"version", KZ_F_STR, NULL},
	{"kind", KZ_F_STR, NULL},
	{"name", KZ_F_STR, NULL},
	{"namespace", KZ_F_STR, NULL},
	{"fieldPath", KZ_F_STR, NULL},
	{"options", KZ_F_OBJ, value_option_fields},
	END,
};

static const struct kz_field target_fields[] = {
	{"select", KZ_F_OBJ, kz_selector_fields},
	{"reject", KZ_F_OBJS, kz_selector_fields},
	{"fieldPaths", KZ_F_STRS, NULL},
	{"options", KZ_F_OBJ, value_option_fields},
	END,
};

const struct kz_field kz_replacement_fields[] = {
	{"path", KZ_F_STR, NULL},
	{"source", KZ_F_OBJ, source_fields},
	{"sourceValue", KZ_F_STR, NULL},
	{"targets", KZ_F_OBJS, target_fields},
	END,
};

static const struct kz_field objref_fields[] = {
	{"apiVersion", KZ_F_STR, NULL},
	{"group", KZ_F_STR, NULL},
	{"version", KZ_F_STR, NULL},
	{"kind", KZ_F_STR, NULL},
	{"name", KZ_F_STR, NULL},
	{"namespace", KZ_F_STR, NULL},
	END,
};

static const struct kz_field fieldref_fields[] = {{"fieldPath", KZ_F_STR, NULL}, END};

static const struct kz_field var_fields[] = {
	{"name", KZ_F_STR, NULL},
	{"objref", KZ_F_OBJ, objref_fields},
	{"fieldref", KZ_F_OBJ, fieldref_fields},
	END,
};

static const struct kz_field legacy_sort_fields[] = {
	{"orderFirst", KZ_F_STRS, NULL},
	{"orderLast", KZ_F_STRS, NULL},
	END,
};

static const struct kz_field sort_fields[] = {
	{"order", KZ_F_STR, NULL},
	{"legacySortOptions", KZ_F_OBJ, legacy_sort_fields},
	END,
};

static const struct kz_field helm_global_fields[] = {
	{"chartHome", KZ_F_STR, NULL},
	{"configHome", KZ_F_STR, NULL},
	END,
};

static const struct kz_field meta_fields[] = {
	{"name", KZ_F_STR, NULL},
	{"namespace", KZ_F_STR, NULL},
	{"labels", KZ_F_STRMAP, NULL},
	{"annotations", KZ_F_STRMAP, NULL},
	END,
};

const struct kz_field kz_kustomization_fields[] = {
	{"apiVersion", KZ_F_STR, NULL},
	{"kind", KZ_F_STR, NULL},
	{"metadata", KZ_F_OBJ, meta_fields},
	{"openapi", KZ_F_STRMAP, NULL},
	{"namePrefix", KZ_F_STR, NULL},
	{"nameSuffix", KZ_F_STR, NULL},
	{"namespace", KZ_F_STR, NULL},
	{"commonLabels", KZ_F_STRMAP, NULL},
	{"labels", KZ_F_OBJS, label_fields},
	{"commonAnnotations", KZ_F_STRMAP, NULL},
	{"patchesStrategicMerge", KZ_F_STRS, NULL},
	{"patchesJson6902", KZ_F_OBJS, patch_fields},
	{"patches", KZ_F_OBJS, patch_fields},
	{"images", KZ_F_OBJS, image_fields},
	{"imageTags", KZ_F_OBJS, image_fields},
	{"replacements", KZ_F_OBJS, kz_replacement_fields},
	{"replicas", KZ_F_OBJS, replica_fields},
	{"vars", KZ_F_OBJS, var_fields},
	{"sortOptions", KZ_F_OBJ, sort_fields},
	{"resources", KZ_F_STRS, NULL},
	{"components", KZ_F_STRS, NULL},
	{"crds", KZ_F_STRS, NULL},
	{"bases", KZ_F_STRS, NULL},
	{"configMapGenerator", KZ_F_OBJS, config_map_fields},
	{"secretGenerator", KZ_F_OBJS, secret_fields},
	{"helmGlobals", KZ_F_OBJ, helm_global_fields},
	{"helmCharts", KZ_F_ANY, NULL},
	{"helmChartInflationGenerator", KZ_F_ANY, NULL},
	{"generatorOptions", KZ_F_OBJ, option_fields},
	{"configurations", KZ_F_STRS, NULL},
	{"generators", KZ_F_STRS, NULL},
	{"transformers", KZ_F_STRS, NULL},
	{"validators", KZ_F_STRS, NULL},
	{"buildMetadata", KZ_F_STRS, NULL},
	END,
};

static const struct kz_field ref_fields[] = {
	{"group", KZ_F_STR, NULL},
	{"version", KZ_F_STR, NULL},
	{"kind", KZ_F_STR, NULL},
	{"fieldSpecs", KZ_F_OBJS, spec_fields},
	END,
};

const struct kz_field kz_config_fields[] = {
	{"namePrefix", KZ_F_OBJS, spec_fields},
	{"nameSuffix", KZ_F_OBJS, spec_fields},
	{"namespace", KZ_F_OBJS, spec_fields},
	{"commonLabels", KZ_F_OBJS, spec_fields},
	{"labels", KZ_F_OBJS, spec_fields},
	{"templateLabels", KZ_F_OBJS, spec_fields},
	{"commonAnnotations", KZ_F_OBJS, spec_fields},
	{"nameReference", KZ_F_OBJS, ref_fields},
	{"varReference", KZ_F_OBJS, spec_fields},
	{"images", KZ_F_OBJS, spec_fields},
	{"replicas", KZ_F_OBJS, spec_fields},
	END,
};

static const struct kz_field value_add_fields[] = {
	{"selector", KZ_F_OBJ, kz_selector_fields},
	{"notSelector", KZ_F_OBJ, kz_selector_fields},
	{"fieldPath", KZ_F_STR, NULL},
	{"filePathPosition", KZ_F_INT, NULL},
	END,
};

static const struct kz_field account_fields[] = {
	{"name", KZ_F_STR, NULL},
	{"projectId", KZ_F_STR, NULL},
	END,
};

const struct kz_field kz_plugin_fields[] = {
	{"apiVersion", KZ_F_STR, NULL},
	{"kind", KZ_F_STR, NULL},
	{"metadata", KZ_F_OBJ, meta_fields},
	/* generators */
	{"name", KZ_F_STR, NULL},
	{"namespace", KZ_F_STR, NULL},
	{"behavior", KZ_F_STR, NULL},
	{"literals", KZ_F_STRS, NULL},
	{"files", KZ_F_STRS, NULL},
	{"env", KZ_F_STR, NULL},
	{"envs", KZ_F_STRS, NULL},
	{"type", KZ_F_STR, NULL},
	{"cloud", KZ_F_STR, NULL},
	{"kubernetesService", KZ_F_OBJ, meta_fields},
	{"serviceAccount", KZ_F_OBJ, account_fields},
	/* transformers */
	{"labels", KZ_F_STRMAP, NULL},
	{"annotations", KZ_F_STRMAP, NULL},
	{"fieldSpecs", KZ_F_OBJS, spec_fields},
	{"imageTag", KZ_F_OBJ, image_fields},
	{"unsetOnly", KZ_F_BOOL, NULL},
	{"setRoleBindingSubjects", KZ_F_STR, NULL},
	{"target", KZ_F_OBJ, kz_selector_fields},
	{"path", KZ_F_STR, NULL},
	{"patch", KZ_F_STR, NULL},
	{"jsonOp", KZ_F_STR, NULL},
	{"paths", KZ_F_STRS, NULL},
	{"prefix", KZ_F_STR, NULL},
	{"suffix", KZ_F_STR, NULL},
	{"replacements", KZ_F_OBJS, kz_replacement_fields},
	{"replica", KZ_F_OBJ, replica_fields},
	{"value", KZ_F_STR, NULL},
	/* these two mean different things to different plugins */
	{"patches", KZ_F_ANY, NULL},
	{"options", KZ_F_ANY, NULL},
	{"targets", KZ_F_OBJS, value_add_fields},
	END,
};
