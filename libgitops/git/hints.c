#include "git/hints.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/map.h"

#define HINTS_MAX 1024

struct hint {
	int version;
	char *url;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct gt_map hints; /* url -> struct hint */

static void hint_free(void *p)
{
	struct hint *h = p;

	free(h->url);
	free(h);
}

bool gt_git_hint_get(const char *url, char **ret_url, int *ret_version)
{
	pthread_mutex_lock(&lock);
	const struct hint *h = gt_map_find(&hints, gt_str(url));
	if (h) {
		*ret_url = gt_xstrdup(h->url);
		*ret_version = h->version;
	}
	pthread_mutex_unlock(&lock);
	return h != NULL;
}

static void drop_oldest(void)
{
	gt_map_for_each (&hints, e) {
		gt_map_del(&hints, gt_strn(e->key, e->len));
		return;
	}
}

void gt_git_hint_put(const char *url, const char *real_url, int version)
{
	struct hint *h = gt_new(struct hint);

	h->version = version;
	h->url = gt_xstrdup(real_url);
	pthread_mutex_lock(&lock);
	hints.free_value = hint_free;
	if (hints.n >= HINTS_MAX)
		drop_oldest();
	gt_map_put(&hints, gt_str(url), h);
	pthread_mutex_unlock(&lock);
}

void gt_git_hint_forget(const char *url)
{
	pthread_mutex_lock(&lock);
	gt_map_del(&hints, gt_str(url));
	pthread_mutex_unlock(&lock);
}
