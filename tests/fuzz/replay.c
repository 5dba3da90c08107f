/*
 * Runs a fuzz target once over every file of the folders and files named on the command line, so
 * that each corpus is a regression test where no fuzzer is at hand.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");

	if (!f) {
		perror(path);
		return -1;
	}
	fseek(f, 0, SEEK_END);
	long size = ftell(f);
	rewind(f);
	uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
	size_t n = data ? fread(data, 1, size > 0 ? (size_t)size : 0, f) : 0;
	fclose(f);
	if (data)
		LLVMFuzzerTestOneInput(data, n);
	free(data);
	return 0;
}

static int replay(const char *path, int *count)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		perror(path);
		return -1;
	}
	if (!S_ISDIR(st.st_mode)) {
		++*count;
		return replay_file(path);
	}
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);
	int rc = n < 0 ? -1 : 0;
	for (int i = 0; i < n; i++) {
		char child[4096];

		if (entries[i]->d_name[0] != '.') {
			snprintf(child, sizeof child, "%s/%s", path, entries[i]->d_name);
			if (replay(child, count) < 0)
				rc = -1;
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return rc;
}

int main(int argc, char **argv)
{
	int count = 0;
	int rc = 0;

	for (int i = 1; i < argc; i++) {
		if (replay(argv[i], &count) < 0)
			rc = 1;
	}
	printf("%d inputs replayed\n", count);
	return count == 0 ? 1 : rc;
}
