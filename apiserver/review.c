/* Reviews: questions about who may do what.  Everybody who is known may do everything. */
#include "decode.h"
#include "status.h"
#include "subresource.h"

static void set_user(struct as_call *c, struct gt_node *info)
{
	struct gt_node *groups = gt_node_seq(&c->arena);

	gt_node_set_str(&c->arena, info, "username", c->user.name);
	for (size_t i = 0; i < c->user.n_groups; i++)
		gt_node_append(&c->arena, groups, gt_node_str(&c->arena, c->user.groups[i]));
	gt_node_append(&c->arena, groups, gt_node_str(&c->arena, "system:authenticated"));
	gt_node_set(&c->arena, info, "groups", groups);
}

static void self_subject(struct as_call *c, struct gt_node *obj)
{
	set_user(c, gt_node_need_map(&c->arena, gt_node_need_map(&c->arena, obj, "status"),
				     "userInfo"));
}

static void subject_access(struct as_call *c, struct gt_node *obj)
{
	struct gt_node *status = gt_node_need_map(&c->arena, obj, "status");

	gt_node_set_bool(&c->arena, status, "allowed", true);
	gt_node_set_str(&c->arena, status, "reason", "every authenticated caller is allowed");
}

static struct gt_node *star(struct as_call *c)
{
	struct gt_node *seq = gt_node_seq(&c->arena);

	gt_node_append(&c->arena, seq, gt_node_str(&c->arena, "*"));
	return seq;
}

static void rules(struct as_call *c, struct gt_node *obj)
{
	struct gt_arena *a = &c->arena;
	struct gt_node *status = gt_node_need_map(a, obj, "status");
	struct gt_node *resource = gt_node_map(a), *url = gt_node_map(a);

	gt_node_set(a, resource, "verbs", star(c));
	gt_node_set(a, resource, "apiGroups", star(c));
	gt_node_set(a, resource, "resources", star(c));
	gt_node_append(a, gt_node_need_seq(a, status, "resourceRules"), resource);
	gt_node_set(a, url, "verbs", star(c));
	gt_node_set(a, url, "nonResourceURLs", star(c));
	gt_node_append(a, gt_node_need_seq(a, status, "nonResourceRules"), url);
	gt_node_set_bool(a, status, "incomplete", false);
}

static void token(struct as_call *c, struct gt_node *obj)
{
	struct gt_node *status = gt_node_need_map(&c->arena, obj, "status");

	gt_node_set_bool(&c->arena, status, "authenticated", false);
	gt_node_set_str(&c->arena, status, "error", "this server issues no tokens");
}

int as_review(struct as_call *c)
{
	static const struct {
		const char *kind;
		void (*fn)(struct as_call *c, struct gt_node *obj);
	} kinds[] = {
		{"SelfSubjectReview", self_subject},
		{"TokenReview", token},
		{"SelfSubjectAccessReview", subject_access},
		{"SubjectAccessReview", subject_access},
		{"LocalSubjectAccessReview", subject_access},
		{"SelfSubjectRulesReview", rules},
	};
	struct gt_node *obj = NULL;
	int rc;

	if (c->verb != AS_V_CREATE || !c->body)
		return as_method_not_allowed(c, "the method");
	rc = as_admit(c, c->body, &obj);
	for (size_t i = 0; rc == GT_OK && i < GT_COUNT(kinds); i++) {
		if (!gt_streq(kinds[i].kind, c->r->kind))
			continue;
		gt_node_unset(obj, "status");
		kinds[i].fn(c, obj);
		c->result = obj;
		c->code = 201;
		return GT_OK;
	}
	return rc < 0 ? rc : as_method_not_allowed(c, "create");
}
