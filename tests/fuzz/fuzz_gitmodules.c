/* A .gitmodules file of a repository, and the URLs it names. */
#include <stddef.h>
#include <stdint.h>

#include "git/modules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	gt_auto_arena a = {0};
	struct gt_git_module *m;
	const char *url;
	size_t n;

	if (gt_git_modules_parse(&a, gt_strn((const char *)data, size), &m, &n, NULL) < 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (m[i].url)
			gt_git_module_url(&a, "https://h/org/app.git", m[i].url, &url, NULL);
	return 0;
}
