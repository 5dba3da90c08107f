#include "git/proto.h"

#include <string.h>

#include "base/limits.h"
#include "base/vec.h"
#include "git/proto_int.h"
#include "gt_version.h"

#define REF_NAMES_MAX GT_MIB(64)
#define WORDS_MAX 500 /* of what a server says that is shown to people */

/* --- refs ---------------------------------------------------------------------------------- */

void gt_git_refs_fini(struct gt_git_refs *refs)
{
	free(refs->v);
	gt_arena_fini(&refs->arena);
	*refs = (struct gt_git_refs){0};
}

const struct gt_git_ref *gt_git_refs_find(const struct gt_git_refs *refs, const char *name)
{
	for (size_t i = 0; i < refs->n; i++)
		if (strcmp(refs->v[i].name, name) == 0)
			return &refs->v[i];
	return NULL;
}

int gt_git_refs_add(struct gt_git_refs *refs, struct gt_str name, const struct gt_oid *id,
		    struct gt_git_ref **ret_ref, struct gt_err *err)
{
	if (refs->n >= GT_LIMIT_GIT_REFS)
		return gt_fail(err, GT_E_BUDGET, "the server has more than %d refs",
			       GT_LIMIT_GIT_REFS);
	if (name.n == 0 || memchr(name.p, '\0', name.n))
		return gt_fail(err, GT_E_INVALID, "malformed ref name");
	refs->arena.budget = REF_NAMES_MAX;
	struct gt_git_ref ref = {.name = gt_arena_strndup(&refs->arena, name.p, name.n), .id = *id};
	if (!ref.name)
		return gt_arena_check(&refs->arena, err);
	gt_vec_push(refs, ref);
	if (ret_ref)
		*ret_ref = &refs->v[refs->n - 1];
	return GT_OK;
}

int gt_git__oid_of(struct gt_str hex, struct gt_oid *ret_oid, struct gt_err *err)
{
	if (gt_oid_parse(hex, ret_oid))
		return GT_OK;
	if (hex.n == 64)
		return gt_fail(err, GT_E_UNSUPPORTED, "SHA-256 repositories are not supported");
	return gt_fail(err, GT_E_INVALID, "malformed answer of the server");
}

void gt_git__words(struct gt_str said, char text[WORDS_TEXT])
{
	size_t n = 0;

	said = gt_str_trim(said);
	for (size_t i = 0; i < said.n && n < WORDS_MAX; i++) {
		unsigned char c = (unsigned char)said.p[i];

		text[n++] = c < ' ' || c == 0x7f ? ' ' : (char)c;
	}
	text[n] = '\0';
}

int gt_git__said_error(struct gt_str said, struct gt_err *err)
{
	char text[WORDS_TEXT];
	enum gt_code code = GT_E_UNAVAILABLE;

	gt_git__words(said, text);
	if (strstr(text, "not our ref") || strstr(text, "not found") ||
	    strstr(text, "not exported") || strstr(text, "does not exist") ||
	    strstr(text, "does not appear to be a git repository"))
		code = GT_E_NOT_FOUND;
	else if (strstr(text, "not valid") || strstr(text, "unadvertised object"))
		code = GT_E_FORBIDDEN; /* there perhaps, but only refs may be asked for */
	return gt_fail(err, code, "remote error: %s", text);
}

int gt_git__check_err(const struct gt_pkt *pkt, struct gt_err *err)
{
	if (pkt->type == GT_PKT_DATA && gt_str_starts(pkt->data, "ERR "))
		return gt_git__said_error(gt_str_from(pkt->data, 4), err);
	return GT_OK;
}

/* --- advertisement ------------------------------------------------------------------------- */

void gt_git_advert_fini(struct gt_git_advert *a)
{
	gt_git_refs_fini(&a->refs);
	*a = (struct gt_git_advert){0};
}

/* One capability of version 0, or a line of version 2. */
static void note_cap(struct gt_git_caps *caps, struct gt_str cap)
{
	if (gt_str_is(cap, "shallow"))
		caps->shallow = true;
	else if (gt_str_is(cap, "filter"))
		caps->filter = true;
	else if (gt_str_is(cap, "ofs-delta"))
		caps->ofs_delta = true;
	else if (gt_str_is(cap, "side-band-64k"))
		caps->side_band = true;
	else if (gt_str_starts(cap, "agent="))
		caps->agent = true;
	else if (gt_str_is(cap, "multi_ack_detailed"))
		caps->multi_ack = true;
	else if (gt_str_is(cap, "thin-pack"))
		caps->thin_pack = true;
	else if (gt_str_is(cap, "no-progress"))
		caps->no_progress = true;
	else if (gt_str_is(cap, "allow-reachable-sha1-in-want") ||
		 gt_str_is(cap, "allow-tip-sha1-in-want"))
		caps->any_sha1 = true;
	else if (gt_str_is(cap, "object-format=sha1"))
		caps->object_format_sha1 = true;
	else if (gt_str_starts(cap, "object-format="))
		caps->sha256 = true;
}

static void note_caps(struct gt_git_caps *caps, struct gt_str list)
{
	struct gt_split it = {.rest = list};
	struct gt_str cap;

	while (gt_split_next(&it, ' ', &cap))
		note_cap(caps, cap);
}

/* A line of version 2: "fetch=shallow filter", "object-format=sha1". */
static int version2_line(struct gt_git_advert *a, struct gt_str line)
{
	if (gt_str_starts(line, "fetch="))
		note_caps(&a->caps, gt_str_from(line, 6));
	else
		note_cap(&a->caps, line);
	return GT_OK;
}

static int version0_line(struct gt_git_advert *a, struct gt_str line, struct gt_err *err)
{
	size_t nul = gt_str_find(line, '\0');
	struct gt_git_ref *last = a->refs.n ? &a->refs.v[a->refs.n - 1] : NULL;
	struct gt_oid id;

	if (nul != SIZE_MAX) {
		note_caps(&a->caps, gt_str_from(line, nul + 1));
		line.n = nul;
	}
	if (gt_str_starts(line, "shallow "))
		return GT_OK; /* the repository itself is shallow */
	size_t space = gt_str_find(line, ' ');
	if (space == SIZE_MAX)
		return gt_fail(err, GT_E_INVALID, "malformed answer of the server");
	int rc = gt_git__oid_of(gt_strn(line.p, space), &id, err);
	if (rc < 0)
		return rc;
	struct gt_str name = gt_str_from(line, space + 1);
	if (gt_str_is(name, "capabilities^{}"))
		return GT_OK; /* an empty repository */
	if (gt_str_ends(name, "^{}")) {
		name.n -= 3;
		if (last && gt_str_is(name, last->name))
			last->peeled = id;
		return GT_OK;
	}
	return gt_git_refs_add(&a->refs, name, &id, NULL, err);
}

int gt_git_advert_push(void *advert, const struct gt_pkt *pkt, struct gt_err *err)
{
	struct gt_git_advert *a = advert;
	struct gt_str line = gt_pkt_line(pkt);
	int rc = gt_git__check_err(pkt, err);

	if (rc < 0)
		return rc;
	if (pkt->type == GT_PKT_FLUSH && a->in_service) {
		a->in_service = false;
		return GT_OK;
	}
	if (pkt->type == GT_PKT_FLUSH)
		return 1;
	if (pkt->type != GT_PKT_DATA)
		return gt_fail(err, GT_E_INVALID, "malformed answer of the server");
	if (!a->started && gt_str_starts(line, "# service=")) {
		a->in_service = true;
		return GT_OK;
	}
	if (!a->started && gt_str_is(line, "version 2")) {
		a->started = true;
		a->caps = (struct gt_git_caps){.version = 2, .ofs_delta = true, .side_band = true};
		return GT_OK;
	}
	if (!a->started && gt_str_is(line, "version 1"))
		return GT_OK;
	a->started = true;
	return a->caps.version == 2 ? version2_line(a, line) : version0_line(a, line, err);
}

/* --- ls-refs ------------------------------------------------------------------------------- */

static void add_command(struct gt_buf *out, const char *command, const struct gt_git_caps *caps)
{
	gt_pkt_add(out, "command=%s\n", command);
	gt_pkt_add(out, "agent=gitops-toolkit/%s\n", GT_VERSION);
	if (caps && caps->object_format_sha1)
		gt_pkt_add(out, "object-format=sha1\n");
	gt_pkt_add_delim(out);
}

void gt_git_ls_refs_request(struct gt_buf *out, const char *const *prefixes, size_t n)
{
	add_command(out, "ls-refs", NULL);
	gt_pkt_add(out, "peel\n");
	gt_pkt_add(out, "symrefs\n");
	for (size_t i = 0; i < n; i++)
		gt_pkt_add(out, "ref-prefix %s\n", prefixes[i]);
	gt_pkt_add_flush(out);
}

static int ref_attribute(struct gt_git_refs *refs, struct gt_git_ref *ref, struct gt_str attr,
			 struct gt_err *err)
{
	if (gt_str_starts(attr, "peeled:"))
		return gt_git__oid_of(gt_str_from(attr, 7), &ref->peeled, err);
	if (gt_str_starts(attr, "symref-target:")) {
		struct gt_str target = gt_str_from(attr, 14);
		ref->symref_target = gt_arena_strndup(&refs->arena, target.p, target.n);
	}
	return GT_OK;
}

int gt_git_ls_refs_push(void *arg, const struct gt_pkt *pkt, struct gt_err *err)
{
	struct gt_git_refs *refs = arg;
	struct gt_split it = {.rest = gt_pkt_line(pkt)};
	struct gt_str id_text = {0}, name = {0}, attr;
	struct gt_git_ref *ref;
	struct gt_oid id;
	int rc = gt_git__check_err(pkt, err);

	if (rc < 0)
		return rc;
	if (pkt->type == GT_PKT_FLUSH)
		return 1;
	if (pkt->type != GT_PKT_DATA || !gt_split_next(&it, ' ', &id_text) ||
	    !gt_split_next(&it, ' ', &name))
		return gt_fail(err, GT_E_INVALID, "malformed answer of the server");
	if (gt_str_is(id_text, "unborn"))
		return GT_OK;
	rc = gt_git__oid_of(id_text, &id, err);
	if (rc == GT_OK)
		rc = gt_git_refs_add(refs, name, &id, &ref, err);
	while (rc == GT_OK && gt_split_next(&it, ' ', &attr))
		rc = ref_attribute(refs, ref, attr, err);
	return rc;
}

/* --- fetch requests ------------------------------------------------------------------------ */

void gt_git_fetch2_request(struct gt_buf *out, const struct gt_git_caps *caps,
			   const struct gt_git_fetch_opts *opts)
{
	char hex[GT_OID_HEX];

	add_command(out, "fetch", caps);
	gt_pkt_add(out, "no-progress\n");
	gt_pkt_add(out, "ofs-delta\n");
	if (opts->depth)
		gt_pkt_add(out, "deepen %u\n", opts->depth);
	if (opts->filter && caps->filter)
		gt_pkt_add(out, "filter %s\n", opts->filter);
	for (size_t i = 0; i < opts->n_wants; i++)
		gt_pkt_add(out, "want %s\n", gt_oid_hex(&opts->wants[i], hex));
	gt_pkt_add(out, "done\n");
	gt_pkt_add_flush(out);
}

/* The first want carries what we want to make use of, of what the server offers. */
static void add_first_want(struct gt_buf *out, const struct gt_git_caps *caps, const char *hex,
			   bool filter)
{
	gt_pkt_add(out, "want %s%s%s%s%s%s%s%s\n", hex,
		   caps->multi_ack ? " multi_ack_detailed" : "",
		   caps->thin_pack ? " thin-pack" : "", caps->side_band ? " side-band-64k" : "",
		   caps->ofs_delta ? " ofs-delta" : "", caps->no_progress ? " no-progress" : "",
		   filter ? " filter" : "", caps->agent ? " agent=gitops-toolkit/" GT_VERSION : "");
}

void gt_git_fetch0_request(struct gt_buf *out, const struct gt_git_caps *caps,
			   const struct gt_git_fetch_opts *opts)
{
	bool filter = opts->filter && caps->filter;
	char hex[GT_OID_HEX];

	for (size_t i = 0; i < opts->n_wants; i++) {
		gt_oid_hex(&opts->wants[i], hex);
		if (i == 0)
			add_first_want(out, caps, hex, filter);
		else
			gt_pkt_add(out, "want %s\n", hex);
	}
	if (opts->depth && caps->shallow)
		gt_pkt_add(out, "deepen %u\n", opts->depth);
	if (filter)
		gt_pkt_add(out, "filter %s\n", opts->filter);
	gt_pkt_add_flush(out);
	gt_pkt_add(out, "done\n");
}
