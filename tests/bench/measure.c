/*
 * Time and peak memory of a program, run a number of times.
 *
 *	measure RUNS PROGRAM [ARG...]
 *
 * Prints "NANOSECONDS KIB" a line for each run, from before the fork to after the wait; the
 * program's output goes to /dev/null.  Small, as the peak that the kernel tells of a program begins
 * with that of whoever started it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long long)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void become(char **argv)
{
	int null = open("/dev/null", O_WRONLY);

	if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
		_exit(126);
	execvp(argv[0], argv);
	_exit(127);
}

int main(int argc, char **argv)
{
	long runs = argc > 2 ? strtol(argv[1], NULL, 10) : 0;

	if (runs < 1) {
		fputs("usage: measure RUNS PROGRAM [ARG...]\n", stderr);
		return 2;
	}
	for (long i = 0; i < runs; i++) {
		struct rusage usage;
		int status;
		long long began = now();
		pid_t pid = fork();

		if (pid == 0)
			become(argv + 2);
		if (pid < 0 || wait4(pid, &status, 0, &usage) < 0) {
			perror("measure");
			return 1;
		}
		long long took = now() - began;
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
			fprintf(stderr, "measure: %s ended with status %d\n", argv[2], status);
			return 1;
		}
		printf("%lld %ld\n", took, usage.ru_maxrss);
	}
	return 0;
}
