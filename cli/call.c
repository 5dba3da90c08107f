/* What a command reads of its call; shared by the program and the cluster module. */
#include <stdlib.h>

#include "command.h"

static const struct gt_flag *need_flag(const struct cli_call *call, const char *name)
{
	const struct gt_flag *f = gt_flags_find(call->flags, name);

	if (!f)
		abort(); /* the table and the code disagree */
	return f;
}

const char *cli_flag_string(const struct cli_call *call, const char *name)
{
	const char *s = *(const char *const *)need_flag(call, name)->value;

	return s ? s : "";
}

bool cli_flag_bool(const struct cli_call *call, const char *name)
{
	return *(const bool *)need_flag(call, name)->value;
}

int64_t cli_flag_int(const struct cli_call *call, const char *name)
{
	return *(const int64_t *)need_flag(call, name)->value;
}

const struct gt_flag_list *cli_flag_list(const struct cli_call *call, const char *name)
{
	return need_flag(call, name)->value;
}

bool cli_flag_given(const struct cli_call *call, const char *name)
{
	return need_flag(call, name)->seen;
}
