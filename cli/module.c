#include "module.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#include "print.h"
#include "spawn.h"

/* Beside the program in a build folder, or where it is installed. */
static void *open_module(void)
{
	static const char *const places[] = {"../lib/gitops/cluster.so", "cluster.so"};
	gt_autofree char *dir = cli_program_dir();

	for (size_t i = 0; i < GT_COUNT(places); i++) {
		gt_autofree char *path = gt_xasprintf("%s/%s", dir, places[i]);

		if (access(path, R_OK) == 0)
			return dlopen(path, RTLD_NOW | RTLD_LOCAL);
	}
	return NULL;
}

int cli_run_in_cluster_module(const struct cli_call *call)
{
	void *module = open_module();

	if (!module) {
		const char *cause = dlerror();

		return cli_failf("the cluster module (lib/gitops/cluster.so) cannot be loaded: %s",
				 cause ? cause : "not found beside the program");
	}
	int (*run)(const struct cli_call *) = NULL;
	*(void **)&run = dlsym(module, CLI_MODULE_ENTRY);
	if (!run)
		return cli_failf("the cluster module is of another version");
	return run(call);
}
