/*
 * notification-controller - carries events out and webhooks in.
 *
 * This version delivers nothing.  Its two servers listen where they always will and answer 501, so
 * that senders learn it at once and do not try again; Receivers are refused with reason
 * NotSupported.  Alerts and Providers have no status to say anything in.
 */
#include <stdio.h>

#include "api/kinds.h"
#include "base/limits.h"
#include "base/time.h"
#include "net/server.h"
#include "runtime/manager.h"
#include "runtime/unsupported.h"

static const char *events_addr = ":9090", *receiver_addr = ":9292";
static int64_t rate_limit_interval = GT_SECONDS(300), token_cache_max_size = 100,
	       token_cache_max_duration = GT_SECONDS(3600);
static bool export_http_path_metrics;

/* events-addr stands for what it means here: where events come in, not where they go. */
static struct gt_flag flags[] = {
	{.name = "events-addr",
	 .kind = GT_FLAG_STRING,
	 .value = &events_addr,
	 .usage = "The address the event endpoint binds to."},
	{.name = "receiverAddr",
	 .kind = GT_FLAG_STRING,
	 .value = &receiver_addr,
	 .usage = "The address the webhook receiver endpoint binds to."},
	{.name = "rate-limit-interval",
	 .kind = GT_FLAG_DURATION,
	 .value = &rate_limit_interval,
	 .usage = "Accepted; events are not delivered by this version."},
	{.name = "export-http-path-metrics",
	 .kind = GT_FLAG_BOOL,
	 .value = &export_http_path_metrics,
	 .usage = "Accepted; events are not delivered by this version."},
	{.name = "token-cache-max-size",
	 .kind = GT_FLAG_INT,
	 .value = &token_cache_max_size,
	 .usage = "Accepted; no tokens are fetched by this version."},
	{.name = "token-cache-max-duration",
	 .kind = GT_FLAG_DURATION,
	 .value = &token_cache_max_duration,
	 .usage = "Accepted; no tokens are fetched by this version."},
	GT_FLAG_END,
};

static struct gt_feature features[] = {
	{"CacheSecretsAndConfigMaps", false},
	{"DisableConfigWatchers", false},
	{"ObjectLevelWorkloadIdentity", false},
	{NULL, false},
};

struct endpoint {
	const char *name; /* in the report */
	const char *const *address;
	struct gt_manager *manager;
	struct gt_http_server *server;
};

static struct endpoint endpoints[] = {
	{.name = "events", .address = &events_addr},
	{.name = "receiver", .address = &receiver_addr},
};

static void refuse(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	(void)arg;
	(void)req;
	gt_reply_error(reply, 501, "events are not delivered by this version");
}

static struct gt_http_target route(void *arg, const struct gt_http_request *req)
{
	(void)req;
	return (struct gt_http_target){
		.handler = refuse, .arg = arg, .max_body = GT_LIMIT_HOOK_BODY};
}

static int start(void *arg, struct gt_err *err)
{
	struct endpoint *e = arg;
	struct gt_http_server_opts opts = {.address = *e->address, .route = route};
	char address[32];
	int rc = gt_http_server_new(gt_manager_loop(e->manager), &opts, &e->server, err);

	if (rc < 0)
		return gt_wrap(err, "%s endpoint on %s", e->name, *e->address);
	snprintf(address, sizeof address, "127.0.0.1:%u", gt_http_server_port(e->server));
	gt_manager_report(e->manager, e->name, address);
	return GT_OK;
}

static void stop(void *arg)
{
	struct endpoint *e = arg;

	gt_http_server_free(e->server);
	e->server = NULL;
}

static int reconcile_receiver(struct gt_reconcile *r, struct gt_next *next, struct gt_err *err)
{
	return gt_unsupported_refuse(r, &gt_res_receiver, NULL, next, err);
}

/* Nothing is done for an Alert or a Provider, and nothing is said: they have no status. */
static int leave_alone(struct gt_reconcile *r, struct gt_next *next, struct gt_err *err)
{
	(void)r;
	(void)next;
	(void)err;
	return GT_OK;
}

static int setup(struct gt_manager *m, struct gt_err *err)
{
	static const char *const metadata_only[] = {"metadata", NULL};
	static const struct gt_controller_opts controllers[] = {
		{.name = "receiver", .res = &gt_res_receiver, .reconcile = reconcile_receiver},
		{.name = "provider",
		 .res = &gt_res_provider,
		 .reconcile = leave_alone,
		 .source = GT_OBJECT_CACHED,
		 .paths = metadata_only},
		{.name = "alert",
		 .res = &gt_res_alert,
		 .reconcile = leave_alone,
		 .source = GT_OBJECT_CACHED,
		 .paths = metadata_only},
	};

	(void)err;
	for (size_t i = 0; i < GT_COUNT(controllers); i++)
		gt_controller_add(m, &controllers[i]);
	for (size_t i = 0; i < GT_COUNT(endpoints); i++) {
		endpoints[i].manager = m;
		gt_manager_runnable(m, start, stop, &endpoints[i]);
	}
	return GT_OK;
}

int main(int argc, char **argv)
{
	static const struct gt_program program = {
		.name = "notification-controller",
		.flags = flags,
		.features = features,
		.setup = setup,
	};

	return gt_manager_main(&program, argc, argv);
}
