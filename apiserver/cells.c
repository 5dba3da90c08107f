#include "cells.h"

#include "base/time.h"
#include "text/selector.h"

/* --- common cells ------------------------------------------------------------------------- */

struct gt_node *as_cell_text(struct as_cell *c, const char *s)
{
	return gt_node_str(c->a, s ? s : "");
}

struct gt_node *as_cell_since(struct as_cell *c, const struct gt_node *time)
{
	char buf[GT_TIME_TEXT];
	int64_t ns;

	if (!gt_rfc3339_parse(gt_node_text(time), &ns))
		return as_cell_text(c, "<unknown>");
	return as_cell_text(c, gt_human_duration(c->now - ns, buf));
}

struct gt_node *as_cell_name(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(c->obj, "metadata", "name"));
}

struct gt_node *as_cell_age(struct as_cell *c)
{
	return as_cell_since(c, gt_node_at(c->obj, "metadata", "creationTimestamp"));
}

struct gt_node *as_cell_created_at(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(c->obj, "metadata", "creationTimestamp"));
}

struct gt_node *as_cell_integer(struct as_cell *c, const struct gt_node *n)
{
	return gt_node_int(c->a, gt_node_int_or(n, 0));
}

struct gt_node *as_cell_or_none(struct as_cell *c, const char *s)
{
	return as_cell_text(c, s && s[0] ? s : "<none>");
}

struct gt_node *as_cell_ratio(struct as_cell *c, const struct gt_node *x, const struct gt_node *y)
{
	return gt_node_printf(c->a, "%lld/%lld", (long long)gt_node_int_or(x, 0),
			      (long long)gt_node_int_or(y, 0));
}

struct gt_node *as_cell_built(struct as_cell *c, const struct gt_buf *b)
{
	return gt_node_strn(c->a, gt_buf_str(b));
}

void as_cell_join(struct gt_buf *out, const char *sep, struct gt_str s)
{
	if (out->n > 0)
		gt_buf_adds(out, sep);
	gt_buf_add_str(out, s);
}

const struct gt_node *as_cell_pod_spec(const struct gt_node *obj)
{
	const struct gt_node *t = gt_node_at(obj, "spec", "template", "spec");

	return t ? t : gt_node_at(obj, "spec", "jobTemplate", "spec", "template", "spec");
}

static struct gt_node *container_field(struct as_cell *c, const char *field)
{
	gt_auto_buf out = {0};

	gt_seq_for_each (gt_node_get(as_cell_pod_spec(c->obj), "containers"), k)
		as_cell_join(&out, ",", gt_node_text(gt_node_get(k, field)));
	return as_cell_built(c, &out);
}

struct gt_node *as_cell_containers(struct as_cell *c)
{
	return container_field(c, "name");
}

struct gt_node *as_cell_images(struct as_cell *c)
{
	return container_field(c, "image");
}

struct gt_node *as_cell_selector_of(struct as_cell *c, const struct gt_node *n)
{
	struct gt_selector sel;
	gt_auto_buf out = {0};

	if (gt_selector_from_node(c->a, n, &sel, NULL) == GT_OK)
		gt_selector_write(&out, &sel);
	return as_cell_built(c, &out);
}

struct gt_node *as_cell_selector(struct as_cell *c)
{
	return as_cell_or_none(
		c, gt_node_cstr(as_cell_selector_of(c, gt_node_at(c->obj, "spec", "selector"))));
}

struct gt_node *as_cell_plain_selector(struct as_cell *c, const struct gt_node *map)
{
	gt_auto_buf out = {0};

	gt_map_each(map, p)
	{
		gt_buf_printf(&out, "%s%s=%s", out.n ? "," : "", p->key,
			      gt_node_cstr_or(p->value, ""));
	}
	return as_cell_or_none(c, gt_buf_cstr(&out));
}

bool as_cell_condition_true(const struct gt_node *obj, const char *type)
{
	gt_seq_for_each (gt_node_at(obj, "status", "conditions"), k) {
		if (gt_node_is_text(gt_node_get(k, "type"), type))
			return gt_node_is_text(gt_node_get(k, "status"), "True");
	}
	return false;
}

struct gt_node *as_cell_svc_selector(struct as_cell *c)
{
	return as_cell_plain_selector(c, gt_node_at(c->obj, "spec", "selector"));
}

struct gt_node *as_cell_phase(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(c->obj, "status", "phase"));
}
