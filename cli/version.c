#include <stdio.h>
#include <string.h>

#include "command.h"
#include "gt_version.h"

static const struct {
	const char *name, *version;
} versions[] = {
	{"gitops", GT_VERSION},
	{"flux", GT_COMPAT_FLUX},
	{"helm", GT_COMPAT_HELM},
	{"kubernetes", GT_COMPAT_KUBERNETES},
	{"kustomize", GT_COMPAT_KUSTOMIZE},
};

int cli_version(const struct cli_call *call)
{
	bool json = strcmp(cli_flag_string(call, "output"), "json") == 0;

	if (!cli_flag_bool(call, "client"))
		return cli_run_in_cluster_module(call);
	if (json)
		puts("{");
	for (size_t i = 0; i < GT_COUNT(versions); i++) {
		const char *comma = i + 1 < GT_COUNT(versions) ? "," : "";

		if (json)
			printf("  \"%s\": \"v%s\"%s\n", versions[i].name, versions[i].version,
			       comma);
		else
			printf("%s: v%s\n", versions[i].name, versions[i].version);
	}
	if (json)
		puts("}");
	return 0;
}
