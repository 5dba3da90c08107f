/* kustomize-controller - builds Kustomizations from artifacts and applies them. */
#include "base/time.h"
#include "ks.h"
#include "store/scratch.h"

struct ks_flags ks_flags = {
	.concurrent_ssa = 4,
	.token_cache_max_size = 100,
	.token_cache_max_duration = GT_SECONDS(3600),
};

static struct gt_flag flags[] = {
	{.name = "concurrent-ssa",
	 .kind = GT_FLAG_INT,
	 .value = &ks_flags.concurrent_ssa,
	 .usage = "objects of a Kustomization that are compared with the cluster at a time"},
	{.name = "custom-apply-stage-kinds",
	 .kind = GT_FLAG_STRINGS,
	 .value = &ks_flags.custom_stage_kinds,
	 .usage = "kinds (group/Kind) applied before all others, after definitions and classes"},
	{.name = "default-decryption-service-account",
	 .kind = GT_FLAG_STRING,
	 .value = &ks_flags.default_decryption_sa,
	 .usage = "accepted; decryption is not supported by this version"},
	{.name = "default-kubeconfig-service-account",
	 .kind = GT_FLAG_STRING,
	 .value = &ks_flags.default_kubeconfig_sa,
	 .usage = "accepted; remote clusters are not supported by this version"},
	{.name = "no-remote-bases",
	 .kind = GT_FLAG_BOOL,
	 .value = &ks_flags.no_remote_bases,
	 .usage = "accepted; remote bases are never fetched by this version"},
	{.name = "override-manager",
	 .kind = GT_FLAG_STRINGS,
	 .value = &ks_flags.override_managers,
	 .usage = "field manager whose changes are undone, can be repeated"},
	{.name = "sops-age-secret",
	 .kind = GT_FLAG_STRING,
	 .value = &ks_flags.sops_age_secret,
	 .usage = "accepted; decryption is not supported by this version"},
	{.name = "sops-vault-configmap",
	 .kind = GT_FLAG_STRING,
	 .value = &ks_flags.sops_vault_configmap,
	 .usage = "accepted; decryption is not supported by this version"},
	{.name = "token-cache-max-duration",
	 .kind = GT_FLAG_DURATION,
	 .value = &ks_flags.token_cache_max_duration,
	 .usage = "accepted; no tokens are fetched by this version"},
	{.name = "token-cache-max-size",
	 .kind = GT_FLAG_INT,
	 .value = &ks_flags.token_cache_max_size,
	 .usage = "accepted; no tokens are fetched by this version"},
	GT_FLAG_END,
};

static struct gt_feature features[] = {
	{"AdditiveCELDependencyCheck", false},
	{"CacheSecretsAndConfigMaps", false},
	{"CancelHealthCheckOnNewRevision", false},
	{"DirectSourceFetch", false},
	{"DisableConfigWatchers", false},
	{"DisableFailFastBehavior", false},
	{"DisableStatusPollerCache", true},
	{"ExternalArtifact", false},
	{"GroupChangeLog", false},
	{"MigrateAPIVersion", false},
	{"ObjectLevelWorkloadIdentity", false},
	{"StrictPostBuildSubstitutions", true},
	{NULL, false},
};

static struct ks controller;

static int open_cache(struct ks *ks, struct gt_err *err)
{
	int rc = gt_scratch_open(KS_MANAGER, &ks->scratch, err);

	if (rc < 0)
		return gt_wrap(err, "folder for artifacts");
	struct gt_unpack_opts opts = {.dir = gt_scratch_path(ks->scratch)};
	return gt_unpack_open(&opts, &ks->cache, err);
}

static int setup(struct gt_manager *m, struct gt_err *err)
{
	static const char *const paths[] = {"spec.sourceRef",    "spec.dependsOn",
					    "spec.suspend",      "status.lastAttemptedRevision",
					    "status.conditions", NULL};
	struct ks *ks = &controller;
	struct gt_controller_opts opts = {
		.name = "kustomization",
		.res = &gt_res_kustomization,
		.reconcile = ks_reconcile,
		.gone = ks_gone,
		.arg = ks,
		.source = GT_OBJECT_LIVE,
		.paths = paths,
	};
	struct gt_http_client_opts http = {.user_agent = KS_MANAGER};

	ks->manager = m;
	if (ks_flags.concurrent_ssa < 1 || ks_flags.concurrent_ssa > 64)
		return gt_fail(err, GT_E_INVALID, "--concurrent-ssa must be between 1 and 64");
	if (gt_http_client_new(gt_manager_loop(m), &http, &ks->http, err) < 0 ||
	    open_cache(ks, err) < 0)
		return err->code;
	/* No retries: a worker does not sleep, see FETCH_RETRY. */
	ks->fetch = (struct gt_artifact_fetch){.http = ks->http, .cache = ks->cache};
	ks->lanes = gt_pool_new("apply", (unsigned)ks_flags.concurrent_ssa * 2, 0);
	gt_gate_init(&ks->gate, 0);
	ks->duration = gt_gotk_reconcile_duration(gt_manager_metrics(m));
	ks->controller = gt_controller_add(m, &opts);
	ks_watch_sources(ks);
	return GT_OK;
}

static void teardown(struct gt_manager *m)
{
	struct ks *ks = &controller;

	(void)m;
	gt_pool_free(ks->lanes);
	gt_unpack_free(ks->cache);
	gt_http_client_free(ks->http);
	gt_gate_fini(&ks->gate);
	gt_scratch_close(ks->scratch);
	gt_flag_list_fini(&ks_flags.override_managers);
	gt_flag_list_fini(&ks_flags.custom_stage_kinds);
}

int main(int argc, char **argv)
{
	static const struct gt_program program = {
		.name = KS_MANAGER,
		.flags = flags,
		.features = features,
		.setup = setup,
		.teardown = teardown,
	};

	return gt_manager_main(&program, argc, argv);
}
