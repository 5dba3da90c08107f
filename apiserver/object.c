#include "object.h"

#include <stdio.h>

#include "base/limits.h"
#include "text/json.h"

/* Never part of a name or uid, which are all that stands before it. */
static const char hole[] = "\"resourceVersion\":\"\"";

static void set_from(struct gt_arena *a, struct gt_node *to, const struct gt_node *from,
		     const char *key)
{
	struct gt_node *v = gt_node_get(from, key);

	if (v)
		gt_node_set(a, to, key, v);
}

/* metadata in the order of the API's own encoding, with an empty resourceVersion. */
static struct gt_node *ordered_metadata(struct gt_arena *a, const struct gt_node *meta)
{
	static const char *const first[] = {"name", "generateName", "namespace", "uid"};
	struct gt_node *out = gt_node_map(a);

	for (size_t i = 0; i < GT_COUNT(first); i++)
		set_from(a, out, meta, first[i]);
	gt_node_set_str(a, out, "resourceVersion", "");
	gt_map_each(meta, p)
	{
		if (!gt_node_has(out, p->key))
			gt_node_set(a, out, p->key, p->value);
	}
	return out;
}

static struct gt_node *ordered(struct gt_arena *a, const struct gt_node *obj)
{
	struct gt_node *out = gt_node_map(a);

	set_from(a, out, obj, "kind");
	set_from(a, out, obj, "apiVersion");
	gt_node_set(a, out, "metadata", ordered_metadata(a, gt_node_get(obj, "metadata")));
	gt_map_each(obj, p)
	{
		if (!gt_node_has(out, p->key))
			gt_node_set(a, out, p->key, p->value);
	}
	return out;
}

int as_draft_init(struct as_draft *d, struct gt_arena *a, const struct gt_node *obj,
		  struct gt_err *err)
{
	const struct gt_node *meta = gt_node_get(obj, "metadata");
	struct gt_node *out = ordered(a, obj);
	size_t at;

	*d = (struct as_draft){0};
	if (gt_arena_check(a, err) < 0)
		return GT_E_BUDGET;
	gt_json_write(&d->json, out, GT_JSON_COMPACT, 0);
	at = gt_str_search(gt_buf_str(&d->json), gt_str(hole));
	if (gt_buf_check(&d->json, err) < 0 || at == SIZE_MAX || d->json.n > UINT32_MAX) {
		gt_buf_fini(&d->json);
		return gt_fail(err, GT_E_BUDGET, "the object is too large");
	}
	d->rv_at = at + sizeof hole - 2;
	d->ns = gt_node_text(gt_node_get(meta, "namespace"));
	d->name = gt_node_text(gt_node_get(meta, "name"));
	d->uid = gt_node_text(gt_node_get(meta, "uid"));
	d->labels = gt_node_get(meta, "labels");
	d->deleting = !gt_node_is_null(gt_node_get(meta, "deletionTimestamp"));
	d->owned = gt_node_count(gt_node_get(meta, "ownerReferences")) > 0;
	return GT_OK;
}

void as_draft_fini(struct as_draft *d)
{
	gt_buf_fini(&d->json);
}

static struct gt_str place(char **at, struct gt_str s)
{
	char *p = *at;

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	*at += s.n + 1;
	return gt_strn(p, s.n);
}

/* What an object is made of, whatever it is made from. */
struct parts {
	struct gt_str head, tail, ns, name, uid;
	struct gt_str labels; /* packed */
	uint32_t n_labels;
	bool deleting, owned;
};

static struct as_object *assemble(const struct parts *p, int64_t rev)
{
	char digits[24];
	size_t n_digits = (size_t)snprintf(digits, sizeof digits, "%lld", (long long)rev);
	size_t n = p->head.n + n_digits + p->tail.n;
	size_t size = sizeof(struct as_object) + n + 1 + p->labels.n + p->ns.n + p->name.n +
		      p->uid.n + p->ns.n + p->name.n + 8;
	struct as_object *o = gt_xmalloc(size);
	char *at = o->data;

	*o = (struct as_object){
		.rev = rev,
		.rv_at = (uint32_t)p->head.n,
		.rv_len = (uint32_t)n_digits,
		.n_labels = p->n_labels,
		.deleting = p->deleting,
		.owned = p->owned,
	};
	atomic_init(&o->refs, 1);
	o->json = gt_strn(at, n);
	memcpy(at, p->head.p, p->head.n);
	memcpy(at + p->head.n, digits, n_digits);
	memcpy(at + p->head.n + n_digits, p->tail.p, p->tail.n);
	at[n] = '\0';
	at += n + 1;
	o->labels = at;
	if (p->labels.n > 0)
		memcpy(at, p->labels.p, p->labels.n);
	at += p->labels.n;
	o->ns = place(&at, p->ns);
	o->name = place(&at, p->name);
	o->uid = place(&at, p->uid);
	o->key = o->name;
	if (o->ns.n > 0) {
		o->key = gt_strn(at, o->ns.n + 1 + o->name.n);
		memcpy(at, o->ns.p, o->ns.n);
		at[o->ns.n] = '/';
		memcpy(at + o->ns.n + 1, o->name.p, o->name.n);
		at[o->key.n] = '\0';
	}
	return o;
}

static uint32_t pack_labels(const struct gt_node *labels, struct gt_buf *out)
{
	uint32_t n = 0;

	gt_map_each(labels, p)
	{
		struct gt_str value = gt_node_text(p->value);
		gt_buf_add(out, p->key, p->len);
		gt_buf_addc(out, '\0');
		gt_buf_add_str(out, value);
		gt_buf_addc(out, '\0');
		n++;
	}
	return n;
}

struct as_object *as_object_new(const struct as_draft *d, int64_t rev)
{
	gt_auto_buf labels = {0};
	struct parts p = {
		.head = gt_strn(d->json.p, d->rv_at),
		.tail = gt_strn(d->json.p + d->rv_at, d->json.n - d->rv_at),
		.ns = d->ns,
		.name = d->name,
		.uid = d->uid,
		.deleting = d->deleting,
		.owned = d->owned,
	};

	p.n_labels = pack_labels(d->labels, &labels);
	p.labels = gt_buf_str(&labels);
	return assemble(&p, rev);
}

struct as_object *as_object_restamp(const struct as_object *o, int64_t rev)
{
	struct parts p = {
		.head = gt_strn(o->json.p, o->rv_at),
		.tail = gt_str_from(o->json, o->rv_at + o->rv_len),
		.ns = o->ns,
		.name = o->name,
		.uid = o->uid,
		.labels = gt_strn(o->labels, (size_t)(o->ns.p - o->labels)),
		.n_labels = o->n_labels,
		.deleting = o->deleting,
		.owned = o->owned,
	};

	return assemble(&p, rev);
}

struct as_object *as_object_ref(struct as_object *o)
{
	if (o)
		atomic_fetch_add_explicit(&o->refs, 1, memory_order_relaxed);
	return o;
}

void as_object_unref(struct as_object *o)
{
	if (o && atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) == 1)
		free(o);
}

struct gt_str as_object_label(const struct as_object *o, struct gt_str key)
{
	const char *at = o->labels;

	for (uint32_t i = 0; i < o->n_labels; i++) {
		size_t n = strlen(at);
		const char *value = at + n + 1;
		if (n == key.n && memcmp(at, key.p, n) == 0)
			return gt_str(value);
		at = value + strlen(value) + 1;
	}
	return (struct gt_str){0};
}

int as_object_parse(const struct as_object *o, struct gt_arena *a, struct gt_node **ret_obj,
		    struct gt_err *err)
{
	return gt_json_parse(a, o->json, GT_JSON_DUP_LAST, ret_obj, err);
}

int as_object_load(struct gt_arena *a, struct gt_str json, int64_t rev, struct as_object **ret_o,
		   struct gt_err *err)
{
	static const char key[] = "\"resourceVersion\":\"";
	struct gt_node *obj = NULL;
	const struct gt_node *meta;
	struct gt_str digits;
	gt_auto_buf labels = {0};
	size_t at = gt_str_search(json, gt_str(key)), n = 0;
	int rc = gt_json_parse(a, json, GT_JSON_DUP_LAST, &obj, err);

	if (rc < 0)
		return rc;
	meta = gt_node_get(obj, "metadata");
	if (at == SIZE_MAX || !gt_node_cstr_at(meta, "name"))
		return gt_fail(err, GT_E_INVALID, "not an object");
	digits = gt_str_from(json, at + sizeof key - 1);
	while (n < digits.n && digits.p[n] >= '0' && digits.p[n] <= '9')
		n++;
	struct parts p = {
		.head = gt_str_sub(json, 0, at + sizeof key - 1),
		.tail = gt_str_from(digits, n),
		.n_labels = pack_labels(gt_node_get(meta, "labels"), &labels),
		.ns = gt_node_text(gt_node_get(meta, "namespace")),
		.name = gt_node_text(gt_node_get(meta, "name")),
		.uid = gt_node_text(gt_node_get(meta, "uid")),
		.deleting = !gt_node_is_null(gt_node_get(meta, "deletionTimestamp")),
		.owned = gt_node_count(gt_node_get(meta, "ownerReferences")) > 0,
	};
	p.labels = gt_buf_str(&labels);
	*ret_o = assemble(&p, rev);
	return GT_OK;
}
