#include "base/secret.h"

#include <string.h>

#include "base/alloc.h"

void gt_wipe(void *p, size_t n)
{
	if (n)
		explicit_bzero(p, n);
}

void gt_secret_fini(struct gt_secret *s)
{
	if (!s)
		return;
	gt_wipe(s->p, s->p ? s->n : 0);
	free(s->p);
	*s = (struct gt_secret){0};
}

void gt_secret_set(struct gt_secret *s, struct gt_str bytes)
{
	/* Copied first: the bytes may be those of the secret itself. */
	char *copy = bytes.p ? gt_xstrndup(bytes.p, bytes.n) : NULL;

	gt_secret_fini(s);
	s->p = copy;
	s->n = copy ? bytes.n : 0;
}

void gt_secret_copy(struct gt_secret *to, const struct gt_secret *from)
{
	gt_secret_set(to, gt_secret_bytes(from));
}
