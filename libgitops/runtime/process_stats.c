#include "runtime/process_stats.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/time.h"

static const struct gt_metric_opts stats[] = {
	{.name = "process_cpu_seconds_total",
	 .help = "Total user and system CPU time spent in seconds.",
	 .type = GT_METRIC_COUNTER},
	{.name = "process_max_fds",
	 .help = "Maximum number of open file descriptors.",
	 .type = GT_METRIC_GAUGE},
	{.name = "process_open_fds",
	 .help = "Number of open file descriptors.",
	 .type = GT_METRIC_GAUGE},
	{.name = "process_resident_memory_bytes",
	 .help = "Resident memory size in bytes.",
	 .type = GT_METRIC_GAUGE},
	{.name = "process_virtual_memory_bytes",
	 .help = "Virtual memory size in bytes.",
	 .type = GT_METRIC_GAUGE},
	{.name = "process_start_time_seconds",
	 .help = "Start time of the process since unix epoch in seconds.",
	 .type = GT_METRIC_GAUGE},
};

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = -3; /* ".", ".." and the folder itself */

	if (!dir)
		return 0;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* The i-th (from 0) number of a file of numbers between spaces. */
static double number_in(struct gt_str text, size_t i)
{
	struct gt_split it = {.rest = text};
	struct gt_str part;
	double v = 0;

	while (gt_split_next(&it, ' ', &part)) {
		if (i-- == 0) {
			gt_str_double(gt_str_trim(part), &v);
			break;
		}
	}
	return v;
}

static bool read_proc(const char *path, struct gt_buf *out)
{
	gt_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && gt_fd_read_all(fd, 65536, out, NULL) == GT_OK;
}

/* Ticks after boot at which the process started, field 22 of stat; the name may hold spaces. */
static double start_time(void)
{
	gt_auto_buf stat = {0};
	gt_auto_buf uptime = {0};

	if (!read_proc("/proc/self/stat", &stat) || !read_proc("/proc/uptime", &uptime))
		return 0;
	size_t end = gt_str_rfind(gt_buf_str(&stat), ')');
	if (end == SIZE_MAX)
		return 0;
	double ticks = number_in(gt_str_from(gt_buf_str(&stat), end + 2), 19);
	double boot = (double)gt_now_wall() / 1e9 - number_in(gt_buf_str(&uptime), 0);
	return boot + ticks / (double)sysconf(_SC_CLK_TCK);
}

static void refresh(void *arg)
{
	struct gt_metrics *m = arg;
	gt_auto_buf statm = {0};
	struct rusage usage;
	struct rlimit fds;

	if (getrusage(RUSAGE_SELF, &usage) == 0) {
		double s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
		gt_metric_set(gt_metrics_find(m, "process_cpu_seconds_total"), s);
	}
	if (getrlimit(RLIMIT_NOFILE, &fds) == 0)
		gt_metric_set(gt_metrics_find(m, "process_max_fds"), (double)fds.rlim_cur);
	gt_metric_set(gt_metrics_find(m, "process_open_fds"), count_fds());
	if (read_proc("/proc/self/statm", &statm)) {
		double page = (double)sysconf(_SC_PAGESIZE);
		gt_metric_set(gt_metrics_find(m, "process_virtual_memory_bytes"),
			      number_in(gt_buf_str(&statm), 0) * page);
		gt_metric_set(gt_metrics_find(m, "process_resident_memory_bytes"),
			      number_in(gt_buf_str(&statm), 1) * page);
	}
}

void gt_process_stats_register(struct gt_metrics *m)
{
	for (size_t i = 0; i < GT_COUNT(stats); i++)
		gt_metrics_add(m, &stats[i]);
	gt_metric_set(gt_metrics_find(m, "process_start_time_seconds"), start_time());
	gt_metrics_collect(m, refresh, m);
}
