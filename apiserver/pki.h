/* The server's own certificates, and the kubeconfig made of them. */
#ifndef AS_PKI_H
#define AS_PKI_H

#include "crypto/tls.h"

struct as_pki {
	struct gt_identity ca, server, admin;
};

/*
 * Loads the authority from dir/pki, or makes it there (0600); dir NULL keeps it in memory.  The
 * server's and the administrator's certificates are issued anew.
 */
int as_pki_init(struct as_pki *pki, const char *dir, const char *address, struct gt_err *err);
void as_pki_fini(struct as_pki *pki);

/* Writes a kubeconfig, 0600, in place of what is there. */
int as_kubeconfig_write(const struct as_pki *pki, const char *url, const char *path,
			struct gt_err *err);

#endif
