#include "runtime/depends.h"

#include <pthread.h>
#include <string.h>

#include "base/map.h"
#include "base/vec.h"
#include "kube/object.h"

#define RECENT 4096 /* changes remembered by number */

struct dependant {
	struct gt_controller *controller;
	char *ns, *name;
};

/* Those who wait for one object. */
struct watched {
	GT_VEC(struct dependant) v;
};

struct gt_depends {
	pthread_mutex_t lock;
	struct gt_map watched;   /* "group/kind/ns/name" -> struct watched */
	struct gt_map waiting;   /* "controller/ns/name" -> struct refs: what it waits for */
	uint64_t changes;        /* so far */
	uint64_t recent[RECENT]; /* hashes of the objects changed, by number */
};

struct refs {
	GT_VEC(char *) v; /* keys of watched */
};

static void dependant_fini(struct dependant *dep)
{
	free(dep->ns);
	free(dep->name);
}

static void watched_free(void *p)
{
	struct watched *w = p;

	for (size_t i = 0; i < w->v.n; i++)
		dependant_fini(&w->v.v[i]);
	gt_vec_fini(&w->v);
	free(w);
}

static void refs_free(void *p)
{
	struct refs *r = p;

	for (size_t i = 0; i < r->v.n; i++)
		free(r->v.v[i]);
	gt_vec_fini(&r->v);
	free(r);
}

struct gt_depends *gt_depends_new(void)
{
	struct gt_depends *d = gt_new(struct gt_depends);

	pthread_mutex_init(&d->lock, NULL);
	gt_map_init(&d->watched, watched_free);
	gt_map_init(&d->waiting, refs_free);
	return d;
}

void gt_depends_free(struct gt_depends *d)
{
	if (!d)
		return;
	gt_map_fini(&d->watched);
	gt_map_fini(&d->waiting);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

uint64_t gt_depends_now(struct gt_depends *d)
{
	pthread_mutex_lock(&d->lock);
	uint64_t now = d->changes;
	pthread_mutex_unlock(&d->lock);
	return now;
}

static char *ref_key(const struct gt_ref *ref)
{
	return gt_xasprintf("%s/%s/%s/%s", ref->gvk.group, ref->gvk.kind, ref->ns ? ref->ns : "",
			    ref->name);
}

static char *own_key(struct gt_controller *c, struct gt_key key)
{
	return gt_xasprintf("%s/%s/%s", gt_controller_name(c), key.ns, key.name);
}

/* Removes one dependant from an object.  Called locked. */
static void leave(struct gt_depends *d, const char *watched_key, struct gt_controller *c,
		  struct gt_key key)
{
	struct watched *w = gt_map_find(&d->watched, gt_str(watched_key));

	for (size_t i = w ? w->v.n : 0; i-- > 0;) {
		struct dependant *dep = &w->v.v[i];
		if (dep->controller == c && strcmp(dep->ns, key.ns) == 0 &&
		    strcmp(dep->name, key.name) == 0) {
			dependant_fini(dep);
			gt_vec_remove(&w->v, i);
		}
	}
	if (w && w->v.n == 0)
		gt_map_del(&d->watched, gt_str(watched_key));
}

static void forget(struct gt_depends *d, struct gt_controller *c, struct gt_key key)
{
	gt_autofree char *own = own_key(c, key);
	struct refs *r = gt_map_take(&d->waiting, gt_str(own));

	for (size_t i = 0; r && i < r->v.n; i++)
		leave(d, r->v.v[i], c, key);
	if (r)
		refs_free(r);
}

void gt_depends_forget(struct gt_depends *d, struct gt_controller *c, struct gt_key key)
{
	pthread_mutex_lock(&d->lock);
	forget(d, c, key);
	pthread_mutex_unlock(&d->lock);
}

/* Whether an object has changed after the change with number `since`. */
static bool changed_since(const struct gt_depends *d, const char *key, uint64_t since)
{
	uint64_t hash = gt_hash_bytes(key, strlen(key));

	if (d->changes - since > RECENT)
		return true; /* too long ago to tell */
	for (uint64_t i = since; i < d->changes; i++) {
		if (d->recent[i % RECENT] == hash)
			return true;
	}
	return false;
}

void gt_depends_register(struct gt_depends *d, struct gt_controller *c, struct gt_key key,
			 const struct gt_ref *refs, size_t n, uint64_t since)
{
	gt_autofree char *own = own_key(c, key);
	struct refs *mine = gt_new(struct refs);
	bool late = false;

	pthread_mutex_lock(&d->lock);
	forget(d, c, key);
	for (size_t i = 0; i < n; i++) {
		char *text = ref_key(&refs[i]);
		struct watched *w = gt_map_find(&d->watched, gt_str(text));

		if (!w) {
			w = gt_new(struct watched);
			gt_map_put(&d->watched, gt_str(text), w);
		}
		struct dependant dep = {c, gt_xstrdup(key.ns), gt_xstrdup(key.name)};
		gt_vec_push(&w->v, dep);
		gt_vec_push(&mine->v, text);
		late |= changed_since(d, text, since);
	}
	if (late) {
		refs_free(mine);
		for (size_t i = 0; i < n; i++) {
			gt_autofree char *text = ref_key(&refs[i]);
			leave(d, text, c, key);
		}
	} else {
		gt_map_put(&d->waiting, gt_str(own), mine);
	}
	pthread_mutex_unlock(&d->lock);
	if (late)
		gt_controller_enqueue(c, key);
}

void gt_depends_changed(void *arg, const struct gt_informer_event *ev)
{
	struct gt_depends *d = arg;
	gt_auto_arena a = {0};
	struct gt_ref ref = gt_ref_of(&a, ev->obj);
	gt_autofree char *key = ref_key(&ref);

	/* A resync changes nothing. */
	if (ev->old && strcmp(gt_obj_rv(ev->old), gt_obj_rv(ev->obj)) == 0)
		return;
	pthread_mutex_lock(&d->lock);
	d->recent[d->changes++ % RECENT] = gt_hash_bytes(key, strlen(key));
	struct watched *w = gt_map_take(&d->watched, gt_str(key));
	pthread_mutex_unlock(&d->lock);
	for (size_t i = 0; w && i < w->v.n; i++) {
		struct gt_key dep = {w->v.v[i].ns, w->v.v[i].name};
		gt_controller_enqueue(w->v.v[i].controller, dep);
	}
	if (w)
		watched_free(w);
}
