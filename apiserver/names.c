#include "names.h"

#include "text/selector.h"

static bool lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* [a-z0-9]([-a-z0-9]*[a-z0-9])?; a prefix may end in '-'. */
static bool is_label(struct gt_str s, bool prefix)
{
	if (s.n == 0 || !lower_alnum(s.p[0]) ||
	    (!lower_alnum(s.p[s.n - 1]) && !(prefix && s.p[s.n - 1] == '-')))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!lower_alnum(s.p[i]) && s.p[i] != '-')
			return false;
	}
	return true;
}

static const char *subdomain_problem(struct gt_str s, bool prefix)
{
	struct gt_split it = {.rest = s};
	struct gt_str part;

	if (s.n > 253)
		return "must be no more than 253 characters";
	while (gt_split_next(&it, '.', &part)) {
		if (!is_label(part, prefix && it.done))
			return "a lowercase RFC 1123 subdomain must consist of lower case "
			       "alphanumeric characters, '-' or '.', and must start and end with "
			       "an alphanumeric character (e.g. 'example.com', regex used for "
			       "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*"
			       "[a-z0-9])?)*')";
	}
	return NULL;
}

static const char *label_problem(struct gt_str s, bool prefix)
{
	if (s.n > 63)
		return "must be no more than 63 characters";
	if (is_label(s, prefix))
		return NULL;
	return "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or "
	       "'-', and must start and end with an alphanumeric character (e.g. 'my-name',  or "
	       "'123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
}

static const char *label_1035_problem(struct gt_str s, bool prefix)
{
	if (s.n > 63)
		return "must be no more than 63 characters";
	if (is_label(s, prefix) && s.p[0] >= 'a' && s.p[0] <= 'z')
		return NULL;
	return "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start "
	       "with an alphabetic character, and end with an alphanumeric character (e.g. "
	       "'my-name',  or 'abc-123', regex used for validation is "
	       "'[a-z]([-a-z0-9]*[a-z0-9])?')";
}

static const char *path_problem(struct gt_str s)
{
	if (gt_str_is(s, "."))
		return "may not be '.'";
	if (gt_str_is(s, ".."))
		return "may not be '..'";
	if (gt_str_find(s, '/') != SIZE_MAX)
		return "may not contain '/'";
	return gt_str_find(s, '%') != SIZE_MAX ? "may not contain '%'" : NULL;
}

const char *as_name_problem(enum as_name_rule rule, struct gt_str name, bool prefix)
{
	switch (rule) {
	case AS_NAME_LABEL: return label_problem(name, prefix);
	case AS_NAME_LABEL_1035: return label_1035_problem(name, prefix);
	case AS_NAME_PATH: return path_problem(name);
	case AS_NAME_SUBDOMAIN: break;
	}
	return subdomain_problem(name, prefix);
}

enum as_name_rule as_name_rule(const char *group, const char *plural)
{
	if (gt_streq(group, "rbac.authorization.k8s.io"))
		return AS_NAME_PATH;
	if (group[0] == '\0' && gt_streq(plural, "namespaces"))
		return AS_NAME_LABEL;
	if (group[0] == '\0' && gt_streq(plural, "services"))
		return AS_NAME_LABEL_1035;
	if (gt_streq(group, "certificates.k8s.io") ||
	    gt_streq(group, "flowcontrol.apiserver.k8s.io"))
		return AS_NAME_PATH;
	return AS_NAME_SUBDOMAIN;
}

const char *as_qualified_name_problem(struct gt_str name)
{
	return gt_label_key_problem(name);
}

void as_check_labels(const struct gt_node *labels, const char *field, struct gt_field_errors *errs)
{
	gt_map_each(labels, p)
	{
		struct gt_str key = gt_strn(p->key, p->len);
		const char *why = gt_label_key_problem(key);
		if (why)
			gt_field_invalid(errs, field, gt_node_strn(errs->arena, key), "%s", why);
		if (!gt_node_is(p->value, GT_STR))
			continue;
		why = gt_label_value_problem(gt_node_text(p->value));
		if (why)
			gt_field_invalid(errs, field, p->value, "%s", why);
	}
}

static void check_annotations(const struct gt_node *annotations, struct gt_field_errors *errs)
{
	const char *field = "metadata.annotations";
	size_t total = 0;

	gt_map_each(annotations, p)
	{
		char *lower = gt_arena_strndup(errs->arena, p->key, p->len);
		for (char *c = lower; c && *c; c++)
			*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
		const char *why = gt_label_key_problem(gt_str(lower));
		if (why)
			gt_field_invalid(errs, field, gt_node_str(errs->arena, p->key), "%s", why);
		total += p->len + gt_node_text(p->value).n;
	}
	if (total > 256 * 1024)
		gt_field_too_long(errs, field, 256 * 1024);
}

static void check_finalizers(const struct gt_node *finalizers, struct gt_field_errors *errs)
{
	gt_seq_for_each (finalizers, f) {
		const char *why = as_qualified_name_problem(gt_node_text(f));
		if (why)
			gt_field_invalid(errs, "metadata.finalizers", f, "%s", why);
	}
}

static void check_owners(const struct gt_node *owners, struct gt_field_errors *errs)
{
	static const char *const needed[] = {"apiVersion", "kind", "name", "uid"};
	const char *controller = NULL;

	for (size_t i = 0; i < gt_node_count(owners); i++) {
		const struct gt_node *o = gt_node_item(owners, i);
		for (size_t k = 0; k < GT_COUNT(needed); k++) {
			const char *v = gt_node_cstr_at(o, needed[k]);
			if (v && v[0])
				continue;
			gt_field_invalid(errs,
					 gt_arena_printf(errs->arena, "metadata.ownerReferences.%s",
							 needed[k]),
					 gt_node_str(errs->arena, ""), "must not be empty");
		}
		if (!gt_node_truth(gt_node_get(o, "controller"), false))
			continue;
		if (controller)
			gt_field_invalid(errs, "metadata.ownerReferences", owners,
					 "Only one reference can have Controller set to true. "
					 "Found \"true\" "
					 "in references for %s and %s",
					 controller, gt_node_cstr_or(gt_node_get(o, "name"), ""));
		controller = gt_node_cstr_or(gt_node_get(o, "name"), "");
	}
}

void as_check_metadata(const struct gt_node *meta, enum as_name_rule rule, bool namespaced,
		       struct gt_field_errors *errs)
{
	struct gt_str name = gt_node_text(gt_node_get(meta, "name"));
	struct gt_str base = gt_node_text(gt_node_get(meta, "generateName"));
	struct gt_str ns = gt_node_text(gt_node_get(meta, "namespace"));
	const char *why;

	if (base.n > 0 && (why = as_name_problem(rule, base, true)))
		gt_field_invalid(errs, "metadata.generateName", gt_node_get(meta, "generateName"),
				 "%s", why);
	if (name.n == 0)
		gt_field_required(errs, "metadata.name", "name or generateName is required");
	else if ((why = as_name_problem(rule, name, false)))
		gt_field_invalid(errs, "metadata.name", gt_node_get(meta, "name"), "%s", why);
	if (namespaced && (why = as_name_problem(AS_NAME_LABEL, ns, false)))
		gt_field_invalid(errs, "metadata.namespace", gt_node_get(meta, "namespace"), "%s",
				 why);
	as_check_labels(gt_node_get(meta, "labels"), "metadata.labels", errs);
	check_annotations(gt_node_get(meta, "annotations"), errs);
	check_owners(gt_node_get(meta, "ownerReferences"), errs);
	check_finalizers(gt_node_get(meta, "finalizers"), errs);
}
