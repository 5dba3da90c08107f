/* The file server that hands artifacts to their consumers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/fileserver.h"
#include "net/server.h"
#include "src.h"

static struct gt_http_target route(void *arg, const struct gt_http_request *req)
{
	struct src *src = arg;

	(void)req;
	return (struct gt_http_target){.handler = gt_fileserver_handle, .arg = src->files};
}

/* The address consumers are told, from the one listened on (upstream: DetermineAdvStorageAddr). */
static void advertise(struct src *src)
{
	const char *addr = src_flags.storage_addr;
	struct gt_str listen = gt_str(addr);
	size_t colon = gt_str_rfind(listen, ':');
	struct gt_str host = gt_str_sub(listen, 0, colon == SIZE_MAX ? listen.n : colon);
	char name[256] = "localhost";

	if (src_flags.storage_adv_addr && *src_flags.storage_adv_addr)
		return;
	if (gt_str_is(host, "0.0.0.0")) {
		const char *env = getenv("HOSTNAME");
		if (env && *env)
			snprintf(name, sizeof name, "%s", env);
		else
			gethostname(name, sizeof name - 1);
	} else if (host.n) {
		snprintf(name, sizeof name, "%.*s", GT_STR_ARG(host));
	}
	gt_autofree char *address =
		gt_xasprintf("%s:%u", name, (unsigned)gt_http_server_port(src->server));
	gt_store_set_address(src->store, address);
}

int src_server_start(void *arg, struct gt_err *err)
{
	struct src *src = arg;
	struct gt_http_server_opts opts = {
		.address = src_flags.storage_addr,
		.route = route,
		.route_arg = src,
	};

	int rc = gt_fileserver_new(src->loop, src_flags.storage_path, "", &src->files, err);
	if (rc == GT_OK)
		rc = gt_http_server_new(src->loop, &opts, &src->server, err);
	if (rc < 0)
		return gt_wrap(err, "file server on %s", src_flags.storage_addr);
	advertise(src);
	gt_autofree char *report =
		gt_xasprintf("127.0.0.1:%u", (unsigned)gt_http_server_port(src->server));
	gt_manager_report(src->manager, "storage", report);
	return GT_OK;
}

void src_server_stop(void *arg)
{
	struct src *src = arg;

	gt_http_server_free(src->server);
	gt_fileserver_free(src->files);
	src->server = NULL;
	src->files = NULL;
}
