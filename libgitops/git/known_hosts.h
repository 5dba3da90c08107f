/*
 * known_hosts - which keys a host may show, in OpenSSH's format: patterns with * and ?, negation,
 * hashed names, [host]:port, @revoked and @cert-authority.  Nothing is trusted on first use.  Any
 * thread; texts are borrowed.
 */
#ifndef GT_GIT_KNOWN_HOSTS_H
#define GT_GIT_KNOWN_HOSTS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* GT_E_INVALID with the line's number when a line cannot be understood. */
int gt_known_hosts_check(struct gt_str text, struct gt_err *err);

/*
 * GT_OK when the first line for the host, port and type of key holds this key and no line revokes
 * it; else GT_E_AUTH.  key is the base64 text of the key blob, type e.g. "ssh-ed25519".
 */
int gt_known_hosts_match(struct gt_str text, const char *host, uint16_t port, struct gt_str type,
			 struct gt_str key, struct gt_err *err);

/* Appends, comma separated, the types of keys named anywhere: what is offered to the server.
 * "ssh-rsa" stands for rsa-sha2-512, rsa-sha2-256 and itself. */
void gt_known_hosts_types(struct gt_str text, struct gt_buf *out);

#endif
