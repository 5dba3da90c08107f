#include "create.h"

#include <fcntl.h>
#include <string.h>

#include "base/fs.h"
#include "base/limits.h"
#include "base/time.h"
#include "objects.h"
#include "output.h"
#include "wait.h"

int create_check_name(const char *name, struct gt_err *err)
{
	static const char inner[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t n = strlen(name);

	if (n < 2 || n > 63 || strspn(name, inner) != n || name[0] == '-' || name[n - 1] == '-')
		return gt_fail(err, GT_E_INVALID,
			       "name '%s' is invalid, it should adhere to standard defined in RFC "
			       "1123, the name can only contain alphanumeric characters or '-'",
			       name);
	return GT_OK;
}

static int add_labels(struct cluster *c, struct gt_node *obj, struct gt_err *err)
{
	const struct gt_flag_list *labels = cli_flag_list(c->call, "label");

	for (size_t i = 0; i < labels->n; i++) {
		const char *equals = strchr(labels->v[i], '=');

		if (!equals || strchr(equals + 1, '='))
			return gt_fail(err, GT_E_INVALID,
				       "invalid label format '%s', must be key=value",
				       labels->v[i]);
		char *key =
			gt_arena_strndup(&c->arena, labels->v[i], (size_t)(equals - labels->v[i]));
		gt_obj_set_label(&c->arena, obj, key, equals + 1);
	}
	return GT_OK;
}

int create_object(struct cluster *c, const struct gt_resource *r, struct gt_node **ret_obj,
		  struct gt_err *err)
{
	int rc = create_check_name(c->call->args[0], err);

	if (rc < 0)
		return rc;
	struct gt_node *obj = gt_obj_new(&c->arena, r, c->ns, c->call->args[0]);
	rc = add_labels(c, obj, err);
	if (rc < 0)
		return rc;
	*ret_obj = obj;
	return GT_OK;
}

void set_if(struct gt_arena *a, struct gt_node *map, const char *key, const char *s)
{
	if (s && *s)
		gt_node_set_str(a, map, key, s);
}

void set_ref_if(struct gt_arena *a, struct gt_node *map, const char *key, const char *s)
{
	if (s && *s)
		gt_node_set_str(a, gt_node_need_map(a, map, key), "name", s);
}

void set_duration(struct gt_arena *a, struct gt_node *map, const char *key, int64_t ns)
{
	char text[GT_TIME_TEXT];

	gt_node_set_str(a, map, key, gt_duration(ns, text));
}

int read_flag_file(const struct cluster *c, const char *flag, struct gt_buf *out,
		   struct gt_err *err)
{
	const char *path = cli_flag_string(c->call, flag);
	gt_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return gt_fail(err, GT_E_NOT_FOUND, "--%s %s: %m", flag, path);
	if (gt_fd_read_all(fd, GT_MIB(1), out, err) < 0)
		return gt_wrap(err, "--%s %s", flag, path);
	return GT_OK;
}

static struct gt_node *secret_object(struct cluster *c, const char *name,
				     const struct gt_node *values)
{
	struct gt_node *secret = gt_obj_new(&c->arena, &gt_res_secret, c->ns, name);

	gt_node_set(&c->arena, secret, "stringData", gt_node_dup(&c->arena, values));
	return secret;
}

int create_secret(struct cluster *c, const char *name, const struct gt_node *values,
		  struct gt_err *err)
{
	struct gt_write_opts opts = {.field_manager = "gitops", .force = true};

	return gt_kube_apply(c->kube, &c->ctx, &c->arena, &gt_res_secret,
			     secret_object(c, name, values), &opts, NULL, err);
}

/* Creates, or replaces labels and spec of what is there. */
static int upsert(struct cluster *c, const struct kind *k, const struct gt_node *obj,
		  bool *ret_created, struct gt_err *err)
{
	struct gt_write_opts opts = {.field_manager = "gitops"};
	struct gt_node *live;
	int rc = get_object(c, k, c->ns, gt_obj_name(obj), &live, err);

	*ret_created = rc == GT_E_NOT_FOUND;
	if (rc == GT_E_NOT_FOUND)
		return gt_kube_create(c->kube, &c->ctx, &c->arena, k->res, obj, &opts, NULL, err);
	if (rc < 0)
		return rc;
	struct gt_node *labels = gt_node_at(obj, "metadata", "labels");
	if (labels)
		gt_node_set(&c->arena, gt_node_get(live, "metadata"), "labels", labels);
	else
		gt_node_unset(gt_node_get(live, "metadata"), "labels");
	gt_node_set(&c->arena, live, "spec", gt_node_get(obj, "spec"));
	return gt_kube_update(c->kube, &c->ctx, &c->arena, k->res, live, &opts, NULL, err);
}

static int apply_and_wait(struct cluster *c, const struct kind *k, struct gt_node *obj,
			  struct gt_err *err)
{
	const char *name = gt_obj_name(obj);
	bool created;

	cli_action("applying %s", k->res->kind);
	if (upsert(c, k, obj, &created, err) < 0)
		return err->code;
	cli_success("%s %s", k->res->kind, created ? "created" : "updated");
	cli_waiting("waiting for %s reconciliation", k->res->kind);
	if (wait_until_ready(c, k, c->ns, name, NULL, &obj, err) < 0)
		return err->code;
	cli_success("%s %s is ready", k->res->kind, name);
	report_success(k, name, obj);
	return GT_OK;
}

int create_finish(struct cluster *c, const struct kind *k, struct gt_node *obj,
		  const struct gt_node *secret_values)
{
	struct gt_err err;

	if (gt_arena_check(&c->arena, &err) < 0)
		return cli_fail(&err);
	if (cli_flag_bool(c->call, "export")) {
		if (secret_values)
			output_yaml_document(secret_object(c, gt_obj_name(obj), secret_values));
		output_yaml_document(obj);
		return 0;
	}
	cli_generate("generating %s", k->res->kind);
	if (secret_values) {
		cli_action("applying secret with credentials");
		if (create_secret(c, gt_obj_name(obj), secret_values, &err) < 0)
			return cli_fail(&err);
		cli_success("authentication configured");
	}
	return apply_and_wait(c, k, obj, &err) < 0 ? cli_fail(&err) : 0;
}
