/* Logs of the local instance: lines of several files in order of time, then what is appended. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/limits.h"
#include "base/time.h"
#include "logs.h"

/* How often files are looked at with --follow. */
#define FOLLOW_NS GT_MILLIS(200)

struct line {
	struct gt_str text;
	struct gt_str ts; /* RFC 3339 with milliseconds: sorts as text */
};

struct file {
	int fd;
	struct gt_buf pending; /* an unfinished line */
};

struct lines {
	struct line *v;
	size_t n, cap;
};

static struct gt_str timestamp_of(struct gt_str line)
{
	static const char key[] = "\"ts\":\"";
	size_t at = gt_str_search(line, gt_str(key));

	if (at == SIZE_MAX)
		return (struct gt_str){0};
	struct gt_str rest = gt_str_from(line, at + sizeof key - 1);
	size_t end = gt_str_find(rest, '"');
	return gt_str_sub(rest, 0, end == SIZE_MAX ? 0 : end);
}

/* The last `tail` lines of the text, all for a negative number. */
static void collect(struct lines *lines, struct gt_str text, int64_t tail)
{
	struct gt_split it = {.rest = text};
	struct gt_str line;
	size_t first = lines->n;

	while (gt_split_next(&it, '\n', &line)) {
		if (line.n && line.p[0] == '{')
			gt_vec_push(lines, (struct line){line, timestamp_of(line)});
	}
	size_t have = lines->n - first;
	if (tail >= 0 && have > (size_t)tail) {
		memmove(lines->v + first, lines->v + lines->n - tail,
			(size_t)tail * sizeof *lines->v);
		lines->n = first + (size_t)tail;
	}
}

static int by_time(const void *x, const void *y)
{
	const struct line *a = x, *b = y;

	return gt_str_cmp(a->ts, b->ts);
}

/* Prints what was appended since the last look, whole lines only. */
static void follow(struct file *file, const struct log_filter *f)
{
	char bytes[16384];
	ssize_t n;

	while ((n = read(file->fd, bytes, sizeof bytes)) > 0)
		gt_buf_add(&file->pending, bytes, (size_t)n);
	for (;;) {
		struct gt_str text = gt_buf_str(&file->pending);
		size_t end = gt_str_find(text, '\n');

		if (end == SIZE_MAX)
			break;
		log_print_line(f, gt_str_sub(text, 0, end));
		gt_buf_consume(&file->pending, end + 1);
	}
	fflush(stdout);
}

static void print_all(struct file *files, size_t n, const struct log_filter *f, int64_t tail)
{
	struct lines lines = {0};
	gt_autofree struct gt_buf *texts = gt_xcalloc(n, sizeof *texts);

	for (size_t i = 0; i < n; i++) {
		/* A file that cannot be read whole gives what could be read. */
		gt_fd_read_all(files[i].fd, GT_MIB(256), &texts[i], NULL);
		collect(&lines, gt_buf_str(&texts[i]), tail);
	}
	if (lines.n)
		qsort(lines.v, lines.n, sizeof *lines.v, by_time);
	for (size_t i = 0; i < lines.n; i++)
		log_print_line(f, lines.v[i].text);
	gt_vec_fini(&lines);
	for (size_t i = 0; i < n; i++)
		gt_buf_fini(&texts[i]);
	fflush(stdout);
}

int logs_from_files(struct cluster *c, const struct log_filter *f, const struct gt_node *state)
{
	const struct gt_node *processes = gt_node_get(state, "processes");
	size_t n = 0;
	gt_autofree struct file *files = gt_xcalloc(gt_node_count(processes) + 1, sizeof *files);

	gt_map_each(processes, process)
	{
		const char *path = gt_node_cstr(gt_node_get(process->value, "log"));
		int fd = path && strstr(process->key, "-controller")
				 ? open(path, O_RDONLY | O_CLOEXEC)
				 : -1;

		if (fd >= 0)
			files[n++].fd = fd;
	}
	if (n == 0)
		return cli_failf("no logs found");
	print_all(files, n, f, cli_flag_int(c->call, "tail"));
	while (cli_flag_bool(c->call, "follow") &&
	       gt_ctx_sleep(&c->ctx, FOLLOW_NS, NULL) == GT_OK) {
		for (size_t i = 0; i < n; i++)
			follow(&files[i], f);
	}
	for (size_t i = 0; i < n; i++) {
		close(files[i].fd);
		gt_buf_fini(&files[i].pending);
	}
	return 0;
}
