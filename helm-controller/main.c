/*
 * helm-controller - reconciles HelmReleases.
 *
 * This version installs nothing: every HelmRelease is refused with reason NotSupported, so that
 * status never claims what was not done.
 */
#include "api/kinds.h"
#include "runtime/manager.h"
#include "runtime/unsupported.h"

/* Upstream's gates are accepted, so that existing manifests start; all are off by default. */
static struct gt_feature features[] = {
	{"AdditiveCELDependencyCheck", false},
	{"AdoptLegacyReleases", false},
	{"AllowDNSLookups", false},
	{"CacheSecretsAndConfigMaps", false},
	{"CancelHealthCheckOnNewRevision", false},
	{"CorrectDrift", false},
	{"DefaultToRetryOnFailure", false},
	{"DetectDrift", false},
	{"DirectSourceFetch", false},
	{"DisableChartDigestTracking", false},
	{"DisableConfigWatchers", false},
	{"ExternalArtifact", false},
	{"ObjectLevelWorkloadIdentity", false},
	{"OOMWatch", false},
	{"UseHelm3Defaults", false},
	{NULL, false},
};

static int reconcile(struct gt_reconcile *r, struct gt_next *next, struct gt_err *err)
{
	return gt_unsupported_refuse(r, &gt_res_helm_release, NULL, next, err);
}

static int setup(struct gt_manager *m, struct gt_err *err)
{
	static const struct gt_controller_opts opts = {
		.name = "helmrelease",
		.res = &gt_res_helm_release,
		.reconcile = reconcile,
	};

	(void)err;
	gt_controller_add(m, &opts);
	return GT_OK;
}

int main(int argc, char **argv)
{
	static const struct gt_program program = {
		.name = "helm-controller",
		.features = features,
		.setup = setup,
	};

	return gt_manager_main(&program, argc, argv);
}
