/*
 * Scalars of the representation tree: what a text means, and writing one so that it keeps its
 * meaning.  Any thread.
 */
#ifndef GT_KUSTOMIZE_SCALAR_H
#define GT_KUSTOMIZE_SCALAR_H

#include "kustomize/kz.h"

enum kz_rules {
	KZ_YAML_V2, /* kustomization files and patches: YAML 1.1 words are booleans */
	KZ_YAML_V3, /* objects: only true and false are */
};

struct kz_value {
	enum gt_kind kind;
	bool truth;
	bool time;     /* a string that YAML takes for a timestamp */
	bool bad;      /* a float that JSON cannot say */
	char text[48]; /* canonical number */
};

/* What a plain scalar with this text is. */
struct kz_value kz_resolve(enum kz_rules rules, struct gt_str text);

/* The type of a node of either tree, by tag, style and text. */
enum gt_kind kz_kind(const struct gt_node *n);
enum gt_raw_tag kz_tag(const struct gt_node *n);
/* NULL, a null value, or a scalar that means null. */
bool kz_is_null(const struct gt_node *n);
bool kz_is_scalar(const struct gt_node *n);
/* Null written as nothing at all, as in "key:". */
bool kz_is_implicit_null(const struct gt_node *n);

/* The text of any scalar ("true", "1.50", ...), empty otherwise. */
struct gt_str kz_text(const struct gt_node *n);

/* A scalar as the program writes it: plain, with a tag. */
struct gt_node *kz_scalar(struct gt_arena *a, struct gt_str text, enum gt_raw_tag tag);

/* Gives the scalar a new text and tag; its style stays. */
void kz_scalar_set(struct gt_arena *a, struct gt_node *n, struct gt_str text, enum gt_raw_tag tag);
/* The same, with the tag (hence the type) it had. */
void kz_scalar_retext(struct gt_arena *a, struct gt_node *n, struct gt_str text);

/* Whether a key written with this text plain would be read as a string. */
bool kz_key_is_string(struct gt_str key);
/* For gt_yaml_raw_opts.key: objects have only strings for keys, but at the top. */
bool kz_key_check(struct gt_arena *a, struct gt_str *key, enum gt_style style, enum gt_raw_tag tag,
		  bool top);
/* The same for YAML 1.1 that becomes JSON: booleans and numbers get their JSON text. */
bool kz_key_to_json(struct gt_arena *a, struct gt_str *key, enum gt_style style,
		    enum gt_raw_tag tag, bool top);

/*
 * Turns the tree into values, in place: afterwards it holds nulls, booleans, numbers and strings
 * as any other document does.  Under KZ_YAML_V3 folded texts and dates change as they do in
 * kustomize.  Values stay as they are, so a tree may be converted again.
 */
int kz_to_values(struct kz_build *b, struct gt_node *n, enum kz_rules rules);

/*
 * For printing the tree as it is: plain scalars that are no strings become numbers of any text,
 * which gt_yaml_write() puts down unchanged under GT_YAML_KEEP_STYLE.
 */
void kz_keep_texts(struct gt_arena *a, struct gt_node *n);

/* The other way round, for a tree that a patch or a decoder made of values. */
void kz_from_values(struct gt_arena *a, struct gt_node *n);

#endif
