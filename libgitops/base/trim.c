#include "base/trim.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"

/*
 * Private, executable, never writable, of a file: clean by construction, so dropping the pages
 * loses nothing.  (Read-only data may have been relocated before it was protected: not dropped.)
 */
static void drop_text(const char *line)
{
	char *at;
	uintptr_t from = strtoull(line, &at, 16);
	uintptr_t to = *at == '-' ? strtoull(at + 1, &at, 16) : 0;

	if (to > from && strncmp(at, " r-xp ", 6) == 0 && strchr(at, '/'))
		madvise((void *)from, to - from, MADV_DONTNEED);
}

void gt_trim_memory(void)
{
	gt_autofree char *line = NULL;
	size_t cap = 0;
	FILE *maps;

	malloc_trim(0);
	maps = fopen("/proc/self/maps", "re");
	if (!maps)
		return;
	while (getline(&line, &cap, maps) > 0)
		drop_text(line);
	fclose(maps);
}
