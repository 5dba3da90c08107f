#include "kustomize/generate.h"

#include <string.h>

#include "base/fs.h"
#include "base/limits.h"
#include "kustomize/decode.h"
#include "kustomize/kz.h"
#include "kustomize/load.h"
#include "kustomize/read.h"

#define API_VERSION "kustomize.config.k8s.io/v1beta1"

static const char *join(struct gt_arena *a, const char *dir, const char *name)
{
	gt_auto_buf path = {0};

	gt_path_join(&path, gt_str(dir && *dir ? dir : "."), gt_str(name));
	return gt_arena_strndup(a, gt_buf_cstr(&path), path.n);
}

/* The first kustomization file there; NULL when there is none. */
static const char *find_file(struct gt_arena *a, int root, const char *dir)
{
	for (const char *const *name = gt_kustomize_file_names; *name; name++) {
		const char *path = join(a, dir, *name);

		if (path && gt_fs_is_file(root, path))
			return *name;
	}
	return NULL;
}

static void set_type(struct gt_arena *a, struct gt_node *kust)
{
	if (!gt_node_text(gt_node_get(kust, "apiVersion")).n)
		gt_node_set_str(a, kust, "apiVersion", API_VERSION);
	if (!gt_node_text(gt_node_get(kust, "kind")).n)
		gt_node_set_str(a, kust, "kind", "Kustomization");
}

/* --- making a file ---------------------------------------------------------------------------- */
struct scan {
	struct kz_build b;
	const char *path;
	struct gt_node *resources;
};

static bool is_manifest(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

/* A manifest counts if it holds objects; one that cannot be read is an error. */
static int scan_manifest(struct scan *s, const char *path, const char *shown)
{
	struct gt_arena_mark mark = gt_arena_mark(s->b.a);
	struct kz_objects objects = {0};
	gt_auto_buf text = {0};
	int rc = gt_fs_read(s->b.root, path, s->b.max_file, &text, s->b.err);

	if (rc < 0)
		return gt_wrap(s->b.err, "read %s", shown);
	s->b.total += text.n;
	if (s->b.total > s->b.max_total)
		return gt_fail(s->b.err, GT_E_BUDGET, "manifests of more than %zu bytes",
			       s->b.max_total);
	rc = kz_read_objects(&s->b, shown, gt_buf_str(&text), &objects);
	if (rc < 0)
		return gt_wrap(s->b.err, "failed to decode Kubernetes YAML from %s", shown);
	gt_arena_rewind(s->b.a, mark);
	return GT_OK;
}

static int visit(void *arg, const struct gt_fs_entry *entry, struct gt_err *err)
{
	struct scan *s = arg;
	struct gt_arena *a = s->b.a;
	int rc = GT_OK;

	(void)err;
	if (entry->depth == 0)
		return GT_FS_CONTINUE;
	const char *path = join(a, s->path, entry->path);
	const char *shown = gt_arena_printf(a, "./%s", entry->path);
	if (!path || !shown)
		return kz_check(&s->b);
	if (S_ISDIR(entry->st.st_mode)) {
		if (!find_file(a, s->b.root, path))
			return GT_FS_CONTINUE;
		gt_node_append(a, s->resources, gt_node_str(a, shown));
		return GT_FS_SKIP;
	}
	if (!is_manifest(entry->name))
		return GT_FS_CONTINUE;
	rc = scan_manifest(s, path, shown);
	if (rc == GT_OK)
		gt_node_append(a, s->resources, gt_node_str(a, shown));
	return rc < 0 ? rc : kz_check(&s->b);
}

int gt_kustomize_scan(struct gt_arena *a, int root, const char *path, struct gt_node **ret_file,
		      struct gt_err *err)
{
	struct gt_err own;
	struct scan s = {.path = path, .resources = gt_node_seq(a)};
	struct gt_node *kust = gt_node_map(a);

	kz_build_init(&s.b, a, root, NULL, err ? err : &own);
	int rc = gt_fs_walk(root, path && *path ? path : ".", visit, &s, s.b.err);
	if (rc < 0)
		return rc;
	set_type(a, kust);
	if (gt_node_count(s.resources))
		gt_node_set(a, kust, "resources", s.resources);
	else
		gt_node_set_str(a, kust, "namespace", "_placeholder");
	rc = gt_arena_check(a, err);
	if (rc == GT_OK)
		*ret_file = kust;
	return rc;
}

/* --- the fields of the spec ------------------------------------------------------------------- */
static bool is_local(struct gt_str path)
{
	static const char *const prefixes[] = {
		"git::",   "gh:",  "ssh://",      "https://",
		"http://", "git@", "github.com:", "github.com/",
	};

	if ((path.n && path.p[0] == '/') || gt_str_starts(path, "file:///"))
		return false;
	for (size_t i = 0; i < GT_COUNT(prefixes); i++) {
		size_t n = strlen(prefixes[i]);

		if (path.n > n && gt_str_ieq(gt_str_sub(path, 0, n), gt_str(prefixes[i])))
			return false;
	}
	return true;
}

static int add_components(struct gt_arena *a, int root, const char *path,
			  const struct gt_kustomize_spec *spec, struct gt_node *kust,
			  struct gt_err *err)
{
	gt_seq_for_each (spec->components, item) {
		const char *name = gt_node_cstr_or(item, "");
		struct stat st;

		if (!is_local(gt_str(name)))
			return gt_fail(err, GT_E_INVALID,
				       "component path '%s' must be local and relative", name);
		const char *full = join(a, path, name);
		if (spec->ignore_missing_components && full &&
		    gt_fs_stat(root, full, true, &st, NULL) < 0)
			continue;
		gt_node_append(a, gt_node_need_seq(a, kust, "components"), gt_node_str(a, name));
	}
	return gt_arena_check(a, err);
}

static void add_patches(struct gt_arena *a, const struct gt_node *patches, struct gt_node *kust)
{
	gt_seq_for_each (patches, item) {
		struct gt_node *entry = gt_node_map(a);
		const struct gt_node *target = gt_node_get(item, "target");

		gt_node_set_str(a, entry, "patch", gt_node_cstr(gt_node_get(item, "patch")));
		if (!gt_node_is_null(target))
			gt_node_set(a, entry, "target", gt_node_dup(a, target));
		gt_node_append(a, gt_node_need_seq(a, kust, "patches"), entry);
	}
}

static struct gt_node *find_image(const struct gt_node *images, const char *name)
{
	gt_seq_for_each (images, item) {
		if (gt_node_is_text(gt_node_get(item, "name"), name))
			return item;
	}
	return NULL;
}

static void set_or_clear(struct gt_arena *a, struct gt_node *map, const char *key, const char *s)
{
	if (*s)
		gt_node_set_str(a, map, key, s);
	else
		gt_node_unset(map, key);
}

/* A new tag drops the digest that stands in the file, and the other way round. */
static void add_images(struct gt_arena *a, const struct gt_node *images, struct gt_node *kust)
{
	gt_seq_for_each (images, item) {
		const char *name = gt_node_cstr_or(gt_node_get(item, "name"), "");
		const char *new_name = gt_node_cstr_or(gt_node_get(item, "newName"), "");
		const char *tag = gt_node_cstr_or(gt_node_get(item, "newTag"), "");
		const char *digest = gt_node_cstr_or(gt_node_get(item, "digest"), "");
		struct gt_node *list = gt_node_need_seq(a, kust, "images");
		struct gt_node *image = find_image(list, name);

		if (!image) {
			image = gt_node_map(a);
			gt_node_set_str(a, image, "name", name);
			gt_node_append(a, list, image);
		}
		if (*new_name)
			gt_node_set_str(a, image, "newName", new_name);
		if (*tag || *digest) {
			set_or_clear(a, image, "newTag", tag);
			set_or_clear(a, image, "digest", digest);
		}
	}
}

int gt_kustomize_apply_spec(struct gt_arena *a, int root, const char *path,
			    const struct gt_kustomize_spec *spec, bool file_existed,
			    struct gt_node *kust, struct gt_err *err)
{
	static const char origins[] = "originAnnotations";

	/* A file of components or generators only must not count as empty later on. */
	if (file_existed && !gt_node_count(gt_node_get(kust, "resources"))) {
		struct gt_node *list = gt_node_seq(a);

		gt_node_append(a, list, gt_node_str(a, origins));
		gt_node_set(a, kust, "buildMetadata", list);
	}
	gt_node_set_str(a, kust, "namespace", spec->target_namespace);
	gt_node_set_str(a, kust, "namePrefix", spec->name_prefix);
	gt_node_set_str(a, kust, "nameSuffix", spec->name_suffix);
	add_patches(a, spec->patches, kust);
	int rc = add_components(a, root, path, spec, kust, err);
	if (rc < 0)
		return rc;
	add_images(a, spec->images, kust);
	if (gt_node_count(spec->build_metadata))
		gt_node_set(a, kust, "buildMetadata", gt_node_dup(a, spec->build_metadata));
	return gt_arena_check(a, err);
}

/* --- both together ---------------------------------------------------------------------------- */
static int read_file(struct gt_arena *a, int root, const char *path, const char *name,
		     struct gt_node **ret, struct gt_err *err)
{
	const char *full = join(a, path, name);
	gt_auto_buf text = {0};
	struct gt_node *doc = NULL;
	struct kz_build b;

	if (!full)
		return gt_arena_check(a, err);
	kz_build_init(&b, a, root, NULL, err);
	int rc = gt_fs_read(root, full, GT_LIMIT_FILE, &text, err);
	if (rc == GT_OK)
		rc = kz_parse_values(&b, gt_buf_str(&text), &doc);
	if (rc == GT_OK)
		rc = kz_decode(&b, doc, kz_kustomization_fields, KZ_COERCE, ret);
	if (rc < 0)
		return gt_wrap(err, "%s", full);
	set_type(a, *ret);
	return gt_arena_check(a, err);
}

int gt_kustomize_generate(struct gt_arena *a, int root, const char *path,
			  const struct gt_kustomize_spec *spec, struct gt_node **ret_kustomization,
			  const char **ret_name, bool *ret_made, struct gt_err *err)
{
	struct gt_err own;
	struct gt_node *kust = NULL;
	const char *name = find_file(a, root, path);
	bool found = name != NULL;

	if (!err)
		err = &own;
	if (!found)
		name = gt_kustomize_file_names[0];
	int rc = found ? read_file(a, root, path, name, &kust, err)
		       : gt_kustomize_scan(a, root, path, &kust, err);
	if (rc == GT_OK)
		rc = gt_kustomize_apply_spec(a, root, path, spec, found, kust, err);
	if (rc < 0)
		return a->failed ? gt_arena_check(a, err) : rc;
	*ret_kustomization = kust;
	if (ret_name)
		*ret_name = name;
	if (ret_made)
		*ret_made = !found;
	return GT_OK;
}
