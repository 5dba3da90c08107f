/* `gitops down`: ends the supervisor of a data folder and waits until everything is gone. */
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/time.h"
#include "command.h"
#include "local.h"
#include "print.h"

#define POLL_NS (50 * 1000 * 1000)

int cli_down(const struct cli_call *call)
{
	gt_autofree char *dir = NULL;
	struct gt_err err;

	if (cli_local_dir(cli_flag_string(call, "data"), &dir, &err) < 0)
		return cli_fail(&err);
	pid_t pid = cli_local_running(dir);
	if (!pid)
		return cli_failf("nothing is running in %s", dir);
	cli_action("stopping process %d", (int)pid);
	if (kill(pid, SIGTERM) < 0)
		return cli_failf("process %d: %m", (int)pid);

	int64_t deadline = gt_now_mono() + call->globals->timeout;
	while (cli_local_running(dir) == pid) {
		struct timespec pause = {.tv_nsec = POLL_NS};

		if (gt_now_mono() > deadline)
			return cli_failf("process %d does not stop", (int)pid);
		nanosleep(&pause, NULL);
	}
	cli_success("stopped");
	return 0;
}
