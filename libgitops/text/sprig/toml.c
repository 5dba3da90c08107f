#include "text/sprig/sprig_impl.h"

const struct gt_tmpl_func gt_sprig_toml[] = {{0}};
