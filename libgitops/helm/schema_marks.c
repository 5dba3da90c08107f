/* What a schema and those within it have looked at, and the keywords for what they have not. */
#include <stdlib.h>

#include "base/alloc.h"
#include "helm/schema_check_impl.h"

/* A step of work is that many marks. */
#define MARKS_PER_STEP 16

static const struct gt_node *unevaluated(const struct checker *c, const struct gt_node *schema,
					 const struct gt_node *value)
{
	if (c->draft < 2019)
		return NULL;
	if (gt_node_is(value, GT_MAP))
		return gt_node_get(schema, "unevaluatedProperties");
	return gt_node_is(value, GT_SEQ) ? gt_node_get(schema, "unevaluatedItems") : NULL;
}

void schema__marks_begin(struct checker *c, struct marks *m, const struct gt_node *schema,
			 const struct gt_node *value)
{
	bool asked = c->marks && c->marks->value == value;

	*m = (struct marks){.value = value, .n = gt_node_count(value)};
	c->marks = NULL;
	if (!asked && !unevaluated(c, schema, value))
		return;
	m->seen = gt_xcalloc(m->n + 1, sizeof(bool));
	c->work += m->n / MARKS_PER_STEP;
	c->marks = m;
}

void schema__marks_end(struct checker *c, struct marks *m, struct marks *outer, bool satisfied)
{
	if (m->seen && satisfied && outer && outer->value == m->value) {
		for (size_t i = 0; i < m->n; i++)
			outer->seen[i] |= m->seen[i];
	}
	free(m->seen);
	c->marks = outer;
}

void schema__mark(struct checker *c, size_t i)
{
	if (c->marks && i < c->marks->n)
		c->marks->seen[i] = true;
}

void schema__unevaluated(struct checker *c, const struct gt_node *schema, struct spot s,
			 struct faults *to)
{
	const struct gt_node *sub = unevaluated(c, schema, s.value);
	size_t i = 0;

	if (!sub || !c->marks)
		return;
	gt_map_each(s.value, pair)
	{
		struct gt_str key = gt_strn(pair->key, pair->len);

		if (!c->marks->seen[i])
			schema__take(to,
				     schema__check(c, sub, schema__child(c, s, key, pair->value)));
		c->marks->seen[i++] = true;
	}
	for (; gt_node_is(s.value, GT_SEQ) && i < c->marks->n; i++) {
		if (!c->marks->seen[i])
			schema__take(to, schema__check(c, sub, schema__item(c, s, i)));
		c->marks->seen[i] = true;
	}
}
