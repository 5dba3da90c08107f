/* The one C++ file: RE2 with the differences to Go evened out. */
#include <new>
#include <string>
#include <vector>

#include <re2/re2.h>

/* C keeps the names of structs and functions apart; C++ warns where one is used for both. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
extern "C" {
#include "base/utf8.h"
#include "text/regex.h"
}
#pragma GCC diagnostic pop

struct gt_regex {
	RE2 re;

	gt_regex(const std::string &pattern, const RE2::Options &opts) : re(pattern, opts)
	{
	}
};

namespace
{
/* Go's words for RE2's error codes. */
const char *error_text(RE2::ErrorCode code)
{
	switch (code) {
	case RE2::ErrorBadEscape: return "invalid escape sequence";
	case RE2::ErrorBadCharClass: return "invalid character class";
	case RE2::ErrorBadCharRange: return "invalid character class range";
	case RE2::ErrorMissingBracket: return "missing closing ]";
	case RE2::ErrorMissingParen: return "missing closing )";
	case RE2::ErrorUnexpectedParen: return "unexpected )";
	case RE2::ErrorTrailingBackslash: return "trailing backslash at end of expression";
	case RE2::ErrorRepeatArgument: return "missing argument to repetition operator";
	case RE2::ErrorRepeatSize: return "invalid repeat count";
	case RE2::ErrorRepeatOp: return "invalid nested repetition operator";
	case RE2::ErrorBadPerlOp: return "invalid or unsupported Perl syntax";
	case RE2::ErrorBadUTF8: return "invalid UTF-8";
	case RE2::ErrorBadNamedCapture: return "invalid named capture";
	case RE2::ErrorPatternTooLarge: return "expression too large";
	default: return "internal error";
	}
}

/*
 * Walks over a pattern as its parser will, and writes (?<n> as (?P<n>, which this RE2 does not
 * know the short form of.  False when it holds \C, which matches single bytes and is not Go's.
 */
bool to_re2(struct gt_str pattern, std::string *out)
{
	bool in_class = false, quoted = false;

	for (size_t i = 0; i < pattern.n; i++) {
		struct gt_str rest = gt_str_from(pattern, i);

		if (quoted) {
			if (gt_str_starts(rest, "\\E"))
				quoted = false;
			out->push_back(pattern.p[i]);
			continue;
		}
		if (pattern.p[i] == '\\' && i + 1 < pattern.n) {
			char c = pattern.p[i + 1];

			if (c == 'C')
				return false;
			quoted = c == 'Q' && !in_class;
			out->append(pattern.p + i, 2);
			i++;
			continue;
		}
		if (in_class) {
			in_class = pattern.p[i] != ']';
		} else if (pattern.p[i] == '[') {
			/* A ] right after the [ or the ^ is one of the class. */
			size_t n = gt_str_starts(rest, "[^]")  ? 3
				   : gt_str_starts(rest, "[]") ? 2
							       : 1;

			in_class = true;
			out->append(pattern.p + i, n);
			i += n - 1;
			continue;
		} else if (gt_str_starts(rest, "(?<")) {
			out->append("(?P<");
			i += 2;
			continue;
		}
		out->push_back(pattern.p[i]);
	}
	return true;
}

re2::StringPiece piece(struct gt_str s)
{
	return re2::StringPiece(s.p ? s.p : "", s.n);
}

/* A text whose invalid bytes became U+FFFD, and where each of its bytes came from. */
struct repaired {
	std::string text;
	std::vector<size_t> origin;

	explicit repaired(struct gt_str s)
	{
		size_t len;

		for (size_t i = 0; i < s.n; i += len) {
			uint32_t rune = gt_utf8_decode(gt_str_from(s, i), &len);
			bool bad = rune == GT_RUNE_ERROR && len == 1;

			text.append(bad ? "\xef\xbf\xbd" : s.p + i, bad ? 3 : len);
			origin.resize(text.size(), i);
		}
		origin.push_back(s.n);
	}
};

bool search(const struct gt_regex *re, struct gt_str text, size_t from, RE2::Anchor anchor,
	    re2::StringPiece *found, int n)
{
	return re->re.Match(piece(text), from, text.n, anchor, found, n);
}

/* The search in a text that is not valid UTF-8, with the places translated back. */
bool search_repaired(const struct gt_regex *re, struct gt_str text, size_t from, RE2::Anchor anchor,
		     struct gt_str *groups, size_t ngroups)
{
	struct repaired fixed(text);
	std::vector<re2::StringPiece> found(ngroups);
	size_t start = 0;

	while (start < fixed.text.size() && fixed.origin[start] < from)
		start++;
	struct gt_str clean = {fixed.text.data(), fixed.text.size()};
	if (!search(re, clean, start, anchor, found.data(), (int)ngroups))
		return false;
	for (size_t i = 0; i < ngroups; i++) {
		if (!found[i].data()) {
			groups[i] = {nullptr, 0};
			continue;
		}
		size_t at = (size_t)(found[i].data() - fixed.text.data());
		size_t begin = fixed.origin[at], end = fixed.origin[at + found[i].size()];
		groups[i] = {text.p + begin, end - begin};
	}
	return true;
}

bool match(const struct gt_regex *re, struct gt_str text, size_t from, RE2::Anchor anchor,
	   struct gt_str *groups, size_t ngroups)
{
	re2::StringPiece few[8];
	std::vector<re2::StringPiece> many;
	re2::StringPiece *found = few;

	if (from > text.n)
		return false;
	if (!gt_utf8_valid(text))
		return search_repaired(re, text, from, anchor, groups, ngroups);
	if (ngroups > sizeof few / sizeof *few) {
		many.resize(ngroups);
		found = many.data();
	}
	if (!search(re, text, from, anchor, found, (int)ngroups))
		return false;
	for (size_t i = 0; i < ngroups; i++)
		groups[i] = {found[i].data(), found[i].size()};
	return true;
}
} // namespace

extern "C" {
int gt_regex_new(struct gt_str pattern, struct gt_regex **ret_re, struct gt_err *err)
{
	RE2::Options opts;
	std::string text;

	if (!to_re2(pattern, &text))
		return gt_fail(err, GT_E_INVALID,
			       "error parsing regexp: invalid escape sequence: `\\C`");
	opts.set_log_errors(false);
	struct gt_regex *re = new (std::nothrow) gt_regex(text, opts);
	if (!re)
		return gt_fail(err, GT_E_BUDGET, "out of memory while parsing a regexp");
	if (!re->re.ok()) {
		int rc = gt_fail(err, GT_E_INVALID, "error parsing regexp: %s: `%s`",
				 error_text(re->re.error_code()), re->re.error_arg().c_str());
		delete re;
		return rc;
	}
	*ret_re = re;
	return GT_OK;
}

void gt_regex_free(struct gt_regex *re)
{
	delete re;
}

bool gt_regex_match(const struct gt_regex *re, struct gt_str text)
{
	return match(re, text, 0, RE2::UNANCHORED, nullptr, 0);
}

bool gt_regex_match_full(const struct gt_regex *re, struct gt_str text)
{
	return match(re, text, 0, RE2::ANCHOR_BOTH, nullptr, 0);
}

bool gt_regex_find(const struct gt_regex *re, struct gt_str text, size_t from,
		   struct gt_str *groups, size_t ngroups)
{
	size_t known = gt_regex_groups(re) + 1;

	for (size_t i = known; i < ngroups; i++)
		groups[i] = {nullptr, 0};
	return match(re, text, from, RE2::UNANCHORED, groups, ngroups < known ? ngroups : known);
}

size_t gt_regex_groups(const struct gt_regex *re)
{
	return (size_t)re->re.NumberOfCapturingGroups();
}

size_t gt_regex_group(const struct gt_regex *re, struct gt_str name)
{
	const auto &names = re->re.NamedCapturingGroups();
	auto it = names.find(std::string(name.p ? name.p : "", name.n));

	return it == names.end() ? 0 : (size_t)it->second;
}
}
