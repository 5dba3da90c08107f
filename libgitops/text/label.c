/* What a label's key and value may look like. */
#include "text/selector.h"

#define NAME_MAX_BYTES 63
#define PREFIX_MAX_BYTES 253

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* [A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])? */
static bool is_name(struct gt_str s)
{
	if (!s.n || !is_alnum(s.p[0]) || !is_alnum(s.p[s.n - 1]))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!is_alnum(c) && c != '-' && c != '_' && c != '.')
			return false;
	}
	return true;
}

/* Labels of [a-z0-9]([-a-z0-9]*[a-z0-9])? joined by dots. */
static bool is_subdomain(struct gt_str s)
{
	struct gt_split it = {.rest = s};
	struct gt_str label;

	while (gt_split_next(&it, '.', &label)) {
		if (!label.n || label.p[0] == '-' || label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++) {
			char c = label.p[i];

			if (c != '-' && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z'))
				return false;
		}
	}
	return true;
}

const char *gt_label_key_problem(struct gt_str key)
{
	size_t slash = gt_str_find(key, '/');
	struct gt_str name = key;

	if (slash != SIZE_MAX) {
		struct gt_str prefix = gt_str_sub(key, 0, slash);

		name = gt_str_from(key, slash + 1);
		if (prefix.n == 0)
			return "prefix part must be non-empty";
		if (prefix.n > PREFIX_MAX_BYTES)
			return "prefix part must be no more than 253 bytes";
		if (!is_subdomain(prefix))
			return "prefix part must be a lowercase RFC 1123 subdomain";
		if (gt_str_find(name, '/') != SIZE_MAX)
			return "a qualified name has at most one '/', between prefix and name";
	}
	if (name.n == 0)
		return "name part must be non-empty";
	if (name.n > NAME_MAX_BYTES)
		return "name part must be no more than 63 bytes";
	if (!is_name(name))
		return "name part must consist of alphanumeric characters, '-', '_' or '.', and "
		       "must start and end with an alphanumeric character";
	return NULL;
}

const char *gt_label_value_problem(struct gt_str value)
{
	if (value.n > NAME_MAX_BYTES)
		return "must be no more than 63 bytes";
	if (value.n && !is_name(value))
		return "a valid label must be an empty string or consist of alphanumeric "
		       "characters, '-', '_' or '.', and must start and end with an alphanumeric "
		       "character";
	return NULL;
}
