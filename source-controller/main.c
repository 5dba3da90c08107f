/* source-controller - fetches sources and serves them as artifacts. */
#include <stdlib.h>

#include "base/flags.h"
#include "base/time.h"
#include "runtime/unsupported.h"
#include "src.h"

struct src_flags src_flags = {
	.storage_path = "/data",
	.storage_addr = ":9090",
	.storage_adv_addr = "",
	.digest_algo = "sha256",
	.retention_ttl = GT_SECONDS(60),
	.retention_records = 2,
	.helm_index_max = 52428800,
	.helm_chart_max = 10485760,
	.helm_chart_file_max = 5242880,
	.helm_cache_ttl = "15m",
	.helm_cache_purge = "1m",
	.token_cache_max_size = 100,
	.token_cache_max_duration = GT_SECONDS(3600),
};

static struct gt_flag flags[] = {
	{.name = "storage-path",
	 .kind = GT_FLAG_STRING,
	 .value = &src_flags.storage_path,
	 .usage = "folder of the artifacts; must exist (env STORAGE_PATH)"},
	{.name = "storage-addr",
	 .kind = GT_FLAG_STRING,
	 .value = &src_flags.storage_addr,
	 .usage = "address the file server listens on (env STORAGE_ADDRESS)"},
	{.name = "storage-adv-addr",
	 .kind = GT_FLAG_STRING,
	 .value = &src_flags.storage_adv_addr,
	 .usage = "address consumers are told; derived from --storage-addr when empty (env "
		  "STORAGE_ADV_ADDR)"},
	{.name = "artifact-retention-ttl",
	 .kind = GT_FLAG_DURATION,
	 .value = &src_flags.retention_ttl,
	 .usage = "how long superseded artifacts are kept"},
	{.name = "artifact-retention-records",
	 .kind = GT_FLAG_INT,
	 .value = &src_flags.retention_records,
	 .usage = "how many artifacts of an object are kept"},
	{.name = "artifact-digest-algo",
	 .kind = GT_FLAG_STRING,
	 .value = &src_flags.digest_algo,
	 .usage = "algorithm of artifact digests: sha1, sha256, sha384 or sha512"},
	{.name = "ssh-kex-algos",
	 .kind = GT_FLAG_STRINGS,
	 .value = &src_flags.kex_algos,
	 .usage = "key exchange algorithms of SSH connections, in order of preference"},
	{.name = "ssh-hostkey-algos",
	 .kind = GT_FLAG_STRINGS,
	 .value = &src_flags.hostkey_algos,
	 .usage = "host key algorithms of SSH connections, in order of preference"},
	{.name = "helm-index-max-size",
	 .kind = GT_FLAG_INT,
	 .value = &src_flags.helm_index_max,
	 .usage = "accepted; Helm repositories are not supported by this version"},
	{.name = "helm-chart-max-size",
	 .kind = GT_FLAG_INT,
	 .value = &src_flags.helm_chart_max,
	 .usage = "accepted; Helm charts are not supported by this version"},
	{.name = "helm-chart-file-max-size",
	 .kind = GT_FLAG_INT,
	 .value = &src_flags.helm_chart_file_max,
	 .usage = "accepted; Helm charts are not supported by this version"},
	{.name = "helm-cache-max-size",
	 .kind = GT_FLAG_INT,
	 .value = &src_flags.helm_cache_max,
	 .usage = "accepted; Helm repositories are not supported by this version"},
	{.name = "helm-cache-ttl",
	 .kind = GT_FLAG_STRING,
	 .value = &src_flags.helm_cache_ttl,
	 .usage = "accepted; Helm repositories are not supported by this version"},
	{.name = "helm-cache-purge-interval",
	 .kind = GT_FLAG_STRING,
	 .value = &src_flags.helm_cache_purge,
	 .usage = "accepted; Helm repositories are not supported by this version"},
	{.name = "token-cache-max-size",
	 .kind = GT_FLAG_INT,
	 .value = &src_flags.token_cache_max_size,
	 .usage = "accepted; no tokens are fetched by this version"},
	{.name = "token-cache-max-duration",
	 .kind = GT_FLAG_DURATION,
	 .value = &src_flags.token_cache_max_duration,
	 .usage = "accepted; no tokens are fetched by this version"},
	GT_FLAG_END,
};

static struct gt_feature features[] = {
	{"CacheSecretsAndConfigMaps", false},
	{"ObjectLevelWorkloadIdentity", false},
	{NULL, false},
};

static struct src controller;

/* Kinds that are registered, and refused, until their reconcilers are there. */
static const struct gt_resource *const refused[] = {
	&gt_res_oci_repository,
	&gt_res_helm_repository,
	&gt_res_helm_chart,
	&gt_res_bucket,
};

static void read_environment(void)
{
	static const struct {
		const char *variable;
		const char **value;
	} fallbacks[] = {
		{"STORAGE_PATH", &src_flags.storage_path},
		{"STORAGE_ADDRESS", &src_flags.storage_addr},
		{"STORAGE_ADV_ADDR", &src_flags.storage_adv_addr},
	};

	for (size_t i = 0; i < GT_COUNT(fallbacks); i++) {
		const char *value = getenv(fallbacks[i].variable);
		if (value && *value)
			*fallbacks[i].value = value;
	}
}

static char *join(const struct gt_flag_list *list)
{
	gt_auto_buf out = {0};

	for (size_t i = 0; i < list->n; i++)
		gt_buf_printf(&out, "%s%s", i ? "," : "", list->v[i]);
	return out.n ? gt_buf_take(&out) : NULL;
}

static int open_store(struct src *src, struct gt_err *err)
{
	struct gt_store_opts opts = {
		.root = src_flags.storage_path,
		.address = src_flags.storage_adv_addr,
		.algorithm = src_flags.digest_algo,
		.ttl = src_flags.retention_ttl,
		.records = (unsigned)src_flags.retention_records,
	};

	if (src_flags.retention_records < 0 || src_flags.retention_records > 10000)
		return gt_fail(err, GT_E_INVALID,
			       "--artifact-retention-records must be between 0 and 10000");
	return gt_store_open(&opts, &src->store, err);
}

static void gone(void *arg, struct gt_key key)
{
	struct src *src = arg;

	gt_metric_remove(src->duration, "GitRepository", key.name, key.ns);
}

static void add_controllers(struct src *src)
{
	/* What the predicate looks at; the object itself is read live. */
	static const char *const paths[] = {"spec.suspend", NULL};
	static const char *const names[] = {"ocirepository", "helmrepository", "helmchart",
					    "bucket"};
	struct gt_controller_opts git = {
		.name = "gitrepository",
		.res = &gt_res_git_repository,
		.reconcile = src_git_reconcile,
		.gone = gone,
		.arg = src,
		.source = GT_OBJECT_LIVE,
		.paths = paths,
	};

	gt_controller_add(src->manager, &git);
	for (size_t i = 0; i < GT_COUNT(refused); i++) {
		struct gt_controller_opts other = {
			.name = names[i],
			.res = refused[i],
			.reconcile = src_refuse_kind,
			.arg = src,
			.source = GT_OBJECT_LIVE,
			.paths = paths,
		};
		gt_controller_add(src->manager, &other);
	}
}

static int setup(struct gt_manager *m, struct gt_err *err)
{
	struct src *src = &controller;

	src->manager = m;
	src->loop = gt_manager_loop(m);
	if (*gt_manager_flags(m)->default_service_account &&
	    !gt_manager_feature(m, "ObjectLevelWorkloadIdentity"))
		return gt_fail(err, GT_E_INVALID,
			       "--default-service-account needs the feature gate "
			       "ObjectLevelWorkloadIdentity");
	int rc = open_store(src, err);
	if (rc == GT_OK)
		rc = gt_scratch_open(SRC_MANAGER, &src->scratch, err);
	if (rc < 0)
		return rc;
	gt_gate_init(&src->gate, 0);
	src->kex_algos = join(&src_flags.kex_algos);
	src->hostkey_algos = join(&src_flags.hostkey_algos);
	src->duration = gt_gotk_reconcile_duration(gt_manager_metrics(m));
	add_controllers(src);
	gt_manager_runnable(m, src_server_start, src_server_stop, src);
	return GT_OK;
}

static void teardown(struct gt_manager *m)
{
	struct src *src = &controller;

	(void)m;
	gt_scratch_close(src->scratch);
	gt_store_free(src->store);
	gt_gate_fini(&src->gate);
	free(src->kex_algos);
	free(src->hostkey_algos);
	gt_flag_list_fini(&src_flags.kex_algos);
	gt_flag_list_fini(&src_flags.hostkey_algos);
}

int main(int argc, char **argv)
{
	static const struct gt_program program = {
		.name = SRC_MANAGER,
		.flags = flags,
		.features = features,
		.default_concurrent = "2",
		.setup = setup,
		.teardown = teardown,
	};

	read_environment();
	return gt_manager_main(&program, argc, argv);
}
