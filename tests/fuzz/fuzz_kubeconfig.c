/* A kubeconfig from outside: parsed, merged with itself, a context chosen. */
#include <stddef.h>
#include <stdint.h>

#include "kube/kubeconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gt_str text = gt_strn((const char *)data, size);
	struct gt_rest_config config = {0};
	struct gt_err err;

	if (gt_rest_config_restricted(text, false, false, &config, &err) == GT_OK)
		gt_rest_config_fini(&config);
	struct gt_kubeconfig *kc = gt_kubeconfig_new();
	if (gt_kubeconfig_merge(kc, text, "/nowhere", "a", &err) == GT_OK &&
	    gt_kubeconfig_merge(kc, text, NULL, "b", &err) == GT_OK &&
	    gt_kubeconfig_select(kc, NULL, &config, &err) == GT_OK)
		gt_rest_config_fini(&config);
	gt_kubeconfig_free(kc);
	return 0;
}
