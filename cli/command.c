#include "command.h"

#include <string.h>

#include "base/str.h"

const struct cli_command *cli_command_find(const char *path)
{
	for (const struct cli_command *c = cli_commands; c->path; c++) {
		if (strcmp(c->path, path) == 0)
			return c;
	}
	return NULL;
}

const char *cli_command_name(const struct cli_command *command)
{
	const char *space = strrchr(command->path, ' ');

	return space ? space + 1 : command->path;
}

bool cli_command_is_child(const struct cli_command *sub, const struct cli_command *parent)
{
	size_t n = parent ? strlen(parent->path) : 0;
	const char *rest = sub->path;

	if (parent) {
		if (strncmp(sub->path, parent->path, n) != 0 || sub->path[n] != ' ')
			return false;
		rest += n + 1;
	}
	return strchr(rest, ' ') == NULL;
}

bool cli_command_answers(const struct cli_command *command, const char *word)
{
	if (strcmp(cli_command_name(command), word) == 0)
		return true;
	if (!command->aliases)
		return false;
	struct gt_split it = {.rest = gt_str(command->aliases)};
	struct gt_str alias;
	while (gt_split_next(&it, ' ', &alias)) {
		if (gt_str_is(alias, word))
			return true;
	}
	return false;
}

const struct cli_command *cli_command_resolve(size_t n, const char *const *words, size_t *ret_words)
{
	const struct cli_command *at = NULL;
	size_t used = 0;

	for (bool found = true; found && used < n;) {
		found = false;
		for (const struct cli_command *c = cli_commands; c->path && !found; c++) {
			if (!cli_command_is_child(c, at) || !cli_command_answers(c, words[used]))
				continue;
			at = c;
			used++;
			found = true;
		}
	}
	*ret_words = used;
	return at;
}
