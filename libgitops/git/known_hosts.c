#include "git/known_hosts.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/enc.h"
#include "crypto/hmac.h"

#define LINE_MAX_BYTES 65536
#define TYPES_MAX 32

enum marker { MARK_NONE, MARK_REVOKED, MARK_CA };

/* A line taken apart; views into the text. */
struct line {
	enum marker marker;
	struct gt_str hosts, type, key;
};

static struct gt_str next_word(struct gt_str *rest)
{
	size_t n = 0;

	*rest = gt_str_trim(*rest);
	while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t')
		n++;
	struct gt_str word = gt_strn(rest->p, n);
	*rest = gt_str_from(*rest, n);
	return word;
}

/* 1 for a line with a key, 0 for none, negative when malformed. */
static int parse_line(struct gt_str text, struct line *ret, struct gt_err *err)
{
	struct gt_str rest = gt_str_trim(text);
	struct line line = {0};
	gt_auto_buf blob = {0};

	if (rest.n == 0 || rest.p[0] == '#')
		return 0;
	if (rest.n > LINE_MAX_BYTES)
		return gt_fail(err, GT_E_INVALID, "line is too long");
	if (rest.p[0] == '@') {
		struct gt_str word = next_word(&rest);

		if (gt_str_is(word, "@revoked"))
			line.marker = MARK_REVOKED;
		else if (gt_str_is(word, "@cert-authority"))
			line.marker = MARK_CA;
		else
			return gt_fail(err, GT_E_INVALID, "unknown marker");
	}
	line.hosts = next_word(&rest);
	line.type = next_word(&rest);
	line.key = next_word(&rest);
	if (!line.key.n)
		return gt_fail(err, GT_E_INVALID, "missing host pattern, key type or key");
	if (!gt_base64_decode(&blob, line.key) || blob.n < 4)
		return gt_fail(err, GT_E_INVALID, "malformed key");
	*ret = line;
	return 1;
}

int gt_known_hosts_check(struct gt_str text, struct gt_err *err)
{
	struct gt_split it = {.rest = text};
	struct gt_str raw;

	for (unsigned n = 1; gt_split_next(&it, '\n', &raw); n++) {
		struct line line;

		if (parse_line(raw, &line, err) < 0)
			return gt_wrap(err, "knownhosts: line %u", n);
	}
	return GT_OK;
}

/* * and ? as in OpenSSH; linear for a hostile pattern too. */
static bool wildcard(struct gt_str pattern, struct gt_str s)
{
	size_t p = 0, i = 0, star = SIZE_MAX, mark = 0;

	while (i < s.n) {
		if (p < pattern.n && (pattern.p[p] == '?' || pattern.p[p] == s.p[i])) {
			p++;
			i++;
		} else if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			mark = i;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			i = ++mark;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

/* "[host]:port" taken apart; without brackets the port is 22. */
static bool pattern_matches(struct gt_str pattern, struct gt_str host, struct gt_str port)
{
	struct gt_str want_port = GT_STR_LIT("22");

	if (pattern.n && pattern.p[0] == '[') {
		size_t end = gt_str_search(pattern, GT_STR_LIT("]:"));

		if (end == SIZE_MAX)
			return false;
		want_port = gt_str_from(pattern, end + 2);
		pattern = gt_str_sub(pattern, 1, end - 1);
	}
	return gt_str_eq(want_port, port) && wildcard(pattern, host);
}

/* "|1|<salt>|<hmac-sha1 of the name>". */
static bool hash_matches(struct gt_str hashed, struct gt_str name)
{
	gt_auto_buf salt = {0}, mac = {0};
	size_t bar;

	hashed = gt_str_from(hashed, 3);
	bar = gt_str_find(hashed, '|');
	if (bar == SIZE_MAX || !gt_base64_decode(&salt, gt_str_sub(hashed, 0, bar)) ||
	    !gt_base64_decode(&mac, gt_str_from(hashed, bar + 1)))
		return false;
	return gt_hmac_check(GT_SHA1, gt_buf_str(&salt), name, gt_buf_str(&mac));
}

static bool hosts_match(struct gt_str hosts, const char *host, uint16_t port)
{
	struct gt_split it = {.rest = hosts};
	struct gt_str pattern;
	char port_text[8], name[512];
	bool match = false;

	snprintf(port_text, sizeof port_text, "%u", port);
	if (gt_str_starts(hosts, "|1|")) {
		snprintf(name, sizeof name, port == 22 ? "%s" : "[%s]:%s", host, port_text);
		return hash_matches(hosts, gt_str(name));
	}
	while (gt_split_next(&it, ',', &pattern)) {
		bool negate = pattern.n && pattern.p[0] == '!';

		if (!pattern_matches(gt_str_from(pattern, negate), gt_str(host), gt_str(port_text)))
			continue;
		if (negate)
			return false;
		match = true;
	}
	return match;
}

int gt_known_hosts_match(struct gt_str text, const char *host, uint16_t port, struct gt_str type,
			 struct gt_str key, struct gt_err *err)
{
	struct gt_split it = {.rest = text};
	struct gt_str raw;
	bool seen = false, known = false, other = false;

	while (gt_split_next(&it, '\n', &raw)) {
		struct line line;

		if (parse_line(raw, &line, NULL) <= 0)
			continue;
		if (line.marker == MARK_REVOKED && gt_str_eq(line.key, key))
			return gt_fail(err, GT_E_AUTH, "knownhosts: key is revoked");
		if (line.marker != MARK_NONE || !hosts_match(line.hosts, host, port))
			continue;
		other = true;
		if (!seen && gt_str_eq(line.type, type)) {
			seen = true; /* the first line of a type counts */
			known = gt_str_eq(line.key, key);
		}
	}
	if (known)
		return GT_OK;
	return gt_fail(err, GT_E_AUTH,
		       other ? "knownhosts: key mismatch" : "knownhosts: key is unknown");
}

static void add_type(struct gt_buf *out, struct gt_str type)
{
	struct gt_split it = {.rest = gt_buf_str(out)};
	struct gt_str have;

	while (out->n && gt_split_next(&it, ',', &have))
		if (gt_str_eq(have, type))
			return;
	if (out->n)
		gt_buf_addc(out, ',');
	gt_buf_add_str(out, type);
}

void gt_known_hosts_types(struct gt_str text, struct gt_buf *out)
{
	struct gt_split it = {.rest = text};
	struct gt_str raw;
	unsigned n = 0;

	while (n < TYPES_MAX && gt_split_next(&it, '\n', &raw)) {
		struct line line;

		if (parse_line(raw, &line, NULL) <= 0 || line.marker != MARK_NONE)
			continue;
		if (gt_str_is(line.type, "ssh-rsa")) {
			add_type(out, GT_STR_LIT("rsa-sha2-512"));
			add_type(out, GT_STR_LIT("rsa-sha2-256"));
		}
		add_type(out, line.type);
		n++;
	}
}
