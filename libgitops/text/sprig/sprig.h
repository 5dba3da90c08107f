/*
 * The functions that Helm gives to its templates beside Go's own and include and tpl: those of
 * Sprig 3.3, and toYaml and its kin.  Tables by group, to be given to gt_tmpl_set_new().
 *
 * Functions keep no state but what is in the arena of the set.  Those of time follow
 * base/time.h's clock, random ones the system's generator.
 */
#ifndef GT_TEXT_SPRIG_SPRIG_H
#define GT_TEXT_SPRIG_SPRIG_H

#include "text/template/template.h"

extern const struct gt_tmpl_func gt_sprig_strings[];
extern const struct gt_tmpl_func gt_sprig_cases[];
extern const struct gt_tmpl_func gt_sprig_numbers[];
extern const struct gt_tmpl_func gt_sprig_lists[];
extern const struct gt_tmpl_func gt_sprig_dicts[];
extern const struct gt_tmpl_func gt_sprig_values[]; /* default, types */
extern const struct gt_tmpl_func gt_sprig_encodings[];
extern const struct gt_tmpl_func gt_sprig_regexes[];
extern const struct gt_tmpl_func gt_sprig_versions[];
extern const struct gt_tmpl_func gt_sprig_dates[];
extern const struct gt_tmpl_func gt_sprig_paths[];
extern const struct gt_tmpl_func gt_sprig_urls[];
extern const struct gt_tmpl_func gt_sprig_crypto[];
extern const struct gt_tmpl_func gt_sprig_documents[]; /* YAML, JSON */
extern const struct gt_tmpl_func gt_sprig_toml[];

/* The text of toYaml without its final newline; false when the value cannot be written. */
bool gt_sprig_yaml(struct gt_buf *out, struct gt_arena *a, struct gt_value v);

#endif
