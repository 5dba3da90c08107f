/* A known_hosts file of a Secret. */
#include <stddef.h>
#include <stdint.h>

#include "git/known_hosts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gt_str text = gt_strn((const char *)data, size);
	gt_auto_buf types = {0};

	gt_known_hosts_check(text, NULL);
	gt_known_hosts_types(text, &types);
	gt_known_hosts_match(text, "git.example.org", 2222, gt_str("ssh-ed25519"), gt_str("AAAA"),
			     NULL);
	return 0;
}
